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
    parquet: range
    """The minutes that are read as Parquet."""
    events: range
    """The minutes that are read as one event for each result."""
    turns: int


BROKER_TURNS = 2
"""In each the month is read from the broker twice, and from the file three times."""
WHOLE = Extent(REFERENCE, range(REFERENCE.minutes), WEEK, HOURS, turns=3)
QUICK = Extent(REFERENCE, DAYS, DAYS, HOURS[:30], turns=2)


def lines(folder: Path, extent: Extent, say: Callable[[str], None], broker: str | None) -> Iterator[Line]:
    """The lines of the table, each as soon as it is measured."""
    month = extent.month
    whole = Part(month, extent.minutes, folder)
    say(f"writing {whole.slots:,} results")
    replay.require_frozen(whole)
    say("replaying them")
    yield from replay.lines(whole, extent.turns)
    yield from replay.commands(whole)
    say("one event for each result")
    yield from beside.each_result(whole, Part(month, extent.events, folder), extent.turns)
    say("the same results as Parquet")
    yield from beside.as_parquet(Part(month, extent.parquet, folder), extent.turns)
    yield from sizes.lines(whole)
    if broker is not None:
        yield from on_kafka.lines(whole, broker, BROKER_TURNS, say)
