"""Many worlds in one ledger, each under names of its own, merged by the moments at which things were recorded."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from ledger import rounds
from ledger.application import Ledger
from ledger.fact import Draft
from ledger.log import codec
from ledger.mails import MailFact
from ledger.rounds import Round
from tests.oracle import facts as told
from tests.oracle.retelling import retell

NAMES = ("contract", "platform", "agent", "maintenance", "claim", "incident", "request", "intervention")


class Clock:
    """Says what the worlds say."""

    now_ms = 0

    def __call__(self) -> int:
        return self.now_ms


class _Append(NamedTuple):
    recorded_ms: int
    order: int
    world: int
    agent: str
    drafts: Sequence[Draft]
    rounds: Sequence[Round]
    position: int = 0
    """Of the fact in its own world."""


def tell_together(ledger: Ledger, clock: Clock, worlds: Iterable[Sequence[told.Fact]]) -> None:
    """Append all worlds; the names of the n-th one begin with `w<n>-`."""
    told_apart = [_appends(world, renamed(facts, f"w{world}-")) for world, facts in enumerate(worlds)]
    positions: dict[tuple[int, int], int] = {}
    for append in heapq.merge(*told_apart, key=lambda each: (each.recorded_ms, each.order)):
        clock.now_ms = append.recorded_ms
        if append.drafts:
            (kept,) = ledger.append(*(_placed(draft, append.world, positions) for draft in append.drafts))
            positions[append.world, append.position] = kept.position
        else:
            ledger.append_rounds(append.agent, append.rounds)


def _placed(draft: Draft, world: int, positions: dict[tuple[int, int], int]) -> Draft:
    """A mail names the notice that it tells of by its position, which is another one here."""
    if not isinstance(draft.fact, MailFact):
        return draft
    name = f"w{world}-{draft.fact.mail}"
    fact = draft.fact.model_copy(update={"mail": name, "cause": positions[world, draft.fact.cause]})
    return replace(draft, stream=f"mail:{name}", fact=fact)


def _appends(world: int, facts: Sequence[told.Fact]) -> list[_Append]:
    story = retell(facts)
    found = [*_facts(world, story.engine.facts()), *_rounds(world, story.engine.rounds())]
    story.ledger.close()
    return sorted(found, key=lambda each: (each.recorded_ms, each.order))


def _facts(world: int, kept: Iterable[Any]) -> Iterator[_Append]:
    for fact in kept:
        envelope = codec.decode(fact.value)
        draft = Draft(envelope.stream, envelope.fact, envelope.occurred_ms, envelope.source)
        if envelope.stream.startswith("correction:"):
            name = f"w{world}-{envelope.stream.partition(':')[2]}"
            fact_named = envelope.fact.model_copy(update={"correction": name})
            draft = replace(draft, stream=f"correction:{name}", fact=fact_named)
        yield _Append(fact.recorded_ms, 0, world, "", [draft], (), fact.position)


def _rounds(world: int, kept: Iterable[Any]) -> Iterator[_Append]:
    by_append = sorted(kept, key=lambda each: (each.agent, each.number))
    for (recorded_ms, agent), same in groupby(by_append, key=lambda each: (each.recorded_ms, each.agent)):
        yield _Append(recorded_ms, 1, world, agent, (), [rounds.decode(each.value)[0] for each in same])


def renamed(value: Any, prefix: str) -> Any:
    """Facts with another contract, and other platforms, agents, maintenances, claims and the like."""
    if isinstance(value, list):
        return [renamed(each, prefix) for each in value]
    if not is_dataclass(value):
        return value
    changes: dict[str, Any] = {}
    for field in fields(value):
        now = getattr(value, field.name)
        if field.name in NAMES:
            changes[field.name] = prefix + now
        elif field.name == "platforms":
            changes[field.name] = tuple(prefix + each for each in now)
        elif field.name == "file":
            changes[field.name] = None  # a file has its own names; what it says is told without it
        elif field.name == "agent_weights":
            changes[field.name] = {prefix + agent: weight for agent, weight in now.items()}
        else:
            changes[field.name] = renamed(now, prefix)
    return type(value)(**changes)
