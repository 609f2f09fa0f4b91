"""The writing end of the probe log: an agent's rounds in order, acknowledged when they were read back."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError

from ledger.errors import (
    ConflictError,
    UnknownOutcomeError,
    UnreachableLedgerError,
    UnusableLedgerError,
)
from ledger.fact import hash_of
from ledger.log import codec
from ledger.log.arbitration import Head, round_objection
from ledger.log.interface import NewRound
from ledger.log.kafka.address import Address
from ledger.log.kafka.outcomes import Outcome, meaning_of, refusal, shown
from ledger.log.kafka.partitions import RECORDED_MS
from ledger.log.kafka.probes import ProbeLog
from ledger.log.kafka.writer import PAUSE_S, give_back, producer

BATCHING: dict[str, Any] = {"linger_ms": 2, "batch_size": 262_144}
"""Many rounds are sent at once by an import or an outbox; one alone is not delayed by it noticeably."""
WINDOW = 2_000
"""Rounds on their way at once, so that neither our memory nor the client's holds a month."""
ANSWER_S = 30
"""How long the answers to a window are waited for; the client gives up before."""


class Sent(NamedTuple):
    """A round to send, with the recorded clock that it keeps if it is copied."""

    round: NewRound
    recorded_ms: int | None = None


class RoundSender:
    """Appends rounds to the probes topic."""

    def __init__(
        self, address: Address, probes: ProbeLog, require_right: Callable[[], None] = lambda: None
    ) -> None:
        self._address = address
        self._require_right = require_right
        self._probes = probes
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None

    def close(self) -> None:
        """Give back the connections."""
        if self._producer:
            give_back(self._producer, timeout_s=5)

    def append(self, agent: str, rounds: Sequence[Sent]) -> None:
        """Append rounds of one agent, and return when the log was read and says that all of them count.

        Each round is a record. Where the brokers fail in the middle, those before are there and none after.

        Raises:
            ConflictError: the agent has moved on; none of the rounds that are not there yet is added.
            UnusableLedgerError: they were surely not written.
            UnknownOutcomeError: no broker has said what became of them within the time that the URL allows.
        """
        self._require_right()
        self._check(agent, rounds)
        for first in range(0, len(rounds), WINDOW):
            self._append(agent, rounds[first : first + WINDOW])

    def _check(self, agent: str, rounds: Sequence[Sent]) -> None:
        """Refuse what cannot count before anything of it is sent."""
        head = Head(*self._probes.head(agent))
        for new, _ in rounds:
            if void := round_objection(head, new.number, codec.claimed_predecessor(new.value)):
                raise ConflictError(f"agent {agent}: {void}; read its head and send anew")
            head = Head(new.number, hash_of(new.value))

    def _append(self, agent: str, rounds: Sequence[Sent]) -> None:
        deadline_s = time.monotonic() + self._address.timeout_s
        why, surely_not, left = "no answer", True, rounds
        while left and time.monotonic() < deadline_s:
            error = self._send(agent, left)
            if error and meaning_of(error).outcome is Outcome.NO and surely_not:
                raise refusal(error, f"the rounds of agent {agent} were not appended to {self._address}")
            if isinstance(error, UnreachableLedgerError) and surely_not:
                raise error
            surely_not = False
            try:
                left = self._still_missing(agent, left)
            except UnusableLedgerError as unread:  # only the log can say what became of them
                error = error or unread
            if error:
                why = shown(error)
                self._discard_producer()
                time.sleep(PAUSE_S)
        if left:
            raise UnknownOutcomeError(
                f"it is not known whether rounds {left[0].round.number} to {left[-1].round.number} of agent "
                f"{agent} were appended to {self._address} ({why}); when a broker answers again, send what "
                "is missing"
            )

    def _send(self, agent: str, rounds: Sequence[Sent]) -> BaseException | None:
        """Send, and wait for the brokers' answers; the first failure, if there is one."""
        topic, partition = self._address.probes, self._probes.partition_of(agent)
        failed: BaseException | None = None
        try:
            sending = self._shared_producer()
            answers = [
                sending.send(
                    topic, new.value, agent.encode(), partition=partition, headers=headers_of(clock_ms)
                )
                for new, clock_ms in rounds
            ]
            for answer in answers:
                answer.get(timeout=ANSWER_S)
        except (KafkaError, UnusableLedgerError) as error:
            failed = error
        return failed

    def _still_missing(self, agent: str, rounds: Sequence[Sent]) -> Sequence[Sent]:
        """What of the rounds the log does not have yet.

        Raises:
            ConflictError: the agent stands at a round that is not ours.
        """
        head = self._probes.head(agent)
        there = self._probes.count_of(agent, [(new.number, hash_of(new.value)) for new, _ in rounds])
        left = rounds[there:]
        if not left or codec.claimed_predecessor(left[0].round.value) == head.hash:
            return left
        raise ConflictError(
            f"agent {agent} stands at round {head.number}, which another writer appended; read its head and "
            "send anew what is still missing"
        )

    def _shared_producer(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                self._producer = producer(self._address, **BATCHING)
            return self._producer

    def _discard_producer(self) -> None:
        with self._lock:
            discarded, self._producer = self._producer, None
        if discarded:
            give_back(discarded)


def headers_of(recorded_ms: int | None) -> list[tuple[str, bytes]]:
    """What a round is sent with besides its bytes: the clock that a copy brings along."""
    return [] if recorded_ms is None else [(RECORDED_MS, str(recorded_ms).encode())]
