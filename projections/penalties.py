"""Penalties: the free days that a period accrues, before the cap (spec 5.5 to 5.7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.terms import Terms
from projections.availability import Measure, measured
from projections.classes import Timeline
from projections.periods import Period
from projections.tranches import outages_ms, penalised_ms, tranches


@dataclass(frozen=True, slots=True)
class PlatformAccrual:
    """What one platform's unavailability in a period earns."""

    platform: str
    target_met: bool
    measure: Measure
    """Of the whole period, whatever decides on the target."""
    penalised_ms: Fraction
    tranches: int
    days: int

    @property
    def counted_down_ms(self) -> int:
        """The down time of the period that counts."""
        return self.measure.counted_down_ms


@dataclass(frozen=True, slots=True)
class Accrual:
    """What a period earns: every platform by name, and the days of all together."""

    platforms: tuple[PlatformAccrual, ...]
    days: int


def accrued(timelines: Mapping[str, Timeline], period: Period) -> Accrual:
    """What a period earns that is judged as one."""
    return together((_of_platform(line, period) for line in timelines.values()), period.terms)


def together(platforms: Iterable[PlatformAccrual], terms: Terms) -> Accrual:
    """The days of several platforms: they add up, or the largest counts (`several-platforms`)."""
    accruals = tuple(platforms)
    days = [each.days for each in accruals]
    worst = terms.readings.several_platforms == "worst"
    return Accrual(accruals, max(days, default=0) if worst else sum(days))


def _of_platform(line: Timeline, period: Period) -> PlatformAccrual:
    terms = period.terms
    measure = measured(line, terms)
    penalised = penalised_ms(measure, terms)
    by_outage = penalised and terms.readings.tranche_over == "outage"
    outages = outages_ms(line.spans, period.parts, terms) if by_outage else ()
    found = tranches(penalised, measure, outages, terms)
    return PlatformAccrual(
        platform=line.platform,
        target_met=measure.target_met,
        measure=measure,
        penalised_ms=penalised,
        tranches=found,
        days=found * terms.days_per_tranche,
    )
