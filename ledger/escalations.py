"""Escalations: what may not reach a contract in time, told to ops while something can be done."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, RecordedFact
from ledger.instants import Instant

# ---------------------------------------------------------------- facts


class NoticeEscalated(Fact):
    """Ops were told that no administrator of a contract has a notice, an alert or an announcement yet."""

    TYPE: ClassVar[str] = "constat.notice.escalated.v1"

    escalation: Name
    contract: Name
    maintenance: Name | None = None
    incident: Name | None = None
    cause: Annotated[int, Field(ge=1)]
    """The position of the fact that nobody was told of."""
    why: Literal["refused", "bounced", "unanswered", "no-address"]
    deadline: Instant | None = None
    """When a notice must have been given, or from when on an announced change holds; an alert has none."""


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Escalation:
    """An escalation as its fact leaves it. Without `escalated` there was none."""

    escalated: NoticeEscalated | None = None
    occurred_ms: int = 0


INITIAL = Escalation()


def stream_of(escalation: str) -> str:
    """The stream that holds an escalation's fact."""
    return f"escalation:{escalation}"


# ---------------------------------------------------------------- evolve


def evolve(state: Escalation, recorded: RecordedFact) -> Escalation:
    """The escalation after its fact."""
    match recorded.fact:
        case NoticeEscalated() as fact:
            return Escalation(fact, recorded.occurred_ms)
    return state


# ---------------------------------------------------------------- decide


def escalate(state: Escalation, escalated: NoticeEscalated) -> NoticeEscalated:
    """Escalate what was not escalated before."""
    if state.escalated:
        raise RefusedError(f"{escalated.escalation} was already escalated")
    return escalated
