"""The decision log of an embedded ledger, as a recorder of the `eventsourcing` library.

It passes that library's own test cases, and it does what the library's SQLite recorder does not: dense
positions, subscriptions, and an append that the log itself arbitrates.
"""

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    StoredEvent,
    Subscription,
)

from ledger.errors import ConstatError
from ledger.fact import hash_of
from ledger.log import codec
from ledger.log.arbitration import Extension, Head, objection
from ledger.log.database import Database
from ledger.log.interface import Appended
from ledger.log.rows import FactRow
from ledger.log.stamp import (
    GENESIS_RUNNING_HASH,
    LAST_DECISION,
    Clock,
    intact,
    recorded_now,
    running_hash,
    wall_clock,
)

POLL_SECONDS = 0.05
"""How soon a subscription sees what another process appended."""
UNBOUNDED = 2**63 - 1
"""SQLite's largest integer, where a query has no upper bound."""
STREAMS = 500
"""Streams asked for in one statement; some versions of SQLite take 999 variables."""

_HEADS = """
WITH asked(name) AS (VALUES {})
SELECT stream, sequence, hash, value FROM asked JOIN decisions ON stream = name
AND sequence = (SELECT max(sequence) FROM decisions WHERE stream = name)
"""


class SQLiteRecorder(ApplicationRecorder):
    """The decision log in a SQLite file. Positions are dense and start at 1."""

    def __init__(
        self, database: Database, clock: Clock = wall_clock, stream_type: type[UUID | str] = str
    ) -> None:
        super().__init__()
        self._database = database
        self._clock = clock
        self._stream_type = stream_type
        self.wakeups: set[threading.Event] = set()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:  # noqa: ANN401, ARG002
        """Append events as one record: all of them or none.

        Raises:
            IntegrityError: the record does not extend its streams; another writer was first.
        """
        return self.append(stored_events).positions if stored_events else []

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        """The same of at least one event, with the recorded clock."""
        with self._database.writing() as connection:
            appended = self.insert(connection, events)
        for wakeup in tuple(self.wakeups):
            wakeup.set()
        return appended

    def insert(self, connection: sqlite3.Connection, stored_events: Sequence[StoredEvent]) -> Appended:
        """The same within a transaction of the caller's; subscribers are not woken."""
        record = [extension(event) for event in stored_events]
        streams = {claim.stream for claim in record}
        heads = {name: head for name in streams if (head := head_of(connection, name))}
        if void := objection(heads, record):
            raise IntegrityError(void)
        last = connection.execute(f"SELECT position, running_hash {LAST_DECISION}").fetchone()
        contents = [(event.topic, event.state) for event in stored_events]
        recorded_ms = recorded_now(connection, self._clock)
        rows = rows_of(last or (0, GENESIS_RUNNING_HASH), recorded_ms, record, contents)
        insert_rows(connection, rows)
        return Appended([row.position for row in rows], recorded_ms)

    def heads(self, streams: Iterable[str]) -> dict[str, Head]:
        """The last fact of each of these streams, if it has one. The next fact will name its bytes' hash."""
        names, found = list(streams), {}
        for first in range(0, len(names), STREAMS):
            asked = names[first : first + STREAMS]
            with self._database.reading() as connection:
                rows = connection.execute(_HEADS.format(",".join(["(?)"] * len(asked))), asked).fetchall()
            for stream, sequence, kept_hash, value in rows:
                intact(value, kept_hash, f"fact {sequence} of {stream}")
                found[stream] = Head(sequence, kept_hash)
        return found

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of one stream, by sequence number."""
        query = (
            "SELECT stream, sequence, type, value, hash FROM decisions WHERE stream = ? AND sequence > ? "
            f"AND sequence <= ? ORDER BY sequence {'DESC' if desc else 'ASC'} LIMIT ?"
        )
        bounds = (
            -1 if gt is None else gt,
            UNBOUNDED if lte is None else lte,
            -1 if limit is None else limit,
        )
        with self._database.reading() as connection:
            rows = connection.execute(query, (str(originator_id), *bounds)).fetchall()
        return [
            StoredEvent(
                self._stream_type(stream), n, topic, intact(value, kept_hash, f"fact {n} of {stream}")
            )
            for stream, n, topic, value, kept_hash in rows
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The log in order of position."""
        lowest = (start or 0) + (0 if inclusive_of_start else 1)
        highest = UNBOUNDED if stop is None else stop
        chosen = f"AND type IN ({','.join('?' * len(topics))})" if topics else ""
        query = (
            "SELECT stream, sequence, type, value, hash, position FROM decisions "
            f"WHERE position >= ? AND position <= ? {chosen} ORDER BY position LIMIT ?"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query, (lowest, highest, *topics, limit)).fetchall()
        return [
            Notification(
                id=position,
                originator_id=self._stream_type(stream),
                originator_version=n,
                topic=topic,
                state=intact(value, kept_hash, f"the fact at position {position}"),
            )
            for stream, n, topic, value, kept_hash, position in rows
        ]

    def max_notification_id(self) -> int | None:
        """The position of the head; None if the log is empty."""
        with self._database.reading() as connection:
            (position,) = connection.execute("SELECT max(position) FROM decisions").fetchone()
        return None if position is None else int(position)

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Every event after a position, those not yet appended included."""
        return _Subscription(self, gt=gt, topics=topics)


class _Subscription(ListenNotifySubscription[SQLiteRecorder]):
    """Woken at once by its own process, and within `POLL_SECONDS` by another one."""

    def __init__(self, recorder: SQLiteRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        # The library's thread starts within its __init__ and may stop the subscription at once.
        self._stopped = threading.Event()
        self._poller = threading.Thread(target=self._poll, daemon=True)
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        recorder.wakeups.add(self._has_been_notified)
        self._poller.start()

    def _poll(self) -> None:
        seen = None
        while not self._stopped.wait(POLL_SECONDS):
            try:
                head = self._recorder.max_notification_id()
            except ConstatError as error:  # the reader of the subscription is told
                self._thread_error = error
                self.stop()
                return
            if head != seen:
                seen = head
                self._has_been_notified.set()

    def stop(self) -> None:
        super().stop()
        self._recorder.wakeups.discard(self._has_been_notified)
        self._stopped.set()
        if self._poller.is_alive() and threading.current_thread() is not self._poller:
            self._poller.join()


def extension(event: StoredEvent) -> Extension:
    """What an event claims: its place in its stream, its hash, and the predecessor that it names, if any."""
    predecessor = codec.claimed_predecessor(event.state)
    return Extension(str(event.originator_id), event.originator_version, hash_of(event.state), predecessor)


def head_of(connection: sqlite3.Connection, stream: str) -> Head | None:
    """The last record of a stream; None if there is no such stream."""
    row = connection.execute(
        "SELECT sequence, hash FROM decisions WHERE stream = ? ORDER BY sequence DESC LIMIT 1", (stream,)
    ).fetchone()
    return Head(*row) if row else None


def rows_of(
    last: tuple[int, bytes],
    recorded_ms: int,
    record: Sequence[Extension],
    contents: Sequence[tuple[str, bytes]],
) -> list[FactRow]:
    """The rows of a record that counts; `last` is the position before it and its running hash.

    `contents` are the type and the value of each fact.
    """
    position, running = last
    first = position + 1
    rows = []
    for claim, (type_, value) in zip(record, contents, strict=True):
        position += 1
        running = running_hash(running, first, position, recorded_ms, claim.hash)
        place = (position, first, claim.stream, claim.sequence)
        rows.append(FactRow(*place, type_, recorded_ms, claim.hash, running, value))
    return rows


def insert_rows(connection: sqlite3.Connection, rows: Sequence[FactRow]) -> None:
    """Write rows at the end of the decision log."""
    connection.executemany("INSERT INTO decisions VALUES (?,?,?,?,?,?,?,?,?)", rows)
