"""Tranches: what of the down time is penalised, and in how many tranches (spec 5.5, 5.6).

Penalised time is an exact fraction of milliseconds; only whole tranches are ever made of it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction

from ledger.interval import Interval, clip, union
from ledger.terms import Terms
from projections.availability import Measure, counting_down
from projections.classes import ClassSpan
from projections.periods import Part

# ---------------------------------------------------------------- penalised time


def penalised_ms(measure: Measure, terms: Terms) -> Fraction:
    """The down time that is penalised: none while the target is met [Qualité de Services]."""
    return Fraction(0) if measure.target_met else penalised_once_missed_ms(measure, terms)


def penalised_once_missed_ms(measure: Measure, terms: Terms) -> Fraction:
    """The down time that is penalised where the target was missed, over this time or a part of it."""
    target, penalised = terms.readings.target, terms.readings.penalised
    if penalised == "all":
        return Fraction(measure.counted_down_ms)
    beyond = {"share": _beyond_share_ms(measure, terms), "daily": Fraction(measure.over_daily_ms)}
    return max(beyond.values()) if target == "both" else beyond[target]


def _beyond_share_ms(measure: Measure, terms: Terms) -> Fraction:
    allowance_ms = (1 - terms.target_share) * measure.base_ms
    return max(Fraction(0), measure.counted_down_ms - allowance_ms)


# ---------------------------------------------------------------- tranches


def tranches(penalised: Fraction, measure: Measure, outages_ms: Iterable[int], terms: Terms) -> int:
    """The tranches of the penalised time, of all of it or outage by outage (`tranche-over`).

    `outages_ms` is the counted down time of each outage in order of time, looked at only where the terms
    count by outage. What is not penalised is taken from the earliest outages first.
    """
    if terms.readings.tranche_over == "period":
        return _tranches_in(penalised, terms)
    spared = measure.counted_down_ms - penalised
    found = 0
    for outage_ms in outages_ms:
        left = max(Fraction(0), outage_ms - spared)
        spared -= outage_ms - left
        found += _tranches_in(left, terms)
    return found


def _tranches_in(penalised: Fraction, terms: Terms) -> int:
    """Complete tranches, or those that have at least begun."""
    if terms.readings.tranche == "complete":
        return penalised // terms.tranche_ms
    return -(-penalised // terms.tranche_ms)


# ---------------------------------------------------------------- outages


def outages_ms(spans: Sequence[ClassSpan], parts: Iterable[Part], terms: Terms) -> list[int]:
    """How much of each outage counts, in order of time.

    An outage is a maximal interval in which the verdict is down: `degraded` where the part reads it as down,
    `unknown` under `unknown-time: as-down`. It goes on through time that is outside or excluded, of which
    nothing counts. What lies beyond the spans is not looked at: it would make no outage of two, and only
    what lies in them counts.
    """
    found = outages(spans, parts, terms)
    starts_ms = [outage.start_ms for outage in found]
    counting = counting_down(terms.readings)
    lengths_ms = [0] * len(found)
    for span in spans:
        if span.class_ in counting:
            lengths_ms[bisect_right(starts_ms, span.start_ms) - 1] += span.end_ms - span.start_ms
    return lengths_ms


def outages(spans: Sequence[ClassSpan], parts: Iterable[Part], terms: Terms) -> list[Interval]:
    """The outages themselves, in order of time, whatever of them counts."""
    seen_down = counting_down(terms.readings)
    down = [Interval(span.start_ms, span.end_ms) for span in spans if span.verdict in seen_down]
    degraded = [Interval(span.start_ms, span.end_ms) for span in spans if span.verdict == "degraded"]
    for part in parts if degraded else ():
        if part.terms.readings.degraded == "down":
            down += clip(degraded, part.interval)
    return union(down)
