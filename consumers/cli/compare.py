"""`constat compare`: what other readings of the contract would give, in days."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import asking, common, printing

if TYPE_CHECKING:
    from projections.compare import Alternative

app = typer.Typer(add_completion=False)


@app.command()
def compare(
    *,
    contract: asking.ContractOption = None,
    period: asking.PeriodOption = None,
    start: asking.FromOption = None,
    end: asking.ToOption = None,
    as_of: common.AsOfOption = None,
    reading: asking.ReadingOption = [],  # noqa: B006 - typer copies it
    disputed: Annotated[
        list[str],
        typer.Option("--disputed", "-d", metavar="CLAUSE", help="Try all values of these; repeatable."),
    ] = [],  # noqa: B006 - typer copies it
    as_json: common.JsonOption = False,
    no_cache: common.NoCacheOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """What each reading would change, in days: what is at stake in the dispute."""
    with asking.asked(ledger, contract, period, start, end, as_of, reading, no_cache=no_cache) as question:
        from projections.compare import in_every_combination, one_at_a_time
        from projections.selection import select

        chosen, asked = select(question.known, question.contract, question.period, question.readings)
        if disputed:
            found = list(in_every_combination(question.known, chosen, asked, list(dict.fromkeys(disputed))))
        else:
            found = list(one_at_a_time(question.known, chosen, asked))
    if as_json:
        printing.print_json(
            {"contract": question.contract, "alternatives": [_object(each) for each in found]}
        )
    else:
        _show(found)


def _object(alternative: "Alternative") -> dict[str, object]:
    return {
        "changed": dict(alternative.changed),
        "days_accrued": alternative.days_accrued,
        "days_granted": alternative.days_granted,
        "percent_worst": alternative.percent_worst,
    }


def _show(found: Sequence["Alternative"]) -> None:
    from rich.table import Table

    in_force = found[0]
    table = Table(title="Days due under each reading", title_justify="left", box=None, pad_edge=False)
    table.add_column("reading", overflow="fold")
    for heading in ("worst %", "accrued", "granted", "against the terms"):
        table.add_column(heading, justify="right", overflow="fold")
    for each in found:
        words = ", ".join(f"{name}: {value}" for name, value in each.changed.items()) or "as agreed"
        difference = each.days_granted - in_force.days_granted
        style = "bold" if each is in_force else ("magenta" if difference else "dim")
        numbers = (each.percent_worst or "-", str(each.days_accrued), str(each.days_granted))
        table.add_row(words, *numbers, f"{difference:+d}" if difference else "=", style=style)
    printing.console().print(table)
