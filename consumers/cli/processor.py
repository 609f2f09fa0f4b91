"""`constat processor`: sub-processors engaged, changed and dismissed, and who was told of it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common, opening, printing, recording, times

if TYPE_CHECKING:
    from projections.asof import Known
    from projections.processor_changes import ProcessorChange

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Engage, change and dismiss sub-processors; show who was told of it.",
)

Processor = Annotated[str, typer.Argument(metavar="PROCESSOR", help="The short name of the company.")]
FromDay = Annotated[str, typer.Option("--from-day", metavar="DAY", help="The first day; it may lie ahead.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, as clients are told.")]


@app.command()
def engage(
    processor: Processor,
    *,
    name: Annotated[str, typer.Option("--name", help="What the company is called.")],
    address: Annotated[str, typer.Option("--address", help="Where it is.")],
    registration: Annotated[
        str, typer.Option("--registration", help="Its number in the register of companies.")
    ],
    role: Annotated[str, typer.Option("--role", help="What it does with the data.")],
    from_day: FromDay,
    contract: Annotated[
        list[str],
        typer.Option("--contract", "-c", help="Whose data; repeatable, those of all if not given."),
    ] = [],  # noqa: B006 - typer copies it
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a company processes personal data of platforms from a day on."""
    from ledger import processors as subject

    day = times.day(from_day)

    def decide(state: subject.Processor) -> subject.ProcessorEngaged:
        engaged = subject.ProcessorEngaged(
            processor=processor,
            name=name,
            address=address,
            registration=registration,
            role=role,
            from_day=day,
            contracts=tuple(contract),
            by=by,
        )
        return subject.engage(state, engaged)

    if contract:
        known = opening.facts_now(ledger)
        for each in contract:
            known.contract(each)
    recording.take_down(ledger, subject, processor, decide, at=at, as_json=as_json)


@app.command()
def change(
    processor: Processor,
    *,
    from_day: FromDay,
    reason: Reason,
    name: Annotated[str | None, typer.Option("--name", help="What it is called then.")] = None,
    address: Annotated[str | None, typer.Option("--address", help="Where it is then.")] = None,
    registration: Annotated[str | None, typer.Option("--registration", help="Its number then.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="What it does then.")] = None,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say what is otherwise of a company from a day on; what is not given stays."""
    from ledger import processors as subject

    day = times.day(from_day)

    def decide(state: subject.Processor) -> subject.ProcessorChanged:
        changed = subject.ProcessorChanged(
            processor=processor,
            name=name,
            address=address,
            registration=registration,
            role=role,
            from_day=day,
            reason=reason,
            by=by,
        )
        return subject.change(state, changed)

    recording.take_down(ledger, subject, processor, decide, at=at, as_json=as_json)


@app.command()
def dismiss(
    processor: Processor,
    *,
    last_day: Annotated[
        str, typer.Option("--last-day", metavar="DAY", help="The last day; it may lie ahead.")
    ],
    reason: Reason,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a company processes no personal data of platforms after a day."""
    from ledger import processors as subject

    day = times.day(last_day)

    def decide(state: subject.Processor) -> subject.ProcessorDismissed:
        dismissed = subject.ProcessorDismissed(processor=processor, last_day=day, reason=reason, by=by)
        return subject.dismiss(state, dismissed)

    recording.take_down(ledger, subject, processor, decide, at=at, as_json=as_json)


@app.command()
def announced(
    *,
    contract: Annotated[str | None, typer.Option("--contract", "-c", help="Only of this contract.")] = None,
    as_of: common.AsOfOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Show each change that concerns a contract, and what became of each mail about it."""
    with opening.open_known(ledger, as_of) as known:
        from projections.processor_changes import processor_changes

        if contract is not None:
            known.contract(contract)
        changes = [each for each in processor_changes(known) if contract in (None, each.contract)]
        found = [_announcement(each, known) for each in changes]
    if as_json:
        printing.print_json({"announcements": found})
        return
    for each in found:
        _print(each)


def _announcement(change: "ProcessorChange", known: "Known") -> dict[str, Any]:
    from ledger.instants import format_instant
    from projections.given import mails_of
    from projections.register_mails import mail_figures

    mails = mails_of(known, change.contract).get(change.position, ())
    return {
        "contract": change.contract,
        "processor": change.processor,
        "what": change.what,
        "effective_day": change.effective_day.isoformat(),
        "position": change.position,
        "mails": [each.model_dump(mode="json") for each in mail_figures(mails, format_instant)],
    }


def _print(found: dict[str, Any]) -> None:
    from consumers.pages.harmless import harmless_text

    since = "after" if found["what"] == "dismissed" else "from"
    print(
        f"{found['contract']}: {found['processor']} {found['what']} {since} {found['effective_day']} "
        f"(position {found['position']})"
    )
    for mail in found["mails"]:
        said = f" ({harmless_text(mail['reply'])})" if mail["reply"] else ""
        print(f"  {mail['person']}  {mail['fate']} {mail['at']}, attempt {mail['attempts']}{said}")
    if not found["mails"]:
        print("  no mail was tried")
