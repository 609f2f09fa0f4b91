"""Processor time, measured so that it stays put: each way between two runs of what it is held against."""

import gc
from collections.abc import Callable, Mapping, Sequence
from statistics import mean, median
from time import process_time
from typing import NamedTuple

Run = Callable[[], object]


class Way(NamedTuple):
    """What is measured, and how it is told."""

    run: Run
    least: float | None = None
    """The ratio that is required."""
    times: float = 1
    """What is told is so many times what the run takes."""


class Ratios(NamedTuple):
    """How much more processor time a way takes than another, over several turns."""

    each: tuple[float, ...]
    seconds: float
    """Of the way itself: the median."""
    base_seconds: float
    """Of what it is held against."""

    @property
    def median(self) -> float:
        """The one in the middle."""
        return median(self.each)

    def times(self, factor: float) -> "Ratios":
        """The same of a way that takes so many times as long."""
        return Ratios(tuple(factor * ratio for ratio in self.each), factor * self.seconds, self.base_seconds)


def cpu_seconds(run: Run) -> float:
    """What a run takes of all processors; what was left behind before is collected first."""
    gc.collect()
    gc.disable()
    try:
        before = process_time()
        run()
        return process_time() - before
    finally:
        gc.enable()


def in_turns(base: Run, ways: Sequence[Run], turns: int) -> list[Ratios]:
    """Each way between two runs of the base, all in each turn: a machine that drifts moves both alike."""
    took: list[list[float]] = [[] for _ in ways]
    ratios: list[list[float]] = [[] for _ in ways]
    bases = [cpu_seconds(base)]
    for _ in range(turns):
        for number, way in enumerate(ways):
            took[number].append(cpu_seconds(way))
            bases.append(cpu_seconds(base))
            ratios[number].append(took[number][-1] / mean(bases[-2:]))
    return [
        Ratios(tuple(each), median(seconds), median(bases))
        for each, seconds in zip(ratios, took, strict=True)
    ]


def require_equal(expected: object, ways: Mapping[str, Run]) -> None:
    """No time is printed of a way that comes to something else.

    Raises:
        AssertionError: one does.
    """
    for what, run in ways.items():
        found = run()
        if found != expected:
            raise AssertionError(f"{what} comes to {found}, and what it is held against to {expected}")
