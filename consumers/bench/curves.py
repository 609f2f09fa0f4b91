"""What the cost of a replay follows: more results with the same exceptions, or more exceptions."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from consumers.bench.measure import cpu_seconds
from consumers.bench.month import Month
from consumers.bench.part import DAYS, Part
from ledger.rounds import decode

PLATFORMS = (100, 200, 500, 1_000, 2_000, 5_000)
TENTHS = (1, 2, 5, 10, 20, 50, 100)
"""How often a platform is degraded or down, in tenths of the reference month's."""
TURNS = 5


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
    wide = [Part(_wide(platforms), DAYS, folder) for platforms in PLATFORMS]
    yield _curve("Same exceptions, more results", "million results", wide, lambda part: part.slots / 1e6, say)
    worse = [Part(Month(f"worse-{tenths}", not_up_tenths=tenths), DAYS, folder) for tenths in TENTHS]
    yield _curve("Same results, more exceptions", "% of the results not up", worse, not_up_percent, say)


def _wide(platforms: int) -> Month:
    """As many exceptions of every kind as the reference month has, among so many platforms."""
    tenths = 10_000 // platforms
    return Month(f"wide-{platforms}", platforms=platforms, not_up_tenths=tenths, silent_tenths=tenths)


def not_up_percent(part: Part) -> float:
    """Of the results of a part, as its rounds have them."""
    not_up = results = 0
    with part.known() as known:
        for kept in known.rounds():
            found, _ = decode(kept.value, with_latencies=False)
            not_up += len(found.not_up)
            results += found.n - len(found.missing)
    return 100 * not_up / results


def _curve(
    title: str, amount: str, parts: Sequence[Part], of: Callable[[Part], float], say: Callable[[str], None]
) -> Curve:
    for part in parts:
        say(f"writing {part.name}")
        part.replay()
    turns = [[cpu_seconds(part.replay) for part in parts] for _ in range(TURNS)]
    least = [min(each) for each in zip(*turns, strict=True)]
    points = [Point(of(part), 1000 * seconds) for part, seconds in zip(parts, least, strict=True)]
    return Curve(title, amount, points)
