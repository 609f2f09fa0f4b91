"""`constat demo`: a realistic month of three clients, end to end, and the statement of the one in dispute."""

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import bars, common, opening, printing
from consumers.cli.copy import name_of

if TYPE_CHECKING:
    from projections.figures import Statement

app = typer.Typer(add_completion=False)

FOLDER = Path("constat-demo")
MARK = "this-is-a-demonstration.txt"
"""A folder that holds this file was made here, so that it may be replaced."""
PERIOD = "1"
MONTH = "2026-10"
"""What people call it: the period begins with the month and ends a day before it does."""
KAFKA = "kafka://"
ROUNDS = 128_000
"""About how many rounds the month has, for the bar."""


class Language(StrEnum):
    """The languages of what is printed."""

    en = "en"
    fr = "fr"


@app.command()
def demo(
    *,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="FOLDER", help="Where the ledger and the pages go.")
    ] = FOLDER,
    language: Annotated[Language, typer.Option("--language", "-l", help="Of what is printed.")] = Language.en,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Play a month into a fresh ledger, print the disputed statement, write its page in both languages.

    The ledger is a file in the folder; with --ledger kafka://… the month is played into that file and then
    copied onto the empty ledger there, and the statement is printed from there.
    """
    from consumers.demo.clients import DISPUTED

    on_kafka = ledger.startswith(KAFKA)
    if on_kafka:
        _refuse_unless_empty(ledger)
    began = time.perf_counter()
    url = played = _played(_fresh(folder))
    position = None
    if on_kafka:
        url, position = ledger, _copied(url, ledger)
    played_s = time.perf_counter() - began
    figures = _statement(url, DISPUTED)
    pages = [_page(folder, figures, each, url) for each in ("fr", "en")]
    if as_json:
        from projections.canonical import as_json as object_of

        printing.print_json(object_of(figures))
    else:
        _show(figures, language.value, url, pages, played_s)
        if position is not None:
            _say_how_to_compare(played, position)


def _played(path: Path) -> str:
    from consumers.demo.play import play

    url = f"sqlite:///{path}"
    with bars.progress_bar("playing October 2026", ROUNDS) as advance:
        play(url, advance)
    return url


def _refuse_unless_empty(url: str) -> None:
    """What a demonstration that was broken off has left is gone on with: its month is always the same."""
    from ledger.application import open_engine
    from ledger.errors import BadInputError

    engine = open_engine(url, copying=True)
    try:
        head = engine.head()
        if (head.position or head.round_offset) and not engine.copying.is_unfinished:
            raise BadInputError(
                f"{name_of(url)} is not empty, and the demonstration writes only to an empty ledger; name "
                "another one and make its topics with `constat topics create`"
            )
    finally:
        engine.close()


def _copied(source: str, target: str) -> int:
    """Copy the month; the position of its last fact."""
    from consumers.cli import copy

    with copy.both(source, target) as (from_engine, to_engine):
        return copy.run(from_engine, to_engine, source).closing.position


def _say_how_to_compare(source: str, position: int) -> None:
    from consumers.cli.copy import same_digest_at

    printing.console().print(
        f"It was copied there from {source}: {same_digest_at(position)}", soft_wrap=True, highlight=False
    )


def _fresh(folder: Path) -> Path:
    from ledger.errors import BadInputError

    try:
        return _emptied(folder)
    except OSError as error:
        raise BadInputError(
            f"{folder} cannot be made or written ({error.strerror}); name another --folder"
        ) from None


def _emptied(folder: Path) -> Path:
    from ledger.errors import BadInputError

    mark = folder / MARK
    if folder.exists() and not folder.is_dir():
        raise BadInputError(f"{folder} is a file; name another --folder")
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise BadInputError(f"{folder} holds something else; name an empty or new --folder")
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text("Made by `constat demo`; running it again replaces what is in this folder.\n")
    for name in ("ledger.db", "ledger.db-journal"):
        (folder / name).unlink(missing_ok=True)
    return folder / "ledger.db"


def _statement(url: str, contract: str) -> "Statement":
    from projections.statement import statement

    with opening.open_known(url, None) as known:
        return statement(known, contract, PERIOD)


def _page(folder: Path, figures: "Statement", language: str, url: str) -> Path:
    from consumers.pages import html
    from consumers.pages.checking import Asked

    asked = Asked(ledger=common.ledger_to_name(url, for_others=True))
    page = folder / f"{figures.contract}-{MONTH}-{language}.html"
    page.write_text(html.page(figures, language, asked), encoding="utf-8")
    return page


def _show(figures: "Statement", language: str, url: str, pages: list[Path], played_s: float) -> None:
    from consumers.pages import terminal
    from consumers.pages.checking import Asked

    console = printing.console()
    terminal.show(figures, console, language, Asked(ledger=common.ledger_to_name(url)))
    console.print(
        f"\nThree clients, three agents, forty platforms, played in {played_s:.1f} s into {name_of(url)}"
    )
    console.print(
        "The same statement as a page: " + " and ".join(str(page) for page in pages), soft_wrap=True
    )
    console.print(
        "Before the correction and the ruling it said something else:\n"
        f"  constat --ledger {url} diff --contract {figures.contract} --period {PERIOD} "
        "--as-of 2026-11-03T00:00:00+01:00",
        soft_wrap=True,
        highlight=False,
    )
