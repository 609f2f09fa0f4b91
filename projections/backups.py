"""Backups: taken every local day, copied elsewhere, kept long enough [Gestion des données et Backups].

A backup belongs to the period in which it was taken; a deletion to the one in which it happened.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.instants import DAY_MS, HOUR_MS
from ledger.operations import INITIAL, Backup
from projections.calendar import day_interval, local_days
from projections.clauses import BACKUPS
from projections.figures import CommitmentEntry, Finding
from projections.finding import finding, judged
from projections.scope import Scope
from projections.units import hours

COPIED_WITHIN_MS = DAY_MS
"""How old a backup is before its copy is asked for: the contract names no term; the next one is then due."""


@dataclass(frozen=True, slots=True)
class _Own:
    """A backup that was taken while its platform belonged to the contract."""

    platform: str
    backup: Backup

    @property
    def subject(self) -> str:
        return f"{self.platform}/{self.backup.backup}"


def _backups(scope: Scope) -> list[_Own]:
    return [
        _Own(platform, backup)
        for platform, belongs in scope.ever.items()
        for backup in sorted(
            scope.known.operations.get(platform, INITIAL).backups,
            key=lambda each: (each.taken_ms, each.backup),
        )
        if any(interval.holds(backup.taken_ms) for interval in belongs)
    ]


def _taken_in_period(scope: Scope, backups: list[_Own]) -> list[_Own]:
    return [each for each in backups if scope.period.interval.holds(each.backup.taken_ms)]


# ---------------------------------------------------------------- every day


def daily(scope: Scope) -> CommitmentEntry:
    """Every whole local day on which a platform belonged to the contract has a backup of it."""
    ever = _backups(scope)
    taken = _taken_in_period(scope, ever)
    return judged(
        "backup-daily",
        BACKUPS,
        recorded=bool(ever),
        examined=len(taken),
        findings=_days_without(scope, taken),
    )


def _days_without(scope: Scope, taken: list[_Own]) -> Iterator[Finding]:
    taken_ms: Mapping[str, list[int]] = {
        platform: [each.backup.taken_ms for each in taken if each.platform == platform]
        for platform in scope.own
    }
    zone = scope.period.zone
    for platform, belongs in scope.own.items():
        for day, within in (each for bounds in belongs for each in local_days(zone, bounds)):
            is_whole = within == day_interval(zone, day)
            if is_whole and not any(within.holds(instant_ms) for instant_ms in taken_ms[platform]):
                yield finding(scope, platform, "no-backup", within.start_ms, within.end_ms)


# ---------------------------------------------------------------- elsewhere


def off_site(scope: Scope) -> CommitmentEntry:
    """Every backup taken in the period has a copy with another operator than the one where it was taken."""
    ever = _backups(scope)
    taken = _taken_in_period(scope, ever)
    return judged(
        "backup-off-site",
        BACKUPS,
        recorded=bool(ever),
        examined=len(taken),
        findings=(_not_replicated(each, scope) for each in taken if _misses_its_copy(each.backup, scope)),
    )


def _misses_its_copy(backup: Backup, scope: Scope) -> bool:
    if any(copy.operator != backup.operator for copy in backup.copies):
        return False
    is_due = scope.judged_ms >= backup.taken_ms + COPIED_WITHIN_MS
    return is_due or backup.expired_ms is not None


def _not_replicated(own: _Own, scope: Scope) -> Finding:
    backup = own.backup
    return finding(
        scope,
        own.subject,
        "not-replicated",
        backup.taken_ms,
        backup.expired_ms,
        positions=backup.positions,
    )


# ---------------------------------------------------------------- long enough


def kept(scope: Scope) -> CommitmentEntry:
    """No backup was deleted in the period before it was old enough, by the terms at its deletion."""
    deleted = [each for each in _backups(scope) if each.backup.expired_ms is not None]
    here = [each for each in deleted if _belongs(each, scope)]
    return judged(
        "backup-kept",
        BACKUPS,
        recorded=bool(deleted),
        examined=len(here),
        findings=(found for each in here for found in _kept_too_short(each, scope)),
    )


def _belongs(own: _Own, scope: Scope) -> bool:
    expired_ms = own.backup.expired_ms
    bounds = scope.own.get(own.platform, [])
    return expired_ms is not None and any(interval.holds(expired_ms) for interval in bounds)


def _kept_too_short(own: _Own, scope: Scope) -> Iterator[Finding]:
    backup = own.backup
    assert backup.expired_ms is not None
    promised_ms = scope.terms_at(backup.expired_ms).backup_kept_days * DAY_MS
    kept_ms = backup.expired_ms - backup.taken_ms
    if kept_ms < promised_ms:
        yield finding(
            scope,
            own.subject,
            "kept-too-short",
            backup.taken_ms,
            backup.expired_ms,
            measured=f"{hours(kept_ms)} h",
            promised=f"{promised_ms // HOUR_MS} h",
            positions=backup.positions,
        )
