"""Rolling windows: every local day ends a window of 30 local days (spec 5.8; decision record 0020).

A day is in breach if the window that it ends misses the target. A maximal run of days in breach penalises the
days of all its windows together, each day once: those that an earlier run has taken are not taken again. What
a run has come to is the most that it came to on any of its days, so that a day once earned is never lost.
A statement shows a block of 30 days: what the runs came to by its end, less what they had come to before it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, chain, groupby

from ledger.contracts import Contract
from ledger.interval import Interval
from ledger.terms import Terms
from projections.availability import Measure, Sums, counted_down_ms, measure, measured, over_daily_ms
from projections.calendar import day_interval, local_days
from projections.classes import ClassSpan, Timeline
from projections.figures import CLASSES, Class
from projections.penalties import Accrual, PlatformAccrual, together
from projections.periods import PERIOD_DAYS, Part, Period
from projections.tranches import outages_ms, penalised_once_missed_ms, tranches

WINDOW_DAYS = PERIOD_DAYS
"""A block and a window are as long as a period: thirty local days."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What runs of days in breach have come to."""

    penalised_ms: Fraction = Fraction(0)
    tranches: int = 0
    days: int = 0

    def and_also(self, other: "Earned") -> "Earned":
        """Both together."""
        return Earned(
            self.penalised_ms + other.penalised_ms, self.tranches + other.tranches, self.days + other.days
        )

    def beyond(self, other: "Earned") -> "Earned":
        """What this has more."""
        return Earned(
            self.penalised_ms - other.penalised_ms, self.tranches - other.tranches, self.days - other.days
        )

    def or_more(self, other: "Earned") -> "Earned":
        """The larger of each."""
        return Earned(
            max(self.penalised_ms, other.penalised_ms),
            max(self.tranches, other.tranches),
            max(self.days, other.days),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a platform stands at the end of a local day."""

    in_breach: bool
    earned: Earned


@dataclass(frozen=True, slots=True)
class Day:
    """A local day of one platform that has ended, and the terms in force on it."""

    interval: Interval
    sums_ms: Sums
    terms: Terms


@dataclass(frozen=True)
class History:
    """One platform from the contract's first day on; any stretch of days is measured by running sums."""

    days: Sequence[Day]
    spans: Sequence[ClassSpan]
    parts: Sequence[Part]
    _over_daily_ms: dict[int, list[int]] = field(default_factory=dict, compare=False)

    @cached_property
    def _until_ms(self) -> Mapping[Class, list[int]]:
        """How long each class lasted before each day."""
        return {name: [0, *accumulate(day.sums_ms[name] for day in self.days)] for name in CLASSES}

    def measured(self, indexes: slice, terms: Terms) -> Measure:
        """Measure some days by some terms."""
        sums_ms = {name: until[indexes.stop] - until[indexes.start] for name, until in self._until_ms.items()}
        over_ms = self._over_until_ms(terms)
        return measure(sums_ms, over_ms[indexes.stop] - over_ms[indexes.start], terms)

    def _over_until_ms(self, terms: Terms) -> list[int]:
        # The days hold their terms as long as this lives, so that the object itself is a key.
        found = self._over_daily_ms.get(id(terms))
        if found is None:
            down_ms = (counted_down_ms(day.sums_ms, terms.readings) for day in self.days)
            found = [0, *accumulate(over_daily_ms(down_ms, terms))]
            self._over_daily_ms[id(terms)] = found
        return found


# ---------------------------------------------------------------- blocks


def accrued_in_blocks(
    contract: Contract, blocks: Sequence[Period], timelines: Sequence[Mapping[str, Timeline]]
) -> list[Accrual]:
    """What each block earns: the contract's periods from the first on, without a gap, and their timelines."""
    ended = [_ended_days(block) for block in blocks]
    platforms = sorted(set(chain.from_iterable(timelines)))
    standings = {name: list(_standings(_history(contract, name, blocks, timelines))) for name in platforms}
    accruals, first = [], 0
    for block, days, lines in zip(blocks, ended, timelines, strict=True):
        of_block = slice(first, first + len(days))
        each = [_of_platform(line, block, standings[name], of_block) for name, line in lines.items()]
        accruals.append(together(each, block.terms))
        first += len(days)
    return accruals


def _of_platform(
    line: Timeline, block: Period, standings: Sequence[Standing], of_block: slice
) -> PlatformAccrual:
    within = standings[of_block]
    before = standings[of_block.start - 1].earned if of_block.start else Earned()
    earned = within[-1].earned.beyond(before) if within else Earned()
    return PlatformAccrual(
        platform=line.platform,
        target_met=not any(standing.in_breach for standing in within),
        measure=measured(line, block.terms),
        penalised_ms=earned.penalised_ms,
        tranches=earned.tranches,
        days=earned.days,
    )


def _history(
    contract: Contract, name: str, blocks: Sequence[Period], timelines: Sequence[Mapping[str, Timeline]]
) -> History:
    lines = [lines.get(name) for lines in timelines]
    days = [
        Day(interval, line.days_ms[day] if line else _NOTHING, _terms_on(contract, day))
        for block, line in zip(blocks, lines, strict=True)
        for day, interval in _ended_days(block)
    ]
    spans = [span for line in lines if line for span in line.spans]
    return History(days, spans, [part for block in blocks for part in block.parts])


_NOTHING: Sums = dict.fromkeys(CLASSES, 0)


def _ended_days(block: Period) -> list[tuple[date, Interval]]:
    """The block's local days, without the one that a block still running is in."""
    days = local_days(block.zone, block.interval)
    return [
        (day, within) for day, within in days if day_interval(block.zone, day).end_ms <= block.interval.end_ms
    ]


def _terms_on(contract: Contract, day: date) -> Terms:
    return [version.terms for version in contract.versions if version.from_day <= day][-1]


# ---------------------------------------------------------------- runs of days in breach


def _standings(history: History) -> Iterator[Standing]:
    """Where the platform stands at the end of each day; what it has earned never becomes less."""
    settled, taken = Earned(), 0
    breaches = [_in_breach(history, last) for last in range(len(history.days))]
    for in_breach, indexes in groupby(range(len(breaches)), key=breaches.__getitem__):
        run = list(indexes)
        running = Earned()
        first, terms = max(taken, _window_start(run[0])), history.days[_window_start(run[0])].terms
        for last in run:
            if in_breach:
                running = running.or_more(_earned(history, slice(first, last + 1), terms))
            yield Standing(in_breach, settled.and_also(running))
        settled = settled.and_also(running)
        taken = run[-1] + 1 if in_breach else taken


def _window_start(last: int) -> int:
    """The first day of the window that a day ends; early windows begin with the contract."""
    return max(0, last + 1 - WINDOW_DAYS)


def _in_breach(history: History, last: int) -> bool:
    first = _window_start(last)
    return not history.measured(slice(first, last + 1), history.days[first].terms).target_met


def _earned(history: History, indexes: slice, terms: Terms) -> Earned:
    """What a run comes to over the days that are its own, by the terms on its first window's first day."""
    days = history.days
    measure = history.measured(indexes, terms)
    penalised = penalised_once_missed_ms(measure, terms)
    bounds = Interval(days[indexes.start].interval.start_ms, days[indexes.stop - 1].interval.end_ms)
    by_outage = penalised and terms.readings.tranche_over == "outage"
    outages = outages_ms(_within(history.spans, bounds), history.parts, terms) if by_outage else ()
    found = tranches(penalised, measure, outages, terms)
    return Earned(penalised, found, found * terms.days_per_tranche)


def _within(spans: Sequence[ClassSpan], bounds: Interval) -> list[ClassSpan]:
    """The spans in the bounds; only the first and the last can reach beyond them."""
    first = bisect_right(spans, bounds.start_ms, key=lambda span: span.end_ms)
    after = bisect_left(spans, bounds.end_ms, key=lambda span: span.start_ms)
    return [
        span if bounds.start_ms <= span.start_ms and span.end_ms <= bounds.end_ms else _cut(span, bounds)
        for span in spans[first:after]
    ]


def _cut(span: ClassSpan, bounds: Interval) -> ClassSpan:
    return replace(span, start_ms=max(span.start_ms, bounds.start_ms), end_ms=min(span.end_ms, bounds.end_ms))
