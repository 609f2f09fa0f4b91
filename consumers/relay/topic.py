"""The topic of a feed: one partition, one event a record, keyed by its contract, in the ledger's order."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from consumers.relay import feed
from consumers.relay.event import MEDIA_TYPE, FeedEvent, UnreadableEventError
from ledger.errors import BadInputError, UnreachableLedgerError, UnusableLedgerError
from ledger.fact import hash_of
from ledger.log.interface import Engine
from ledger.log.kafka import penalties
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import BATCHING, Producers, consumer, failures
from ledger.log.kafka.outcomes import Outcome, meaning_of, shown
from ledger.log.kafka.settings import Topic

POLL_MS = 200
SPREAD_S = 1.0
"""How soon a reader of the ledger has what another one has published."""
HEADERS = [("content-type", MEDIA_TYPE.encode())]
_GO_ON = (
    "Delete the topic, make it anew and relay again: everything is still in the ledger. `constat bill run` "
    "without --from reads the ledger itself, and takes nothing twice"
)


class Record(NamedTuple):
    """A record of the topic as it lies there."""

    offset: int
    key: bytes | None
    value: bytes


class FeedTopic:
    """Reads the topic of a feed."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.name = f"{address} topic {address.penalties}"
        self._partition = TopicPartition(address.penalties, 0)
        self._consumer: KafkaConsumer | None = None
        self._next_offset = -1

    def close(self) -> None:
        """Give back the connection."""
        used, self._consumer = self._consumer, None
        if used:
            used.close()

    def bounds(self) -> tuple[int, int]:
        """The first offset, and the one behind the last.

        Raises:
            UnreachableLedgerError: no broker answers.
            UnusableLedgerError: the topic is not there, or is closed to this user.
        """
        try:
            reader = self._reader()
            begins = reader.beginning_offsets([self._partition])[self._partition]
            ends = reader.end_offsets([self._partition])[self._partition]
        except (KafkaError, AssertionError, ValueError) as error:
            raise self._unreadable(error) from error
        return int(begins), int(ends)

    def records(self, first: int, until: int) -> Iterator[list[Record]]:
        """The records from an offset up to another, in batches that are never empty."""
        while first < until:
            batch = [each for each in self._poll(first) if each.offset < until]
            first = batch[-1].offset + 1
            yield batch

    def _poll(self, first: int) -> list[Record]:
        deadline_s = time.monotonic() + self.address.timeout_s
        try:
            reader = self._reader()
            if self._next_offset != first:
                reader.seek(self._partition, first)
            while not (found := reader.poll(timeout_ms=POLL_MS).get(self._partition)):
                if time.monotonic() > deadline_s:
                    raise UnreachableLedgerError(f"no broker gives what stands in {self.name} at {first}")
        except KafkaError as error:
            raise self._unreadable(error) from error
        self._next_offset = found[-1].offset + 1
        return [Record(each.offset, each.key, each.value or b"") for each in found]

    def require(self) -> Topic:
        """The topic as its brokers describe it.

        Raises:
            UnreachableLedgerError: no broker answers.
            UnusableLedgerError: it is not there, or is closed to this user.
        """
        found = penalties.look(self.address)
        if found is None:
            raise UnusableLedgerError(
                f"{self.name} is not there, or is closed to you; make it with `constat --ledger "
                f"{self.address} topics create`"
            )
        return found

    def _reader(self) -> KafkaConsumer:
        if self._consumer is None:
            self.require()  # a client that asks for a topic that is not there waits for it
            self._consumer = consumer(self.address)
            self._consumer.assign([self._partition])
            self._next_offset = -1
        return self._consumer

    def _unreadable(self, error: Exception) -> UnusableLedgerError:
        self.close()
        meaning = meaning_of(error)
        what = f"{self.name} cannot be read ({shown(error)})"
        if meaning.outcome is Outcome.UNKNOWN:
            return UnreachableLedgerError(
                f"{what}; check the brokers, and that the topic is there: `constat topics check`"
            )
        return UnusableLedgerError(f"{what}; {meaning.advice}")


class TopicSink:
    """The topic as the place to which a feed goes; what it holds is read back when a relay begins."""

    batch_size = feed.BATCH

    def __init__(self, address: Address) -> None:
        self._address = address
        self._topic = FeedTopic(address)
        self._producers = Producers(address, **BATCHING)

    def position(self, engine: Engine) -> int:
        """Behind the last event up to which the topic has all of them.

        All of it is read: a batch that failed may be missing before one that did not.
        """
        if faults := penalties.faults(self._topic.require()):
            listed = "".join(f"\n  {fault}" for fault in faults)
            raise UnusableLedgerError(f"the topic of the feed could lose or reorder events:{listed}")
        begins, ends = self._topic.bounds()
        if begins:
            raise UnusableLedgerError(
                f"{self._topic.name} begins at {begins} and has lost what was before; delete it, make it "
                "anew, and relay again: everything is still in the ledger"
            )
        held: dict[int, str] = {}
        for batch in self._topic.records(0, ends):
            held |= _positions(batch)
        return _whole_up_to(engine, held, self._topic.name)

    def send(self, events: Sequence[FeedEvent]) -> None:
        """Send records, and return when all replicas in step have them."""
        used: KafkaProducer | None = None
        answers: list[Any] = []
        failed: list[KafkaError] = []
        try:
            used = self._producers.one()
            answers += [self._sent(used, each) for each in events]
        except KafkaError as error:
            failed.append(error)
        failed += failures(answers)
        if failed:
            self._producers.discard(used)
            raise self._refusal(failed[0])

    def _sent(self, used: KafkaProducer, event: FeedEvent) -> Any:  # noqa: ANN401 - a future of the client
        topic, key = self._address.penalties, event.contract.encode()
        return used.send(topic, event.value, key, partition=0, headers=HEADERS)

    def _refusal(self, error: KafkaError) -> UnusableLedgerError:
        meaning = meaning_of(error)
        what = f"events were not all published to {self._topic.name} ({shown(error)})"
        if meaning.outcome is Outcome.NO:
            return UnusableLedgerError(f"{what}; {meaning.advice}")
        return UnreachableLedgerError(f"{what}; run the same again: it sends only what is missing")

    def close(self) -> None:
        """Give back the connections."""
        self._topic.close()
        self._producers.close(timeout_s=5)


def _positions(batch: Sequence[Record]) -> dict[int, str]:
    """Position -> hash of each event that can be read; whatever else lies there is not ours to judge."""
    found = {}
    for each in batch:
        try:
            found[FeedEvent.read(each.value).position] = hash_of(each.value)
        except UnreadableEventError:
            continue
    return found


def _whole_up_to(engine: Engine, held: Mapping[int, str], where: str) -> int:
    """The last position up to which everything is held.

    Raises:
        BadInputError: something is held that this ledger does not have.
    """
    position, left = _compared(engine, held, where)
    if left:  # another relay may have published what we have not read yet
        time.sleep(SPREAD_S)
        position, left = _compared(engine, held, where)
    if left:
        raise _not_held(engine, held, where, min(left))
    return position


def _compared(engine: Engine, held: Mapping[int, str], where: str) -> tuple[int, Mapping[int, str]]:
    """The last position up to which everything is held, and what is held and not in the ledger."""
    position, is_whole, left = 0, True, dict(held)
    for event in feed.events(engine, 0) if held else ():
        there = left.pop(event.position, None)
        if there not in (None, hash_of(event.value)):
            raise _not_held(engine, held, where, event.position)
        is_whole = is_whole and there is not None
        position = event.position if is_whole else position
    return position, left


def _not_held(engine: Engine, held: Mapping[int, str], where: str, position: int) -> BadInputError:
    if not feed.has_any(engine, held.values()):
        return feed.not_held(where, position, _GO_ON)
    what = f"holds an event at position {position} that the ledger does not have"
    return feed.changed(where, what, _GO_ON)
