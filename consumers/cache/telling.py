"""What was folded, told to other machines: one checkpoint a tale, named by what it is of.

Whoever folds the same rounds with the same code makes the same checkpoints: one at every so many rounds of an
agent, counted from its first. So a tale that comes twice, or from two who did not know of each other, tells
the same, and whoever listens takes any of them. Each names the round at which the one before stands by its
hash; the round of the last one is read again before anybody goes on from it, as with what is cached here.
"""

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from consumers.cache.files import UNUSABLE, CacheFile, PlanHashes, code
from ledger.log.changes import Changes, Tale
from projections.checkpoint import Place
from projections.segments import SCHEMA, Segments

PREFIX = b"fold/"
BYTES_MAX = 256 << 20
"""No tale is longer, whatever somebody has packed into a short record."""


def tales_of(
    agent: str, stale_after_ms: int, found: Segments, known: PlanHashes, told_already: Collection[bytes]
) -> Iterator[Tale]:
    """The checkpoints of an agent that are not told already, by their keys."""
    for number, place in enumerate(found.places):
        key = _key(agent, stale_after_ms) + str(number).encode()
        if key in told_already:
            continue
        head = _of(agent, stale_after_ms) | {
            "after": _stand(found.places[number - 1]) if number else None,
            "place": list(place),
            "plans": {name: known[name] for name in place.plans},
        }
        yield Tale(key, _packed(head, found.part(number)))


def _packed(head: Mapping[str, Any], part: Segments) -> bytes:
    table = BytesIO()
    part.table.write_parquet(table, compression="zstd", statistics=False)
    return zlib.compress(orjson.dumps({**head, "names": part.names}) + b"\n" + table.getvalue())


def told(tales: Iterable[Tale], agent: str, stale_after_ms: int, known: PlanHashes) -> Segments:
    """What is told of an agent from its first round on, without a gap and of plans that are known."""
    prefix = _key(agent, stale_after_ms)
    by_number = {each.key.removeprefix(prefix): each.value for each in tales if each.key.startswith(prefix)}
    parts: list[Segments] = []
    while value := by_number.get(str(len(parts)).encode()):
        last = parts[-1].places[0] if parts else None
        part = _part(value, _of(agent, stale_after_ms), last, known)
        if part is None:
            break
        parts.append(part)
    return Segments.of_parts(parts)


def take_over(
    changes: Changes, folder: Path, agents: Sequence[str], stale_after_ms: int, known: PlanHashes
) -> None:
    """Keep what is told of agents where it goes further than what is kept here.

    Raises:
        UnusableLedgerError: nobody tells.
    """
    by_partition: Mapping[int, list[str]] = defaultdict(list)
    for agent in agents:
        by_partition[changes.partition_of(agent)].append(agent)
    for partition, its_agents in by_partition.items():
        tales, _ = changes.records(partition)
        for agent in its_agents:
            _keep(CacheFile(folder, agent, stale_after_ms), told(tales, agent, stale_after_ms, known), known)


def _keep(file: CacheFile, found: Segments, known: PlanHashes) -> None:
    kept = file.places(known)
    if found.places and (not kept or found.places[-1].rounds > kept[-1].rounds):
        file.write(found, known)


def _of(agent: str, stale_after_ms: int) -> dict[str, Any]:
    return {"agent": agent, "stale_after_ms": stale_after_ms, "code": code()}


def _key(agent: str, stale_after_ms: int) -> bytes:
    """What the keys of all checkpoints of an agent begin with; another code makes others."""
    name = hashlib.sha256(agent.encode()).hexdigest()[:24]
    return PREFIX + f"{code()[:16]}/{stale_after_ms}/{name}/".encode()


def _stand(place: Place) -> list[Any]:
    return [place.number, place.hash, place.rounds]


def _part(value: bytes, of: Mapping[str, Any], last: Place | None, known: PlanHashes) -> Segments | None:
    """A checkpoint behind the last one; None if it is none, or not of these plans."""
    with suppress(*UNUSABLE, zlib.error):
        line, _, table = zlib.decompressobj().decompress(value, BYTES_MAX).partition(b"\n")
        head = orjson.loads(line)
        if {name: head[name] for name in of} != of or head["after"] != (_stand(last) if last else None):
            return None
        if any(known.get(name) != plan for name, plan in head["plans"].items()):
            return None
        place = Place._make([*head["place"][:-1], tuple(head["place"][-1])])
        rows = pl.read_parquet(BytesIO(table)).cast(pl.Schema(SCHEMA))
        if set(place.plans) == head["plans"].keys():
            return Segments((place,), tuple(head["names"]), rows)
    return None
