"""Records that wait are sent together, and what becomes of each is its own affair."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import NamedTuple

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from kafka import TopicPartition, errors

from ledger.errors import UnusableLedgerError
from ledger.log.kafka import clients, tail, writer
from ledger.log.kafka.address import parse
from ledger.log.kafka.groups import FEW, Groups
from ledger.log.kafka.record import decode
from ledger.log.kafka.tail import Tail
from ledger.log.kafka.writer import Writer
from tests.ledger.log.kafka.mirrors import content, mirror_at

ADDRESS = parse("kafka://host:9092/acme?timeout_s=20", {})
MANY = 16


class Sendings:
    """What was sent, and those who wait to hear of it."""

    def __init__(self):
        self.groups = Groups()
        self.sent = []
        self._waits = {}

    def enter(self, *names):
        for name in names:
            wait = ExitStack()
            turn = wait.enter_context(self.groups.turn_of(lambda name=name: self.sent.append(name)))
            self._waits[name] = wait, turn

    def hear(self, name):
        self._waits.pop(name)[0].close()

    def hurry(self, name):
        self.groups.hurry(self._waits[name][1])


@pytest.fixture
def sendings():
    return Sendings()


@pytest.fixture
def busy(sendings):
    """So many are on their way that whoever comes waits."""
    sendings.enter(*range(FEW))
    return sendings


def test_few_are_sent_at_once(sendings):
    sendings.enter(*range(FEW))

    assert sendings.sent == list(range(FEW))


def test_who_comes_while_a_group_is_on_its_way_goes_with_those_of_it_who_come_back(busy):
    busy.enter(*"abcd")
    assert busy.sent == list(range(FEW))

    busy.hear(2)
    busy.hear(0)
    busy.enter("2 again", "0 again", "another")
    assert busy.sent == list(range(FEW))

    busy.enter("and another")

    assert busy.sent[FEW:] == [*"abcd", "2 again", "0 again", "another", "and another"]


def test_writers_who_go_on_writing_all_end_in_one_group(sendings):
    sendings.enter(*range(FEW))
    sendings.enter(*range(FEW, MANY))
    for each in range(FEW):
        sendings.hear(each)
    sendings.enter(*range(FEW))

    assert sorted(sendings.sent[FEW:]) == list(range(MANY))


def test_who_has_waited_for_long_enough_goes_with_all_who_wait(busy):
    busy.enter("a", "b")

    busy.hurry("b")
    busy.hurry("a")

    assert busy.sent[FEW:] == ["a", "b"]


def test_who_gave_up_is_not_sent(busy):
    busy.enter(*"abcde")
    busy.hear("a")

    busy.hear(0)
    busy.hurry("b")

    assert busy.sent[FEW:] == [*"bcde"]


def test_whoever_waits_behind_a_group_that_nobody_hears_of_is_sent_all_the_same(busy):
    busy.enter("a")
    for each in range(FEW):
        busy.hear(each)

    busy.hurry("a")

    assert busy.sent[FEW:] == ["a"]


# ---------------------------------------------------------------- what becomes of each


class Kept(NamedTuple):
    """What the client gives of a record."""

    offset: int
    timestamp: int
    value: bytes


class Topic:
    """A topic with its producer and its reader. `fate` says of each sending whether it arrives, and its error."""

    def __init__(self):
        self.fate = lambda _stream, _nth: (True, None)
        self.values = []
        self.sent = []
        self._arrived = threading.Condition()

    # the producer

    def send(self, _topic, value, partition):
        assert partition == 0
        with self._arrived:
            self.sent.append(value)
            (part,) = decode(value).parts
            arrives, error = self.fate(part.stream, self.sent.count(value))
            if arrives:
                self.values.append(value)
                self._arrived.notify_all()
        return Answer(error)

    # the reader

    def assign(self, _partitions):
        pass

    def beginning_offsets(self, partitions):
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions):
        return dict.fromkeys(partitions, len(self.values))

    def seek(self, _partition, offset):
        self._next = offset

    def poll(self, timeout_ms):
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.values) > self._next, timeout_ms / 1_000)
            found = [Kept(n, 1_000, self.values[n]) for n in range(self._next, len(self.values))]
            self._next = len(self.values)
        return {TopicPartition("acme.decisions", 0): found}

    def close(self, timeout=0):
        pass


class Answer:
    """What the producer says of a record."""

    def __init__(self, error):
        self._error = error

    def add_errback(self, hear):
        if self._error:
            threading.Thread(target=hear, args=(self._error,)).start()


@pytest.fixture
def topic(monkeypatch):
    topic = Topic()
    monkeypatch.setattr(clients, "producer", lambda *_, **__: topic)
    monkeypatch.setattr(tail, "consumer", lambda _address: topic)
    monkeypatch.setattr(writer, "PAUSE_S", 0.01)
    return topic


@pytest.fixture
def mirror():
    mirror = mirror_at()
    yield mirror
    mirror.close()


@pytest.fixture
def writing(topic, mirror):  # noqa: ARG001 - the reader and the producer are the topic's
    reading = Tail(ADDRESS, mirror)
    writing = Writer(ADDRESS, reading)
    yield writing
    writing.close()
    reading.close()


def append_all(writing, *streams):
    """Append to all at once; each one's position, or what it was told instead."""
    begin = threading.Barrier(len(streams))

    def append(stream):
        begin.wait()
        try:
            (position,) = writing.append([StoredEvent(stream, 1, "t", b"abc")]).positions
        except Exception as error:  # noqa: BLE001 - the test is told which
            return error
        return position

    with ThreadPoolExecutor(len(streams)) as pool:
        return list(pool.map(append, streams))


def streams(number):
    return [f"s{each}" for each in range(number)]


def counting(mirror):
    """The streams of the facts that count, in order of position."""
    decisions, _, _ = content(mirror)
    return [row[2] for row in decisions]


def test_of_many_at_once_each_gets_its_own_position(writing, mirror):
    found = append_all(writing, *streams(MANY))

    assert sorted(found) == list(range(1, MANY + 1))
    assert [counting(mirror)[position - 1] for position in found] == streams(MANY)


def test_what_is_void_leaves_the_others_of_its_group_alone(writing, mirror):
    found = append_all(writing, "same", *streams(MANY - 2), "same")

    refused = [each for each in found if isinstance(each, IntegrityError)]
    assert len(refused) == 1
    assert "same stands at 1" in str(refused[0])
    assert sorted(each for each in found if each not in refused) == list(range(1, MANY))
    assert sorted(counting(mirror)) == sorted(["same", *streams(MANY - 2)])


def test_what_the_broker_refuses_leaves_the_others_of_its_group_alone(topic, writing, mirror):
    topic.fate = lambda stream, _: (
        (False, errors.MessageSizeTooLargeError()) if stream == "s7" else (True, None)
    )

    found = append_all(writing, *streams(MANY))

    assert isinstance(found.pop(7), UnusableLedgerError)
    assert sorted(found) == list(range(1, MANY))
    assert "s7" not in counting(mirror)


def test_whatever_goes_wrong_in_sending_one_is_told_to_nobody_else(topic, writing):
    def fate(stream, nth):
        if stream == "s7" and nth == 1:
            raise RuntimeError("of the client")
        return True, None

    topic.fate = fate

    assert sorted(append_all(writing, *streams(MANY))) == list(range(1, MANY + 1))


def test_a_group_of_which_nothing_is_known_is_settled_for_each(topic, writing, mirror):
    arrived = {f"s{each}" for each in range(0, MANY, 3)}
    topic.fate = lambda stream, nth: (
        stream in arrived or nth > 1,
        errors.KafkaTimeoutError() if nth == 1 else None,
    )

    found = append_all(writing, *streams(MANY))

    assert sorted(found) == list(range(1, MANY + 1))
    assert sorted(counting(mirror)) == sorted(streams(MANY))
    missing = {value for value in topic.sent if decode(value).parts[0].stream not in arrived}
    assert all(topic.sent.count(value) > 1 for value in missing)


def test_nobody_waits_for_ever_where_writers_come_and_go(topic, writing, mirror):
    numbers = count()

    def append_some(some):
        return [writing.append([StoredEvent(f"s{next(numbers)}", 1, "t", b"abc")]) for _ in range(some)]

    with ThreadPoolExecutor(MANY) as pool:
        found = [each for some in pool.map(append_some, range(MANY)) for each in some]

    assert len(counting(mirror)) == len(found) == len(topic.sent) == sum(range(MANY))
