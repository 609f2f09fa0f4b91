"""What was folded, told to other machines: one checkpoint a tale, named by what it is of.

Whoever folds the same rounds with the same code makes the same checkpoints: one at every so many rounds of an
agent, counted from its first. So a tale that comes twice, or from two who did not know of each other, tells
the same, and whoever listens takes any of them. Each names the round at which the one before stands by its
hash; the round of the last one is read again before anybody goes on from it, as with what is cached here.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from consumers.cache.files import CacheFile, PlanHashes, code
from consumers.cache.told_segment import Stand, ToldSegment, Whose
from ledger.log.changes import Changes, Tale
from projections.checkpoint import Place
from projections.segments import Segments

PREFIX = b"fold/"


def tales_of(
    agent: str, stale_after_ms: int, found: Segments, known: PlanHashes, told_already: Collection[bytes]
) -> Iterator[Tale]:
    """The checkpoints of an agent that are not told already, by their keys.

    Raises:
        OSError: the sources of the code are not there, and name no tale.
    """
    prefix, whose = _key(agent, stale_after_ms), Whose(agent, stale_after_ms, code())
    for number in range(len(found.places)):
        key = prefix + str(number).encode()
        if key not in told_already:
            after, part = found.places[number - 1] if number else None, found.part(number)
            yield Tale(key, ToldSegment.made(whose, after, part, known).packed())


def told(by_key: Mapping[bytes, bytes], agent: str, stale_after_ms: int, known: PlanHashes) -> Segments:
    """What tales say of an agent from its first round on, without a gap and of plans that are known.

    Raises:
        OSError: the sources of the code are not there, and name no tale.
    """
    prefix, whose = _key(agent, stale_after_ms), Whose(agent, stale_after_ms, code())
    parts: list[Segments] = []
    last: Place | None = None
    while value := by_key.get(prefix + str(len(parts)).encode()):
        found = ToldSegment.unpacked(value)
        if not found or found.of != whose or not _follows(found, last, known):
            break
        parts.append(found.segments())
        last = found.place
    return Segments.of_parts(parts)


def _follows(found: ToldSegment, last: Place | None, known: PlanHashes) -> bool:
    """Whether a checkpoint is behind the last one, and of these plans."""
    return (
        found.after == (Stand.of(last) if last else None)
        and found.place.rounds > (last.rounds if last else 0)
        and found.place.runs >= (last.runs if last else 1)
        and all(known.get(name) == plan for name, plan in found.plans.items())
    )


def take_over(
    changes: Changes, folder: Path, agents: Sequence[str], stale_after_ms: int, known: PlanHashes
) -> None:
    """Keep what is told of agents where it goes further than what is kept here.

    Raises:
        UnusableLedgerError: nobody tells.
        OSError: the sources of the code are not there, and name no tale.
    """
    by_partition: Mapping[int, list[str]] = defaultdict(list)
    for agent in agents:
        by_partition[changes.partition_of(agent)].append(agent)
    for partition, its_agents in by_partition.items():
        wanted = tuple(_key(agent, stale_after_ms) for agent in its_agents)
        tales, _ = changes.tales(partition, of=wanted)
        by_key = dict(tales)
        for agent in its_agents:
            _keep(CacheFile(folder, agent, stale_after_ms), told(by_key, agent, stale_after_ms, known), known)


def _keep(file: CacheFile, found: Segments, known: PlanHashes) -> None:
    kept = file.places(known)
    if found.places and (not kept or found.places[-1].rounds > kept[-1].rounds):
        file.write(found, known)


def _key(agent: str, stale_after_ms: int) -> bytes:
    """What the keys of all checkpoints of an agent begin with; another code makes others."""
    name = hashlib.sha256(agent.encode()).hexdigest()[:24]
    return PREFIX + f"{code()[:16]}/{stale_after_ms}/{name}/".encode()
