"""Half-open UTC intervals `[start, end)` in integer milliseconds.

Every function that returns several intervals returns them *normal*: sorted, disjoint, none empty, none
touching the next. Functions that take several accept them in any order, overlapping or not.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple


class Interval(NamedTuple):
    """`start_ms` belongs to it, `end_ms` does not."""

    start_ms: int
    end_ms: int

    @classmethod
    def at(cls, instant_ms: int) -> "Interval":
        """The shortest interval at an instant."""
        return cls(instant_ms, instant_ms + 1)

    @property
    def length_ms(self) -> int:
        """How long it is; 0 if it ends before it starts."""
        return max(0, self.end_ms - self.start_ms)

    def holds(self, instant_ms: int) -> bool:
        """Whether an instant lies in it."""
        return self.start_ms <= instant_ms < self.end_ms

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two share an instant."""
        return max(self.start_ms, other.start_ms) < min(self.end_ms, other.end_ms)


_START_MS, _END_MS = attrgetter("start_ms"), attrgetter("end_ms")


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Every instant that lies in at least one of them, in normal form."""
    merged: list[Interval] = []
    until_ms = 0
    for interval in sorted(intervals):
        start_ms, end_ms = interval
        if start_ms >= end_ms:
            continue
        if not merged or start_ms > until_ms:
            merged.append(interval)
            until_ms = end_ms
        elif end_ms > until_ms:
            merged[-1] = Interval(merged[-1].start_ms, end_ms)
            until_ms = end_ms
    return merged


def intersect(these: Iterable[Interval], those: Iterable[Interval]) -> list[Interval]:
    """Every instant that lies in one of these and in one of those."""
    left = union(these)
    right = union(those) if left else []
    shared: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start_ms, end_ms = max(left[i].start_ms, right[j].start_ms), min(left[i].end_ms, right[j].end_ms)
        if start_ms < end_ms:
            shared.append(Interval(start_ms, end_ms))
        if left[i].end_ms <= right[j].end_ms:
            i += 1
        else:
            j += 1
    return shared


def subtract(these: Iterable[Interval], those: Iterable[Interval]) -> list[Interval]:
    """Every instant that lies in one of these and in none of those."""
    whole = union(these)
    taken = union(those) if whole else []
    if not taken:
        return whole
    rest: list[Interval] = []
    first = 0
    for start_ms, end_ms in whole:
        at_ms = start_ms
        while first < len(taken) and taken[first].end_ms <= start_ms:
            first += 1
        for gap in taken[first:]:
            if gap.start_ms >= end_ms:
                break
            if gap.start_ms > at_ms:
                rest.append(Interval(at_ms, gap.start_ms))
            at_ms = max(at_ms, gap.end_ms)
        if at_ms < end_ms:
            rest.append(Interval(at_ms, end_ms))
    return rest


def clip(intervals: Iterable[Interval], bounds: Interval) -> list[Interval]:
    """What of them lies within the bounds."""
    first_ms, last_ms = bounds
    return [
        Interval(max(start_ms, first_ms), min(end_ms, last_ms))
        for start_ms, end_ms in union(intervals)
        if max(start_ms, first_ms) < min(end_ms, last_ms)
    ]


def cut_out(normal: Sequence[Interval], bounds: Interval) -> list[Interval]:
    """What of intervals in normal form lies within the bounds; those far from them are not looked at."""
    first = bisect_right(normal, bounds.start_ms, key=_END_MS)
    after = bisect_left(normal, bounds.end_ms, lo=first, key=_START_MS)
    return clip(normal[first:after], bounds)


def total_ms(intervals: Iterable[Interval]) -> int:
    """How long they are together; an instant that lies in two of them counts once."""
    return sum(interval.length_ms for interval in union(intervals))
