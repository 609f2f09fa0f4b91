"""Scheduled maintenance, « à minima 1 jour par trimestre » [Qualité de Services].

The clause can be read as a duty to announce that much or as an allowance to need it. So what is found here
informs and breaks nothing (decision record 0033).
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.instants import DAY_MS, HOUR_MS
from ledger.interval import Interval, clip, subtract, total_ms
from ledger.maintenance import Maintenance
from ledger.terms import Terms
from projections.announced import in_force
from projections.calendar import local_quarters
from projections.clauses import QUALITY
from projections.figures import CommitmentEntry, Finding
from projections.finding import finding, judged
from projections.register_exclusions import work_spans
from projections.scope import Scope
from projections.units import hours


class _Announced(NamedTuple):
    """A notice, and what of its interval came while it was in force."""

    position: int
    interval: Interval


def maintenance_quarter(scope: Scope) -> CommitmentEntry:
    """Every calendar quarter that ended in the period, on every platform that was there all through it."""
    examined = {
        maintenance.name
        for quarter in _quarters_ended(scope)
        for maintenance in scope.known.maintenances.values()
        if any(_touches(maintenance, platform, [quarter]) for platform in scope.own)
    }
    return judged(
        "maintenance-quarter",
        QUALITY,
        recorded=_any_recorded(scope),
        examined=len(examined),
        findings=_findings(scope),
    )


def _quarters_ended(scope: Scope) -> list[Interval]:
    period = scope.period
    quarters = [quarter for _, quarter in local_quarters(period.zone, period.interval)]
    return [quarter for quarter in quarters if quarter.end_ms <= period.interval.end_ms]


def _any_recorded(scope: Scope) -> bool:
    return any(
        _touches(maintenance, platform, belongs)
        for maintenance in scope.known.maintenances.values()
        for platform, belongs in scope.ever.items()
    )


def _touches(maintenance: Maintenance, platform: str, bounds: list[Interval]) -> bool:
    spans = work_spans(maintenance)
    is_concerned = platform in maintenance.platforms
    return is_concerned and any(span.overlaps(bound) for span in spans for bound in bounds)


def _findings(scope: Scope) -> Iterator[Finding]:
    for quarter in _quarters_ended(scope):
        terms = scope.terms_at(quarter.end_ms - 1)
        for platform in scope.own:
            is_whole = not subtract([quarter], scope.ever[platform])
            announced = _announced(platform, quarter, terms, scope)
            length_ms = total_ms(each.interval for each in announced)
            if is_whole and length_ms < terms.maintenance_days_per_quarter_min * DAY_MS:
                yield finding(
                    scope,
                    platform,
                    "too-little-maintenance",
                    quarter.start_ms,
                    quarter.end_ms,
                    measured=f"{hours(length_ms)} h",
                    promised=f"{terms.maintenance_days_per_quarter_min * DAY_MS // HOUR_MS} h",
                    positions=sorted({each.position for each in announced}),
                )


def _announced(platform: str, quarter: Interval, terms: Terms, scope: Scope) -> list[_Announced]:
    """What was announced at each instant by the last notice given until then."""
    return [
        _Announced(notice.position, within)
        for maintenance in scope.told.values()
        if platform in maintenance.platforms
        for notice, while_in_force in in_force(maintenance, terms)
        if notice.announced
        for within in clip(clip([notice.announced], while_in_force), quarter)
    ]
