"""The partitions of the probes topic: how far each goes, and its records in order.

What was read of a partition before is compared with what is there now: a topic that lost its end, or was
written anew, is refused.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from ledger.errors import UnreachableLedgerError, UnusableLedgerError
from ledger.fact import hash_of
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import RETRY_S, patient_consumer
from ledger.log.kafka.doubt import Doubt
from ledger.log.kafka.outcomes import Outcome, advice_on, meaning_of, shown
from ledger.log.kafka.places import NO_CLOCK, End, Probed
from ledger.log.kafka.waiting import noticed

RECORDED_MS = "recorded_ms"
"""The header of a copied round: when the ledger that it comes from took it down."""
_CLOCK = re.compile(rb"[0-9]{1,15}")
POLL_MS = 500


class Partitions:
    """Reads the probes topic. Each reader has a client to itself while it reads; clients are used again."""

    def __init__(self, address: Address, mirror_path: str) -> None:
        self._address = address
        self._mirror_path = mirror_path
        self._idle: list[KafkaConsumer] = []

    def close(self) -> None:
        """Give back the connections."""
        while self._idle:
            self._idle.pop().close()

    @noticed
    def ends(self, known: Mapping[int, End]) -> Mapping[int, int]:
        """The place behind the last record of each partition, as it is now; `known` was read before.

        Raises:
            UnusableLedgerError: a partition no longer holds what was read of it, or no broker answers.
        """
        topics = [TopicPartition(self._address.probes, partition) for partition in known]
        doubt = Doubt()
        while True:
            with self._client() as client:
                starts, ends = client.beginning_offsets(topics), client.end_offsets(topics)
            is_behind = any(ends[each] < known[each.partition].next_place for each in topics)
            if not is_behind or doubt.grow():
                break
            self._ask_another()
        for topic in topics:
            read = known[topic.partition].next_place
            if starts[topic]:
                raise self._cut(topic.partition, starts[topic], is_mirrored=read > 0)
            if ends[topic] < read:
                raise self._lost(topic.partition, f"it ends at {ends[topic]}, and {read} records were read")
        return {topic.partition: ends[topic] for topic in topics}

    def batches(self, partition: int, known: End, until: int) -> Iterator[list[Probed]]:
        """The records behind those that were read before, up to a place.

        Raises:
            UnusableLedgerError: the topic no longer holds what was read before, or no broker answers.
        """
        if until > known.next_place:
            first = max(known.next_place - 1, 0)
            for batch in self.records(partition, first, until):
                if batch[0].place < known.next_place:
                    self._check_same(partition, batch.pop(0), known)
                if batch:
                    yield batch

    def records(self, partition: int, first: int, until: int) -> Iterator[list[Probed]]:
        """The records of a partition from a place up to another, in batches that are never empty."""
        doubt = Doubt()
        while first < until:
            try:
                for batch in self._read(partition, first, until):
                    first = batch[-1].place + 1
                    doubt.end()
                    yield batch
            except OffsetOutOfRangeError as error:
                if doubt.grow():
                    raise self._unreadable(error) from error
                self._ask_another()
            else:
                return

    def _ask_another(self) -> None:
        self.close()  # the next client may come to another broker
        time.sleep(RETRY_S)

    def _read(self, partition: int, first: int, until: int) -> Iterator[list[Probed]]:
        topic = TopicPartition(self._address.probes, partition)
        with self._client() as client:
            client.assign([topic])
            client.seek(topic, first)
            while first < until:
                batch = [_probed(each) for each in self._poll(client, topic) if each.offset < until]
                first = batch[-1].place + 1 if batch else until
                if batch:
                    yield batch
            client.unsubscribe()

    def _check_same(self, partition: int, last: Probed, known: End) -> None:
        if hash_of(last.value) != known.last_hash:
            raise self._lost(partition, f"its record {last.place} is another one than was read")

    @contextmanager
    def _client(self) -> Iterator[KafkaConsumer]:
        try:
            client = self._idle.pop()
        except IndexError:  # all are in use
            client = patient_consumer(self._address)
        try:
            yield client
        except BaseException as error:
            client.close()
            if isinstance(error, KafkaError) and not isinstance(error, OffsetOutOfRangeError):
                raise self._unreadable(error) from error
            raise
        self._idle.append(client)

    @noticed
    def _poll(self, client: KafkaConsumer, topic: TopicPartition) -> list[Any]:
        deadline_s = time.monotonic() + self._address.timeout_s
        while not (found := client.poll(timeout_ms=POLL_MS).get(topic)):
            if time.monotonic() > deadline_s:
                raise UnreachableLedgerError(
                    f"no broker of {self._address} gave its rounds within {self._address.timeout_s:.0f} s; "
                    "check the brokers and try again"
                )
        return list(found)

    def _unreadable(self, error: KafkaError) -> UnusableLedgerError:
        advice = advice_on(type(error))
        if meaning_of(error).outcome is Outcome.LOST:
            return UnusableLedgerError(
                f"the probes topic of {self._address} lost records while it was read ({shown(error)}); "
                f"{advice}"
            )
        return UnreachableLedgerError(
            f"the rounds of {self._address} cannot be read ({shown(error)}); {advice}"
        )

    def _cut(self, partition: int, first: int, *, is_mirrored: bool) -> UnusableLedgerError:
        """What is said of a partition that lost its first records; before a mirror had them, of no mirror."""
        mirror = f"; keep the mirror {self._mirror_path}: it shows what was lost" if is_mirrored else ""
        return UnusableLedgerError(
            f"partition {partition} of {self._address.probes} begins at {first} and must begin at 0: records "
            f"were deleted; do not write, and compare with a backup{mirror}"
        )

    def _lost(self, partition: int, why: str) -> UnusableLedgerError:
        return UnusableLedgerError(
            f"partition {partition} of the probes topic of {self._address} is not the one that the mirror "
            f"{self._mirror_path} was made from ({why}); do not write, and keep the mirror: it shows what "
            "was lost"
        )


def _probed(each: Any) -> Probed:  # noqa: ANN401 - the client's records are not typed
    recorded_ms = None
    for name, value in each.headers or ():
        if name == RECORDED_MS:  # of several the last one is meant
            recorded_ms = int(value) if _CLOCK.fullmatch(value or b"") else NO_CLOCK
    return Probed(each.partition, each.offset, each.timestamp, each.value or b"", recorded_ms)
