"""Interventions of staff: under the account that the client named, or another [Gestion d'incidents].

An intervention is the contract's whose request it was made for, on a platform that belonged to it meanwhile;
it belongs to the period in which it began.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.contracts import require_signed
from ledger.interval import intersect
from ledger.interventions import InterventionMade
from ledger.support import SupportRequested
from projections.clauses import INCIDENTS
from projections.figures import CommitmentEntry, Finding
from projections.finding import finding, judged
from projections.scope import Scope


class OwnIntervention(NamedTuple):
    """An intervention for a request of the contract, on a platform of it."""

    made: InterventionMade
    requested: SupportRequested
    requested_position: int
    recorded_ms: int
    position: int

    @property
    def start_ms(self) -> int:
        """When it began."""
        return self.made.during.start_ms


def own_interventions(scope: Scope) -> list[OwnIntervention]:
    """Every intervention of the contract, whenever it was, in order of time, then of name."""
    return sorted(_own(scope), key=lambda own: (own.start_ms, own.made.intervention))


def _own(scope: Scope) -> Iterator[OwnIntervention]:
    contract = require_signed(scope.contract).contract
    for intervention in scope.known.interventions.values():
        made = intervention.made
        request = scope.known.requests.get(made.request) if made else None
        if made is None or request is None or request.requested is None:
            continue
        belongs = scope.ever.get(made.platform, [])
        if request.requested.contract == contract and intersect([made.during.interval], belongs):
            yield OwnIntervention(
                made,
                request.requested,
                request.positions[0],
                intervention.recorded_ms,
                intervention.position,
            )


def has_interventions(scope: Scope) -> bool:
    """Whether any intervention of the contract is known, so that there is something to say of accounts."""
    return bool(own_interventions(scope))


def intervention_account(scope: Scope) -> CommitmentEntry:
    """Where the client named an account with its request, staff worked under no other."""
    ever = own_interventions(scope)
    here = [own for own in ever if scope.period.interval.holds(own.start_ms)]
    return judged(
        "intervention-account",
        INCIDENTS,
        recorded=bool(ever),
        examined=len(here),
        findings=(found for own in here for found in _another_account(own, scope)),
    )


def _another_account(own: OwnIntervention, scope: Scope) -> Iterator[Finding]:
    made, named = own.made, own.requested.account
    if named is not None and made.account != named:
        yield finding(
            scope,
            made.intervention,
            "another-account",
            made.during.start_ms,
            made.during.end_ms,
            measured=made.account,
            promised=named,
            positions=(own.requested_position, own.position),
        )
