"""Where the rounds lie: for each round that counts its partition and place, its clocks and hashes.

The values stay in the topic. What stands here decides whether the next round of an agent counts, and leads to
the few rounds that a question needs.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

import orjson

from ledger.errors import UnusableLedgerError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.instants import is_instant
from ledger.log.arbitration import Head, round_objection
from ledger.log.interface import KeptRound, RoundHead
from ledger.log.kafka.copied import UNFINISHED, IsCopied
from ledger.log.kafka.mirror import Mirror
from ledger.log.recorder import UNBOUNDED
from ledger.log.rows import RoundRow
from ledger.log.stamp import GENESIS_RUNNING_HASH, running_hash

NO_CLOCK = -1
"""What the clock of a record is read as that calls itself copied and does not say when it was recorded."""


class Probed(NamedTuple):
    """A record of the probes topic as the topic holds it.

    `appended_ms` is the broker's clock when it came in; `recorded_ms` that of the ledger that it was copied
    from, None if it was not.
    """

    partition: int
    place: int
    appended_ms: int
    value: bytes
    recorded_ms: int | None


class End(NamedTuple):
    """How far a partition has been read: the next place, and the hash of the record before it."""

    next_place: int
    last_hash: str
    void: int


class Placed(NamedTuple):
    """A round that counts. `met` is its place in the order in which this mirror met the rounds, from 1."""

    met: int
    partition: int
    place: int
    agent: str
    number: int
    start_ms: int
    recorded_ms: int
    hash: str
    running_hash: bytes

    def row(self, value: bytes) -> RoundRow:
        """All that is stored of it, with its bytes."""
        said = (self.agent, self.number, self.start_ms, self.recorded_ms)
        return RoundRow(self.met, *said, self.hash, self.running_hash, value)

    def kept(self, value: bytes) -> KeptRound:
        """The round with its bytes."""
        return KeptRound(self.met, self.agent, self.number, self.start_ms, self.recorded_ms, value, self.hash)


class Told(NamedTuple):
    """A round that counts, as another reader tells of it."""

    place: int
    agent: str
    number: int
    start_ms: int
    recorded_ms: int
    hash: str


class _Claimed(NamedTuple):
    agent: str
    number: int
    start_ms: int
    previous_hash: str


class _Last(NamedTuple):
    head: Head
    recorded_ms: int
    running: bytes


_NEVER = _Last(Head(0, GENESIS_HASH), 0, GENESIS_RUNNING_HASH)


class Places:
    """The index of the rounds in a mirror, within one transaction."""

    def __init__(self, connection: sqlite3.Connection, is_copied: IsCopied | None, partitions: int) -> None:
        """`is_copied`: which rounds a copy brought; only those keep the clock they came with.

        None while that is not known, because a copy has begun and not ended.
        """
        self._connection = connection
        self._is_copied = is_copied
        self._partitions = partitions
        self._last: dict[str, _Last] = {}
        self._ends: dict[int, End] = {}
        self._found: list[Placed] = []
        (self._met,) = connection.execute("SELECT coalesce(max(met), 0) FROM places").fetchone()

    def take(self, probed: Probed) -> Placed | None:
        """Judge the next record of a partition; None if it is void.

        Raises:
            UnusableLedgerError: a record is missing.
        """
        end = self._end(probed.partition)
        if probed.place != end.next_place:
            raise UnusableLedgerError(
                f"partition {probed.partition} of the probes topic has no record {end.next_place}, and goes "
                f"on at {probed.place}: rounds were deleted; keep the mirror, and compare with a backup"
            )
        found = self._judged(probed)
        void = end.void + (found is None)
        self._ends[probed.partition] = End(probed.place + 1, hash_of(probed.value), void)
        return found

    def _end(self, partition: int) -> End:
        if partition not in self._ends:
            self._ends[partition] = end_of(self._connection, partition)
        return self._ends[partition]

    def _judged(self, probed: Probed) -> Placed | None:
        claimed = _claimed(probed.value)
        if claimed is None:
            return None
        last = self._last_of(claimed.agent)
        if probed.partition != partition_of(claimed.agent, self._partitions):
            return None
        if round_objection(last.head, claimed.number, claimed.previous_hash):
            return None
        stamped_ms = self._stamped_ms(probed, claimed)
        return None if stamped_ms is None else self._add(probed, claimed, last, stamped_ms)

    def _stamped_ms(self, probed: Probed, claimed: _Claimed) -> int | None:
        if probed.recorded_ms is None:
            return probed.appended_ms
        if probed.recorded_ms == NO_CLOCK:
            return None
        if self._is_copied is None:
            raise UnusableLedgerError(UNFINISHED.format("this ledger"))
        counts = is_instant(probed.recorded_ms) and self._is_copied(claimed.agent, claimed.number)
        return probed.recorded_ms if counts else None

    def _add(self, probed: Probed, claimed: _Claimed, last: _Last, stamped_ms: int) -> Placed:
        recorded_ms = max(last.recorded_ms, stamped_ms)
        told = Told(probed.place, *claimed[:3], recorded_ms, hash_of(probed.value))
        return self._put(probed.partition, told, last)

    def _put(self, partition: int, told: Told, last: _Last) -> Placed:
        running = running_hash(last.running, told.number, told.recorded_ms, told.hash)
        self._met += 1
        found = Placed(self._met, partition, *told, running)
        self._last[told.agent] = _Last(Head(told.number, told.hash), told.recorded_ms, running)
        self._found.append(found)
        return found

    def believe(self, partition: int, told: Iterable[Told], until: int, last_hash: str) -> bool:
        """Take what another reader says of the records up to a place, of which the last one has a hash.

        False if a round is not of this partition, or does not come after its agent's last one; then use none.
        """
        end, count = self._end(partition), 0
        for each in told:
            last = self._last_of(each.agent)
            if each.number <= last.head.sequence or each.recorded_ms < last.recorded_ms:
                return False
            if partition_of(each.agent, self._partitions) != partition:
                return False
            self._put(partition, each, last)
            count += 1
        void = end.void + until - end.next_place - count
        self._ends[partition] = End(until, last_hash, void)
        return True

    def _last_of(self, agent: str) -> _Last:
        if agent not in self._last:
            query = (
                "SELECT number, hash, recorded_ms, running_hash FROM places WHERE agent = ? "
                "ORDER BY number DESC LIMIT 1"
            )
            row = self._connection.execute(query, (agent,)).fetchone()
            self._last[agent] = _Last(Head(row[0], row[1]), row[2], row[3]) if row else _NEVER
        return self._last[agent]

    def close(self) -> None:
        """Write what was found."""
        self._connection.executemany("INSERT INTO places VALUES (?,?,?,?,?,?,?,?,?)", self._found)
        rows = [(partition, *end) for partition, end in self._ends.items()]
        self._connection.executemany("INSERT OR REPLACE INTO ends VALUES (?,?,?,?)", rows)


def end_of(connection: sqlite3.Connection, partition: int) -> End:
    """How far a partition has been read."""
    query = "SELECT next_place, last_hash, void FROM ends WHERE partition = ?"
    row = connection.execute(query, (partition,)).fetchone()
    return End(*row) if row else End(0, "", 0)


def head_of(mirror: Mirror, agent: str) -> RoundHead:
    """The last round of an agent that counts, as far as the mirror goes."""
    query = "SELECT number, hash FROM places WHERE agent = ? ORDER BY number DESC LIMIT 1"
    with mirror.reading() as connection:
        row = connection.execute(query, (agent,)).fetchone()
    return RoundHead(*row) if row else RoundHead(0, GENESIS_HASH)


def count_of(mirror: Mirror, agent: str, rounds: Sequence[tuple[int, str]]) -> int:
    """How many of these rounds of an agent, from the first one on, count; each is its number and its hash."""
    query = "SELECT number, hash FROM places WHERE agent = ? AND number >= ? AND number <= ?"
    with mirror.reading() as connection:
        known = dict(connection.execute(query, (agent, rounds[0][0], rounds[-1][0])).fetchall())
    return sum(1 for _ in takewhile(lambda new: known.get(new[0]) == new[1], rounds))


def partition_of(agent: str, partitions: int) -> int:
    """The partition of an agent's rounds: the first eight bytes of its name's SHA-256, modulo."""
    return int(hash_of(agent.encode()).removeprefix("sha256:")[:16], 16) % partitions


_ROUND = b'{"specversion":"1.0","type":"constat.agent.round-finished.v1"'


def _claimed(value: bytes) -> _Claimed | None:
    if not value.startswith(_ROUND):
        return None
    try:
        event = orjson.loads(value)
        agent = event["subject"].removeprefix("agent:")
        data = event["data"]
        claimed = _Claimed(agent, data["round"], data["start"], event["previoushash"])
    except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError):
        return None
    if [type(part) for part in claimed] != [str, int, int, str]:
        return None
    fits = claimed.number <= UNBOUNDED and claimed.start_ms <= UNBOUNDED  # else no index could hold it
    return claimed if fits else None
