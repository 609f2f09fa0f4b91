"""Storage within the quota of the offer, from one measurement to the next [Espace de stockage].

A gigabyte is 10^9 bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from ledger.contracts import Membership
from ledger.interval import Interval, clip, intersect
from ledger.operations import INITIAL
from projections.calendar import END_OF_TIME_MS, day_start_ms
from projections.clauses import STORAGE
from projections.figures import CommitmentEntry, Finding
from projections.finding import finding, judged
from projections.periods import end_of_day_ms
from projections.scope import Scope
from projections.units import gigabytes

GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class _Stored:
    """How much a platform stored during an interval of the period, and how much it might."""

    platform: str
    interval: Interval
    used_bytes: int
    quota_gb: int
    positions: tuple[int, ...]

    @property
    def passes(self) -> bool:
        return self.used_bytes > self.quota_gb * GIGABYTE


def storage(scope: Scope) -> CommitmentEntry:
    """Every measurement that held at some time of the period."""
    stored = [each for platform in scope.own for each in _stored(platform, scope)]
    return judged(
        "storage",
        STORAGE,
        recorded=bool(stored),
        examined=len({position for each in stored for position in each.positions}),
        findings=(_quota_passed(each, scope) for each in _runs(each for each in stored if each.passes)),
    )


def _stored(platform: str, scope: Scope) -> list[_Stored]:
    measurements = sorted(
        scope.known.operations.get(platform, INITIAL).storage,
        key=lambda each: (each.measured_ms, each.position),
    )
    turns = [*(each.measured_ms for each in measurements), END_OF_TIME_MS]
    found = [
        _Stored(platform, interval, measured.used_bytes, quota_gb, (measured.position,))
        for measured, (start_ms, end_ms) in zip(measurements, pairwise(turns), strict=True)
        for bounds, quota_gb in _quotas(platform, scope)
        for interval in intersect([Interval(start_ms, end_ms)], [bounds])
    ]
    return sorted(found, key=lambda each: each.interval)


def _quotas(platform: str, scope: Scope) -> Iterator[tuple[Interval, int]]:
    """The quota of a platform in the period, by its offer and the terms; an offer may have none."""
    for membership in scope.contract.platforms:
        if membership.platform != platform:
            continue
        offered = intersect([_days_of(membership, scope)], scope.own[platform])
        for part in scope.period.parts:
            quota_gb = part.terms.storage_quota_gb.get(membership.offer)
            if quota_gb is not None:
                yield from ((interval, quota_gb) for interval in clip(offered, part.interval))


def _days_of(membership: Membership, scope: Scope) -> Interval:
    zone, last_day = scope.period.zone, membership.last_day
    end_ms = END_OF_TIME_MS if last_day is None else end_of_day_ms(zone, last_day)
    return Interval(day_start_ms(zone, membership.from_day), end_ms)


def _runs(passing: Iterator[_Stored]) -> Iterator[_Stored]:
    """What passes one quota without a break, as one, with the most that was stored."""
    run: _Stored | None = None
    for each in passing:
        if run and _follows(each, run):
            run = replace(
                run,
                interval=Interval(run.interval.start_ms, each.interval.end_ms),
                used_bytes=max(run.used_bytes, each.used_bytes),
                positions=tuple(dict.fromkeys((*run.positions, *each.positions))),
            )
            continue
        if run:
            yield run
        run = each
    if run:
        yield run


def _follows(each: _Stored, run: _Stored) -> bool:
    is_same = (each.platform, each.quota_gb) == (run.platform, run.quota_gb)
    return is_same and each.interval.start_ms == run.interval.end_ms


def _quota_passed(run: _Stored, scope: Scope) -> Finding:
    return finding(
        scope,
        run.platform,
        "quota-passed",
        run.interval.start_ms,
        run.interval.end_ms,
        measured=f"{gigabytes(run.used_bytes)} GB",
        promised=f"{run.quota_gb} GB",
        positions=run.positions,
    )
