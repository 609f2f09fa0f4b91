"""The tail: a thread that reads the decisions topic from where the mirror ends, and never stops.

Whoever appended a record waits here for its verdict; whoever wants to read what was acknowledged so far waits
until the tail has come to the topic's end. It is the only one that touches its consumer.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import AuthorizationError, KafkaError, OffsetOutOfRangeError

from ledger.errors import (
    ConstatError,
    DamagedLedgerError,
    UnreachableLedgerError,
    UnusableLedgerError,
)
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import POLL_MS, RETRY_S, consumer
from ledger.log.kafka.doubt import Doubt
from ledger.log.kafka.heads import RecentHeads
from ledger.log.kafka.judge import Kept, Verdict, judge
from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.outcomes import Outcome, meaning_of, shown
from ledger.log.kafka.waiting import goes_on, noticed

Heard = Callable[[int, int], None]
"""Hears how many records have been read of how many, while a reader catches up."""

SILENCE_S = 0.5
"""After so long without a record the last one is read again before the next: the topic may be another."""
DEAF_S = 15.0
"""After so long without what somebody waits for, a reader connects anew: its leader may be cut off."""


class _Expected:
    """A verdict that somebody waits for. Only he is woken by it, and not everybody who waits for another."""

    def __init__(self) -> None:
        self.verdict: Verdict | None = None
        # An event would do, and costs five times as much for each record.
        self.news: SimpleQueue[None] = SimpleQueue()


class Tail:
    """The reading end of the decision log."""

    def __init__(self, address: Address, mirror: Mirror) -> None:
        self._address = address
        self._mirror = mirror
        self.heads = RecentHeads()
        self._partition = TopicPartition(address.decisions, 0)
        self._changed = threading.Condition()
        self._expected: dict[str, _Expected] = {}
        self._end_wanted = 0
        self._end_known = (0, 0)
        self._next_offset = mirror.state().next_offset
        self._stopped = threading.Event()
        self._heard_s = time.monotonic()
        self._trouble = "it is silent"
        """Why nothing was read last, for whoever waited in vain."""
        self._doubt = Doubt()
        self._failure: ConstatError | None = None
        self._listeners: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._run, name=f"tail of {address.decisions}", daemon=True)
        self._thread.start()

    def listen(self, woken: Callable[[], None]) -> None:
        """Call back whenever something was read."""
        self._listeners.append(woken)

    def close(self) -> None:
        """Stop reading."""
        self._stopped.set()
        self._thread.join()

    @noticed
    def catch_up(self, timeout_s: float, heard: Heard = lambda _done, _of: None) -> None:
        """Wait until everything that was acknowledged before this call has been read, however much it is.

        Raises:
            UnusableLedgerError: nothing more comes for `timeout_s`, or the topic is not what it was.
        """
        with self._changed:
            self._end_wanted += 1
            asked, began = self._end_wanted, self._next_offset
            seen, deadline_s = began, time.monotonic() + timeout_s
            while self._end_known[0] < asked or self._next_offset < self._end_known[1]:
                self._raise_failure()
                if self._end_known[0] >= asked:
                    heard(self._next_offset - began, self._end_known[1] - began)
                if self._next_offset > seen:
                    seen, deadline_s = self._next_offset, time.monotonic() + timeout_s
                    goes_on()
                if (left_s := deadline_s - time.monotonic()) <= 0:
                    raise self._stuck(asked, timeout_s)
                self._changed.wait(min(left_s, RETRY_S))

    def _stuck(self, asked: int, timeout_s: float) -> UnreachableLedgerError:
        known, end = self._end_known
        if known < asked:
            what = f"no broker of {self._address} gave the end of the decisions within {timeout_s:.0f} s"
            return UnreachableLedgerError(f"{what} ({self._trouble}); check the brokers and try again")
        return UnreachableLedgerError(
            f"the decisions of {self._address} go on to {end}, and behind {self._next_offset} nothing could "
            f"be read within {timeout_s:.0f} s ({self._trouble}); check the brokers; if none is down, "
            "another program has written to the topic, in a transaction or in a form that cannot be read"
        )

    def expect(self, nonce: str) -> None:
        """Keep the verdict on a record that is about to be sent.

        Raises:
            UnusableLedgerError: the log is not read any longer, so no verdict would come; do not send it.
        """
        with self._changed:
            self._raise_failure()
            self._expected[nonce] = _Expected()

    def forget(self, nonce: str) -> None:
        """Nobody waits for that verdict any longer."""
        with self._changed:
            self._expected.pop(nonce, None)

    def verdict(self, nonce: str, timeout_s: float, until: Callable[[], bool]) -> Verdict | None:
        """Wait for the verdict on an expected record; None if time is over or `until` says so.

        Raises:
            UnusableLedgerError: the topic is not what it was.
        """
        expected, deadline_s = self._expected[nonce], time.monotonic() + timeout_s
        while expected.verdict is None:
            self._raise_failure()
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or until():
                return None
            with suppress(Empty):
                expected.news.get(timeout=left_s)
        return expected.verdict

    def wake(self, nonce: str) -> None:
        """Let who waits for that verdict look again."""
        with self._changed:
            if expected := self._expected.get(nonce):
                expected.news.put(None)

    def _raise_failure(self) -> None:
        if self._failure:
            raise self._failure

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._read()
            except UnreachableLedgerError as error:
                self._pause(error.__cause__ or error)  # those who wait give up by their own clock
            except ConstatError as error:
                return self._fail(error)
            except KafkaError as error:
                if failure := self._final(error):
                    return self._fail(failure)
                self._pause(error)
            except Exception as error:  # noqa: BLE001 - those who wait must be told, whatever it was
                return self._fail(DamagedLedgerError(f"reading {self._partition.topic} failed: {error!r}"))
        return None

    def _pause(self, error: BaseException) -> None:
        self._trouble = shown(error)
        self._stopped.wait(RETRY_S)

    def _final(self, error: KafkaError) -> ConstatError | None:
        """What those who wait are told at once, because waiting does not help."""
        meaning = meaning_of(error)
        if meaning.outcome is Outcome.LOST:
            return self._lost(error) if self._doubt.grow() else None
        if isinstance(error, AuthorizationError):
            what = f"you may not read {self._partition.topic} of {self._address}"
            return UnusableLedgerError(f"{what}; {meaning.advice}")
        if meaning.outcome is Outcome.NO:
            what = f"the decisions of {self._address} cannot be read ({shown(error)})"
            return UnusableLedgerError(f"{what}; {meaning.advice}")
        return None

    def _fail(self, error: ConstatError) -> None:
        with self._changed:
            self._failure = error
            self._changed.notify_all()
            for expected in self._expected.values():
                expected.news.put(None)

    def _lost(self, error: KafkaError) -> UnusableLedgerError:
        return UnusableLedgerError(
            f"the decisions topic of {self._address} no longer holds what the mirror {self._mirror.path} was "
            f"made from ({shown(error)}); {meaning_of(error).advice}"
        )

    def _read(self) -> None:
        reading = consumer(self._address)
        try:
            reading.assign([self._partition])
            self._compare(reading)
            while not self._stopped.is_set() and not self._seems_deaf():
                self._ask_for_end(reading)
                self._poll(reading)
        finally:
            reading.close()

    def _seems_deaf(self) -> bool:
        """Whether somebody waits, and nothing came for so long that another connection may hear more."""
        with self._changed:
            is_waited_for = any(expected.verdict is None for expected in self._expected.values())
        return is_waited_for and time.monotonic() > self._heard_s + DEAF_S

    def _compare(self, reading: KafkaConsumer) -> None:
        """Whether this still is the log that the mirror was made from; before anybody is told its end."""
        start = reading.beginning_offsets([self._partition])[self._partition]
        if start:
            raise self._lost(OffsetOutOfRangeError(f"it begins at {start}"))
        self._end(reading)
        # The record before the first new one is read again: it must be the one that was read.
        reading.seek(self._partition, max(self._next_offset - 1, 0))
        self._heard_s = time.monotonic()
        while self._next_offset and not self._poll(reading):
            if self._stopped.is_set():
                return

    def _poll(self, reading: KafkaConsumer) -> bool:
        found = reading.poll(timeout_ms=POLL_MS).get(self._partition, ())
        if found and self._next_offset and time.monotonic() > self._heard_s + SILENCE_S:
            # While nothing came, or while this process stood still, another topic may have taken its name.
            reading.seek(self._partition, self._next_offset - 1)
            found = ()
            self._heard_s = time.monotonic()
        elif found:
            self._take([Kept(each.offset, each.timestamp, each.value or b"") for each in found])
            self._heard_s = time.monotonic()
        return bool(found)

    def _ask_for_end(self, reading: KafkaConsumer) -> None:
        with self._changed:
            wanted = self._end_wanted
            if self._end_known[0] >= wanted:
                return
        end = self._end(reading)
        with self._changed:
            self._end_known = (wanted, end)
            self._changed.notify_all()

    def _end(self, reading: KafkaConsumer) -> int:
        end = int(reading.end_offsets([self._partition])[self._partition])
        if end < self._next_offset:
            if not self._doubt.grow():
                raise UnreachableLedgerError(
                    f"a broker says that the decisions end at {end}, and more was read"
                )
            raise UnusableLedgerError(
                f"the decisions topic of {self._address} ends at {end}, and the mirror {self._mirror.path} "
                f"holds {self._next_offset} records of it: the topic lost its end; do not write, and keep "
                "the mirror: it shows what was lost"
            )
        return end

    def _take(self, kept: list[Kept]) -> None:
        verdicts, heads, passed_over = judge(self._mirror, kept)
        self.heads.forget(passed_over)
        self.heads.move(heads)
        self._doubt.end()
        with self._changed:
            self._next_offset = max(self._next_offset, kept[-1].offset + 1)
            for nonce in self._expected.keys() & verdicts.keys():
                self._expected[nonce].verdict = verdicts[nonce]
                self._expected[nonce].news.put(None)
            self._changed.notify_all()
        for woken in tuple(self._listeners):
            woken()
