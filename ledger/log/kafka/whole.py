"""Whether a mirror is whole: each of its tables says what the others say.

A commit of a mirror is not forced to disk, so after a power cut each of its pages may be that of an earlier
commit. Every page is then sound for itself, and a row may be missing that the row before it, the index or the
state knows of. All tables only grow, so those that agree on how far they go are those of one moment.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator

from ledger.fact import hash_of
from ledger.log.stamp import GENESIS_RUNNING_HASH, running_hash


def fault_in(connection: sqlite3.Connection) -> str | None:
    """The first thing that does not fit, within a transaction; None if the mirror is whole."""
    try:
        return next(_faults(connection), None)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)


def _faults(connection: sqlite3.Connection) -> Iterator[str]:
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        yield " ".join(str(verdict).split())
    yield from _of_decisions(connection)
    yield from _of_records(connection)
    yield from _of_places(connection)


def _of_decisions(connection: sqlite3.Connection) -> Iterator[str]:
    query = "SELECT record, position, recorded_ms, hash, running_hash, value FROM decisions ORDER BY position"
    running = GENESIS_RUNNING_HASH
    for position, (*pinned, kept, value) in enumerate(connection.execute(query), 1):
        running = running_hash(running, *pinned)
        if running != kept:
            yield f"the running hash does not come out at position {position}"
            return
        if hash_of(value) != pinned[-1]:
            yield f"the fact at position {position} does not have its hash"


def _of_records(connection: sqlite3.Connection) -> Iterator[str]:
    """The verdicts follow each other without a gap, up to where the state and the decisions say."""
    records = counting = facts = 0
    for offset, first, number, void in connection.execute(
        "SELECT offset, position, facts, void FROM records ORDER BY offset"
    ):
        expected = (facts + 1, True) if void is None else (None, False)
        if offset != records or (first, number > 0) != expected:
            yield f"the verdict on record {records} is missing or does not follow the one before it"
            return
        records, counting, facts = records + 1, counting + (void is None), facts + number
    said = connection.execute("SELECT next_offset, copied + own FROM state").fetchone()
    if said != (records, counting):
        yield f"there are {records} verdicts, and {counting} records that count; its state says otherwise"
    (position,) = connection.execute("SELECT coalesce(max(position), 0) FROM decisions").fetchone()
    if position != facts:
        yield f"its verdicts count {facts} facts, and there are {position}"


def _of_places(connection: sqlite3.Connection) -> Iterator[str]:
    """The rounds follow each other without a gap, by agent and by partition, up to where the ends say."""
    query = (
        "SELECT met, partition, place, agent, number, recorded_ms, hash, running_hash FROM places "
        "ORDER BY met"
    )
    running: dict[str, bytes] = {}
    counts: Counter[int] = Counter()
    lasts: dict[int, tuple[int, str]] = {}
    for nth, (met, partition, place, agent, *pinned, kept) in enumerate(connection.execute(query), 1):
        running[agent] = running_hash(running.get(agent, GENESIS_RUNNING_HASH), *pinned)
        if met != nth or running[agent] != kept:
            yield f"the running hash of agent {agent} does not come out at round {pinned[0]}"
            return
        counts[partition] += 1
        lasts[partition] = (place, pinned[-1])
    yield from _of_ends(connection, counts, lasts)


def _of_ends(
    connection: sqlite3.Connection, counts: Counter[int], lasts: dict[int, tuple[int, str]]
) -> Iterator[str]:
    ends = connection.execute("SELECT partition, next_place, last_hash, void FROM ends").fetchall()
    for partition in counts.keys() - {each[0] for each in ends}:
        yield f"there are rounds of partition {partition}, and no end of it"
    for partition, next_place, last_hash, void in ends:
        place, hashed = lasts.get(partition, (-1, ""))
        is_last = place == next_place - 1 and next_place > 0
        if counts[partition] + void != next_place or place >= next_place or (is_last and hashed != last_hash):
            yield f"the rounds of partition {partition} do not go up to where its end says"
