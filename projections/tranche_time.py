"""Where a tranche lies: the instants of counted down time that make up the n-th tranche of a platform.

Time that is not penalised is taken from the earliest down time first, as the tranches themselves are counted
(spec 5.6). Of a millisecond that is spared in part, a complete tranche needs the whole one and has nothing of
it; a started tranche has begun with it.
"""

from collections.abc import Iterator, Sequence
from math import ceil, floor

from ledger.errors import BadInputError
from ledger.interval import Interval, intersect
from projections.availability import counting_down, measured
from projections.classes import Timeline
from projections.periods import Period
from projections.tranches import outages, penalised_ms


def tranche_intervals(line: Timeline, period: Period, number: int) -> list[Interval]:
    """The intervals of the n-th tranche, counted from 1.

    Raises:
        BadInputError: the platform has fewer tranches in the period; the message says how many.
    """
    if period.number is not None and period.terms.readings.period == "rolling-30-days":
        raise BadInputError(
            "with rolling windows tranches belong to runs of days; ask for an instant with --at"
        )
    found = list(_tranches(line, period))
    if not 1 <= number <= len(found):
        raise BadInputError(f"{line.platform} has {len(found)} tranches in this period; ask for one of them")
    return found[number - 1]


def _tranches(line: Timeline, period: Period) -> Iterator[list[Interval]]:
    terms = period.terms
    measure = measured(line, terms)
    spared = measure.counted_down_ms - penalised_ms(measure, terms)
    spared_ms = floor(spared) if terms.readings.tranche == "started" else ceil(spared)
    for group in _groups(line, period):
        left, spared_ms = _after(group, spared_ms)
        while left:
            tranche, left = _cut(left, terms.tranche_ms)
            whole = sum(each.length_ms for each in tranche) == terms.tranche_ms
            if whole or terms.readings.tranche == "started":
                yield tranche


def _groups(line: Timeline, period: Period) -> list[list[Interval]]:
    """The counted down time in order: all of it, or outage by outage."""
    counting = counting_down(period.terms.readings)
    counted = [Interval(span.start_ms, span.end_ms) for span in line.spans if span.class_ in counting]
    if period.terms.readings.tranche_over == "period":
        return [counted]
    return [intersect(counted, [outage]) for outage in outages(line.spans, period.parts, period.terms)]


def _after(intervals: Sequence[Interval], spared_ms: int) -> tuple[list[Interval], int]:
    """What is left of intervals after so much was taken from their beginning, and how much is yet to take."""
    taken, left = _cut(intervals, spared_ms)
    return left, spared_ms - sum(each.length_ms for each in taken)


def _cut(intervals: Sequence[Interval], length_ms: int) -> tuple[list[Interval], list[Interval]]:
    """The first so many milliseconds of intervals, and the rest."""
    first: list[Interval] = []
    for index, (start_ms, end_ms) in enumerate(intervals):
        if end_ms - start_ms > length_ms:
            edge_ms = start_ms + length_ms
            head = [*first, Interval(start_ms, edge_ms)] if length_ms else first
            return head, [Interval(edge_ms, end_ms), *intervals[index + 1 :]]
        first.append(Interval(start_ms, end_ms))
        length_ms -= end_ms - start_ms
    return first, []
