"""A plan with its targets in the ledger: recorded from a file, and read on any machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from consumers.agent.file import AgentFile, Loaded, completed, understood
from consumers.agent.planning import is_as, planned
from ledger import plans, targets
from ledger.application import Ledger
from ledger.errors import BadInputError, RefusedError, UnusableOutboxError
from ledger.fact import Draft, RecordedFact
from ledger.files import written_whole
from ledger.intake.own_agents import require_not_imported
from ledger.log.interface import RECORD_BYTES_MAX
from ledger.plans import PlanSet
from ledger.targets import TargetsDefined

_OF_AGENT = ("place", "references", "timeout_ms", "degraded_after_ms", "proxy", "proxy_login")
"""What a file and a fact call alike."""
_ENVELOPES_BYTES = 2_000
"""What a record holds beside two facts."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What only the machine knows on which an agent runs."""

    outbox: Path | None = None
    ca_file: Path | None = None
    environment: Mapping[str, str] | None = None
    """That of the process, if it is left out."""


# ---------------------------------------------------------------- to the ledger


def record(ledger: Ledger, file: AgentFile, *, now_ms: int, again: bool = False) -> Sequence[RecordedFact]:
    """Record a file's plan with its targets, in one record; nothing if the ledger has them already.

    Each list of targets has a plan of its own, so that a round names the one by which it was made.

    Raises:
        RefusedError: the agent was retired and is not to be taken back, its name is that of an import, or
            the file holds what may be a secret.
        ConflictError: another writer was first; nothing was recorded.
    """
    agent = file.agent
    names = plans.stream_of(agent), targets.stream_of(agent)
    state, head = ledger.load(names[0], plans.INITIAL, plans.evolve)
    before, head_of_targets = ledger.load(names[1], targets.INITIAL, targets.evolve)
    require_not_imported(ledger, agent, state)
    if state.retired_ms is not None and not again:
        raise RefusedError(
            f"agent {agent} was retired; if it is to probe again, record its plan with --again"
        )
    if (
        state.current
        and is_as(state.current, file)
        and before.of(state.current) == defined_of(file, state.current)
    ):
        return []
    plan = plans.set_plan(state, agent, planned(file), period_ms=file.period_ms)
    defined = targets.define(plan, defined_of(file, plan))
    _require_room(plan, defined)
    drafts = [Draft(name, fact, now_ms) for name, fact in zip(names, (plan, defined), strict=True)]
    return ledger.append_behind(drafts, {names[0]: head, names[1]: head_of_targets})


def defined_of(file: AgentFile, plan: PlanSet) -> TargetsDefined:
    """What a file says of how the platforms of its plan are probed."""
    stated = file.model_dump(mode="json", exclude_defaults=True, include={*_OF_AGENT})
    told = [target.model_dump(mode="json", exclude_defaults=True) for target in file.target]
    ours = [{"kind": target.kind} | each for target, each in zip(file.target, told, strict=True)]
    return TargetsDefined.model_validate(
        {name: stated[name] for name in _OF_AGENT if name in stated}
        | {"agent": file.agent, "plan_version": plan.plan_version, "targets": _in_order(ours)}
    )


def _in_order(told: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """By name, so that another order of the file is no other plan."""
    return sorted(told, key=lambda each: str(each["platform"]))


def _require_room(plan: PlanSet, defined: TargetsDefined) -> None:
    length = sum(len(fact.model_dump_json(exclude_none=True).encode()) for fact in (plan, defined))
    if length + _ENVELOPES_BYTES > RECORD_BYTES_MAX:
        raise RefusedError(
            f"the plan of agent {plan.agent} with its targets has {length:,} bytes, and a record of a ledger "
            f"holds {RECORD_BYTES_MAX:,}; spread its targets over two agents, or run it from its file"
        )


# ---------------------------------------------------------------- from the ledger


def recorded_for(ledger: Ledger, agent: str) -> tuple[PlanSet, TargetsDefined]:
    """The plan of an agent and how it is probed, as the ledger has them.

    Raises:
        RefusedError: it has no such agent, its name is that of an import, or its plan came without its
            targets.
    """
    state = ledger.plans_of(agent)
    if state.last is None:
        raise RefusedError(
            f"this ledger knows no agent {agent}; see that the name is spelt as its own, or record its plan "
            "with `constat agent plan FILE`"
        )
    require_not_imported(ledger, agent, state)
    plans.require_in_service(state, agent)
    found, _ = ledger.load(targets.stream_of(agent), targets.INITIAL, targets.evolve)
    defined = found.of(state.current)
    if defined is None:
        raise RefusedError(
            f"plan {state.last.reference} does not say how its platforms are probed: an import made it, or "
            "an agent that runs from a file; record it with `constat agent plan FILE`"
        )
    assert state.current, "it is in service"
    return state.current, defined


def loaded_of(plan: PlanSet, defined: TargetsDefined, machine: Machine) -> Loaded:
    """What an agent probes on a machine by a plan of the ledger.

    Raises:
        BadInputError: the environment does not have what a header needs, or another version of Constat
            recorded what this one does not take.
    """
    where = f"plan {plan.reference} of the ledger"
    told = defined.model_dump(mode="json", exclude_none=True)
    stated = {name: told[name] for name in _OF_AGENT if name in told} | {
        "agent": plan.agent,
        "period_seconds": plan.period_ms // 1000,
        "target": told["targets"],
        "outbox": machine.outbox,
        "ca_file": machine.ca_file,
    }
    return completed(_understood(stated, where), where, machine.environment)


def _understood(stated: Mapping[str, Any], where: str) -> AgentFile:
    try:
        return understood(stated, where)
    except BadInputError as error:
        raise BadInputError(
            f"{error}\nan earlier or a later version of Constat recorded it; correct it in the agent's file, "
            "and record that with `constat agent plan FILE`"
        ) from None


class Kept:
    """What was recorded of an agent's targets last, kept beside its outbox for when the ledger is away."""

    def __init__(self, outbox: Path, agent: str) -> None:
        """Read it, if it is there.

        Raises:
            UnusableOutboxError: it cannot be read, or is another agent's.
        """
        self._path = outbox.with_name(f"{outbox.name}.targets")
        self._defined = _read(self._path)
        if self._defined and self._defined.agent != agent:
            raise UnusableOutboxError(
                f"{self._path} is of agent {self._defined.agent}; give agent {agent} an outbox of its own"
            )

    def of(self, plan: PlanSet) -> TargetsDefined | None:
        """The targets of a plan; None if others are kept."""
        return targets.Targets(self._defined).of(plan)

    def keep(self, defined: TargetsDefined) -> None:
        """Keep them in place of what was kept.

        Raises:
            UnusableOutboxError: they cannot be written.
        """
        if defined == self._defined:
            return
        try:
            value = orjson.dumps(defined.model_dump(mode="json", exclude_none=True))
            written_whole(self._path, value, durable=True)
        except OSError as error:
            raise UnusableOutboxError(
                f"{self._path} cannot be written ({error.strerror}); free some space, or let the agent write"
            ) from error
        self._defined = defined


def _read(path: Path) -> TargetsDefined | None:
    try:
        return TargetsDefined.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, UnicodeDecodeError):
        raise UnusableOutboxError(
            f"{path} cannot be read; move it away: the agent takes another one from the ledger"
        ) from None
