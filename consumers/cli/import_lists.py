"""`constat import backups`, `replicas`, `expiries`, `placements`, `storage`, `browsers`: lists."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, importing, times
from consumers.cli.import_bars import Bars

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.intake.list_import import ImportedList
    from ledger.intake.lists import ListKind
    from ledger.intake.rejects import RejectsFile
    from ledger.intake.sources import Source

COLUMNS = {
    "backups": "platform, backup, taken_at, operator, and size_bytes if it is known",
    "replicas": "platform, backup, replicated_at, operator",
    "expiries": "platform, backup, expired_at",
    "placements": "platform, placed_at, operators (the main one first, as OVHcloud;SCALEWAY)",
    "storage": "platform, measured_at, used_bytes",
    "browsers": "incident, platform, reported_at, browser (as Firefox/128)",
}
"""What a list of each kind holds, as its help says it."""


def add_to(app: typer.Typer) -> None:
    """Add a command for every kind of list."""
    for name, columns in COLUMNS.items():
        line = f"Store what of some lists of {name} is new: {columns}. CSV, with a header."
        if name == "storage":
            line = line.replace("lists of storage", "lists of storage used")
        app.command(name, help=line)(_command(name))


def _command(name: str) -> Callable[..., None]:
    def command(
        files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=".csv")],
        *,
        columns: importing.ColumnsOption = [],  # noqa: B006 - typer copies it
        time: importing.TimeOption = importing.TimeForm.iso,
        rejects: importing.RejectsOption = None,
        as_json: common.JsonOption = False,
        ledger: common.LedgerOption = common.DEFAULT_LEDGER,
    ) -> None:
        from ledger.intake.columns import Columns
        from ledger.intake.files import open_csv
        from ledger.intake.lists import KINDS

        kind = KINDS[name]
        mapped = common.pairs(columns, "--map")
        read_as = Columns(time.value, mapped, known=kind.columns, required=kind.required)
        importing.take_files(
            ledger,
            files,
            lambda path: open_csv(path, read_as),
            _import(kind),
            rejects=rejects,
            as_json=as_json,
        )

    return command


def _import(kind: "ListKind") -> importing.Import:
    def take(ledger: "Ledger", source: "Source", aside: "RejectsFile | None") -> "ImportedList":
        from ledger.intake.list_import import import_list

        with Bars() as bars:
            return import_list(
                ledger,
                source,
                kind,
                now_ms=times.now_ms(),
                aside=aside,
                reading=bars.phase(f"reading {source.name}"),
                storing=bars.phase(f"storing {source.name}"),
            )

    return take
