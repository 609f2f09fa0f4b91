"""The clients of the topics: how a log is read and written, whoever does it."""

import copy
import threading
import time
from collections.abc import Iterable
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from ledger.errors import ConstatError
from ledger.log.kafka.address import Address
from ledger.log.kafka.connecting import connected
from ledger.log.kafka.patience import PAUSE_S, patiently

POLL_MS = 50
"""How long a reader waits for the next records before it looks round."""
RETRY_S = 0.5
"""Before a reader tries again."""
FETCH: dict[str, Any] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "none",
    "isolation_level": "read_committed",
    "allow_auto_create_topics": False,
    "check_crcs": True,
    "max_poll_records": 5_000,
    "max_partition_fetch_bytes": 16 << 20,
    "fetch_max_bytes": 64 << 20,
    "fetch_max_wait_ms": POLL_MS,  # a broker answers in order: what else is asked waits behind a fetch
    "retry_backoff_ms": 20,  # the client pauses so long when it first hears of a topic
    "receive_buffer_bytes": 4 << 20,
    "request_timeout_ms": 10_000,
    "bootstrap_timeout_ms": 10_000,
    "metadata_max_age_ms": 5_000,  # a leader that was cut off answers on, and knows no better
    "metrics_enabled": False,
}
"""How a log is read: nothing is skipped, nothing is committed, a lost position is an error."""
SEND: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "max_in_flight_requests_per_connection": 1,
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
"""How a log is written: acknowledged by all replicas in step, in order, and given up in seconds.

One request at a time: what comes while an answer is waited for goes together in the next one.
"""
BATCHING: dict[str, Any] = {"linger_ms": 2, "batch_size": 262_144}
"""Many records are sent at once by whoever has many; one alone is not delayed by it noticeably."""
ANSWER_S = 30
"""How long the answers to what was sent together are waited for; the client gives up before."""


def consumer(address: Address) -> KafkaConsumer:
    """A reader of the topics.

    Raises:
        UnreachableLedgerError: no broker answers.
    """
    return connected(KafkaConsumer, address, **FETCH)


def patient_consumer(address: Address) -> KafkaConsumer:
    """A reader of the topics, tried for until the time of the ledger's URL is over.

    Raises:
        UnreachableLedgerError: no broker answered until then, or one will never let this user in.
    """
    return patiently(address, lambda _within_ms: consumer(address))


def producer(address: Address, **more: Any) -> KafkaProducer:  # noqa: ANN401 - settings of the client
    """A writer of the topics.

    Raises:
        UnusableLedgerError: no broker answers.
    """
    return connected(KafkaProducer, address, **(SEND | more))


def failures(answers: Iterable[Any]) -> list[KafkaError]:
    """What went wrong with records that were sent; none of them is on its way any longer."""
    deadline_s, failed = time.monotonic() + ANSWER_S, []
    for answer in answers:
        try:
            answer.get(timeout=max(deadline_s - time.monotonic(), 0))
        except KafkaError as error:
            failed.append(error)
    return failed


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
        self._failure: tuple[ConstatError, float] | None = None
        """Why none could be made, and until when nobody tries again."""

    def one(self) -> KafkaProducer:
        """The one in use; made now if there is none.

        Whoever waited while somebody else got to no broker hears of it, and does not try for as long himself:
        many who wait would do so one after the other, each far longer than his time.

        Raises:
            UnusableLedgerError: no broker answers.
        """
        with self._lock:
            if self._producer is None:
                self._producer = self._made()
            return self._producer

    def _made(self) -> KafkaProducer:
        if self._failure and time.monotonic() < self._failure[1]:
            raise copy.copy(self._failure[0])  # threads do not share an error that each of them raises
        try:
            return producer(self._address, **self._more)
        except ConstatError as error:
            self._failure = copy.copy(error), time.monotonic() + PAUSE_S
            raise

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
