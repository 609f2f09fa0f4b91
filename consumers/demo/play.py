"""Play the month into a fresh ledger, with the ledger's clock going through it."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from consumers.demo.clients import AGENTS
from consumers.demo.events import taken_down
from consumers.demo.observations import batches, plan_of
from ledger import plans
from ledger.application import Ledger
from ledger.fact import Draft
from ledger.instants import parse_instant
from ledger.plans import PlanSet
from ledger.rounds import Round

PLANNED_MS = parse_instant("2026-09-30T12:00:00+02:00")


@dataclass
class PlayedClock:
    """The recorded clock of the demonstration: it says what the story says."""

    now_ms: int = 0

    def __call__(self) -> int:
        """The moment at which the story is."""
        return self.now_ms


@dataclass(frozen=True, slots=True)
class _Step:
    recorded_ms: int
    order: int
    agent: str
    rounds: tuple[Round, ...]
    drafts: tuple[Draft, ...]

    def __lt__(self, other: "_Step") -> bool:
        return (self.recorded_ms, self.order) < (other.recorded_ms, other.order)


def play(url: str, progress: Callable[[int], None] = lambda _: None) -> None:
    """Write the month to an empty ledger; `progress` hears how many rounds each step added.

    Raises:
        UnusableLedgerError: the ledger cannot be written.
    """
    clock = PlayedClock()
    with Ledger.open(url, clock=clock) as ledger:
        for step in heapq.merge(_people(), *(_probes(agent) for agent in AGENTS)):
            clock.now_ms = step.recorded_ms
            if step.drafts:
                ledger.append(*step.drafts)
            else:
                ledger.append_rounds(step.agent, step.rounds)
                progress(len(step.rounds))


def _people() -> Iterator[_Step]:
    planned = tuple(_plan(agent) for agent in AGENTS)
    steps = [_Step(PLANNED_MS, 0, "", (), planned)]
    steps += [_Step(taken.recorded_ms, 1, "", (), taken.drafts) for taken in taken_down()]
    return iter(sorted(steps))


def _plan(agent: str) -> Draft:
    plan = PlanSet(agent=agent, plan_version=1, platforms=plan_of(agent))
    return Draft(plans.stream_of(agent), plan, PLANNED_MS)


def _probes(agent: str) -> Iterator[_Step]:
    for recorded_ms, rounds in batches(agent):
        yield _Step(recorded_ms, 2, agent, tuple(rounds), ())
