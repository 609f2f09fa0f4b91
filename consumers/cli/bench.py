"""`constat bench`: what a replay of the reference month costs, beside other ways to the same figures."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from consumers.cli import common, printing
from ledger.errors import BadInputError

app = typer.Typer(add_completion=False)


class OtherMonth(StrEnum):
    """Months beside the reference month."""

    tenfold = "tenfold"
    year = "year"
    bad = "bad"


@app.command()
def bench(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Two days instead of the month.")] = False,
    month: Annotated[
        OtherMonth | None,
        typer.Option(
            "--month", help="Replay another one instead: of ten times the platforms, a year, a bad month."
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep", metavar="FOLDER", help="Keep what was made there, and begin with what is there already."
        ),
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(
            "--kafka",
            metavar="HOST:PORT",
            help="Read the month from this broker, too; its topics are deleted.",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE.svg",
            help="Draw what the cost follows, results or exceptions, and measure nothing else.",
        ),
    ] = None,
    as_json: common.JsonOption = False,
) -> None:
    """Replay a month of 86 million results, and the same results in other forms, and print one table.

    Each ratio is one of processor time, of ways measured in turns in one run; no time is printed of a way
    that comes to other figures. The absolute times are of this machine alone. Exit code 1 says that a ratio
    of the whole month is below what is promised.
    """
    from consumers.bench import run, table
    from consumers.bench.month import MONTHS

    if quick and month is not None:
        raise BadInputError("--quick takes two days of the reference month; leave out --quick or --month")
    if plot is not None and (quick or month is not None or kafka is not None or as_json):
        raise BadInputError("--plot measures nothing else; with it, give no option but --keep")
    with _folder(keep) as folder:
        if plot is not None:
            _draw(folder, plot)
            return
        extent = run.QUICK if quick else run.WHOLE
        if month is not None:
            extent = run.alone(MONTHS[month.value])
        lines = list(run.lines(folder, extent, _say, kafka))
    if as_json:
        printing.print_json(table.as_object(lines))
    else:
        typer.echo(table.as_text(lines))
    if any(line.failed for line in lines):
        raise typer.Exit(1)


def _say(what: str) -> None:
    typer.echo(f"{what} …", err=True)


def _draw(folder: Path, plot: Path) -> None:
    from consumers.bench.curves import curves
    from consumers.bench.plot import svg
    from consumers.bench.table import machine
    from consumers.cli.statement import write

    found = list(curves(folder, _say))
    write(svg(found, f"Processor time of a replay of two days; {machine()['processor']}"), plot)
    for curve in found:
        points = ", ".join(f"{point.amount:.3g}: {point.cpu_ms:.0f} ms" for point in curve.points)
        typer.echo(f"{curve.title} ({curve.amount}): {points}")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="constat-bench-") as name:
            yield Path(name)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{keep} cannot be made ({error.strerror}); name another --keep") from None
    yield keep
