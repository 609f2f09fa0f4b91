"""A statement on a terminal, readable without colour: every day and every verdict has its own sign."""

import io
from collections.abc import Iterator
from typing import Literal

from rich.console import Console, RenderableType
from rich.text import Text

from consumers.pages import checking, lists, signs, summary, tables, words
from consumers.pages.checking import AS_AGREED, Asked
from consumers.pages.format import Format
from consumers.pages.harmless import harmless
from consumers.pages.picture import SVG_FORMAT, SVG_THEME
from consumers.pages.prose import Copied, Prose, Title
from consumers.pages.vocabulary import Words
from projections.figures import Statement

By = Literal["platform", "day", "agent"]
"""What the time of a part is cut by."""
_TIME = {"platform": tables.time_by_class, "day": tables.time_by_day, "agent": tables.time_by_agent}
Part = RenderableType | Copied
"""What is printed one below the other."""
SVG_WIDTH = 100
PLAIN_WIDTH = 100
_STYLES = {"✓": "bold green", "✗": "bold red", "?": "bold"}


def show(
    statement: Statement, console: Console, language: str | None = None, asked: Asked = AS_AGREED
) -> None:
    """Print a statement in its own language or in the one asked for; say which readings were asked for.

    Raises:
        BadInputError: there are no words in that language.
    """
    quiet = harmless(statement)
    form = Format.of(quiet, words.spoken(statement, language))
    _print(console, _front(quiet, form, console.width, asked))
    _print(console, _behind(quiet, form))
    _print(console, _check(quiet, form, asked))


def plain(statement: Statement, language: str | None = None, asked: Asked = AS_AGREED) -> str:
    """The same as a text for a file: a fixed width, no colour, no spaces at the ends of lines.

    Raises:
        BadInputError: there are no words in that language.
    """
    text = io.StringIO()
    show(statement, Console(file=text, width=PLAIN_WIDTH, color_system=None), language, asked)
    return "".join(f"{line.rstrip(' ')}\n" for line in text.getvalue().splitlines())


def show_part(
    statement: Statement,
    part: str,
    console: Console,
    asked: Asked = AS_AGREED,
    *,
    by: By = "platform",
) -> None:
    """Print one part of a statement below what it comes to; `by` is for its time.

    Raises:
        BadInputError: there are no words in the contract's language.
    """
    quiet = harmless(statement)
    form = Format.of(quiet, words.spoken(statement, None))
    said, width = form.words, console.width
    sections = {
        "availability": (
            (said.days_title, signs.strips(quiet, form, width)),
            (said.availability_title, tables.availability(quiet, form, width)),
            (said.time_title, _TIME[by](quiet, form, width)),
        ),
        "penalties": ((said.penalties_title, tables.penalties(quiet, form)),),
        "register": ((said.register_title, lists.register(quiet, form)),),
        "commitments": ((said.commitments_title, lists.commitments(quiet, form)),),
    }
    _print(console, _about(quiet, form, asked))
    _print(console, _comes_to(quiet, form, part))
    for title, content in sections[part]:
        _print(console, _section(title, content))


def svg(statement: Statement, language: str | None = None) -> str:
    """A picture of what a terminal shows first, up to the penalties; it refers to nothing outside itself.

    Raises:
        BadInputError: there are no words in that language.
    """
    quiet = harmless(statement)
    form = Format.of(quiet, words.spoken(statement, language))
    console = Console(
        record=True, width=SVG_WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    _print(console, _front(quiet, form, SVG_WIDTH, AS_AGREED))
    _print(console, _check(quiet, form, AS_AGREED))
    title = checking.command(quiet, AS_AGREED).removesuffix(" --json")
    return console.export_svg(title=title, theme=SVG_THEME, code_format=SVG_FORMAT, unique_id="constat")


def _print(console: Console, parts: Iterator[Part]) -> None:
    for part in parts:
        if isinstance(part, Copied):
            console.print(Text(part.text, style="bold"), soft_wrap=True)
        else:
            console.print(part, markup=False, highlight=False, emoji=False)


# ---------------------------------------------------------------- the page


def _front(statement: Statement, form: Format, width: int, asked: Asked) -> Iterator[Part]:
    said = form.words
    yield from _heading(statement, form, asked)
    yield from _section(said.days_title, signs.strips(statement, form, width))
    yield from _section(said.availability_title, tables.availability(statement, form, width))
    yield from _section(said.time_title, tables.time_by_class(statement, form, width))
    yield from _section(said.penalties_title, tables.penalties(statement, form))


def _behind(statement: Statement, form: Format) -> Iterator[Part]:
    said = form.words
    yield from _section(said.reasons_title, lists.reasons(statement, form))
    yield from _section(said.register_title, lists.register(statement, form))
    yield from _section(said.commitments_title, lists.commitments(statement, form))
    yield from _section(said.readings_title, lists.readings(statement, form))


def _section(title: str, content: Iterator[Part]) -> Iterator[Part]:
    yield ""
    yield Title(title)
    yield from content


def _heading(statement: Statement, form: Format, asked: Asked) -> Iterator[Part]:
    yield from _about(statement, form, asked)
    yield from _verdict(statement, form)


def _about(statement: Statement, form: Format, asked: Asked) -> Iterator[Part]:
    yield Prose(f"{statement.client} · {form.words.title}", style="bold")
    for line in summary.heading(statement, form, asked.changed):
        yield Prose(line, style="dim")
    for line in summary.assessed(asked.note, form):
        yield Prose(line, style="dim")
    yield ""


def _comes_to(statement: Statement, form: Format, part: str) -> Iterator[Part]:
    """What a part says in a sentence: that of availability and penalties is the statement's own."""
    if part == "register":
        first, *further = summary.register(statement, form)
        yield Prose(first, style="bold")
        for line in further:
            yield Prose(f"  {line}", hang="  ")
    elif part == "commitments":
        yield Prose(summary.commitments(statement, form), style="bold")
    else:
        yield from _verdict(statement, form)


def _verdict(statement: Statement, form: Format) -> Iterator[Part]:
    sign = summary.sign(statement)
    yield Prose(f"{sign} {summary.result(statement, form)}", style=_STYLES[sign])
    for line in summary.missed_by(statement, form):
        yield Prose(f"  {line}", hang="  ")
    for line in summary.remarks(statement, form):
        yield Prose(f"  {line}", hang="  ")


def _check(statement: Statement, form: Format, asked: Asked) -> Iterator[Part]:
    command = checking.command(statement, asked)
    yield from _section(form.words.check_title, _how_to_check(statement, form.words, command))


def _how_to_check(statement: Statement, said: Words, command: str) -> Iterator[Part]:
    yield Prose(said.check_how)
    yield Copied(f"  {command}")
    yield Prose(said.check_same)
    yield Copied(f"  {statement.digest}")
