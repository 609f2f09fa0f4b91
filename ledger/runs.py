"""Runs of an agent's process: when it was started, with which version, and when it was stopped.

No figure rests on them: what an agent saw stands in its rounds. They say why there were none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, RecordedFact, Text

Why = Literal["asked", "failed"]
"""Somebody asked for the end (SIGTERM, Ctrl-C), or the process could not go on."""

# ---------------------------------------------------------------- facts


class AgentStarted(Fact):
    """The process of an agent was started; `occurred` is when, by the clock of its machine."""

    TYPE: ClassVar[str] = "constat.agent.started.v1"

    agent: Name
    run: Name
    """Names this run of the process among all of the agent."""
    version: Text
    place: Text


class AgentStopped(Fact):
    """The process of an agent was stopped in good order. One that is killed leaves no such fact."""

    TYPE: ClassVar[str] = "constat.agent.stopped.v1"

    agent: Name
    run: Name
    why: Why


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an agent's process."""

    started: AgentStarted
    started_ms: int
    stopped: AgentStopped | None = None
    stopped_ms: int | None = None
    """None while it lasts, and for ever if it was killed."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one agent, in the order in which they were recorded."""

    history: tuple[Run, ...] = ()

    def named(self, run: str) -> Run | None:
        """The run of a name."""
        return next((each for each in reversed(self.history) if each.started.run == run), None)

    @property
    def last(self) -> Run | None:
        """The run that was begun last."""
        return self.history[-1] if self.history else None


INITIAL = Runs()


def stream_of(agent: str) -> str:
    """The stream that holds the runs of an agent."""
    return f"run:{agent}"


# ---------------------------------------------------------------- evolve


def evolve(state: Runs, recorded: RecordedFact) -> Runs:
    """An agent's runs after one more fact."""
    match recorded.fact:
        case AgentStarted() as fact:
            return Runs((*state.history, Run(fact, recorded.occurred_ms)))
        case AgentStopped() as fact:
            return Runs(tuple(_ended(run, fact, recorded) for run in state.history))
    return state


def _ended(run: Run, fact: AgentStopped, recorded: RecordedFact) -> Run:
    if run.started.run != fact.run:
        return run
    return replace(run, stopped=fact, stopped_ms=recorded.occurred_ms)


# ---------------------------------------------------------------- decide


def start(state: Runs, started: AgentStarted) -> Sequence[AgentStarted]:
    """Take down that a run was begun; nothing if that is known, since an agent says it until it is heard."""
    return () if state.named(started.run) else (started,)


def stop(state: Runs, stopped: AgentStopped) -> Sequence[AgentStopped]:
    """Take down that a run was ended; nothing if that is known."""
    run = state.named(stopped.run)
    if run is None:
        raise RefusedError(
            f"agent {stopped.agent} was never started as run {stopped.run}; take its start down first"
        )
    return () if run.stopped else (stopped,)
