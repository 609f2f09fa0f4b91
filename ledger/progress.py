"""How far a long walk over records has come, told in steps that a bar can show."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Row = TypeVar("Row")

Progress = Callable[[int], None]
"""Hears how many records each step added."""
Stages = Callable[[str, int, int], None]
"""Hears of work in several stages: what is being done, how much of it is done, of how much."""


def untold(_what: str, _done: int, _of: int) -> None:
    """Nobody listens."""


STEP = 256
"""Records; telling each would cost more than reading it."""


def reported(rows: Iterable[Row], progress: Progress) -> Iterator[Row]:
    """The same rows, of which `progress` hears."""
    unreported = 0
    for row in rows:
        yield row
        unreported += 1
        if unreported == STEP:
            progress(unreported)
            unreported = 0
    progress(unreported)
