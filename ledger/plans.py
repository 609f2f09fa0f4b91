"""Plans: which platforms an agent probes, in which order and when within a round."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, RecordedFact, Value

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


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Plans:
    """An agent's plans, oldest first."""

    history: tuple[PlanSet, ...] = ()

    @property
    def current(self) -> PlanSet | None:
        """The plan of the agent's next round."""
        return self.history[-1] if self.history else None


INITIAL = Plans()


def stream_of(agent: str) -> str:
    """The stream that holds an agent's plans (its rounds are in the probe log)."""
    return f"plan:{agent}"


# ---------------------------------------------------------------- evolve


def evolve(state: Plans, recorded: RecordedFact) -> Plans:
    """An agent's plans after one more fact."""
    match recorded.fact:
        case PlanSet() as fact:
            return Plans((*state.history, fact))
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
    """Give an agent its next plan; whether it logs only changes can never change."""
    if state.current and state.current.transitions != transitions:
        kind = "only changes" if state.current.transitions else "every result"
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
