"""The topic of what was made of the rounds: told by whoever folds them to whoever asks, and needed by nobody.

It has the partitions of the probes topic, and what was made of one of them lies in the same of this. A record
has a key that names what it tells, so the broker may forget all but the last of those that tell the same. It
may be deleted at any moment; what it told is made anew from the rounds.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from ledger.errors import UnreachableLedgerError, UnusableLedgerError
from ledger.log.changes import Tale
from ledger.log.kafka import places, topics
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import Producers, failures, patient_consumer
from ledger.log.kafka.outcomes import RIGHTS, Outcome, advice_on, meaning_of, shown
from ledger.log.kafka.settings import Topic

POLL_MS = 200
RECORD_BYTES_MAX = 8_000_000
SEND = {"batch_size": 0, "max_request_size": RECORD_BYTES_MAX + 100_000}
"""A record is longer than the ledger's own: where much changes, it tells of half a day of an agent.

Each is sent as a batch of its own, so that what a topic does not take for its length is that record alone.
"""

TOO_LONG = (MessageSizeTooLargeError, RecordListTooLargeError)
ADVICE = "nothing of it is needed: delete it, and run `constat --ledger {} topics create`"


class ChangesTopic:
    """Reads and writes the topic; see `ledger.log.changes.Changes`. For any number of threads, in turns."""

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
        self._give_back_reader()
        self._producers.close(timeout_s=5)

    def _give_back_reader(self) -> None:
        used, self._consumer = self._consumer, None
        if used:
            used.close()

    def require(self) -> None:
        """Refuse to go on where this user cannot tell anything.

        Raises:
            UnusableLedgerError: the topic is not there, is closed to this user, or has other partitions than
                the probes; or no broker answers.
        """
        found = topics.seen(self._address, self._address.changes)
        if found is None:
            raise UnusableLedgerError(
                f"{self._address.changes} is not there, or is closed to you; make it with `constat --ledger "
                f"{self._address} topics create`, or {RIGHTS}"
            )
        if why := misfit(found, self.partitions):
            raise UnusableLedgerError(f"{why}; {ADVICE.format(self._address)}")
        if not found.may_write:
            raise UnusableLedgerError(f"you may not write to {found.name} of {self._address}; {RIGHTS}")
        self._is_there = True

    def tales(
        self, partition: int, first: int = 0, *, of: tuple[bytes, ...] = (b"",)
    ) -> tuple[list[Tale], int]:
        """What is told of a partition of the probes from an offset on, and the offset behind it.

        Nothing where there is no such topic, or where it is closed to this user.

        Raises:
            UnusableLedgerError: no broker gives it, or it is refused.
        """
        with self._lock:
            try:
                if not self._can_be_read():
                    return [], first
                return self._read(TopicPartition(self._address.changes, partition), first, of)
            except KafkaError as error:
                self._give_back_reader()
                raise self._failed("read", error) from error

    def _can_be_read(self) -> bool:
        if self._is_there is None:  # a client that asks for a topic that is not there waits for it
            found = topics.seen(self._address, self._address.changes)
            self._is_there = found is not None and not misfit(found, self.partitions)
        return self._is_there

    def _read(self, topic: TopicPartition, first: int, of: tuple[bytes, ...]) -> tuple[list[Tale], int]:
        reader, found = self._reader(), []
        reader.assign([topic])
        until = int(reader.end_offsets([topic])[topic])
        if first > until:  # it was made anew
            first = 0
        reader.seek(topic, max(first, int(reader.beginning_offsets([topic])[topic])))
        deadline_s = time.monotonic() + self._address.timeout_s
        while reader.position(topic) < until:  # what was forgotten leaves gaps
            if batch := reader.poll(timeout_ms=POLL_MS).get(topic):
                deadline_s = time.monotonic() + self._address.timeout_s
                found += [
                    Tale(each.key, each.value)
                    for each in batch
                    if each.value and (each.key or b"").startswith(of)
                ]
            elif time.monotonic() > deadline_s:
                raise UnreachableLedgerError(f"no broker gives {self._address.changes}; check the brokers")
        return found, int(reader.position(topic))

    def _reader(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = patient_consumer(self._address)
        return self._consumer

    def publish(self, partition: int, tales: Sequence[Tale]) -> list[Tale]:
        """Tell what was made of a partition; returns when it is acknowledged, with what is too long for it.

        Raises:
            UnusableLedgerError: the brokers refuse, or do not answer; that some of it may be there is no
                harm.
        """
        refused = self._refused(partition, tales) if tales else []
        if len(tales) == 1:
            return refused
        # With one that is too long the client gives up those that were sent behind it.
        return [each for tale in refused for each in self._refused(partition, [tale])]

    def _refused(self, partition: int, tales: Sequence[Tale]) -> list[Tale]:
        used = None
        try:
            used = self._producers.one()
            refused = _too_long(used, self._address.changes, partition, tales)
        except KafkaError as error:
            self._producers.discard(used)
            raise self._failed("written", error) from error
        if refused:  # the brokers take no more from one that has skipped a record
            self._producers.discard(used)
        return refused

    def _failed(self, done: str, error: KafkaError) -> UnusableLedgerError:
        what = f"{self._address.changes} of {self._address} cannot be {done} ({shown(error)})"
        kind = UnreachableLedgerError if meaning_of(error).outcome is Outcome.UNKNOWN else UnusableLedgerError
        return kind(f"{what}; {advice_on(type(error))}")


def _too_long(producer: KafkaProducer, topic: str, partition: int, tales: Sequence[Tale]) -> list[Tale]:
    """Send tales; those that are not taken for their length. What else goes wrong is raised at the end."""
    left, failed = [], []
    for tale, answer in [(each, _sent(producer, topic, partition, each)) for each in tales]:
        errors = failures([answer]) if answer else [MessageSizeTooLargeError()]
        if any(isinstance(error, TOO_LONG) for error in errors):
            left.append(tale)
        else:
            failed += errors
    if failed:
        raise failed[0]
    return left


def _sent(producer: KafkaProducer, topic: str, partition: int, tale: Tale) -> Any:  # noqa: ANN401
    """What the broker's answer is waited for by; None of what our own client finds too long."""
    try:
        return producer.send(topic, key=tale.key, value=tale.value, partition=partition)
    except MessageSizeTooLargeError:
        return None


def look(address: Address) -> Topic | None:
    """The topic as it is; None if it is not there or closed to this user.

    Raises:
        UnusableLedgerError: no broker answers.
    """
    return topics.seen(address, address.changes)


def misfit(topic: Topic, partitions: int) -> str | None:
    """Why nobody tells there or listens, of probes with so many partitions; None if nothing is wrong."""
    if topic.partitions == partitions:
        return None
    return f"{topic.name} has {topic.partitions} partitions, and the probes have {partitions}"
