"""Where an agent has its plan from: a file of its machine, or the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from consumers.agent.file import Loaded, outbox_of
from consumers.agent.planning import is_as, planned
from consumers.agent.recorded import Kept, Machine, loaded_of, recorded_for
from ledger import plans
from ledger.application import Ledger
from ledger.errors import BadInputError, RefusedError
from ledger.instants import format_instant
from ledger.intake.own_agents import require_not_imported
from ledger.outbox.outbox import Outbox
from ledger.plans import Plans, PlanSet
from ledger.running import running

_LOG = structlog.stdlib.get_logger(__name__)


class Source(Protocol):
    """Where an agent has its plan from."""

    agent: str
    outbox_path: Path
    again: str
    """The command that takes it back into service."""
    follows: bool
    """Whether a newer plan in the ledger is taken up."""

    def settle(self, ledger: Ledger, now_ms: int) -> None:
        """Make the plan of the ledger and what is probed the same.

        Raises:
            RefusedError, BadInputError: they cannot be; the sentence says why.
        """

    def of(self, plan: PlanSet) -> Loaded | None:
        """How the platforms of a plan are probed; None if that is not known here."""


class FromFile:
    """A file: the ledger is given its plan."""

    follows = False
    again = "`constat agent run FILE --again`"

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.agent = loaded.file.agent
        self.outbox_path = loaded.file.outbox_path

    def settle(self, ledger: Ledger, now_ms: int) -> None:
        """Record the plan of the file if the ledger has another one."""
        file, agent = self._loaded.file, self.agent

        def decide(found: Plans) -> Sequence[PlanSet]:
            require_not_imported(ledger, agent, found)
            if is_as(found.current, file):
                return ()
            return (plans.set_plan(found, agent, planned(file), period_ms=file.period_ms),)

        ledger.record(
            plans.stream_of(agent),
            plans.INITIAL,
            plans.evolve,
            decide,
            occurred_ms=now_ms,
            source=f"{plans.AGENTS}{agent}",
        )

    def of(self, plan: PlanSet) -> Loaded | None:  # noqa: ARG002 - also of an older plan: what it names of it
        """The file, whichever plan is in force."""
        return self._loaded


@dataclass(frozen=True, slots=True)
class Known:
    """How the platforms of one plan are probed."""

    plan_version: int
    loaded: Loaded


class FromLedger:
    """The ledger: what was recorded there last is probed, and kept on this machine for when it is away."""

    follows = True

    def __init__(self, agent: str, machine: Machine) -> None:
        """Read what was kept here.

        Raises:
            UnusableOutboxError: it cannot be read.
        """
        self.agent = agent
        self._machine = machine
        self.outbox_path = outbox_of(agent, machine.outbox)
        self.again = f"`constat agent plan FILE --again` and `constat agent run --from-ledger {agent}`"
        self._kept = Kept(self.outbox_path, agent)
        self._known: Known | None = None

    def settle(self, ledger: Ledger, now_ms: int) -> None:  # noqa: ARG002 - nothing is recorded
        """Take from the ledger what it has; keep it here before it is known that the plan is in force."""
        plan, defined = recorded_for(ledger, self.agent)
        loaded = loaded_of(plan, defined, self._machine)
        self._kept.keep(defined)
        self._known = Known(plan.plan_version, loaded)

    def of(self, plan: PlanSet) -> Loaded | None:
        """What was recorded with the plan, as it was read last or kept here."""
        if self._known is None and (defined := self._kept.of(plan)):
            try:
                self._known = Known(plan.plan_version, loaded_of(plan, defined, self._machine))
            except BadInputError as error:  # the ledger may have another one by now: it is waited for
                _LOG.error("what was kept here cannot be probed", why=str(error))
        if self._known is None or self._known.plan_version != plan.plan_version:
            return None
        return self._known.loaded


def require_in_service(ledger: Ledger, source: Source) -> None:
    """Refuse to run an agent that was retired; and under the name of an import, which no `again` helps.

    Raises:
        RefusedError: says how it comes back, or what to do.
    """
    state = ledger.plans_of(source.agent)
    require_not_imported(ledger, source.agent, state)
    if state.retired_ms is not None:
        raise RefusedError(
            f"agent {source.agent} was retired; if it is to probe again, start it once with {source.again}"
        )


def require_alone(ledger: Ledger, agent: str, outbox: Outbox, now_ms: int) -> None:
    """Refuse to begin while another process probes under the agent's name, as far as the ledger tells.

    It tells if that one has not ended, and made the last round not long ago, which this outbox does not know.
    One of which it tells nothing is found by the number of a round, before any of ours is taken.

    Raises:
        RefusedError: says since when it runs, and what to do.
    """
    if ledger.engine.round_head(agent).number < outbox.next_number:
        return
    if other := running(ledger, agent, now_ms):
        raise RefusedError(
            f"agent {agent} runs elsewhere: {other.told}. Stop it first; if it was killed, start this one "
            f"after {format_instant(other.silent_ms)}; or give this one a name of its own"
        )
