"""The writing end of the probe log: an agent's rounds in order, acknowledged when they were read back."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka.errors import KafkaError

from ledger.errors import (
    BadInputError,
    ConflictError,
    ConstatError,
    UnknownOutcomeError,
    UnreachableLedgerError,
    UnusableLedgerError,
)
from ledger.fact import hash_of
from ledger.log import codec
from ledger.log.arbitration import Head, round_objection
from ledger.log.interface import RECORD_BYTES_MAX, NewRound
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import BATCHING, Producers, failures
from ledger.log.kafka.outcomes import Outcome, meaning_of, refusal, shown
from ledger.log.kafka.partitions import RECORDED_MS
from ledger.log.kafka.patience import PAUSE_S
from ledger.log.kafka.probes import ProbeLog
from ledger.log.kafka.waiting import noticed

if TYPE_CHECKING:
    from kafka import KafkaProducer

WINDOW = 2_000
"""Rounds on their way at once, so that neither our memory nor the client's holds a month."""


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
        self._producers = Producers(address, **BATCHING)

    def close(self) -> None:
        """Give back the connections."""
        self._producers.close(timeout_s=5)

    def append(self, agent: str, rounds: Sequence[Sent]) -> None:
        """Append rounds of one agent, and return when the log was read and says that all of them count.

        Each round is a record. Where the brokers fail in the middle, those before are there and none after.

        Raises:
            BadInputError: one of them is too long for a record; none is added.
            ConflictError: the agent has moved on; none of the rounds that are not there yet is added.
            UnusableLedgerError: the brokers refuse; it says which of them are there.
            UnknownOutcomeError: no broker has said what became of them within the time that the URL allows.
        """
        self._require_right()
        self._check(agent, rounds)
        for first in range(0, len(rounds), WINDOW):
            self._append(agent, rounds[first : first + WINDOW], before=first)

    def _check(self, agent: str, rounds: Sequence[Sent]) -> None:
        """Refuse what cannot count before anything of it is sent."""
        head = Head(*self._probes.head(agent))
        for new, _ in rounds:
            if void := round_objection(head, new.number, codec.claimed_predecessor(new.value)):
                raise ConflictError(f"agent {agent}: {void}; read its head and send anew")
            if len(new.value) > RECORD_BYTES_MAX:
                raise BadInputError(
                    f"round {new.number} of agent {agent} has {len(new.value)} bytes, and a record takes "
                    f"{RECORD_BYTES_MAX}; spread its platforms over several agents"
                )
            head = Head(new.number, hash_of(new.value))

    @noticed
    def _append(self, agent: str, rounds: Sequence[Sent], before: int) -> None:
        deadline_s = time.monotonic() + self._address.timeout_s
        why, is_first, left = "no answer", True, rounds
        while left and time.monotonic() < deadline_s:
            error = self._send(agent, left)
            if is_first and isinstance(error, UnreachableLedgerError):
                raise error  # there was nobody to send it to
            left = self._read_back(agent, left, deadline_s)
            if is_first and left and error and meaning_of(error).outcome is Outcome.NO:
                raise self._refusal(error, agent, left, there=before + len(rounds) - len(left))
            is_first = False
            if error:
                why = shown(error)
            if left:
                time.sleep(PAUSE_S)
        if left:
            raise self._unknown(agent, left, why)

    def _read_back(self, agent: str, rounds: Sequence[Sent], deadline_s: float) -> Sequence[Sent]:
        """What the log does not have yet. Only that may be sent again, so it is read until it can be."""
        while True:
            try:
                return self._still_missing(agent, rounds)
            except UnreachableLedgerError as unread:  # only the log can say what became of them
                if time.monotonic() > deadline_s:
                    raise self._unknown(agent, rounds, shown(unread)) from unread
                time.sleep(PAUSE_S)
            except UnusableLedgerError as unread:
                raise self._unknown(agent, rounds, shown(unread)) from unread

    def _refusal(self, error: BaseException, agent: str, left: Sequence[Sent], there: int) -> ConstatError:
        written = "the rounds before them are there" if there else "nothing was written"
        first, last = left[0].round.number, left[-1].round.number
        what = f"rounds {first} to {last} of agent {agent} were not appended to {self._address}"
        return refusal(error, what, written)

    def _unknown(self, agent: str, left: Sequence[Sent], why: str) -> UnknownOutcomeError:
        return UnknownOutcomeError(
            f"it is not known whether rounds {left[0].round.number} to {left[-1].round.number} of agent "
            f"{agent} were appended to {self._address} ({why}); when a broker answers again, run the same "
            "command again: it sends only what is missing"
        )

    def _send(self, agent: str, rounds: Sequence[Sent]) -> BaseException | None:
        """Send, and wait for every answer; the first failure, if there is one."""
        topic, partition = self._address.probes, self._probes.partition_of(agent)
        used: KafkaProducer | None = None
        answers: list[Any] = []
        failed: list[BaseException] = []
        try:
            used = self._producers.one()
            for new, clock_ms in rounds:
                headers = headers_of(clock_ms)
                answers.append(
                    used.send(topic, new.value, agent.encode(), partition=partition, headers=headers)
                )
        except (KafkaError, UnusableLedgerError) as error:
            failed.append(error)
        failed += failures(answers)
        if failed:
            self._producers.discard(used)
        return failed[0] if failed else None

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


def headers_of(recorded_ms: int | None) -> list[tuple[str, bytes]]:
    """What a round is sent with besides its bytes: the clock that a copy brings along."""
    return [] if recorded_ms is None else [(RECORDED_MS, str(recorded_ms).encode())]
