"""Maintenances and claims as the register shows them: their history, and what they exclude where."""

from collections.abc import Mapping, Sequence
from typing import Literal

from ledger.claims import Claim, ClaimFiled, Ruling
from ledger.contracts import require_signed
from ledger.directory import INITIAL
from ledger.interval import Interval, total_ms
from ledger.maintenance import Maintenance, Notice
from projections.announced import given_ms
from projections.calendar import END_OF_TIME_MS
from projections.exclusions import Exclusion
from projections.figures import (
    AwaitedFigures,
    ClaimEntry,
    MaintenanceEntry,
    NotExcludedFigures,
    NoticeFigures,
    PlatformExclusion,
    RulingFigures,
)
from projections.given import Given, given, mails_of
from projections.register_mails import escalated_at, mail_figures
from projections.scope import Scope
from projections.units import hours

Kind = Literal["maintenance", "claim"]
ByName = Mapping[tuple[Kind, str, str], Exclusion]
"""What is excluded in the period, by kind, name and platform."""

# ---------------------------------------------------------------- what touches a period


def work_spans(maintenance: Maintenance) -> list[Interval]:
    """Everything that was ever announced, and the work; what was not finished is still going on."""
    announced = [notice.announced for notice in maintenance.notices if notice.announced]
    if maintenance.started_ms is None:
        return announced
    finished_ms = END_OF_TIME_MS if maintenance.finished_ms is None else maintenance.finished_ms
    return [*announced, Interval(maintenance.started_ms, max(finished_ms, maintenance.started_ms + 1))]


def claimed_spans(filed: ClaimFiled) -> list[Interval]:
    """What was claimed; a ruling accepts nothing else."""
    return [filed.claimed.interval]


# ---------------------------------------------------------------- maintenances


def maintenance_entry(
    maintenance: Maintenance, touched: Mapping[str, int], excluding: ByName, scope: Scope
) -> MaintenanceEntry:
    """A maintenance with every notice that was ever given of it."""
    return MaintenanceEntry(
        name=maintenance.name,
        platforms=tuple(touched),
        notices=tuple(_notice(maintenance, index, scope) for index in range(len(maintenance.notices))),
        started_at=None if maintenance.started_ms is None else scope.at(maintenance.started_ms),
        finished_at=None if maintenance.finished_ms is None else scope.at(maintenance.finished_ms),
        exclusions=_exclusions("maintenance", maintenance.name, touched, excluding, scope),
    )


def last_notice(maintenance: Maintenance, scope: Scope) -> NoticeFigures:
    """The last notice of a maintenance as it was given to the contract."""
    return _notice(maintenance, len(maintenance.notices) - 1, scope)


def coming_entry(maintenance: Maintenance, platforms: tuple[str, ...], scope: Scope) -> MaintenanceEntry:
    """Work that has not begun, with its last notice alone; what it will exclude nobody knows yet."""
    return MaintenanceEntry(
        name=maintenance.name,
        platforms=platforms,
        notices=(last_notice(maintenance, scope),),
        started_at=None,
        finished_at=None,
        exclusions=(),
    )


def _notice(maintenance: Maintenance, index: int, scope: Scope) -> NoticeFigures:
    notice = maintenance.notices[index]
    announced = notice.announced
    contract = require_signed(scope.contract).contract
    mails = mails_of(scope.known, contract).get(notice.position, ())
    when = given(notice, mails)
    if awaited := _awaited(maintenance, index, when, mails, scope):
        when = Given(None, None)
    return NoticeFigures(
        kind=notice.kind,
        announced=None if announced is None else scope.span(announced),
        given_at=None if when.given_ms is None else scope.at(when.given_ms),
        recorded_at=scope.at(notice.recorded_ms),
        hours_before=_hours_before(announced, when),
        in_time=announced is not None and _in_time(when, announced, scope),
        back_dated=_back_dated(maintenance.notices[: index + 1]),
        text=notice.text,
        position=notice.position,
        mails=mail_figures(mails, scope.at),
        escalated_at=escalated_at(notice.position, contract, scope),
        awaited=awaited,
    )


def _awaited(
    maintenance: Maintenance, index: int, when: Given, mails: Sequence[object], scope: Scope
) -> AwaitedFigures | None:
    """What is to be given by mail and is not, while it can still be given before its work.

    Only of a period that runs: what is known of one that has ended depends on no later moment.
    """
    notice, moment_ms = maintenance.notices[index], scope.known.as_of.moment_ms
    contract = require_signed(scope.contract).contract
    is_mailed = scope.known.directories.get(contract, INITIAL).known_before(notice.position)
    is_given = when.given_ms is not None if mails else not is_mailed
    is_last = index == len(maintenance.notices) - 1
    if notice.announced is None or is_given or not is_last:
        return None
    is_over = scope.period.complete and scope.period.interval.end_ms <= moment_ms
    if is_over or notice.announced.start_ms <= moment_ms:
        return None
    late_ms = notice.announced.start_ms - scope.terms_at(notice.announced.start_ms).notice_ms
    return AwaitedFigures(is_tried=bool(mails), too_late_from=scope.at(late_ms), left_ms=late_ms - moment_ms)


def _hours_before(announced: Interval | None, when: Given) -> str | None:
    if announced is None or when.given_ms is None:
        return None
    return hours(announced.start_ms - when.given_ms)


def _in_time(when: Given, announced: Interval, scope: Scope) -> bool:
    """Whether it came as early as the terms ask, which `best-effort` excuses but does not change."""
    terms = scope.terms_at(announced.start_ms)
    at_ms = given_ms(when, terms)
    return at_ms is not None and at_ms + terms.notice_ms <= announced.start_ms


def _back_dated(until_this: tuple[Notice, ...]) -> bool:
    """Recorded after the work should have begun, and said to have been given before.

    A withdrawal announces nothing: it is held against the announcement that it takes back.
    """
    notice = until_this[-1]
    announced = next(each.announced for each in reversed(until_this) if each.announced)
    return notice.given_ms < announced.start_ms < notice.recorded_ms


# ---------------------------------------------------------------- claims


def claim_entry(
    claim: Claim, filed: ClaimFiled, touched: Mapping[str, int], excluding: ByName, scope: Scope
) -> ClaimEntry:
    """A claim with every ruling on it; the last one is in force."""
    return ClaimEntry(
        name=filed.claim,
        platforms=tuple(touched),
        claimed=scope.span(filed.claimed.interval),
        event=filed.event,
        filed_at=scope.at(claim.filed_ms),
        position=claim.position,
        rulings=tuple(_ruling(ruling, scope) for ruling in claim.rulings),
        exclusions=_exclusions("claim", filed.claim, touched, excluding, scope),
    )


def _ruling(ruling: Ruling, scope: Scope) -> RulingFigures:
    return RulingFigures(
        decision=ruling.decision,
        accepted=tuple(scope.span(interval) for interval in ruling.accepted),
        by=ruling.by,
        reason=ruling.reason,
        occurred_at=scope.at(ruling.occurred_ms),
        recorded_at=scope.at(ruling.recorded_ms),
        position=ruling.position,
    )


# ---------------------------------------------------------------- exclusions


def _exclusions(
    kind: Kind, name: str, touched: Mapping[str, int], excluding: ByName, scope: Scope
) -> tuple[PlatformExclusion, ...]:
    found = (_exclusion(platform, excluding.get((kind, name, platform)), scope) for platform in touched)
    return tuple(found)


def _exclusion(platform: str, found: Exclusion | None, scope: Scope) -> PlatformExclusion:
    excluded = found.excluded if found else ()
    return PlatformExclusion(
        platform=platform,
        excluded_ms=total_ms(excluded),
        excluded=tuple(scope.span(interval) for interval in excluded),
        not_excluded=tuple(
            NotExcludedFigures(start=scope.at(span.start_ms), end=scope.at(span.end_ms), why=why)
            for span, why in (found.not_excluded if found else ())
        ),
    )
