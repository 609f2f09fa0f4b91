"""Spans: where the rounds of a stretch of a partition lie, told to readers who have not read them.

Whoever has placed the records of a stretch writes down what came of it. Another reader takes that for its own
mirror and need not read the records: a fiftieth of their bytes. A span that does not follow what the mirror
holds is left, and the records are read. Every record that is read later is compared with the hash that the
span gave, and `constat verify` reads all of them.
"""

import sqlite3
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Annotated, Self

import msgspec
from msgspec import Meta, Struct

from ledger.log.changes import Tale
from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.places import Places, Told, end_of

VERSION = 1
RECORDS = 5_000
"""In one span, or a few less: with the hashes of its rounds some 200 kB."""
BYTES_MAX = 32 << 20
"""No span is longer, whatever somebody has packed into a short record."""
PREFIX = b"span/"
"""Of the keys of spans; behind it stands the first place."""
_DIGEST = 32
_ALGORITHM = "sha256:"

Natural = Annotated[int, Meta(ge=0, lt=1 << 62)]


class Span(Struct, frozen=True, forbid_unknown_fields=True):
    """The records of a partition from a place up to another; the rounds among them that count, as columns."""

    v: int
    partition: Natural
    first: Natural
    until: Natural
    last_hash: str
    """Of the record before `until`."""
    agents: list[str]
    agent: list[Natural]
    """An index into the agents."""
    place: list[Natural]
    number: list[Natural]
    start_ms: list[int]
    recorded_ms: list[Natural]
    hashes: str
    """The SHA-256 of each round's bytes, one behind the other, in base64."""

    def key(self) -> bytes:
        """What names it in the topic; in order of length, then of bytes, that of its first place."""
        return PREFIX + str(self.first).encode()

    def tale(self) -> Tale:
        """Its record in the topic."""
        return Tale(self.key(), zlib.compress(msgspec.json.encode(self)))

    @classmethod
    def decode(cls, value: bytes) -> Self | None:
        """The span of these bytes; None if they are none, or one of another version."""
        with suppress(zlib.error, msgspec.MsgspecError, ValueError):
            found = msgspec.json.decode(zlib.decompressobj().decompress(value, BYTES_MAX), type=cls)
            if found.v == VERSION and found.is_whole():
                return found
        return None

    def is_whole(self) -> bool:
        """Whether its columns say of the same rounds, in order, and of places within it."""
        columns = self.agent, self.place, self.number, self.start_ms, self.recorded_ms
        count = len(b64decode(self.hashes, validate=True)) / _DIGEST
        return (
            all(len(column) == count for column in columns)
            and all(index < len(self.agents) for index in self.agent)
            and all(one < other for one, other in pairwise(self.place))
            and all(self.first <= place < self.until for place in self.place)
        )

    def rounds(self, first: int) -> Iterator[Told]:
        """The rounds from a place on."""
        digests = b64decode(self.hashes)
        for index, place in enumerate(self.place):
            if place >= first:
                digest = digests[index * _DIGEST : (index + 1) * _DIGEST]
                of = self.agents[self.agent[index]], self.number[index], self.start_ms[index]
                yield Told(place, *of, self.recorded_ms[index], _ALGORITHM + digest.hex())


def span_of(mirror: Mirror, partition: int, first: int) -> Span | None:
    """The span of a partition that begins at a place; None if the mirror does not hold all of it yet.

    Everybody who has read as far cuts the same spans: each ends with the last round of so many records. Of
    others a mirror keeps no hash.
    """
    with mirror.reading() as connection:
        until = _cut(connection, partition, first, end_of(connection, partition).next_place)
        rows = connection.execute(
            "SELECT place, agent, number, start_ms, recorded_ms, hash FROM places "
            "WHERE partition = ? AND place >= ? AND place < ? ORDER BY place",
            (partition, first, until),
        ).fetchall()
    return _span(partition, first, [Told(*row) for row in rows]) if rows else None


def _cut(connection: sqlite3.Connection, partition: int, first: int, end: int) -> int:
    """Behind the last round of the next so many records; of more where none of those is a round."""
    query = "SELECT coalesce(max(place) + 1, 0) FROM places WHERE partition = ? AND place >= ? AND place < ?"
    for boundary in range(first + RECORDS, end + 1, RECORDS):
        (until,) = connection.execute(query, (partition, first, boundary)).fetchone()
        if until:
            return int(until)
    return 0


def _span(partition: int, first: int, rounds: Sequence[Told]) -> Span:
    index = {name: number for number, name in enumerate(dict.fromkeys(each.agent for each in rounds))}
    digests = b"".join(bytes.fromhex(each.hash.removeprefix(_ALGORITHM)) for each in rounds)
    return Span(
        v=VERSION,
        partition=partition,
        first=first,
        until=rounds[-1].place + 1,
        last_hash=rounds[-1].hash,
        agents=list(index),
        agent=[index[each.agent] for each in rounds],
        place=[each.place for each in rounds],
        number=[each.number for each in rounds],
        start_ms=[each.start_ms for each in rounds],
        recorded_ms=[each.recorded_ms for each in rounds],
        hashes=b64encode(digests).decode(),
    )


def spans_in(tales: Iterable[Tale], partition: int) -> Iterator[Span]:
    """The spans of a partition among what is told of it, by their first place, one decoded at a time."""
    for key, value in sorted(tales, key=lambda tale: (len(tale.key), tale.key)):
        if key.startswith(PREFIX):
            span = Span.decode(value)
            if span and span.partition == partition and span.key() == key:
                yield span


def adopt(mirror: Mirror, span: Span, partitions: int) -> bool:
    """Take into a mirror what a span says beyond it; whether it did.

    Nothing is taken of one that leaves a gap, or of which a round does not come after its agent's last one.
    """
    with mirror.writing() as connection:
        next_place = end_of(connection, span.partition).next_place
        if not span.first <= next_place < span.until:
            return False
        placing = Places(connection, None, partitions)
        fits = placing.believe(span.partition, span.rounds(next_place), span.until, span.last_hash)
        if fits:
            placing.close()
    return fits
