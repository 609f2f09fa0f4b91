"""The list of administrators is kept synchronised [Règlement général sur la protection des données (RGPD)].

It is out of date while the list in force was made longer ago than the terms allow.
"""

from collections.abc import Iterator
from itertools import pairwise

from ledger.contracts import require_signed
from ledger.directory import INITIAL, Directory, Listed
from ledger.instants import HOUR_MS
from projections.clauses import PERSONAL_DATA
from projections.figures import CommitmentEntry, Finding
from projections.finding import finding, judged
from projections.scope import Scope
from projections.units import hours


def has_directory(scope: Scope) -> bool:
    """Whether a list of the contract's administrators was ever synchronised."""
    return bool(_directory(scope).lists)


def administrators_list(scope: Scope) -> CommitmentEntry:
    """Every stretch of the period in which the list was too old, of all lists that were in force in it."""
    lists = _directory(scope).lists
    return judged(
        "administrators-list",
        PERSONAL_DATA,
        recorded=bool(lists),
        examined=sum(1 for _ in _in_force(lists, scope)),
        findings=_findings(lists, scope),
    )


def _directory(scope: Scope) -> Directory:
    return scope.known.directories.get(require_signed(scope.contract).contract, INITIAL)


def _in_force(lists: tuple[Listed, ...], scope: Scope) -> Iterator[tuple[Listed, Listed | None]]:
    """The lists that were the last one at any time of the period, each with the one that followed."""
    period = scope.period.interval
    for listed, following in pairwise([*lists, None]):
        assert listed is not None
        until_ms = period.end_ms if following is None else following.occurred_ms
        if listed.occurred_ms < period.end_ms and period.start_ms < until_ms:
            yield listed, following


def _findings(lists: tuple[Listed, ...], scope: Scope) -> Iterator[Finding]:
    for listed, following in _in_force(lists, scope):
        next_ms = following.occurred_ms if following else None
        hours_max = scope.terms_at(listed.occurred_ms).directory_sync_hours_max
        old_from_ms = listed.occurred_ms + hours_max * HOUR_MS
        until_ms = scope.judged_ms if next_ms is None else next_ms
        is_here = old_from_ms < scope.period.interval.end_ms and scope.period.interval.start_ms < until_ms
        if old_from_ms < until_ms and is_here:
            yield finding(
                scope,
                require_signed(scope.contract).contract,
                "not-synchronised",
                old_from_ms,
                next_ms,
                measured=None if next_ms is None else f"{hours(next_ms - listed.occurred_ms)} h",
                promised=f"{hours_max} h",
                positions=[each.position for each in (listed, following) if each],
            )
