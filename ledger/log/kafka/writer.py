"""The writing end of the decision log: send a record, and come back only when the log has judged it.

What the producer says of a record is not the verdict: it may have failed and still have arrived. The verdict
is what the tail reads. Where no verdict comes, the same bytes are sent again; whichever copy is first in the
log is judged, and every later one is void by its nonce.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from eventsourcing.persistence import IntegrityError, StoredEvent

from ledger.errors import ConstatError, UnknownOutcomeError, UnusableLedgerError
from ledger.log.interface import Appended
from ledger.log.kafka import record as records
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import Producers
from ledger.log.kafka.groups import Groups
from ledger.log.kafka.judge import Verdict
from ledger.log.kafka.outcomes import Outcome, meaning_of, refusal, shown
from ledger.log.kafka.patience import PAUSE_S
from ledger.log.kafka.tail import Tail
from ledger.log.kafka.waiting import noticed

if TYPE_CHECKING:
    from kafka import KafkaProducer

AGAIN_S = 17.0
"""How long a verdict is waited for before the same bytes are sent again; longer than a delivery may take."""

PATIENCE_S = 0.025
"""How long a record waits to be sent with others."""


class Writer:
    """Appends records to the decisions topic, for any number of threads."""

    def __init__(
        self, address: Address, tail: Tail, require_right: Callable[[], None] = lambda: None
    ) -> None:
        self._address = address
        self.require_right = require_right
        self._tail = tail
        self._producers = Producers(address)
        self._groups = Groups()

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        """Append events as one record, and return once the log has been read and says that they count.

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
        return Appended(list(verdict.positions), verdict.recorded_ms)

    @noticed
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
        used: list[KafkaProducer] = []
        failed: list[BaseException] = []

        def hear(error: BaseException) -> None:
            failed.append(error)
            self._tail.wake(nonce)

        def send() -> None:
            try:
                used.append(self._producers.one())
                used[0].send(self._address.decisions, value=value, partition=0).add_errback(hear)
            except Exception as error:  # noqa: BLE001 - who sends may be another one, who has no part in it
                hear(error)  # an earlier copy may have been judged meanwhile

        with self._groups.turn_of(send) as turn:
            try:
                verdict = self._tail.verdict(nonce, min(timeout_s, PATIENCE_S), lambda: bool(failed))
                if not verdict:
                    self._groups.hurry(turn)
                    verdict = self._tail.verdict(nonce, timeout_s, lambda: bool(failed))
            except ConstatError as failure:  # nobody reads the log any longer, and the record may be in it
                raise self._unknown(failure) from failure
        if not verdict:  # a producer that is silent for longer than a delivery may take has lost its way
            self._producers.discard(used[0] if used else None)
        return verdict, failed[0] if failed else None

    def close(self) -> None:
        """Give back the connections."""
        self._producers.close()
