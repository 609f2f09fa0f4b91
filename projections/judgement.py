"""Judgement: a period's classes, availability and penalties, under the cap that earlier periods have left.

An interval that was asked for and is no period of the contract is judged as one, whatever the reading of
`period`; its days are granted from what the periods that had ended when it begins leave under the cap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ledger.contracts import Contract, require_signed
from ledger.interval import Interval
from projections.asof import Known
from projections.availability import percent
from projections.calendar import local_date
from projections.cap import Accrued, Grant, granted
from projections.classes import Timeline, timelines_of
from projections.figures import (
    Availability,
    Class,
    ClassesMs,
    DayFigures,
    Penalties,
    Percent,
    PlatformAvailability,
    PlatformPenalty,
)
from projections.layouts import members
from projections.penalties import Accrual, PlatformAccrual, accrued
from projections.periods import Period, parts_between, periods_of
from projections.rolling import accrued_in_blocks
from projections.verdicts import verdicts_over


@dataclass(frozen=True)
class Judgement:
    """A period judged: how every platform stood at every instant, and what follows from it."""

    period: Period
    timelines: Mapping[str, Timeline]
    accrual: Accrual
    penalties: Penalties

    @cached_property
    def availability(self) -> Availability:
        """Laid out when it is asked for: of ten thousand platforms it has three hundred thousand days."""
        return _availability(self.period, self.timelines, self.accrual, with_days=True)

    @cached_property
    def availability_in_all(self) -> Availability:
        """The same without the days."""
        return _availability(self.period, self.timelines, self.accrual, with_days=False)


def judge(known: Known, contract: Contract, period: Period) -> Judgement:
    """Judge a period of a contract as known at a moment; figures of a running period are those so far."""
    return judge_each(known, contract, [*_earlier(known, contract, period), period])[-1]


def judge_each(known: Known, contract: Contract, periods: Sequence[Period]) -> list[Judgement]:
    """Judge consecutive periods of a contract, from its first one on, in one go; each as if for itself."""
    lines = _timelines(known, contract, periods)
    accruals = _accruals(contract, periods, lines)
    grants = _grants(contract, periods, accruals)
    return [
        Judgement(period, its_lines, accrual, _penalties(accrual, grant))
        for period, its_lines, accrual, grant in zip(periods, lines, accruals, grants, strict=True)
    ]


# ---------------------------------------------------------------- the contract up to the period


def _earlier(known: Known, contract: Contract, period: Period) -> list[Period]:
    """The contract's periods whose days are granted before those of this one."""
    begun = periods_of(contract, known.as_of.moment_ms)
    return [each for each in begun if each.interval.end_ms <= period.interval.start_ms]


def _timelines(known: Known, contract: Contract, periods: Sequence[Period]) -> list[dict[str, Timeline]]:
    """The timelines of several periods; their rounds are read only once."""
    span = Interval(periods[0].interval.start_ms, periods[-1].interval.end_ms)
    platforms = sorted({name for period in periods for name in members(contract, period)})
    seen = verdicts_over(known, platforms, parts_between(contract, span))
    return [timelines_of(seen, known, contract, period) for period in periods]


def _accruals(
    contract: Contract, periods: Sequence[Period], lines: Sequence[Mapping[str, Timeline]]
) -> list[Accrual]:
    """What each period earns. How a contract is cut into periods is read from its first terms."""
    rolling = contract.versions[0].terms.readings.period == "rolling-30-days"
    blocks = [period for period in periods if rolling and period.number is not None]
    by_block = accrued_in_blocks(contract, blocks, lines[: len(blocks)])
    rest = zip(periods[len(blocks) :], lines[len(blocks) :], strict=True)
    return [*by_block, *(accrued(its_lines, period) for period, its_lines in rest)]


def _grants(contract: Contract, periods: Sequence[Period], accruals: Sequence[Accrual]) -> list[Grant]:
    begun = [
        Accrued(local_date(period.zone, period.interval.start_ms), period.terms, accrual.days)
        for period, accrual in zip(periods, accruals, strict=True)
    ]
    return granted(require_signed(contract).first_day, begun)


# ---------------------------------------------------------------- laid out as figures


def _availability(
    period: Period, lines: Mapping[str, Timeline], accrual: Accrual, *, with_days: bool
) -> Availability:
    by_platform = {each.platform: each for each in accrual.platforms}
    return Availability(
        target_percent=f"{period.terms.target_percent.normalize():f}",
        platforms=tuple(
            _platform_availability(line, by_platform[name], _days(line) if with_days else ())
            for name, line in lines.items()
        ),
    )


def _platform_availability(
    line: Timeline, accrual: PlatformAccrual, days: tuple[DayFigures, ...]
) -> PlatformAvailability:
    measure = accrual.measure
    bounds = measure.share_bounds
    return PlatformAvailability(
        platform=line.platform,
        classes_ms=_classes_ms(line.totals_ms),
        percent=_percent(measure.share),
        percent_bounds=bounds and (percent(bounds[0]), percent(bounds[1])),
        coverage_percent=_percent(measure.coverage),
        target_met=accrual.target_met,
        days=days,
    )


def _days(line: Timeline) -> tuple[DayFigures, ...]:
    return tuple(
        DayFigures(day=day.isoformat(), classes_ms=_classes_ms(sums_ms))
        for day, sums_ms in line.days_ms.items()
    )


def _classes_ms(sums_ms: Mapping[Class, int]) -> ClassesMs:
    return ClassesMs.model_validate(sums_ms)


def _percent(share: Fraction | None) -> Percent | None:
    return None if share is None else percent(share)


def _penalties(accrual: Accrual, grant: Grant) -> Penalties:
    return Penalties(
        platforms=tuple(
            PlatformPenalty(
                platform=each.platform,
                counted_down_ms=each.counted_down_ms,
                penalised_ms=str(each.penalised_ms),
                tranches=each.tranches,
                days=each.days,
            )
            for each in accrual.platforms
        ),
        days_accrued=grant.accrued,
        days_granted=grant.granted,
        days_left_under_cap=grant.left,
    )
