"""Plans: which platforms an agent probes, in which order and when within a round; and when it ends."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, Person, RecordedFact, Text, Value
from ledger.instants import format_instant

IMPORTS = "/imports"
"""The source of a plan that an import made."""
AGENTS = "/agents/"
"""How the source of a plan begins that the process of an agent recorded; the agent's name follows."""

# ---------------------------------------------------------------- facts


class Planned(Value):
    """One platform of a plan: when within the round it is probed, and which status is usual for it."""

    platform: Name
    offset_ms: Annotated[int, Field(ge=0)] = 0
    usual_status: Annotated[int, Field(ge=0, le=999)] = 200
    written: Annotated[str, StringConstraints(min_length=1)] | None = None
    """How the agent's source writes the platform, where that is not its name (decision record 0045)."""


class PlanSet(Fact):
    """An agent probes these platforms, in this order, from its next round on."""

    TYPE: ClassVar[str] = "constat.agent.plan-set.v1"

    agent: Name
    plan_version: Annotated[int, Field(ge=1)]
    period_ms: Annotated[int, Field(ge=1000)] = 60_000
    transitions: bool = False
    """The source logs only changes: an outcome holds until the next one, however long."""
    platforms: Annotated[tuple[Planned, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_each_platform_once(self) -> Self:
        names = [planned.platform for planned in self.platforms]
        if len(set(names)) < len(names):
            raise ValueError("a plan names each platform once; remove the repeated one")
        if any(planned.offset_ms >= self.period_ms for planned in self.platforms):
            raise ValueError("an offset lies within the round; make it smaller than period_ms")
        return self

    @cached_property
    def reference(self) -> str:
        """How a round names its plan: `agent/version`."""
        return f"{self.agent}/{self.plan_version}"


class AgentRetired(Fact):
    """An agent probes nothing any more, until it is given another plan; what it said stays as it is."""

    TYPE: ClassVar[str] = "constat.agent.retired.v1"

    agent: Name
    reason: Text
    by: Person


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Plans:
    """An agent's plans, oldest first."""

    history: tuple[PlanSet, ...] = ()
    retired_ms: int | None = None
    """When the agent was retired; None if it is in service or never was."""
    is_imports: bool = False
    """An import made one of them."""
    is_agents: bool = False
    """The process of an agent recorded one of them."""

    @property
    def last(self) -> PlanSet | None:
        """The plan that was set last, also of an agent that was retired since."""
        return self.history[-1] if self.history else None

    @property
    def current(self) -> PlanSet | None:
        """The plan of the agent's next round; None before the first one, and once it is retired."""
        return self.last if self.retired_ms is None else None


INITIAL = Plans()


def stream_of(agent: str) -> str:
    """The stream that holds an agent's plans (its rounds are in the probe log)."""
    return f"plan:{agent}"


# ---------------------------------------------------------------- evolve


def evolve(state: Plans, recorded: RecordedFact) -> Plans:
    """An agent's plans after one more fact."""
    match recorded.fact:
        case PlanSet() as fact:
            return Plans(
                (*state.history, fact),
                is_imports=state.is_imports or recorded.source == IMPORTS,
                is_agents=state.is_agents or recorded.source.startswith(AGENTS),
            )
        case AgentRetired():
            return replace(state, retired_ms=recorded.occurred_ms)
    return state


# ---------------------------------------------------------------- decide


def set_plan(
    state: Plans,
    agent: str,
    platforms: tuple[Planned, ...],
    *,
    period_ms: int = 60_000,
    transitions: bool = False,
) -> PlanSet:
    """Give an agent its next plan, also to take it back; whether it logs only changes can never change."""
    if state.last and state.last.transitions != transitions:
        kind = "only changes" if state.last.transitions else "every result"
        raise RefusedError(
            f"agent {agent} logs {kind}; use another --agent name for a source of the other kind"
        )
    return PlanSet(
        agent=agent,
        plan_version=len(state.history) + 1,
        period_ms=period_ms,
        transitions=transitions,
        platforms=platforms,
    )


def retire(
    state: Plans, retired: AgentRetired, retired_ms: int, last_result_ms: int | None = None
) -> AgentRetired:
    """Take an agent out of service, from a moment on behind which it has no result."""
    if not state.history:
        raise RefusedError(f"no agent {retired.agent} ever had a plan; see that the name is spelt as its own")
    require_in_service(state, retired.agent)
    if last_result_ms is not None and retired_ms < last_result_ms:
        raise RefusedError(
            f"agent {retired.agent} still had a result at {format_instant(last_result_ms)}; it was retired "
            "after that: correct the time"
        )
    return retired


def require_in_service(state: Plans, agent: str) -> None:
    """Refuse what only an agent may do that was not retired.

    Raises:
        RefusedError: says when it was, and how it comes back.
    """
    if state.retired_ms is not None:
        raise RefusedError(
            f"agent {agent} was retired at {format_instant(state.retired_ms)}; if it probes again, record "
            "another plan for it first, and what waits in its outbox can be sent then"
        )
