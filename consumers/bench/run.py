"""The benchmark: the month is written, the ways are held against each other, the table is made."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from consumers.bench import beside, on_kafka, replay, sizes
from consumers.bench.month import REFERENCE, Month
from consumers.bench.part import DAYS, HOURS, WEEK, Part
from consumers.bench.table import Line


class Extent(NamedTuple):
    """How much is measured."""

    month: Month
    minutes: range
    """The minutes of it that are replayed."""
    turns: int
    parquet: range | None = None
    """The minutes that are read as Parquet, too."""
    events: range | None = None
    """The minutes that are read as one event for each result."""
    requires: bool = True
    """Whether a ratio below the required one is a failure."""


BROKER_TURNS = 2
"""In each the month is read from the broker twice, and from the file three times."""
WHOLE = Extent(REFERENCE, range(REFERENCE.minutes), turns=3, parquet=WEEK, events=HOURS)
QUICK = Extent(REFERENCE, DAYS, turns=2, parquet=DAYS, events=HOURS[:30], requires=False)
"""Two days are replayed in half a second, and what does not grow with the results is much of that."""


def alone(month: Month) -> Extent:
    """A month that is replayed and not held against other forms."""
    return Extent(month, range(month.minutes), turns=2)


def lines(folder: Path, extent: Extent, say: Callable[[str], None], broker: str | None) -> Iterator[Line]:
    """The lines of the table, each as soon as it is measured."""
    for line in _lines(folder, extent, say, broker):
        yield line if extent.requires else line._replace(least=None)


def _lines(folder: Path, extent: Extent, say: Callable[[str], None], broker: str | None) -> Iterator[Line]:
    month = extent.month
    whole = Part(month, extent.minutes, folder)
    say(f"writing {whole.slots:,} results")
    replay.require_frozen(whole)
    say("replaying them")
    yield from replay.lines(whole, extent.turns)
    yield from replay.commands(whole)
    if extent.events is not None:
        say("one event for each result")
        yield from beside.each_result(whole, Part(month, extent.events, folder), extent.turns)
    if extent.parquet is not None:
        say("the same results as Parquet")
        yield from beside.as_parquet(Part(month, extent.parquet, folder), extent.turns)
    yield from sizes.lines(whole)
    if broker is not None:
        yield from on_kafka.lines(whole, broker, BROKER_TURNS, say)
