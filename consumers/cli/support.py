"""`constat support`: requests of a client's administrators, their answers, and the work done for them."""

from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, printing, recording, times

if TYPE_CHECKING:
    from ledger.support import Request
    from projections.asof import Known
    from projections.support_clock import SupportClock

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="File and answer support requests; record interventions."
)

WARNING_HOURS = 12
"""How long before its hours are over a request is worth a warning, if nobody says otherwise: a working day
of eight hours, and a night's half in which nobody looks."""

RequestName = Annotated[str, typer.Argument(metavar="REQUEST", help="The number of the request.")]


@app.command()
def file(
    request: RequestName,
    *,
    contract: Annotated[str, typer.Option("--contract", "-c", help="Whose request.")],
    subject_line: Annotated[str, typer.Option("--subject", help="What is asked.")],
    by: Annotated[str, common.person_option("--by", "The administrator, by an opaque id.")],
    platform: Annotated[str | None, typer.Option("--platform", help="The platform concerned.")] = None,
    account: Annotated[
        str | None,
        common.person_option("--account", "The member account that staff may use; opaque, as all people."),
    ] = None,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a request was filed, by a designated administrator if the contract has a list of them.

    Of the time before its first list anybody is taken; whom no list since has is warned of.
    """
    from ledger import directory
    from ledger import support as subject

    def decide(state: subject.Request) -> subject.SupportRequested:
        requested = subject.SupportRequested(
            request=request,
            contract=contract,
            platform=platform,
            subject=subject_line,
            by=by,
            account=account,
        )
        return subject.request(state, requested)

    known = opening.facts_now(ledger)
    known.contract(contract)
    filed_ms = recording.occurrence(at)
    recording.require_administrator(known, contract, by, filed_ms, "may open a request")
    platforms = [platform] if platform else []
    recording.take_down(ledger, subject, request, decide, at=at, as_json=as_json, platforms=platforms)
    lists = known.directories.get(contract, directory.INITIAL)
    if doubt := directory.doubt_of_stranger(lists, contract, by, filed_ms):
        printing.warn(f"{doubt}; if the person or the time is a slip, file it anew under another number")


@app.command()
def answer(
    request: RequestName,
    *,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a request was taken into account and answered."""
    from ledger import support as subject

    answered_ms = recording.occurrence(at)

    def decide(state: subject.Request) -> subject.SupportAnswered:
        return subject.answer(state, subject.SupportAnswered(request=request, by=by), answered_ms)

    recording.take_down(ledger, subject, request, decide, at=at, as_json=as_json)


@app.command()
def intervene(
    intervention: Annotated[str, typer.Argument(metavar="INTERVENTION", help="The intervention's name.")],
    *,
    request: Annotated[str, typer.Option("--request", help="The number of the request it was made for.")],
    platform: Annotated[str, typer.Option("--platform", help="On which platform.")],
    account: Annotated[str, common.person_option("--account", "The member account used.")],
    by: Annotated[str, common.person_option("--by", "Who did it, by an opaque id.")],
    summary: Annotated[str, typer.Option("--summary", help="What was done.")],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="From when, with its offset.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="Until when.")],
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say what staff did on a platform for a request, and under which account.

    Another account than the request named is recorded all the same, with a warning: the statement shows it.
    """
    from ledger import interventions as subject
    from ledger import support

    during = times.span_between(start, end)
    with recording.understood():
        made = subject.InterventionMade(
            intervention=intervention,
            request=request,
            platform=platform,
            during=during,
            account=account,
            summary=summary,
            by=by,
        )
    known = opening.facts_now(ledger)
    filed = known.requests.get(request, support.INITIAL)
    _require_platform_of(known, filed, platform)
    recording.take_down(
        ledger,
        subject,
        intervention,
        lambda state: subject.make(state, filed, made),
        at=end,
        as_json=as_json,
        option="--to",
    )
    if filed.requested and filed.requested.account not in (None, account):
        printing.warn(
            f"request {request} named account {filed.requested.account}, and {account} was used; the client "
            "reads it in its register, and the commitment is broken"
        )


def _require_platform_of(known: "Known", filed: "Request", platform: str) -> None:
    """Refuse a platform that the client of the request does not have."""
    from ledger.errors import BadInputError

    if filed.requested is None:
        return
    contract = filed.requested.contract
    own = sorted({member.platform for member in known.contract(contract).platforms})
    if platform not in own:
        raise BadInputError(
            f"request {filed.requested.request} is one of contract {contract}, which has no platform "
            f"{platform}; its platforms: {', '.join(own) or 'none yet'}"
        )


@app.command("open")
def open_(
    *,
    contract: Annotated[str | None, typer.Option("--contract", "-c", help="Of this contract only.")] = None,
    warning_hours: Annotated[
        int, typer.Option("--warning-hours", min=0, help="Warn so many hours before a request is lost.")
    ] = WARNING_HOURS,
    as_of: common.AsOfOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Show the requests without an answer, the first to be lost first; exit 1 if any is lost."""
    from projections.support_clock import support_clock

    with opening.open_known(ledger, as_of) as known:
        clock = support_clock(known, warning_hours=warning_hours, contract=contract)
    if as_json:
        printing.print_json(clock.model_dump(mode="json", by_alias=True))
    else:
        _print_clock(clock)
    if clock.is_lost:
        raise typer.Exit(1)


SIGNS = {"running": " ", "warning": "!", "lost": "✗"}


def _print_clock(clock: "SupportClock") -> None:
    from consumers.inbox import time_left
    from consumers.pages.harmless import harmless_text
    from ledger.instants import read_instant

    if not clock.requests:
        print("no request is open")
    for each in clock.requests:
        where = f", {each.platform}" if each.platform else ""
        left = time_left(read_instant(each.lost_at) - read_instant(clock.at))
        print(f"{SIGNS[each.clock]} {each.request} ({each.contract}{where}): {harmless_text(each.subject)}")
        print(f"    filed {each.filed_at}, to be answered within {each.promised_hours} h: {left}")
        print(f"    an answer is in time until {each.lost_at}")
