"""Interventions: what staff did on a client's platform, under which account [Gestion d'incidents].

The client accepts that staff work on its platform to correct it. A client that does not want them to keep an
account there names, with its request, the member account under which they may work.
"""

from dataclasses import dataclass
from typing import ClassVar

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, Person, RecordedFact, Span, Text
from ledger.support import Request

# ---------------------------------------------------------------- facts


class InterventionMade(Fact):
    """One of the provider's staff worked on a platform for a request; `occurred` is when that was over."""

    TYPE: ClassVar[str] = "constat.support.intervention-made.v1"

    intervention: Name
    request: Name
    platform: Name
    during: Span
    account: Person
    """The account under which the work was done."""
    summary: Text
    by: Person
    """Who did it."""


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Intervention:
    """An intervention as its fact leaves it. Without `made` it does not exist."""

    made: InterventionMade | None = None
    recorded_ms: int = 0
    position: int = 0


INITIAL = Intervention()


def stream_of(intervention: str) -> str:
    """The stream that holds an intervention's fact."""
    return f"intervention:{intervention}"


# ---------------------------------------------------------------- evolve


def evolve(state: Intervention, recorded: RecordedFact) -> Intervention:
    """The intervention after its fact."""
    match recorded.fact:
        case InterventionMade() as fact:
            return Intervention(fact, recorded.recorded_ms, recorded.position)
    return state


# ---------------------------------------------------------------- decide


def make(state: Intervention, request: Request, made: InterventionMade) -> InterventionMade:
    """Say what was done for a request that was filed. Under which account is not refused but judged.

    An intervention that should not have been is a fact like any other: refused here, it would stay unknown.
    """
    if state.made:
        raise RefusedError(
            f"intervention {made.intervention} is already recorded; give what was done since another name"
        )
    if request.requested is None:
        raise RefusedError(
            f"no request {made.request}; file it first with `constat support file`, so that it can be seen "
            "which account its client named"
        )
    return made
