"""The writing end of the decision log: send a record, and come back only when the log has judged it.

What the producer says of a record is not the verdict: it may have failed and still have arrived. The verdict
is what the tail reads. Where no verdict comes, the same bytes are sent again; whichever copy is first in the
log is judged, and every later one is void by its nonce.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from eventsourcing.persistence import IntegrityError, StoredEvent
from kafka import KafkaProducer
from kafka.errors import KafkaError

from ledger.errors import ConstatError, UnknownOutcomeError, UnusableLedgerError
from ledger.log.kafka import record as records
from ledger.log.kafka.address import Address
from ledger.log.kafka.connecting import connected
from ledger.log.kafka.judge import Verdict
from ledger.log.kafka.outcomes import Outcome, meaning_of, refusal, shown
from ledger.log.kafka.tail import Tail

SEND: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "max_in_flight_requests_per_connection": 5,
    "linger_ms": 0,
    "request_timeout_ms": 10_000,
    "delivery_timeout_ms": 15_000,
    "max_block_ms": 10_000,
    "bootstrap_timeout_ms": 10_000,
    "max_request_size": 1_048_576,
    "allow_auto_create_topics": False,
    "metadata_max_age_ms": 30_000,
    "metrics_enabled": False,
}
"""How a log is written: acknowledged by all replicas in step, in order, and given up in seconds."""
AGAIN_S = 20.0
"""How long a verdict is waited for before the same bytes are sent again; longer than a delivery may take."""
PAUSE_S = 0.2


def producer(address: Address, **more: Any) -> KafkaProducer:  # noqa: ANN401 - settings of the client
    """A writer of the topics.

    Raises:
        UnusableLedgerError: no broker answers.
    """
    return connected(KafkaProducer, address, **(SEND | more))


def give_back(used: KafkaProducer, timeout_s: float = 0) -> None:
    """Close a producer, and see that it goes on sending nothing."""
    try:
        used.close(timeout=timeout_s)
    except KafkaError:  # it gives up at what it cannot flush, and its thread would go on
        used._sender.force_close()  # noqa: SLF001


class Writer:
    """Appends records to the decisions topic, for any number of threads."""

    def __init__(
        self, address: Address, tail: Tail, require_right: Callable[[], None] = lambda: None
    ) -> None:
        self._address = address
        self.require_right = require_right
        self._tail = tail
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None

    def append(self, events: Sequence[StoredEvent]) -> Sequence[int]:
        """Append events as one record; their positions, once the log has been read and says that they count.

        Raises:
            IntegrityError: the record is void; another writer was first.
            BadInputError: it is too long for one record.
            UnusableLedgerError: it was surely not written.
            UnknownOutcomeError: no broker has said what became of it within the time that the URL allows.
        """
        self.require_right()
        record = records.of_events(events)
        value = records.encode(record)
        self._tail.expect(record.nonce)
        try:
            verdict = self._settled(record.nonce, value)
        finally:
            self._tail.forget(record.nonce)
        if verdict.void:
            raise IntegrityError(verdict.void)
        return list(verdict.positions)

    def _settled(self, nonce: str, value: bytes) -> Verdict:
        deadline_s = time.monotonic() + self._address.timeout_s
        why, surely_not = "no answer", True
        while (left_s := deadline_s - time.monotonic()) > 0:
            verdict, error = self._attempt(nonce, value, min(left_s, AGAIN_S))
            if verdict:
                return verdict
            if error and surely_not and (refused := self._refusal(error)):
                raise refused
            surely_not = False  # an earlier copy may still arrive, whatever is said of a later one
            if error:
                why = shown(error)
                self._discard_producer()
                time.sleep(PAUSE_S)
        raise self._unknown(why)

    def _refusal(self, error: BaseException) -> ConstatError | None:
        """What the caller is told of a first attempt that surely wrote nothing; None if it may have."""
        if isinstance(error, UnusableLedgerError):  # there was nobody to send it to
            return error
        if meaning_of(error).outcome is Outcome.NO:
            return refusal(error, f"the facts were not appended to {self._address}")
        return None

    def _unknown(self, why: object) -> UnknownOutcomeError:
        return UnknownOutcomeError(
            f"it is not known whether the facts were appended to {self._address} ({why}); when a broker "
            "answers again, look whether they are there before you try again"
        )

    def _attempt(
        self, nonce: str, value: bytes, timeout_s: float
    ) -> tuple[Verdict | None, BaseException | None]:
        """Send, and wait for the verdict; or else what the producer said, if it said anything."""
        failed: list[BaseException] = []

        def hear(error: BaseException) -> None:
            failed.append(error)
            self._tail.wake()

        try:
            sent = self._shared_producer().send(self._address.decisions, value=value, partition=0)
            sent.add_errback(hear)
        except (KafkaError, UnusableLedgerError) as error:
            failed.append(error)  # an earlier copy may have been judged meanwhile
        try:
            verdict = self._tail.verdict(nonce, timeout_s, lambda: bool(failed))
        except ConstatError as failure:  # nobody reads the log any longer, and the record may be in it
            raise self._unknown(failure) from failure
        return verdict, failed[0] if failed else None

    def _shared_producer(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                self._producer = producer(self._address)
            return self._producer

    def _discard_producer(self) -> None:
        # Its place in the broker's memory may be gone; a new one begins afresh.
        with self._lock:
            discarded, self._producer = self._producer, None
        if discarded:
            give_back(discarded)

    def close(self) -> None:
        """Give back the connections."""
        self._discard_producer()
