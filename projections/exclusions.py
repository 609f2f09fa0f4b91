"""What is excluded on a platform, by which maintenance or claim, and what of them is not excluded and why."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from ledger.contracts import Contract, require_signed
from ledger.interval import Interval, intersect, subtract, union
from projections.announced import Judged, joined, judge_maintenance
from projections.asof import Known
from projections.calendar import local_quarters, service_hours
from projections.ceiling import over_ceiling
from projections.figures import NotExcluded
from projections.force_majeure import judge_claim
from projections.given import maintenances_of
from projections.periods import Part, Period, memberships, parts_between

Kind = Literal["maintenance", "claim"]


class Exclusion(NamedTuple):
    """One maintenance or claim on a platform within a period; nothing outside the platform's membership."""

    kind: Kind
    name: str
    excluded: tuple[Interval, ...]
    """In normal form. Two exclusions may overlap."""
    not_excluded: tuple[tuple[Interval, NotExcluded], ...]
    """What was announced, worked or claimed and is not excluded: in order, disjoint, each with its reason."""
    positions: tuple[int, ...]
    """The facts behind it, in order."""


def exclusions(known: Known, contract: Contract, platform: str, period: Period) -> list[Exclusion]:
    """The maintenances and claims that touch the period on a platform, in the order of their first facts."""
    return exclusions_by_platform(known, contract, [platform], period)[platform]


def exclusions_by_platform(
    known: Known, contract: Contract, platforms: Collection[str], period: Period
) -> dict[str, list[Exclusion]]:
    """The same for several platforms, each maintenance and claim judged once."""
    parts = _judged_parts(contract, period)
    asked = frozenset(platforms)
    judged = _judged(known, contract, asked, parts, period)
    belonging = memberships(contract, asked)
    reach = Interval(parts[0].interval.start_ms, parts[-1].interval.end_ms)
    ceiling = _has_ceiling(period)
    hours = _hours(parts, period) if ceiling else []
    found = {}
    for platform in platforms:
        belongs = belonging.get(platform, [])
        own = judged.get(platform, [])
        if not _covered(reach, belongs):
            own = [_within(each, belongs) for each in own]
        if ceiling:
            over = over_ceiling(_maintained(own), intersect(hours, belongs), parts, period.zone)
            own = [_within(_without(each, over), [period.interval]) for each in own]
        found[platform] = [each for each in own if each.excluded or each.not_excluded]
    return found


def _has_ceiling(period: Period) -> bool:
    return any(part.terms.readings.maintenance_ceiling != "none" for part in period.parts)


def _judged_parts(contract: Contract, period: Period) -> tuple[Part, ...]:
    """The parts of the period and, where a ceiling holds, those before it from the quarter's beginning."""
    if not _has_ceiling(period):
        return period.parts
    _, quarter = local_quarters(period.zone, period.interval)[0]
    earlier = Interval(quarter.start_ms, period.interval.start_ms)
    return parts_between(contract, earlier) + period.parts


# ---------------------------------------------------------------- every maintenance and claim, judged once


def _judged(
    known: Known, contract: Contract, platforms: frozenset[str], parts: Sequence[Part], period: Period
) -> dict[str, list[Exclusion]]:
    """By platform, in the order of the first facts, before membership and ceiling."""
    by_platform: dict[str, list[Exclusion]] = {}
    for exclusion, concerned in sorted(
        [*_maintenances(known, contract, platforms, parts, period), *_claims(known, platforms, parts)],
        key=lambda each: each[0].positions,
    ):
        for platform in concerned:
            by_platform.setdefault(platform, []).append(exclusion)
    return by_platform


_Concerned = tuple[Exclusion, frozenset[str]]
"""What a subject excludes on any platform, and the platforms asked for that it concerns."""


def _maintenances(
    known: Known, contract: Contract, platforms: frozenset[str], parts: Sequence[Part], period: Period
) -> Iterator[_Concerned]:
    known_ms = known.as_of.moment_ms
    told = maintenances_of(known, require_signed(contract).contract)
    for name, maintenance in told.items():
        concerned = platforms.intersection(maintenance.platforms)
        if not concerned:
            continue
        judged = joined(judge_maintenance(maintenance, part, period.zone, known_ms) for part in parts)
        notices = sorted({notice.position for notice in maintenance.notices})
        yield _exclusion("maintenance", name, judged, [*notices, *maintenance.work_positions]), concerned


def _claims(known: Known, platforms: frozenset[str], parts: Sequence[Part]) -> Iterator[_Concerned]:
    for name, claim in known.claims.items():
        concerned = platforms.intersection(claim.filed.platforms if claim.filed else ())
        if not concerned:
            continue
        judged = joined(judge_claim(claim, part) for part in parts)
        rulings = [ruling.position for ruling in claim.rulings]
        yield _exclusion("claim", name, judged, [claim.position, *rulings]), concerned


def _exclusion(kind: Kind, name: str, judged: Judged, positions: Sequence[int]) -> Exclusion:
    return Exclusion(kind, name, judged.excluded, judged.not_excluded, tuple(sorted(positions)))


# ---------------------------------------------------------------- membership, ceiling, period


def _within(exclusion: Exclusion, bounds: Sequence[Interval]) -> Exclusion:
    return exclusion._replace(
        excluded=tuple(intersect(exclusion.excluded, bounds)),
        not_excluded=tuple(
            (span, why) for whole, why in exclusion.not_excluded for span in intersect([whole], bounds)
        ),
    )


def _maintained(exclusions: Iterable[Exclusion]) -> list[Interval]:
    return union(span for each in exclusions if each.kind == "maintenance" for span in each.excluded)


def _without(exclusion: Exclusion, over: Sequence[Interval]) -> Exclusion:
    """A maintenance without what exceeds the ceiling; no ceiling holds for a claim."""
    if exclusion.kind == "claim" or not over:
        return exclusion
    counts: list[tuple[Interval, NotExcluded]] = [
        (span, "over-ceiling") for span in intersect(exclusion.excluded, over)
    ]
    return exclusion._replace(
        excluded=tuple(subtract(exclusion.excluded, over)),
        not_excluded=tuple(sorted([*exclusion.not_excluded, *counts])),
    )


# ---------------------------------------------------------------- service hours


def hours_of(contract: Contract, platform: str, period: Period) -> list[Interval]:
    """The time of a period that is not outside: service hours while the platform belongs to the contract."""
    return hours_by_platform(contract, [platform], period)[platform]


def hours_by_platform(
    contract: Contract, platforms: Collection[str], period: Period
) -> dict[str, list[Interval]]:
    """The same for several platforms."""
    belonging = memberships(contract, set(platforms))
    hours = _hours(period.parts, period)
    return {platform: _within_any(hours, belonging.get(platform, []), period) for platform in platforms}


def _hours(parts: Iterable[Part], period: Period) -> list[Interval]:
    return union(span for part in parts for span in service_hours(part.terms, period.zone, part.interval))


def _within_any(hours: list[Interval], belongs: Sequence[Interval], period: Period) -> list[Interval]:
    return list(hours) if _covered(period.interval, belongs) else intersect(hours, belongs)


def _covered(interval: Interval, belongs: Sequence[Interval]) -> bool:
    """Whether a platform belongs to the contract all through: then nothing need be cut."""
    return any(each.start_ms <= interval.start_ms and interval.end_ms <= each.end_ms for each in belongs)
