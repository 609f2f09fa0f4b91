"""Availability: the share of the time that counts in which a platform was up (spec 5.1 to 5.4).

Time that nobody observed is a quantity of its own. `unknown-time` says on which side it counts; the bounds
always show both.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ledger.readings import Readings
from ledger.terms import Terms
from projections.classes import Timeline
from projections.figures import Class, Percent

Sums = Mapping[Class, int]
"""How long each class lasted, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured over some time. Shares are between 0 and 1, and None where they have no base."""

    base_ms: int
    """The denominator of the share."""
    counted_down_ms: int
    """The down time that counts; the unknown time too under `unknown-time: as-down`."""
    over_daily_ms: int
    """The sum, over the local days, of what exceeds the daily allowance."""
    share: Fraction | None
    share_bounds: tuple[Fraction, Fraction] | None
    """With all unknown time down, and with all of it up."""
    coverage: Fraction | None
    """How much of the time that is neither outside nor excluded was observed."""
    share_met: bool
    daily_met: bool
    target_met: bool
    """As the reading `target` says; what was never promised or never observed is not missed."""


def measured(timeline: Timeline, terms: Terms) -> Measure:
    """Measure a platform's period."""
    counting = counting_down(terms.readings)
    down_ms = map(sum, zip(*map(timeline.days_ms.of, counting), strict=True))
    return measure(timeline.totals_ms, sum(over_daily_ms(down_ms, terms)), terms)


def over_daily_ms(down_ms: Iterable[int], terms: Terms) -> Iterator[int]:
    """What of the counted down time of each local day exceeds the daily allowance."""
    allowance_ms = terms.daily_allowance_ms
    return (max(0, each_ms - allowance_ms) for each_ms in down_ms)


def measure(totals_ms: Sums, over_daily_ms: int, terms: Terms) -> Measure:
    """Measure any time, of which it is known by how much its days exceed their allowance."""
    readings = terms.readings
    down_ms = counted_down_ms(totals_ms, readings)
    base_ms = _up_ms(totals_ms, readings) + down_ms
    share = _ratio(base_ms - down_ms, base_ms)
    share_met = share is None or share >= terms.target_share
    daily_met = share is None or over_daily_ms == 0
    return Measure(
        base_ms=base_ms,
        counted_down_ms=down_ms,
        over_daily_ms=over_daily_ms,
        share=share,
        share_bounds=_bounds(totals_ms, readings),
        coverage=_coverage(totals_ms),
        share_met=share_met,
        daily_met=daily_met,
        target_met={"share": share_met, "daily": daily_met, "both": share_met and daily_met}[readings.target],
    )


def counting_down(readings: Readings) -> tuple[Literal["down", "unknown"], ...]:
    """What counts as down, as a class and as a verdict: unknown too where the readings say so."""
    return ("down", "unknown") if readings.unknown_time == "as-down" else ("down",)


def counted_down_ms(sums_ms: Sums, readings: Readings) -> int:
    """The down time that counts."""
    return sum(sums_ms[class_] for class_ in counting_down(readings))


def _up_ms(sums_ms: Sums, readings: Readings) -> int:
    """What counts as up: excluded and unknown time too, where the readings say so."""
    unknown_ms = sums_ms["unknown"] if readings.unknown_time == "as-up" else 0
    return sums_ms["up"] + unknown_ms + _excluded_in_base_ms(sums_ms, readings)


def _excluded_in_base_ms(sums_ms: Sums, readings: Readings) -> int:
    if readings.excluded_time == "leaves-base":
        return 0
    return sums_ms["excluded-maintenance"] + sums_ms["excluded-force-majeure"]


def _bounds(sums_ms: Sums, readings: Readings) -> tuple[Fraction, Fraction] | None:
    up_ms = sums_ms["up"] + _excluded_in_base_ms(sums_ms, readings)
    base_ms = up_ms + sums_ms["down"] + sums_ms["unknown"]
    worst, best = _ratio(up_ms, base_ms), _ratio(up_ms + sums_ms["unknown"], base_ms)
    return None if worst is None or best is None else (worst, best)


def _coverage(sums_ms: Sums) -> Fraction | None:
    observed_ms = sums_ms["up"] + sums_ms["down"]
    return _ratio(observed_ms, observed_ms + sums_ms["unknown"])


def _ratio(part_ms: int, whole_ms: int) -> Fraction | None:
    return Fraction(part_ms, whole_ms) if whole_ms else None


def percent(share: Fraction) -> Percent:
    """A share in percent, cut after two decimals, never rounded: 99.4999 % is `99.49`."""
    hundredths = share.numerator * 10_000 // share.denominator
    return f"{hundredths // 100}.{hundredths % 100:02}"
