"""`constat statement`: a period laid out, on the terminal, as JSON, as CSV or as one self-contained page."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import asking, common, printing

if TYPE_CHECKING:
    from consumers.pages.checking import Asked
    from projections.figures import Statement

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    """How a statement is laid out."""

    text = "text"
    json = "json"
    csv = "csv"
    html = "html"


class Language(StrEnum):
    """The languages that a client's pages exist in."""

    fr = "fr"
    en = "en"


@app.command()
def statement(
    *,
    contract: asking.ContractOption = None,
    period: asking.PeriodOption = None,
    start: asking.FromOption = None,
    end: asking.ToOption = None,
    as_of: common.AsOfOption = None,
    reading: asking.ReadingOption = [],  # noqa: B006 - typer copies it
    layout: Annotated[Format, typer.Option("--format", "-f", help="How to lay it out.")] = Format.text,
    language: Annotated[
        Language | None, typer.Option("--language", "-l", help="The contract's language if not given.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of the terminal.")
    ] = None,
    as_json: common.JsonOption = False,
    no_cache: common.NoCacheOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Lay out a period: availability, penalties, register, commitments, and the reason for every interval."""
    chosen = Format.json if as_json else layout
    with asking.asked(ledger, contract, period, start, end, as_of, reading, no_cache=no_cache) as question:
        from projections.assessment import Note, noted
        from projections.statement import statement as laid_out

        figures = laid_out(question.known, question.contract, question.period, question.readings)
        # What was assessed are the readings agreed, and nothing is said beside others.
        asked_at = Note(question.known.as_of.seal)
        note = asked_at if question.readings else noted(question.known, figures)
    from consumers.pages.checking import Asked

    is_shown = chosen is Format.text and output is None
    asked = Asked(question.readings, note, common.ledger_to_name(ledger, for_others=not is_shown))
    if is_shown:
        from consumers.pages import terminal

        terminal.show(figures, printing.console(), language, asked)
    else:
        write(rendered(figures, chosen, language, asked), output)


def rendered(figures: "Statement", chosen: Format, language: Language | None, asked: "Asked") -> str:
    """A statement as the text of a file, in a layout and a language."""
    if chosen is Format.html:
        from consumers.pages import html

        return html.page(figures, language, asked)
    if chosen is Format.csv:
        from consumers.pages import csv_

        return csv_.rows(figures)
    if chosen is Format.json:
        import orjson

        from projections.canonical import as_json

        return orjson.dumps(as_json(figures), option=orjson.OPT_INDENT_2).decode() + "\n"
    from consumers.pages import terminal

    return terminal.plain(figures, language, asked)


def write(text: str, output: Path | None) -> None:
    """Write what was laid out to a file, or to the standard output.

    Raises:
        BadInputError: the file cannot be written, or is a database: a ledger is named there by mistake.
    """
    if output is None:
        sys.stdout.write(text)
        return
    from ledger.errors import BadInputError
    from ledger.log.database import is_database

    if is_database(output):
        raise BadInputError(f"{output} is a database, perhaps a ledger; name another --output")
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInputError(f"{output} cannot be written ({error.strerror}); name another --output") from None
    typer.echo(f"wrote {output}", err=True)
