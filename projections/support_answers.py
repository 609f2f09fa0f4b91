"""Support requests and their answers: 48 hours of the calendar, not of the office [Gestion d'incidents]."""

from collections.abc import Iterator

from ledger.contracts import require_signed
from ledger.instants import HOUR_MS
from ledger.support import Request
from projections.clauses import INCIDENTS
from projections.figures import CommitmentEntry, Finding
from projections.finding import finding, judged
from projections.scope import Scope
from projections.units import hours


def support_answer(scope: Scope) -> CommitmentEntry:
    """Every request of the contract that was filed in the period."""
    ever = _of_contract(scope)
    filed = [each for each in ever if scope.period.interval.holds(each[1].requested_ms)]
    return judged(
        "support-answer",
        INCIDENTS,
        recorded=bool(ever),
        examined=len(filed),
        findings=(found for name, request in filed for found in _findings(name, request, scope)),
    )


def _of_contract(scope: Scope) -> list[tuple[str, Request]]:
    contract = require_signed(scope.contract).contract
    requests = scope.known.requests.items()
    own = [each for each in requests if each[1].requested and each[1].requested.contract == contract]
    return sorted(own, key=lambda each: (each[1].requested_ms, each[0]))


def _findings(name: str, request: Request, scope: Scope) -> Iterator[Finding]:
    promised_hours = scope.terms_at(request.requested_ms).support_answer_hours
    deadline_ms = request.requested_ms + promised_hours * HOUR_MS
    answered_ms = request.answered_ms
    reached_ms = scope.judged_ms if answered_ms is None else answered_ms
    if reached_ms > deadline_ms:
        yield finding(
            scope,
            name,
            "unanswered" if answered_ms is None else "late",
            request.requested_ms,
            answered_ms,
            measured=None if answered_ms is None else f"{hours(answered_ms - request.requested_ms)} h",
            promised=f"{promised_hours} h",
            positions=request.positions,
        )
