"""As known at K: the facts and rounds that the ledger held at a moment, and nothing recorded later.

At a time: all facts and rounds recorded up to then. At a position of the decision log: the facts up to it,
and the rounds recorded up to that fact's recorded time. At a seal: the facts up to its position, and of each
agent the rounds up to its number (`moment.py`).
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from ledger import (
    assessments,
    bulletins,
    claims,
    components,
    contracts,
    copies,
    corrections,
    directory,
    escalations,
    incidents,
    interventions,
    mails,
    maintenance,
    operations,
    plans,
    processors,
    runs,
    seals,
    support,
    targets,
)
from ledger.assessments import Assessments
from ledger.bulletins import Bulletin
from ledger.claims import Claim
from ledger.components import Components
from ledger.contracts import Contract
from ledger.corrections import Correction
from ledger.directory import Directory
from ledger.errors import BadInputError
from ledger.escalations import Escalation
from ledger.fact import RecordedFact
from ledger.incidents import Incident
from ledger.interventions import Intervention
from ledger.log.interface import NOTHING_READ, Engine, KeptRound
from ledger.mails import Mail
from ledger.maintenance import Maintenance
from ledger.operations import Operations
from ledger.plans import PlanSet
from ledger.processors import Processor
from ledger.runs import Runs
from ledger.seals import Seal
from ledger.support import Request
from projections.kept_facts import KeptFacts
from projections.moment import AsOf
from projections.steps import Steps

Derived = TypeVar("Derived")

SUBJECTS: Mapping[str, Any] = {
    "contract": contracts,
    "plan": plans,
    "run": runs,
    "targets": targets,
    "maintenance": maintenance,
    "incident": incidents,
    "claim": claims,
    "correction": corrections,
    "support": support,
    "operations": operations,
    "copy": copies,
    "seal": seals,
    "assessment": assessments,
    "intervention": interventions,
    "processor": processors,
    "components": components,
    "directory": directory,
    "mail": mails,
    "escalation": escalations,
    "bulletin": bulletins,
}
"""The first word of a stream's name -> the module that folds it (`INITIAL`, `evolve`)."""


StepsByAgent = Mapping[str, Mapping[str, Steps]]
"""Of each agent, the steps of each platform that it has probed."""

Fold = Callable[["Known", Sequence[str], frozenset[str], int], StepsByAgent]
"""Folds the known rounds of some agents to steps: for some platforms, stale after so many milliseconds."""


class _States(dict[str, dict[str, Any]]):
    """Of each subject that was asked for, the state of each of its streams by name."""

    def __init__(self, known: "Known") -> None:
        super().__init__()
        self._known = known

    def __missing__(self, subject: str) -> dict[str, Any]:
        module = SUBJECTS[subject]
        states: dict[str, Any] = {}
        for recorded in self._known.facts_about(subject):
            name = recorded.stream.partition(":")[2]
            states[name] = module.evolve(states.get(name, module.INITIAL), recorded)
        self[subject] = states
        return states


@dataclass(frozen=True)
class Known:
    """Everything known at a moment: facts folded by subject, and the rounds, read when asked for."""

    as_of: AsOf
    facts: Sequence[RecordedFact]
    engine: Engine = field(repr=False, compare=False)
    memo: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)
    """What was derived last, by what it is; shared by the moments of one question."""
    fold: Fold | None = field(default=None, repr=False, compare=False)
    """Who folds the rounds, if it is not to be done here; it gives what `observed.fold_agents` gives."""

    together: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The platforms that all questions are about: whoever asks for some of them has all of them folded."""

    @classmethod
    def at(cls, engine: Engine, as_of: AsOf, fold: Fold | None = None) -> "Known":
        """Read the facts known at a moment."""
        facts = KeptFacts(engine.facts(until=as_of.position))
        for subject in facts.subjects() - SUBJECTS.keys():
            list(facts.about(subject))  # nobody folds them, so nobody else would say that they cannot be read
        return cls(as_of, facts, engine, fold=fold)

    def about(self, several: Iterable[Contract]) -> "Known":
        """The same, to be asked about each of several contracts: rounds are folded once for all of them."""
        platforms = (membership.platform for contract in several for membership in contract.platforms)
        return replace(self, together=frozenset(platforms))

    def latest(self, slot: Hashable, key: Hashable, derive: Callable[[], Derived]) -> Derived:
        """What `derive` gives for a key that names everything that it depends on.

        Of a slot only what was derived last is kept: a question moves from moment to moment and never back.
        """
        kept = self.memo.get(slot)
        if kept is None or kept[0] != key:
            self.memo[slot] = kept = key, derive()
        derived: Derived = kept[1]
        return derived

    def facts_about(self, subject: str) -> Iterator[RecordedFact]:
        """The facts of one subject, in the order of the log."""
        if isinstance(self.facts, KeptFacts):
            return self.facts.about(subject)
        return (recorded for recorded in self.facts if recorded.stream.startswith(f"{subject}:"))

    @cached_property
    def _states(self) -> "_States":
        return _States(self)

    @property
    def contracts(self) -> Mapping[str, Contract]:
        """Every contract by name."""
        return self._states["contract"]

    @property
    def runs(self) -> Mapping[str, Runs]:
        """The runs of each agent's process, by agent."""
        return self._states["run"]

    @property
    def maintenances(self) -> Mapping[str, Maintenance]:
        """Every maintenance by name, in the order in which they were first announced."""
        return self._states["maintenance"]

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """Every incident by name."""
        return self._states["incident"]

    @property
    def claims(self) -> Mapping[str, Claim]:
        """Every claim of force majeure by name."""
        return self._states["claim"]

    @property
    def corrections(self) -> Mapping[str, Correction]:
        """Every correction by name, in the order in which they were recorded."""
        return self._states["correction"]

    @property
    def requests(self) -> Mapping[str, Request]:
        """Every support request by name."""
        return self._states["support"]

    @property
    def operations(self) -> Mapping[str, Operations]:
        """What is known of the operation of each platform."""
        return self._states["operations"]

    @property
    def seals(self) -> Mapping[str, Seal]:
        """Every seal by name, in the order in which they were made."""
        return self._states["seal"]

    @property
    def assessments(self) -> Mapping[str, Assessments]:
        """The assessments of each contract, by its name."""
        return self._states["assessment"]

    @property
    def interventions(self) -> Mapping[str, Intervention]:
        """Every intervention of the provider's staff by name."""
        return self._states["intervention"]

    @property
    def processors(self) -> Mapping[str, Processor]:
        """Every sub-processor by name, in the order in which they were first engaged."""
        return self._states["processor"]

    @property
    def components(self) -> Mapping[str, Components]:
        """The optional components of each platform that ever had any."""
        return self._states["components"]

    @property
    def directories(self) -> Mapping[str, Directory]:
        """The administrators of each contract that has a directory, by its name."""
        return self._states["directory"]

    @cached_property
    def erased(self) -> frozenset[str]:
        """Everybody who was erased from any directory."""
        return frozenset(person for state in self.directories.values() for person, _ in state.erased)

    @property
    def mails(self) -> Mapping[str, Mail]:
        """Every mail by name, in the order in which they were first tried."""
        return self._states["mail"]

    @property
    def escalations(self) -> Mapping[str, Escalation]:
        """Every escalation by name."""
        return self._states["escalation"]

    @property
    def bulletins(self) -> Mapping[str, Bulletin]:
        """Every bulletin by name, in the order in which they were first seen."""
        return self._states["bulletin"]

    @cached_property
    def plans(self) -> Mapping[str, PlanSet]:
        """Every plan by the reference that rounds name it by."""
        return {plan.reference: plan for agent in self._states["plan"].values() for plan in agent.history}

    @cached_property
    def round_offset(self) -> int:
        """How far the probe log had come."""
        return self.engine.round_offset_at(self.as_of.recorded_ms)

    @property
    def rounds_key(self) -> Hashable:
        """What names the known rounds and what they mean: wherever it is the same, so are they."""
        return self.round_offset, self.as_of.numbers, len(self.plans)

    def agents(self) -> list[str]:
        """Every agent that has rounds, by name; it may be that none of them was known then."""
        numbers = self.as_of.numbers
        return self.engine.agents() if numbers is None else [agent for agent, _ in numbers]

    def contract(self, name: str) -> Contract:
        """A signed contract.

        Raises:
            BadInputError: no contract of that name was known.
        """
        contract = self.contracts.get(name)
        if contract is None or contract.signed is None:
            known = ", ".join(sorted(self.contracts)) or "none yet"
            raise BadInputError(f"no contract {name!r} was known then; known contracts: {known}")
        return contract

    def rounds(
        self,
        *,
        agents: Sequence[str] | None = None,
        start_from_ms: int | None = None,
        start_until_ms: int | None = None,
        after: Mapping[str, int] = NOTHING_READ,
    ) -> Iterator[KeptRound]:
        """The rounds known then, in the order of the log. May be called again."""
        found = self.engine.rounds(
            recorded_until_ms=self.as_of.recorded_ms,
            agents=agents,
            start_from_ms=start_from_ms,
            start_until_ms=start_until_ms,
            after=after,
        )
        if self.as_of.numbers is None:
            return found
        numbers = dict(self.as_of.numbers)
        return (kept for kept in found if kept.number <= numbers.get(kept.agent, 0))
