"""`constat import`: take in results that somebody else probed, and lists of daily operation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, import_bars, import_lists, import_programs, import_told, importing, times

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.intake.importing import Imported
    from ledger.intake.rejects import RejectsFile
    from ledger.intake.sources import Source

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Take in what others probed or told, and lists."
)

AgentOption = Annotated[
    str | None,
    typer.Option(
        "--agent",
        metavar="NAME",
        help="Who probed, where the file does not say; needed if it has no agent column.",
    ),
]


@app.command()
def results(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=".csv, .ndjson or .parquet")],
    *,
    agent: AgentOption = None,
    transitions: Annotated[
        bool,
        typer.Option("--transitions", help="The source logs only changes: an outcome holds until the next."),
    ] = False,
    columns: importing.ColumnsOption = [],  # noqa: B006 - typer copies it
    time: importing.TimeOption = importing.TimeForm.iso,
    rejects: importing.RejectsOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what of some files is new: platform, observed_at, outcome, and agent, status, latency_ms, error.

    If anything in a file cannot be taken, the first ten are named and nothing of that file is stored, unless
    --rejects says where to put them; the other files are stored all the same. Exit 1 if something was put
    aside, 2 if nothing of a file could be stored.
    """
    from ledger.intake.columns import Columns
    from ledger.intake.files import open_source

    read_as = Columns(time.value, common.pairs(columns, "--map"), agent or "")
    importing.take_files(
        ledger,
        files,
        lambda path: open_source(path, read_as),
        _import(transitions=transitions),
        rejects=rejects,
        as_json=as_json,
    )


@app.command()
def upptime(
    repository: Annotated[Path, typer.Argument(metavar="REPO", help="A clone of an Upptime repository.")],
    *,
    agent: Annotated[
        str, typer.Option("--agent", metavar="NAME", help="What its prober is called.")
    ] = "upptime",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what is new in the history of an Upptime repository; an outcome holds until the next commit."""
    from ledger.intake.columns import Columns
    from ledger.intake.upptime import UpptimeSource

    source = UpptimeSource.open(repository, Columns(agent=agent))
    importing.take_sources(ledger, [source], _import(transitions=True), as_json=as_json)


def _import(*, transitions: bool) -> importing.Import:
    def take(ledger: "Ledger", source: "Source", aside: "RejectsFile | None") -> "Imported":
        from ledger.intake.importing import import_source

        with import_bars.watched(f"reading {source.name}", source.size) as progress:
            return import_source(
                ledger,
                source,
                now_ms=times.now_ms(),
                transitions=transitions,
                aside=aside,
                progress=progress,
            )

    return take


import_programs.add_to(app)
import_told.add_to(app)
import_lists.add_to(app)
