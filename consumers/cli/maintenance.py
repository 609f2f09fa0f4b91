"""`constat maintenance`: when announced work really started and finished."""

from typing import Annotated

import typer

from consumers.cli import common, recording

app = typer.Typer(no_args_is_help=True, help="Say when announced work started and finished.")

Maintenance = Annotated[str, typer.Argument(metavar="MAINTENANCE", help="The name of the work.")]


@app.command()
def start(
    maintenance: Maintenance,
    *,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that the work began."""
    from ledger import maintenance as subject

    recording.take_down(
        ledger, subject, maintenance, lambda state: subject.start(state, maintenance), at=at, as_json=as_json
    )


@app.command()
def finish(
    maintenance: Maintenance,
    *,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that the work is over."""
    from ledger import maintenance as subject

    finished_ms = recording.occurrence(at)
    recording.take_down(
        ledger,
        subject,
        maintenance,
        lambda state: subject.finish(state, maintenance, finished_ms),
        at=at,
        as_json=as_json,
    )
