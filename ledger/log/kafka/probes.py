"""The probe log on Kafka: read once into places, then only where a question leads; written round by round."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from ledger.errors import ConflictError, UnknownOutcomeError, UnusableLedgerError
from ledger.fact import hash_of
from ledger.log import codec
from ledger.log.arbitration import Head, round_objection
from ledger.log.interface import KeptRound, NewRound, RoundHead
from ledger.log.kafka import places
from ledger.log.kafka.address import Address
from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.outcomes import Outcome, meaning_of, refusal, shown
from ledger.log.kafka.places import End, Placed, Places, Probed
from ledger.log.kafka.tail import RETRY_S, consumer
from ledger.log.kafka.writer import producer
from ledger.log.stamp import intact

RECORDED_MS = "recorded_ms"
"""The header of a copied round: when the ledger that it comes from took it down."""
BATCHING: dict[str, Any] = {"linger_ms": 2, "batch_size": 262_144}
"""Many rounds are sent at once by an import or an outbox; one alone is not delayed by it noticeably."""
WINDOW = 2_000
"""Rounds on their way at once, so that neither our memory nor the client's holds a month."""
POLL_MS = 500

Copied = Callable[[], Mapping[str, int] | None]
"""Agent -> its last round that a copy into this ledger brought; None if that cannot be known yet."""


class ProbeLog:
    """The probes topic, and the index of it in the mirror."""

    def __init__(self, address: Address, mirror: Mirror, partitions: int, copied: Copied) -> None:
        self._address = address
        self._mirror = mirror
        self.partitions = partitions
        self._copied = copied
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None

    def close(self) -> None:
        """Give back the connections."""
        if self._producer:
            self._producer.close(timeout=5)

    # ------------------------------------------------------------ reading

    def catch_up(self, partitions: Sequence[int] | None = None) -> None:
        """Place every round that was acknowledged before this call."""
        for partition in range(self.partitions) if partitions is None else partitions:
            for _ in self._new(partition):
                pass

    def head(self, agent: str) -> RoundHead:
        """The last round of an agent, read to the end of its partition."""
        self.catch_up([self._partition_of(agent)])
        return places.head_of(self._mirror, agent)

    def rounds(
        self, agents: Sequence[str] | None, wanted: Callable[[Placed], bool], query: str, *bounds: int | str
    ) -> Iterator[KeptRound]:
        """The rounds that count and are wanted, each agent's in order.

        First what is placed already, then what is new. `query` and `bounds` say the same as `wanted`, to
        the index.
        """
        chosen = None if agents is None else {self._partition_of(agent) for agent in agents}
        for partition in range(self.partitions) if chosen is None else sorted(chosen):
            end = self._end(partition)
            yield from self._placed(partition, end, query, bounds)
            for found, value in self._new(partition):
                if wanted(found):
                    yield found.kept(value)

    def _placed(
        self, partition: int, end: End, query: str, bounds: Sequence[int | str]
    ) -> Iterator[KeptRound]:
        with self._mirror.reading() as connection:
            rows = connection.execute(
                f"SELECT * FROM places WHERE partition = ? AND place < ? AND {query} ORDER BY place",
                (partition, end.next_place, *bounds),
            ).fetchall()
        if not rows:
            return
        found = iter([Placed(*row) for row in rows])
        sought = next(found)
        for probed in self._records(partition, sought.place, rows[-1][2] + 1):
            if probed.place != sought.place:
                continue
            what = f"round {sought.number} of agent {sought.agent}"
            yield sought.kept(intact(probed.value, sought.hash, what))
            if (following := next(found, None)) is None:
                return
            sought = following

    def _new(self, partition: int) -> Iterator[tuple[Placed, bytes]]:
        """The rounds behind the last one placed, placed while they are read."""
        with self._lock:
            end = self._end(partition)
            for batch in self._batches(partition, end.next_place, None, end):
                with self._mirror.writing() as connection:
                    found = self._judged(connection, partition, batch)
                yield from found

    def _judged(
        self, connection: sqlite3.Connection, partition: int, batch: Sequence[Probed]
    ) -> list[tuple[Placed, bytes]]:
        placing = Places(connection, self._copied(), self.partitions)
        next_place = places.end_of(connection, partition).next_place
        found = []
        for probed in batch:
            if probed.place < next_place:  # another process was faster
                found += _known(connection, probed)
            elif placed := placing.take(probed):
                found.append((placed, probed.value))
        placing.close()
        return found

    def _end(self, partition: int) -> End:
        with self._mirror.reading() as connection:
            return places.end_of(connection, partition)

    def _records(self, partition: int, first: int, until: int) -> Iterator[Probed]:
        for batch in self.batches(partition, first, until):
            yield from batch

    def batches(self, partition: int, first: int, until: int) -> Iterator[list[Probed]]:
        """The records of a partition from a place up to another, whether they count or not."""
        return self._batches(partition, first, until, None)

    def _batches(
        self, partition: int, first: int, until: int | None, known: End | None
    ) -> Iterator[list[Probed]]:
        """Records from a place up to another, or to the end as it is now; `known` is what was read before."""
        topic = TopicPartition(self._address.probes, partition)
        reading = consumer(self._address)
        try:
            reading.assign([topic])
            until = self._until(reading, topic, until, known)
            if known and known.next_place and first < until:
                self._same_log(reading, topic, known)
            reading.seek(topic, first)
            while first < until:
                batch = [_probed(each) for each in self._poll(reading, topic) if each.offset < until]
                if batch:
                    first = batch[-1].place + 1
                    yield batch
        except KafkaError as error:
            if meaning_of(error).outcome is Outcome.LOST:
                raise self._lost(partition, shown(error)) from error
            raise UnusableLedgerError(
                f"the rounds of {self._address} cannot be read ({shown(error)}); {meaning_of(error).advice}"
            ) from error
        finally:
            reading.close()

    def _until(
        self, reading: KafkaConsumer, topic: TopicPartition, until: int | None, known: End | None
    ) -> int:
        if until is not None:
            return until
        end = int(reading.end_offsets([topic])[topic])
        if known and end < known.next_place:
            raise self._lost(topic.partition, f"it ends at {end}, and {known.next_place} records were read")
        return end

    def _same_log(self, reading: KafkaConsumer, topic: TopicPartition, known: End) -> None:
        reading.seek(topic, known.next_place - 1)
        last = self._poll(reading, topic)[0]
        if hash_of(last.value or b"") != known.last_hash:
            raise self._lost(topic.partition, f"its record {last.offset} is another one than was read")

    def _lost(self, partition: int, why: str) -> UnusableLedgerError:
        return UnusableLedgerError(
            f"partition {partition} of the probes topic of {self._address} is not the one that the mirror "
            f"{self._mirror.path} was made from ({why}); do not write, and keep the mirror: it shows what "
            "was lost"
        )

    def _poll(self, reading: KafkaConsumer, topic: TopicPartition) -> list[Any]:
        deadline_s = time.monotonic() + self._address.timeout_s
        while not (found := reading.poll(timeout_ms=POLL_MS).get(topic)):
            if time.monotonic() > deadline_s:
                raise UnusableLedgerError(
                    f"no broker of {self._address} gave its rounds within {self._address.timeout_s:.0f} s; "
                    "check the brokers and try again"
                )
        return list(found)

    def _partition_of(self, agent: str) -> int:
        return places.partition_of(agent, self.partitions)

    # ------------------------------------------------------------ writing

    def append(self, agent: str, rounds: Sequence[NewRound], recorded_ms: Sequence[int] = ()) -> None:
        """Append rounds of one agent, and return when the log was read and says that all of them count.

        Each round is a record. Where the brokers fail in the middle, those before are there and none after.

        Raises:
            ConflictError: the agent has moved on; none of the rounds that are not there yet is added.
            UnusableLedgerError: they were surely not written.
            UnknownOutcomeError: no broker has said what became of them within the time that the URL allows.
        """
        self._check(agent, rounds)
        for first in range(0, len(rounds), WINDOW):
            chosen = slice(first, first + WINDOW)
            self._append(agent, rounds[chosen], recorded_ms[chosen])

    def _check(self, agent: str, rounds: Sequence[NewRound]) -> None:
        """Refuse what cannot count before anything of it is sent."""
        head = Head(*self.head(agent))
        for new in rounds:
            if void := round_objection(head, new.number, codec.claimed_predecessor(new.value)):
                raise ConflictError(f"agent {agent}: {void}; read its head and send anew")
            head = Head(new.number, hash_of(new.value))

    def _append(self, agent: str, rounds: Sequence[NewRound], recorded_ms: Sequence[int]) -> None:
        deadline_s = time.monotonic() + self._address.timeout_s
        why, surely_not = "no answer", True
        clocks: Sequence[int | None] = recorded_ms or [None for _ in rounds]
        left = list(zip(rounds, clocks, strict=True))
        while left and time.monotonic() < deadline_s:
            error = self._send(agent, left)
            if error and meaning_of(error).outcome is Outcome.NO and surely_not:
                raise refusal(error, f"the rounds of agent {agent} were not appended to {self._address}")
            surely_not = False
            left = self._still_missing(agent, left)
            if error:
                why = shown(error)
                self._discard_producer()
                time.sleep(RETRY_S)
        if left:
            raise UnknownOutcomeError(
                f"it is not known whether rounds {left[0][0].number} to {left[-1][0].number} of agent "
                f"{agent} were appended to {self._address} ({why}); when a broker answers again, send what "
                "is missing"
            )

    def _send(self, agent: str, rounds: Sequence[tuple[NewRound, int | None]]) -> BaseException | None:
        """Send, and wait for the brokers' answers; the first failure, if there is one."""
        topic, partition = self._address.probes, self._partition_of(agent)
        try:
            sent = [
                self._shared_producer().send(
                    topic, new.value, agent.encode(), partition=partition, headers=headers_of(recorded_ms)
                )
                for new, recorded_ms in rounds
            ]
            for each in sent:
                each.get(timeout=30)
        except KafkaError as error:
            failed: BaseException = error
            return failed
        return None

    def _still_missing(
        self, agent: str, rounds: Sequence[tuple[NewRound, int | None]]
    ) -> list[tuple[NewRound, int | None]]:
        """What of the rounds the log does not have yet.

        Raises:
            ConflictError: the agent stands at a round that is not ours.
        """
        head = self.head(agent)
        hashes = [hash_of(new.value) for new, _ in rounds]
        if head.hash in hashes:
            return list(rounds[hashes.index(head.hash) + 1 :])
        if codec.claimed_predecessor(rounds[0][0].value) == head.hash:
            return list(rounds)
        raise ConflictError(
            f"agent {agent} stands at round {head.number}, which another writer appended; read its head and "
            "send anew what is still missing"
        )

    def _shared_producer(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = producer(self._address, **BATCHING)
        return self._producer

    def _discard_producer(self) -> None:
        discarded, self._producer = self._producer, None
        if discarded:
            discarded.close(timeout=0)


def headers_of(recorded_ms: int | None) -> list[tuple[str, bytes]]:
    """What a round is sent with besides its bytes: the clock that a copy brings along."""
    return [] if recorded_ms is None else [(RECORDED_MS, str(recorded_ms).encode())]


def _probed(each: Any) -> Probed:  # noqa: ANN401 - the client's records are not typed
    copied = dict(each.headers or ()).get(RECORDED_MS, b"").decode(errors="replace")
    recorded_ms = int(copied) if copied.isdecimal() else None
    return Probed(each.partition, each.offset, each.timestamp, each.value or b"", recorded_ms)


def _known(connection: sqlite3.Connection, probed: Probed) -> list[tuple[Placed, bytes]]:
    query = "SELECT * FROM places WHERE partition = ? AND place = ?"
    row = connection.execute(query, (probed.partition, probed.place)).fetchone()
    return [(Placed(*row), probed.value)] if row else []
