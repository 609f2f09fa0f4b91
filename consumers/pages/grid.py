"""Tables of figures on a terminal: no figure is ever cut; what does not fit beside comes below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from consumers.pages.prose import Prose

GAP = 2
NAME_MIN = 12
"""Names are folded in a narrow terminal, but never to less than this."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, which may take several lines, and a cell for each row, which takes one."""

    heading: str
    cells: Sequence[Text]
    justify: Literal["left", "right"] = "right"

    @property
    def width(self) -> int:
        """Of the longest cell, or of the longest word of the heading."""
        texts = (*self.heading.split(" "), *(cell.plain for cell in self.cells))
        return max(cell_len(each) for each in texts)


def blocks(
    label: str, names: Sequence[str], columns: Sequence[Column], width: int
) -> Iterator[RenderableType]:
    """The table, cut between columns into as many blocks as the width asks for; each repeats the names."""
    widest = max(column.width for column in columns)
    longest = max(cell_len(each) for each in (label, *names))
    name_width = min(longest, max(width - widest - GAP, NAME_MIN))
    for number, taken in enumerate(_cut(columns, width - name_width)):
        if number:
            yield ""
        yield _block(Column(label, [Text(name) for name in names], "left"), name_width, taken)


def _cut(columns: Sequence[Column], room: int) -> Iterator[list[Column]]:
    taken: list[Column] = []
    for column in columns:
        if taken and sum(each.width + GAP for each in (*taken, column)) > room:
            yield taken
            taken = []
        taken.append(column)
    yield taken


def _block(names: Column, name_width: int, columns: Sequence[Column]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    table.add_column(Text(names.heading), width=name_width, overflow="fold")
    for column in columns:
        table.add_column(Prose(column.heading), justify=column.justify, width=column.width, no_wrap=True)
    for cells in zip(names.cells, *(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table
