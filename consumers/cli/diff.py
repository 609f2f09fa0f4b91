"""`constat diff`: which facts moved a figure between two moments of knowledge, and by how much."""

from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import asking, common, opening, printing

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from projections.difference import Difference, Figure, Step

app = typer.Typer(add_completion=False)

AMPLE = 1_000
"""A width in which every figure fits."""


@app.command()
def diff(
    *,
    contract: asking.ContractOption = None,
    period: asking.PeriodOption = None,
    start: asking.FromOption = None,
    end: asking.ToOption = None,
    as_of: common.AsOfOption = None,
    and_: Annotated[
        str | None,
        typer.Option("--and", metavar="TIME|POSITION|SEAL", help="The later moment; now if not given."),
    ] = None,
    reading: asking.ReadingOption = [],  # noqa: B006 - typer copies it
    as_json: common.JsonOption = False,
    no_cache: common.NoCacheOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Name the facts recorded between two moments that moved a figure of a period."""
    from ledger.errors import BadInputError

    if as_of is None:
        raise BadInputError("say which moment to start from: --as-of TIME, --as-of POSITION or --as-of SEAL")
    with asking.asked(ledger, contract, period, start, end, and_, reading, no_cache=no_cache) as question:
        from projections.asof import Known
        from projections.difference import difference

        later = question.known
        earlier = Known.at(later.engine, opening.as_of(later.engine, as_of))
        found = difference(earlier, later, question.contract, question.period, question.readings)
    if as_json:
        printing.print_json(_object(found))
    else:
        _show(found)


def _object(found: "Difference") -> dict[str, object]:
    return {
        "moved": [_figure(each) for each in found.moved],
        "steps": [
            {
                "kind": step.kind,
                "position": step.position,
                "recorded_at": _instant(step),
                "type": step.fact.fact.TYPE if step.fact else None,
                "stream": step.fact.stream if step.fact else None,
                "moved": [_figure(each) for each in step.moved],
            }
            for step in found.steps
        ],
    }


def _figure(figure: "Figure") -> dict[str, object]:
    return {"figure": figure.name, "before": figure.before, "after": figure.after}


def _instant(step: "Step") -> str:
    from ledger.instants import format_instant

    return format_instant(step.recorded_ms)


def _show(found: "Difference") -> None:
    console = printing.console()
    if not found.moved:
        console.print("No figure of the period differs between the two moments.")
    for step in found.steps:
        what = f"{step.fact.fact.TYPE} on {step.fact.stream}" if step.fact else "rounds, and time that passed"
        console.print(f"[bold]position {step.position}[/] recorded {_instant(step)}: {what}", soft_wrap=True)
        _show_figures([_row(figure) for figure in step.moved], console)
        console.print()


Row = tuple[str, str, str, str]
"""A figure's name, its value before and after, and by how much it moved."""


def _row(figure: "Figure") -> Row:
    return figure.name, _cell(figure.before), _cell(figure.after), _moved_by(figure)


def _show_figures(rows: list[Row], console: "Console") -> None:
    """A table where it fits; in a narrower terminal each name has a line of its own, and none is ever cut."""
    from rich.measure import Measurement

    table = _table(rows)
    if Measurement.get(console, console.options.update(width=AMPLE), table).maximum <= console.width:
        console.print(table)
        return
    for name, before, after, moved_by in rows:
        moved = f", moved by {moved_by}" if moved_by else ""
        console.print(f"{name}\n  before {before}, after {after}{moved}", soft_wrap=True, highlight=False)


def _table(rows: list[Row]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("figure", no_wrap=True)
    for heading in ("before", "after", "moved by"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _cell(value: str | int | None) -> str:
    return "-" if value is None else str(value)


def _moved_by(figure: "Figure") -> str:
    from decimal import Decimal

    if figure.before is None or figure.after is None:
        return ""
    return f"{Decimal(figure.after) - Decimal(figure.before):+}"
