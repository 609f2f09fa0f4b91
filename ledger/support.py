"""Support requests of a client's administrators, and their answers [Gestion d'incidents]."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, Person, RecordedFact, Text
from ledger.instants import format_instant

# ---------------------------------------------------------------- facts


class SupportRequested(Fact):
    """An administrator of the client filed a request; `occurred` is when it was filed."""

    TYPE: ClassVar[str] = "constat.support.requested.v1"

    request: Name
    contract: Name
    platform: Name | None = None
    subject: Text
    by: Person
    account: Person | None = None
    """The member account under which staff may work for this request; None if the client named none."""


class SupportAnswered(Fact):
    """The provider took a request into account and answered; `occurred` is when."""

    TYPE: ClassVar[str] = "constat.support.answered.v1"

    request: Name
    by: Person


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Request:
    """A request as its facts leave it. Without `requested` it does not exist."""

    requested: SupportRequested | None = None
    requested_ms: int = 0
    answered_ms: int | None = None
    positions: tuple[int, ...] = ()


INITIAL = Request()


def stream_of(request: str) -> str:
    """The stream that holds a request's facts."""
    return f"support:{request}"


# ---------------------------------------------------------------- evolve


def evolve(state: Request, recorded: RecordedFact) -> Request:
    """The request after one more of its facts; the first answer is the one that counts."""
    positions = (*state.positions, recorded.position)
    match recorded.fact:
        case SupportRequested() as fact:
            return Request(fact, recorded.occurred_ms, None, positions)
        case SupportAnswered():
            first_ms = recorded.occurred_ms if state.answered_ms is None else state.answered_ms
            return replace(state, answered_ms=first_ms, positions=positions)
    return state


# ---------------------------------------------------------------- decide


def request(state: Request, requested: SupportRequested) -> SupportRequested:
    """File a request under a new number."""
    if state.requested:
        raise RefusedError(
            f"request {requested.request} was already filed; file another under another number"
        )
    return requested


def answer(state: Request, answered: SupportAnswered, answered_ms: int) -> SupportAnswered:
    """Answer a request that was filed, once: only the first answer is judged."""
    if state.requested is None:
        raise RefusedError(f"no request {answered.request}; file it first with `constat support file`")
    if state.answered_ms is not None:
        raise RefusedError(
            f"request {answered.request} was already answered at {format_instant(state.answered_ms)}, and "
            "the first answer is the one that is judged; file another request for what was asked since"
        )
    if answered_ms < state.requested_ms:
        raise RefusedError("the answer would come before the request; correct the time")
    return answered
