"""`constat maintenance`: when announced work really started and finished."""

from typing import Annotated

import typer

from consumers.cli import common, giving, printing, recording

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Say when announced work started and finished."
)

Maintenance = Annotated[
    str | None, typer.Argument(metavar="MAINTENANCE", help="The name of the work.", show_default=False)
]


@app.command()
def start(
    maintenance: Maintenance = None,
    *,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that the work began. After its notice was withdrawn it excludes nothing, and the answer says so."""
    from ledger import maintenance as subject
    from ledger.instants import format_instant

    withdrawn_ms = None
    name = giving.which(ledger, maintenance)

    def decide(state: subject.Maintenance) -> subject.MaintenanceStarted:
        nonlocal withdrawn_ms
        withdrawn_ms = state.withdrawn_ms
        return subject.start(state, name)

    recording.take_down(ledger, subject, name, decide, at=at, as_json=as_json)
    if withdrawn_ms is not None:
        printing.warn(
            f"the notice of {name} was withdrawn at {format_instant(withdrawn_ms)}; the work is "
            "recorded, and from then on it excludes nothing"
        )


@app.command()
def finish(
    maintenance: Maintenance = None,
    *,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that the work is over."""
    from ledger import maintenance as subject

    name = giving.which(ledger, maintenance)
    finished_ms = recording.occurrence(at)
    recording.take_down(
        ledger,
        subject,
        name,
        lambda state: subject.finish(state, name, finished_ms),
        at=at,
        as_json=as_json,
    )
