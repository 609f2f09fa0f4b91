"""`constat support`: requests of a client's administrators, and when they were answered."""

from typing import Annotated

import typer

from consumers.cli import common, recording

app = typer.Typer(no_args_is_help=True, add_completion=False, help="File and answer support requests.")

Request = Annotated[str, typer.Argument(metavar="REQUEST", help="The number of the request.")]


@app.command()
def file(
    request: Request,
    *,
    contract: Annotated[str, typer.Option("--contract", "-c", help="Whose request.")],
    subject_line: Annotated[str, typer.Option("--subject", help="What is asked.")],
    by: Annotated[str, typer.Option("--by", metavar="ID", help="The administrator, by an opaque id.")],
    platform: Annotated[str | None, typer.Option("--platform", help="The platform concerned.")] = None,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a request was filed, by a designated administrator if the contract has a list of them."""
    from ledger import support as subject

    def decide(state: subject.Request) -> subject.SupportRequested:
        requested = subject.SupportRequested(
            request=request, contract=contract, platform=platform, subject=subject_line, by=by
        )
        return subject.request(state, requested)

    recording.require_contract(ledger, contract)
    recording.require_administrator(ledger, contract, by, recording.occurrence(at))
    platforms = [platform] if platform else []
    recording.take_down(ledger, subject, request, decide, at=at, as_json=as_json, platforms=platforms)


@app.command()
def answer(
    request: Request,
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
