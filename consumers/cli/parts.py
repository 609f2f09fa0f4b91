"""`constat availability`, `penalties`, `register`, `commitments`: one part of a statement each."""

import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import asking, common, printing

if TYPE_CHECKING:
    from ledger.errors import BadInputError
    from projections.figures import Statement

PARTS = ("availability", "penalties", "register", "commitments")
OF_TIME = ("availability", "penalties")
"""Made of the platforms' time: on the sheet of the whole statement, and what remarks are about."""
KEPT = ("contract", "terms_version", "period", "as_of")
"""What every part repeats of its statement, so that it can be quoted alone."""


class By(StrEnum):
    """How availability is cut."""

    platform = "platform"
    day = "day"
    agent = "agent"


class Layout(StrEnum):
    """How a part is laid out; as a sheet, availability and penalties are the one of the whole statement."""

    text = "text"
    json = "json"
    csv = "csv"


def _part(name: str) -> Callable[..., None]:
    def part(
        *,
        contract: asking.ContractOption = None,
        period: asking.PeriodOption = None,
        start: asking.FromOption = None,
        end: asking.ToOption = None,
        as_of: common.AsOfOption = None,
        reading: asking.ReadingOption = [],  # noqa: B006 - typer copies it
        by: Annotated[
            By,
            typer.Option(
                "--by", help="Cut by platform, by day, or by what each agent alone saw (availability)."
            ),
        ] = By.platform,
        layout: Annotated[Layout, typer.Option("--format", "-f", help="How to lay it out.")] = Layout.text,
        as_json: common.JsonOption = False,
        no_cache: common.NoCacheOption = False,
        ledger: common.LedgerOption = common.DEFAULT_LEDGER,
    ) -> None:
        if by is By.agent and (name != "availability" or layout is Layout.csv):
            raise _no_cut(name)
        with asking.asked(
            ledger, contract, period, start, end, as_of, reading, no_cache=no_cache
        ) as question:
            from projections.statement import part_of_statement, statement

            asked = question.known, question.contract, question.period, question.readings
            is_sheet_of_whole = layout is Layout.csv and name in OF_TIME
            shown = "agents" if by is By.agent else name
            figures = statement(*asked) if is_sheet_of_whole else part_of_statement(*asked, shown)
        if as_json or layout is Layout.json:
            _print_json(figures, name)
        elif layout is Layout.csv:
            sys.stdout.write(_sheet(figures, name))
        else:
            _show(figures, name, by, question.readings)

    return part


def _no_cut(name: str) -> "BadInputError":
    """What is said where `--by agent` would show nothing."""
    from ledger.errors import BadInputError

    of_sheets = "a sheet is of the whole statement; leave out --by, or take --json"
    return BadInputError(
        "what each agent alone saw is shown of availability, as a page and with --json: "
        + (of_sheets if name == "availability" else f"leave out --by agent of {name}")
    )


def _print_json(figures: "Statement", name: str) -> None:
    from projections.canonical import as_json, digest

    whole = as_json(figures)
    with_remarks = ("remarks",) if name in OF_TIME and "remarks" in whole else ()
    later = ("announced_later",) if name == "register" and "announced_later" in whole else ()
    alone = ("agents",) if "agents" in whole else ()
    kept: dict[str, Any] = {key: whole[key] for key in (*KEPT, name, *alone, *later, *with_remarks)}
    printing.print_json(kept | {"digest": digest(kept)})


def _sheet(figures: "Statement", name: str) -> str:
    from consumers.pages import csv_, register_csv

    sheets = {"register": register_csv.register, "commitments": register_csv.commitments}
    return sheets.get(name, csv_.rows)(figures)


def _show(figures: "Statement", name: str, by: By, changed: dict[str, str]) -> None:
    from consumers.pages import terminal
    from consumers.pages.checking import Asked

    terminal.show_part(figures, name, printing.console(), Asked(changed), by=by.value)


def _app(name: str, line: str) -> typer.Typer:
    app = typer.Typer(add_completion=False)
    app.command(name, help=line)(_part(name))
    return app


APPS = {
    "availability": _app("availability", "The availability of a period, with its bounds and its coverage."),
    "penalties": _app("penalties", "The free days of a period: tranches, cap, what is granted."),
    "register": _app("register", "The register of a period: what was done, reported, claimed and corrected."),
    "commitments": _app("commitments", "The other promises of the contract, kept or broken."),
}
