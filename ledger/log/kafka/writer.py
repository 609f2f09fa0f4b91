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
    "metadata_max_age_ms": 5_000,  # a leader that was cut off answers on, and knows no better
    "metrics_enabled": False,
}
"""How a log is written: acknowledged by all replicas in step, in order, and given up in seconds."""
AGAIN_S = 17.0
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


class Producers:
    """The producer that all threads of a writer share, and its successor when it has failed."""

    def __init__(self, address: Address, **more: Any) -> None:  # noqa: ANN401 - settings of the client
        self._address = address
        self._more = more
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None

    def one(self) -> KafkaProducer:
        """The one in use; made now if there is none.

        Raises:
            UnusableLedgerError: no broker answers.
        """
        with self._lock:
            if self._producer is None:
                self._producer = producer(self._address, **self._more)
            return self._producer

    def discard(self, failed: KafkaProducer | None) -> None:
        """Use another one from now on: the broker may have forgotten it.

        Threads that fail together come here one after the other; only the first ends what is in use.
        """
        with self._lock:
            if failed is None or failed is not self._producer:
                return
            self._producer = None
        give_back(failed)

    def close(self, timeout_s: float = 0) -> None:
        """Give back the connections."""
        with self._lock:
            used, self._producer = self._producer, None
        if used:
            give_back(used, timeout_s)


class Writer:
    """Appends records to the decisions topic, for any number of threads."""

    def __init__(
        self, address: Address, tail: Tail, require_right: Callable[[], None] = lambda: None
    ) -> None:
        self._address = address
        self.require_right = require_right
        self._tail = tail
        self._producers = Producers(address)

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
            if error and surely_not and not verdict:
                verdict = self._verdict_or_refusal(nonce, error, left_s)
            if verdict:
                return verdict
            surely_not = False  # an earlier copy may still arrive, whatever is said of a later one
            if error:
                why = shown(error)
                time.sleep(PAUSE_S)
        raise self._unknown(why)

    def _verdict_or_refusal(self, nonce: str, error: BaseException, left_s: float) -> Verdict | None:
        """What a first attempt came to that failed; None if it is not known."""
        if isinstance(error, UnusableLedgerError):  # there was nobody to send it to
            raise error
        if meaning_of(error).outcome is not Outcome.NO:
            return None
        try:
            self._tail.catch_up(left_s)  # the client may have sent it before, and the answer was lost
            verdict = self._tail.verdict(nonce, 0, lambda: True)
        except ConstatError as failure:
            raise self._unknown(failure) from failure
        if verdict is None:
            raise refusal(error, f"the facts were not appended to {self._address}")
        return verdict

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

        used: KafkaProducer | None = None
        try:
            used = self._producers.one()
            used.send(self._address.decisions, value=value, partition=0).add_errback(hear)
        except (KafkaError, UnusableLedgerError) as error:
            failed.append(error)  # an earlier copy may have been judged meanwhile
        try:
            verdict = self._tail.verdict(nonce, timeout_s, lambda: bool(failed))
        except ConstatError as failure:  # nobody reads the log any longer, and the record may be in it
            raise self._unknown(failure) from failure
        if not verdict:  # a producer that is silent for longer than a delivery may take has lost its way
            self._producers.discard(used)
        return verdict, failed[0] if failed else None

    def close(self) -> None:
        """Give back the connections."""
        self._producers.close()
