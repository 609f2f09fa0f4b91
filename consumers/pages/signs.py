"""Strips on a terminal: a sign for every day, which needs no colour to be read."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from consumers.pages import strip, telling
from consumers.pages.format import Format
from consumers.pages.prose import Prose
from consumers.pages.typography import NO_BREAK
from projections.figures import Statement


class Sign(NamedTuple):
    """How a day is shown."""

    character: str
    style: str


SIGNS: dict[strip.Mark, Sign] = {
    "up": Sign("─", "green"),
    "down-1": Sign("▂", "red"),
    "down-2": Sign("▅", "red"),
    "down-3": Sign("█", "bright_red"),
    "unknown": Sign("?", "magenta"),
    "excluded-maintenance": Sign("M", "bright_blue"),
    "excluded-force-majeure": Sign("F", "bright_blue"),
    "outside": Sign("·", "dim"),
}

NO_SIGN = Sign(" ", "")
GAP = 2
MONDAY = 0


def strips(statement: Statement, form: Format, width: int) -> Iterator[RenderableType]:
    """One strip for each platform under a ruler of its days, in as many rows as the width asks for."""
    whole = strip.strips(statement)
    label_width = max((cell_len(name) for name in whole.rows), default=0) + GAP
    cell_width = 2 if label_width + 2 * len(whole.days) <= width else 1
    for block in whole.cut(max(1, (width - label_width) // cell_width)):
        yield _ruler(block.days, label_width, cell_width)
        for name, cells in block.rows.items():
            yield _row(name, cells, label_width, cell_width)
    yield Prose(_legend(form), style="dim")


def _ruler(days: Sequence[date], label_width: int, cell_width: int) -> Text:
    """The number of the first day and of every Monday, where there is room."""
    ruler = [" "] * (label_width + cell_width * len(days) + GAP)
    free = 0
    for index, day in enumerate(days):
        at = label_width + cell_width * index
        if at >= free and (index == 0 or day.weekday() == MONDAY):
            number = str(day.day)
            ruler[at : at + len(number)] = number
            free = at + len(number) + 1
    return Text("".join(ruler).rstrip(), style="dim", no_wrap=True)


def _row(name: str, cells: Sequence[strip.Cell | None], label_width: int, cell_width: int) -> Text:
    row = Text(name + " " * (label_width - cell_len(name)), no_wrap=True)
    for cell in cells:
        sign = SIGNS[cell.mark] if cell else NO_SIGN
        row.append(sign.character * cell_width, style=sign.style)
    return row


def _legend(form: Format) -> str:
    return "   ".join(
        f"{SIGNS[mark].character}{NO_BREAK}{meaning.replace(' ', NO_BREAK)}"
        for mark, meaning in telling.legend(form)
    )
