"""`constat personal-data`: who processes a contract's personal data, as text, JSON or one page."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from consumers.cli import asking, common, opening
from consumers.cli.statement import Language, write

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    """How the register is laid out."""

    text = "text"
    json = "json"
    html = "html"


@app.command()
def personal_data(
    *,
    contract: asking.ContractOption = None,
    as_of: common.AsOfOption = None,
    layout: Annotated[Format, typer.Option("--format", "-f", help="How to lay it out.")] = Format.text,
    language: Annotated[
        Language | None, typer.Option("--language", "-l", help="The contract's language if not given.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of the terminal.")
    ] = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Lay out the register of personal data: sub-processors, and components that may transfer data."""
    from projections import personal_data as projection

    with opening.open_known(ledger, as_of) as known:
        figures = projection.personal_data(known, contract or asking.only_contract(known))
    if as_json or layout is Format.json:
        import orjson

        indented = orjson.dumps(projection.as_json(figures), option=orjson.OPT_INDENT_2)
        write(indented.decode() + "\n", output)
        return
    from consumers.pages import personal_data as pages

    lay_out = pages.page if layout is Format.html else pages.text
    write(lay_out(figures, language, common.ledger_to_name(ledger, for_others=True)), output)
