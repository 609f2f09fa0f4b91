"""`constat import`: take in results that somebody else probed."""

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.intake.importing import Imported
    from ledger.intake.rejects import RejectsFile
    from ledger.intake.sources import Source

app = typer.Typer(no_args_is_help=True, help="Take in results that somebody else probed.")


class TimeForm(StrEnum):
    """How a file writes its times."""

    iso = "iso"
    epoch_s = "epoch-s"
    epoch_ms = "epoch-ms"


AgentOption = Annotated[
    str | None, typer.Option("--agent", metavar="NAME", help="Who probed, where the file does not say.")
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
    columns: Annotated[
        list[str],
        typer.Option("--map", metavar="OURS=THEIRS", help="What the file calls a column; repeatable."),
    ] = [],  # noqa: B006 - typer copies it
    time: Annotated[TimeForm, typer.Option("--time", help="How the file writes its times.")] = TimeForm.iso,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", metavar="FILE", help="Store good rows, put bad ones aside here."),
    ] = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what of some files is new: platform, observed_at, outcome, and agent, status, latency_ms, error.

    If anything in a file cannot be taken, the first ten are named and nothing of that file is stored,
    unless --rejects says where to put them.
    """
    from ledger.intake.columns import DEFAULT_AGENT, Columns
    from ledger.intake.files import open_source
    from ledger.intake.rejects import RejectsFile

    read_as = Columns(time.value, common.pairs(columns, "--map"), agent or DEFAULT_AGENT)
    sources = [open_source(file, read_as) for file in files]
    with common.open_ledger(ledger, create=True) as opened, _aside(rejects, RejectsFile) as aside:
        imported = [_import(opened, source, transitions=transitions, aside=aside) for source in sources]
    _tell(imported, as_json=as_json)


@app.command()
def upptime(
    repository: Annotated[Path, typer.Argument(metavar="REPO", help="A clone of an Upptime repository.")],
    *,
    agent: AgentOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what is new in the history of an Upptime repository; an outcome holds until the next commit."""
    from ledger.intake.columns import Columns
    from ledger.intake.upptime import AGENT, UpptimeSource

    source = UpptimeSource.open(repository, Columns(agent=agent or AGENT))
    with common.open_ledger(ledger, create=True) as opened:
        imported = _import(opened, source, transitions=True, aside=None)
    _tell([imported], as_json=as_json)


def _aside(path: Path | None, opened: "type[RejectsFile]") -> "RejectsFile | nullcontext[None]":
    return opened(path) if path else nullcontext()


def _import(
    ledger: "Ledger", source: "Source", *, transitions: bool, aside: "RejectsFile | None"
) -> "Imported":
    from ledger.intake.importing import import_source

    with common.progress_bar(f"reading {source.name}", source.size) as advance:
        done = 0

        def progress(now: int, _: int) -> None:
            nonlocal done
            advance(now - done)
            done = now

        return import_source(
            ledger, source, now_ms=common.now_ms(), transitions=transitions, aside=aside, progress=progress
        )


def _tell(imported: "list[Imported]", *, as_json: bool) -> None:
    if as_json:
        common.print_json([_object(each) for each in imported])
        return
    for each in imported:
        put_aside = f", {each.rejected} put aside" if each.rejected else ""
        print(f"{each.name}: {each.read} results read, {each.stored} stored{put_aside}")
        for agent, rounds in each.rounds.items():
            print(f"  agent {agent}: {rounds} rounds")
        for text, name in each.renamed.items():
            print(f"  {text!r} is named {name}")
        if each.unused:
            print(f"  columns not read: {', '.join(each.unused)}")


def _object(imported: "Imported") -> dict[str, object]:
    return {
        "file": imported.name,
        "read": imported.read,
        "stored": imported.stored,
        "rejected": imported.rejected,
        "rounds": dict(imported.rounds),
        "renamed": dict(imported.renamed),
        "columns_not_read": list(imported.unused),
    }
