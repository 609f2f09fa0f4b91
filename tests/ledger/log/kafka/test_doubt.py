"""A broker that was cut off from the others knows less of a log than was read of it: it is not believed at once.

Seen on three brokers, one of them cut off: it answered a reader that what comes next was out of its log's range,
and the reader told of a lost log while the two others had all of it.
"""

import time
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from kafka import TopicPartition
from kafka.errors import OffsetOutOfRangeError

from ledger.errors import UnusableLedgerError
from ledger.log.kafka import doubt, partitions, tail
from ledger.log.kafka.address import parse
from ledger.log.kafka.doubt import Doubt
from ledger.log.kafka.partitions import Partitions
from ledger.log.kafka.tail import Tail
from tests.ledger.log.kafka.mirrors import chain, mirror_at, nonce, value

ADDRESS = parse("kafka://127.0.0.1:1/acme", {})


class Record(NamedTuple):
    """What the client gives."""

    offset: int
    timestamp: int
    value: bytes
    partition: int = 0
    headers: tuple[()] = ()


class Connection:
    """A consumer of a topic, by way of a broker that has all of it, or of one that lacks what comes next."""

    def __init__(self, topic, *records):
        self._topic, self._records, self._next = TopicPartition(topic, 0), records, 0

    def assign(self, _partitions):
        pass

    def unsubscribe(self):
        pass

    def beginning_offsets(self, partitions):
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions):
        return dict.fromkeys(partitions, len(self._records))

    def seek(self, _partition, offset):
        self._next = offset

    def poll(self, timeout_ms):
        time.sleep(timeout_ms / 10_000)
        if not self._records:
            raise OffsetOutOfRangeError({self._topic: self._next})
        found, self._next = self._records[self._next :], len(self._records)
        return {self._topic: found}

    def close(self):
        pass


@pytest.fixture
def soon(monkeypatch):
    """Let doubt end soon."""
    monkeypatch.setattr(doubt, "BELIEVED_AFTER_S", 0.2)
    monkeypatch.setattr(tail, "RETRY_S", 0.02)
    monkeypatch.setattr(partitions, "RETRY_S", 0.02)


@pytest.fixture
def reading(monkeypatch):
    """A tail that comes to one broker after the other."""
    opened = []

    def read(*connections):
        left = list(connections)
        monkeypatch.setattr(tail, "consumer", lambda _address: left.pop(0) if left[1:] else left[0])
        opened.append(Tail(ADDRESS, mirror_at()))
        return opened[-1]

    yield read
    for each in opened:
        each.close()


def short(topic="acme.decisions"):
    return Connection(topic)


@pytest.mark.usefixtures("soon")
def test_a_reader_whom_a_broker_that_was_cut_off_refuses_asks_another(reading):
    whole = Connection("acme.decisions", Record(0, 5, value(1, *chain("a", 1))))
    tail_ = reading(short(), short(), whole)
    tail_.expect(nonce(1))

    assert tail_.verdict(nonce(1), 10, lambda: False).positions == [1]


@pytest.mark.usefixtures("soon")
def test_a_reader_whom_every_broker_refuses_again_and_again_is_told_that_the_log_is_lost(reading):
    tail_ = reading(short())
    tail_.expect(nonce(1))

    with pytest.raises(UnusableLedgerError, match="no longer holds what the mirror"):
        tail_.verdict(nonce(1), 10, lambda: False)


@pytest.mark.usefixtures("soon")
def test_rounds_that_a_broker_that_was_cut_off_lacks_are_read_from_another(monkeypatch):
    topic, kept = "acme.probes", [Record(place, 5, b"round") for place in range(3)]
    left = [short(topic), Connection(topic, *kept)]
    monkeypatch.setattr(partitions, "patient_consumer", lambda _address: left.pop(0))

    batches = Partitions(ADDRESS, "x.mirror").records(0, 1, 3)

    assert [each.place for batch in batches for each in batch] == [1, 2]


@pytest.mark.usefixtures("soon")
def test_rounds_that_every_broker_lacks_are_told_to_be_lost(monkeypatch):
    monkeypatch.setattr(partitions, "patient_consumer", lambda _address: short("acme.probes"))

    with pytest.raises(UnusableLedgerError, match="lost records while it was read"):
        list(Partitions(ADDRESS, "x.mirror").records(0, 1, 3))


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is told to go on."""
    now = SimpleNamespace(s=100.0, monotonic=lambda: now.s)
    monkeypatch.setattr(doubt, "time", now)
    return now


def test_it_is_believed_when_it_was_said_often_and_for_long(clock):
    found = Doubt()
    said = [found.grow() for _ in range(doubt.BELIEVED_AFTER_TIMES)]
    clock.s += doubt.BELIEVED_AFTER_S

    assert (any(said), found.grow()) == (False, True)


def test_what_a_slow_machine_could_ask_only_twice_is_not_believed_for_its_age(clock):
    found = Doubt()
    found.grow()
    clock.s += 10 * doubt.BELIEVED_AFTER_S

    assert not found.grow()


def test_a_broker_that_knew_all_ends_the_doubt(clock):
    found = Doubt()
    for _ in range(doubt.BELIEVED_AFTER_TIMES):
        found.grow()
    clock.s += doubt.BELIEVED_AFTER_S

    found.end()

    assert not found.grow()
