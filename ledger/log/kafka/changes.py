"""The topic of what was made of the rounds: told by whoever folds them to whoever asks, and needed by nobody.

It has the partitions of the probes topic, and what was made of one of them lies in the same of this. A record
has a key that names what it tells, so the broker may forget all but the last of those that tell the same. It
may be deleted at any moment; what it told is made anew from the rounds.
"""

import threading
import time
from collections.abc import Sequence

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ledger.errors import UnreachableLedgerError, UnusableLedgerError
from ledger.log.changes import Tale
from ledger.log.kafka import places, topics
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import Producers, failures, patient_consumer
from ledger.log.kafka.outcomes import Outcome, advice_on, meaning_of, shown

POLL_MS = 200
RECORD_BYTES_MAX = 8_000_000
SEND = {"linger_ms": 5, "max_request_size": RECORD_BYTES_MAX + 100_000}
"""A record is longer than the ledger's own: where much changes, it tells of half a day of an agent."""


class ChangesTopic:
    """Reads and writes the topic; see `ledger.log.interface.Changes`. For any number of threads, in turns."""

    def __init__(self, address: Address, partitions: int) -> None:
        self._address = address
        self.partitions = partitions
        self._lock = threading.Lock()
        self._is_there: bool | None = None
        self._consumer: KafkaConsumer | None = None
        self._producers = Producers(address, **SEND)

    def partition_of(self, agent: str) -> int:
        """The partition of an agent: that of its rounds in the probes topic."""
        return places.partition_of(agent, self.partitions)

    def close(self) -> None:
        """Give back the connections."""
        used, self._consumer = self._consumer, None
        if used:
            used.close()
        self._producers.close(timeout_s=5)

    def require(self) -> None:
        """Refuse to go on where there is no such topic.

        Raises:
            UnusableLedgerError: it is not there, is closed to this user, or has other partitions than
                the probes.
        """
        found = topics.seen(self._address, self._address.changes)
        if found is None:
            raise UnusableLedgerError(
                f"{self._address.changes} is not there, or is closed to you; make it with `constat --ledger "
                f"{self._address} topics create`"
            )
        if found.partitions != self.partitions:
            raise UnusableLedgerError(
                f"{self._address.changes} has {found.partitions} partitions, and the probes have "
                f"{self.partitions}; delete it and run `constat --ledger {self._address} topics create`"
            )
        self._is_there = True

    def records(self, partition: int, first: int = 0) -> tuple[list[Tale], int]:
        """What is told of a partition of the probes from an offset on, and the offset behind it.

        Nothing where there is no such topic, or where it is closed to this user.

        Raises:
            UnusableLedgerError: no broker gives it, or it is refused.
        """
        with self._lock:
            try:
                if not self._can_be_read():
                    return [], first
                return self._read(TopicPartition(self._address.changes, partition), first)
            except KafkaError as error:
                raise self._failed("read", error) from error

    def _can_be_read(self) -> bool:
        if self._is_there is None:  # a client that asks for a topic that is not there waits for it
            found = topics.seen(self._address, self._address.changes)
            self._is_there = found is not None and found.partitions == self.partitions
        return self._is_there

    def _read(self, topic: TopicPartition, first: int) -> tuple[list[Tale], int]:
        reader, found = self._reader(), []
        reader.assign([topic])
        first = max(first, int(reader.beginning_offsets([topic])[topic]))
        until = max(first, int(reader.end_offsets([topic])[topic]))
        reader.seek(topic, first)
        deadline_s = time.monotonic() + self._address.timeout_s
        while reader.position(topic) < until:  # what was forgotten leaves gaps
            if batch := reader.poll(timeout_ms=POLL_MS).get(topic):
                deadline_s = time.monotonic() + self._address.timeout_s
                found += [Tale(each.key, each.value) for each in batch if each.key and each.value]
            elif time.monotonic() > deadline_s:
                raise UnreachableLedgerError(f"no broker gives {self._address.changes}; check the brokers")
        return found, int(reader.position(topic))

    def _reader(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = patient_consumer(self._address)
        return self._consumer

    def publish(self, partition: int, tales: Sequence[Tale]) -> None:
        """Tell what was made of a partition; returns when all of it is acknowledged.

        Raises:
            UnusableLedgerError: the brokers refuse, or do not answer; that some of it may be there is no
                harm.
        """
        if not tales:
            return
        used = None
        try:
            used = self._producers.one()
            topic = self._address.changes
            failed = failures(
                [used.send(topic, key=each.key, value=each.value, partition=partition) for each in tales]
            )
        except KafkaError as error:
            failed = [error]
        if failed:
            self._producers.discard(used)
            raise self._failed("written", failed[0])

    def _failed(self, done: str, error: KafkaError) -> UnusableLedgerError:
        what = f"{self._address.changes} of {self._address} cannot be {done} ({shown(error)})"
        kind = UnreachableLedgerError if meaning_of(error).outcome is Outcome.UNKNOWN else UnusableLedgerError
        return kind(f"{what}; {advice_on(type(error))}")
