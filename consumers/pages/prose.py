"""Sentences on a terminal: wrapped at plain spaces only, so that a no-break space never ends a line."""

import textwrap
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text


class Title:
    """What a section is called, with a rule up to the edge; in a narrow terminal it wraps and has none."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One line, or as many as the text needs."""
        room = options.max_width - cell_len(self.text) - 1
        if room < 1:
            yield Prose(self.text, style="bold")
        else:
            yield Text.assemble((self.text, "bold"), (f" {'─' * room}", "dim"), no_wrap=True)


class Copied(NamedTuple):
    """A line to be copied: never cut into several, so that a terminal that folds it copies it whole."""

    text: str


class Prose:
    """A paragraph of a table or a page; further lines may hang. Nothing in it is read as markup."""

    def __init__(self, text: str, style: str = "", hang: str = "") -> None:
        self.text = text
        self.style = style
        self.hang = hang

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines that fit the width."""
        for line in self.lines(options.max_width):
            yield Text(line, style=self.style, no_wrap=True, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """At least its longest word, at most its text on one line."""
        words = [cell_len(word) for word in self.text.split(" ")]
        longest = min(max(words), options.max_width)
        return Measurement(longest, min(cell_len(self.text), options.max_width))

    def lines(self, width: int) -> list[str]:
        """The text in lines of at most so many columns; a word that is longer is cut."""
        return textwrap.wrap(
            self.text, max(width, 1), subsequent_indent=self.hang, break_on_hyphens=False
        ) or [""]
