"""What the cost of a replay follows: more results with the same exceptions, or more exceptions."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from consumers.bench.measure import cpu_seconds
from consumers.bench.month import Month
from consumers.bench.part import DAYS, Part

PLATFORMS = (100, 200, 500, 1_000, 2_000, 5_000)
TENTHS = (1, 2, 5, 10, 20, 50, 100)
"""How often a platform is not up, in tenths of the reference month's."""
TURNS = 5
_NOT_UP_PERCENT = 1.3
"""Of the results of the reference month."""


class Point(NamedTuple):
    """How much there was, and the processor's milliseconds that its replay took: the least of some turns."""

    amount: float
    cpu_ms: float


class Curve(NamedTuple):
    """The cost against one amount, the other held."""

    title: str
    amount: str
    points: Sequence[Point]


def curves(folder: Path, say: Callable[[str], None]) -> Iterator[Curve]:
    """Both curves, of ledgers of two days."""
    by_results = {
        Part(Month(f"wide-{n}", platforms=n, not_up_tenths=10_000 // n), DAYS, folder): 2
        * n
        * len(DAYS)
        / 1e6
        for n in PLATFORMS
    }
    yield _curve("Same exceptions, more results", "million results", by_results, say)
    by_exceptions = {
        Part(Month(f"worse-{tenths}", not_up_tenths=tenths), DAYS, folder): _NOT_UP_PERCENT * tenths / 10
        for tenths in TENTHS
    }
    yield _curve("Same results, more exceptions", "% of the results not up", by_exceptions, say)


def _curve(title: str, amount: str, parts: dict[Part, float], say: Callable[[str], None]) -> Curve:
    for part in parts:
        say(f"writing {part.name}")
        part.replay()
    turns = [[cpu_seconds(part.replay) for part in parts] for _ in range(TURNS)]
    least = [min(each) for each in zip(*turns, strict=True)]
    points = [Point(x, 1000 * seconds) for x, seconds in zip(parts.values(), least, strict=True)]
    return Curve(title, amount, points)
