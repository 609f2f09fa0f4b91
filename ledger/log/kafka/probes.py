"""The probe log on Kafka, to read: each round is placed once, and fetched where a question leads."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from ledger.errors import UnusableLedgerError
from ledger.fact import hash_of
from ledger.log.changes import Tale
from ledger.log.interface import NOTHING_READ, KeptRound, RoundHead
from ledger.log.kafka import places
from ledger.log.kafka.address import Address
from ledger.log.kafka.changes import ChangesTopic
from ledger.log.kafka.copied import IsCopied
from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.partitions import Partitions
from ledger.log.kafka.places import End, Placed, Places, Probed
from ledger.log.kafka.spans import PREFIX, Span, adopt, span_of, spans_in
from ledger.log.stamp import altered, is_intact

Copied = Callable[[sqlite3.Connection], IsCopied | None]
"""Which rounds a copy into this ledger brought, asked within the transaction that judges them.

None if that cannot be known yet.
"""
PAGE = 50_000
"""Rounds that are looked up in the index at once."""
MANY = 2_000
"""So many records that are not placed are looked for among what others tell, before they are read."""


class ProbeLog:
    """The probes topic, and the index of it in the mirror. Any number of threads may read."""

    def __init__(
        self, address: Address, mirror: Mirror, partitions: int, copied: Copied, changes: ChangesTopic
    ) -> None:
        self._mirror = mirror
        self.partitions = partitions
        self._copied = copied
        self._topic = Partitions(address, mirror.path)
        self._changes = changes

    def close(self) -> None:
        """Give back the connections."""
        self._topic.close()

    def partition_of(self, agent: str) -> int:
        """The partition that holds an agent's rounds."""
        return places.partition_of(agent, self.partitions)

    def catch_up(self, partitions: Sequence[int] | None = None) -> None:
        """Place every round that was acknowledged before this call."""
        chosen = range(self.partitions) if partitions is None else partitions
        for partition, until in self._ends(chosen).items():
            for _ in self._new(partition, until):
                pass

    def end(self, partition: int) -> int:
        """The place behind the last record of a partition, as it is now."""
        return self._topic.ends({partition: self._end(partition)})[partition]

    def span(self, partition: int, first: int) -> Span | None:
        """What is placed of a partition from a place on, to be told; None if that is too little yet."""
        return span_of(self._mirror, partition, first)

    def head(self, agent: str) -> RoundHead:
        """The last round of an agent, read to the end of its partition."""
        self.catch_up([self.partition_of(agent)])
        return places.head_of(self._mirror, agent)

    def count_of(self, agent: str, rounds: Sequence[tuple[int, str]]) -> int:
        """How many of an agent's rounds, by number and hash, are placed from the first on."""
        return places.count_of(self._mirror, agent, rounds)

    def count_behind(self, after: Mapping[str, int]) -> int:
        """How many rounds of agents come behind a number of each, as far as they are placed."""
        with self._mirror.reading() as connection:
            return sum(
                connection.execute(
                    "SELECT count(*) FROM places WHERE agent = ? AND number > ?", each
                ).fetchone()[0]
                for each in after.items()
            )

    def rounds(
        self,
        agents: Sequence[str] | None,
        wanted: Callable[[Placed], bool],
        query: str,
        *bounds: int | str,
        after: Mapping[str, int] = NOTHING_READ,
    ) -> Iterator[KeptRound]:
        """The rounds that count and are wanted, each agent's in order, as far as the log goes now.

        First what is placed already, then what is new. `query` and `bounds` say the same as `wanted`, to
        the index; of each agent nothing up to the number in `after` is wanted.
        """
        every = range(self.partitions)
        chosen = every if agents is None else sorted({self.partition_of(agent) for agent in agents})
        for partition, until in self._ends(chosen).items():
            next_place = min(self._end(partition).next_place, until)
            first = self._first_behind(partition, agents, after)
            yield from self._placed(partition, first, next_place, query, bounds)
            for found, value in self._new(partition, until):
                if found.place >= next_place and wanted(found):
                    yield found.kept(value)

    def _ends(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """How far each partition goes; what others tell of it is taken first, where that is much."""
        ends = self._topic.ends({each: self._end(each) for each in partitions})
        for partition, until in ends.items():
            if until - self._end(partition).next_place >= MANY:
                with suppress(UnusableLedgerError):  # whoever is told nothing reads
                    self._adopt(partition, until)
        return ends

    def _adopt(self, partition: int, until: int) -> None:
        told, _ = self._changes.tales(partition, of=(PREFIX,))
        confirmed = self._confirmed(told, partition, until)
        for span in spans_in(told, partition):
            if span.until <= confirmed:
                adopt(self._mirror, span, self.partitions)

    def _confirmed(self, told: Sequence[Tale], partition: int, until: int) -> int:
        """The place up to which spans are believed: the last record before it is the one that they name.

        A mirror of which that were not so would never be read on from.
        """
        next_place = self._end(partition).next_place
        ends = [
            (span.until, span.last_hash)
            for span in spans_in(told, partition)
            if next_place < span.until <= until
        ]
        for place, last_hash in sorted(ends, reverse=True):
            for last, *_ in self._topic.records(partition, place - 1, place):
                if hash_of(last.value) == last_hash:
                    return place
        return 0

    def _first_behind(self, partition: int, agents: Sequence[str] | None, after: Mapping[str, int]) -> int:
        """A place before which nothing is wanted, so that what was read long ago is not looked through."""
        if agents is None or not after:
            return 0
        query = "SELECT place FROM places WHERE agent = ? AND number > ? ORDER BY number LIMIT 1"
        with self._mirror.reading() as connection:
            found = [
                connection.execute(query, (agent, after.get(agent, 0))).fetchone()
                for agent in agents
                if self.partition_of(agent) == partition
            ]
        return min((place for each in found if each for place in each), default=0)

    def _placed(
        self, partition: int, first: int, until: int, query: str, bounds: Sequence[int | str]
    ) -> Iterator[KeptRound]:
        while sought := self._sought(partition, first, until, query, bounds):
            for batch in self._topic.records(partition, min(sought), max(sought) + 1):
                yield from _those(sought, batch)
            first = max(sought) + 1

    def _sought(
        self, partition: int, first: int, until: int, query: str, bounds: Sequence[int | str]
    ) -> Mapping[int, Placed]:
        """The next of the rounds that a query finds, by place; not all at once, they may be millions."""
        with self._mirror.reading() as connection:
            rows = connection.execute(
                f"SELECT * FROM places WHERE partition = ? AND place >= ? AND place < ? AND {query} "
                "ORDER BY place LIMIT ?",
                (partition, first, until, *bounds, PAGE),
            ).fetchall()
        return {row[2]: Placed(*row) for row in rows}

    def _new(self, partition: int, until: int) -> Iterator[tuple[Placed, bytes]]:
        """The rounds behind the last one placed, placed while they are read."""
        for batch in self._topic.batches(partition, self._end(partition), until):
            with self._mirror.writing() as connection:
                found = self._judged(connection, partition, batch)
            yield from found

    def _judged(
        self, connection: sqlite3.Connection, partition: int, batch: Sequence[Probed]
    ) -> list[tuple[Placed, bytes]]:
        placing = Places(connection, self._copied(connection), self.partitions)
        next_place = places.end_of(connection, partition).next_place
        found = []
        for probed in batch:
            if probed.place < next_place:  # another reader was faster
                found += _known(connection, probed)
            elif placed := placing.take(probed):
                found.append((placed, probed.value))
        placing.close()
        return found

    def records(self, partition: int, first: int, until: int) -> Iterator[list[Probed]]:
        """The records of a partition from a place up to another, whether they count or not."""
        return self._topic.records(partition, first, until)

    def _end(self, partition: int) -> End:
        with self._mirror.reading() as connection:
            return places.end_of(connection, partition)


def _those(sought: Mapping[int, Placed], batch: Sequence[Probed]) -> Iterator[KeptRound]:
    for probed in batch:
        if found := sought.get(probed.place):
            if not is_intact(probed.value, found.hash):
                raise altered(f"round {found.number} of agent {found.agent}")
            yield found.kept(probed.value)


def _known(connection: sqlite3.Connection, probed: Probed) -> list[tuple[Placed, bytes]]:
    query = "SELECT * FROM places WHERE partition = ? AND place = ?"
    row = connection.execute(query, (probed.partition, probed.place)).fetchone()
    return [(Placed(*row), probed.value)] if row else []
