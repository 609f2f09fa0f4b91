"""The embedded engine: both logs in one SQLite file.

The decision log is a recorder of the `eventsourcing` library; it passes that library's own test cases.
The ledger, not the writer, stamps the recorded clock, within the appending transaction and never backwards.
"""

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
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

from ledger.errors import ConflictError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.log import codec
from ledger.log.arbitration import Extension, Head, objection
from ledger.log.database import Database
from ledger.log.interface import KeptFact, KeptRound, LogHead, NewRound, RoundHead

PAGE = 1000
"""Rows fetched at a time, so that a reader holds neither the file nor much memory."""
POLL_SECONDS = 0.05
"""How soon a subscription sees what another process appended."""
GENESIS_RUNNING_HASH = bytes(32)

Clock = Callable[[], int]


def wall_clock() -> int:
    """UTC milliseconds now."""
    return time.time_ns() // 1_000_000


def running_hash(previous: bytes, place: int, recorded_ms: int, record_hash: str) -> bytes:
    """The hash of a whole log up to a record: it also pins the record's place and recorded clock."""
    return hashlib.sha256(previous + f"{place} {recorded_ms} {record_hash}".encode()).digest()


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
        if not stored_events:
            return []
        record = [_extension(event) for event in stored_events]
        with self._database.writing() as connection:
            heads = {name: head for name in {e.stream for e in record} if (head := _head(connection, name))}
            if void := objection(heads, record):
                raise IntegrityError(void)
            positions = self._insert(connection, stored_events, record)
        for wakeup in tuple(self.wakeups):
            wakeup.set()
        return positions

    def _insert(
        self, connection: sqlite3.Connection, events: Sequence[StoredEvent], record: Sequence[Extension]
    ) -> list[int]:
        recorded_ms = _now(connection, self._clock)
        last = connection.execute(
            "SELECT position, running_hash FROM decisions ORDER BY position DESC LIMIT 1"
        ).fetchone()
        head, running = last or (0, GENESIS_RUNNING_HASH)
        rows = []
        for position, (event, claim) in enumerate(zip(events, record, strict=True), head + 1):
            running = running_hash(running, position, recorded_ms, claim.hash)
            row = (position, head + 1, claim.stream, claim.sequence, event.topic, event.state, claim.hash)
            rows.append((*row, recorded_ms, running))
        connection.executemany("INSERT INTO decisions VALUES (?,?,?,?,?,?,?,?,?)", rows)
        return [row[0] for row in rows]

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
            "SELECT stream, sequence, type, value FROM decisions WHERE stream = ? AND sequence > ? "
            f"AND sequence <= ? ORDER BY sequence {'DESC' if desc else 'ASC'} LIMIT ?"
        )
        bounds = (
            -1 if gt is None else gt,
            _UNBOUNDED if lte is None else lte,
            -1 if limit is None else limit,
        )
        with self._database.reading() as connection:
            rows = connection.execute(query, (str(originator_id), *bounds)).fetchall()
        return [StoredEvent(self._stream_type(stream), *rest) for stream, *rest in rows]

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
        chosen = f"AND type IN ({','.join('?' * len(topics))})" if topics else ""
        query = (
            "SELECT stream, sequence, type, value, position FROM decisions "
            f"WHERE position >= ? AND position <= ? {chosen} ORDER BY position LIMIT ?"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query, (lowest, stop or _UNBOUNDED, *topics, limit)).fetchall()
        return [
            Notification(
                id=position, originator_id=self._stream_type(stream), originator_version=n, topic=t, state=v
            )
            for stream, n, t, v, position in rows
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
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        recorder.wakeups.add(self._has_been_notified)
        self._poller = threading.Thread(target=self._poll, daemon=True)
        self._poller.start()

    def _poll(self) -> None:
        seen = None
        while not self._has_been_stopped:
            head = self._recorder.max_notification_id()
            if head != seen:
                seen = head
                self._has_been_notified.set()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        super().stop()
        self._recorder.wakeups.discard(self._has_been_notified)
        if threading.current_thread() is not self._poller:
            self._poller.join()


class SQLiteEngine:
    """Both logs of an embedded ledger. See `ledger.log.interface.Engine`."""

    def __init__(self, path: str, *, clock: Clock = wall_clock, create: bool = True) -> None:
        self._database = Database(path, create=create)
        self._clock = clock
        self._decisions = SQLiteRecorder(self._database, clock)

    @property
    def decisions(self) -> ApplicationRecorder:
        return self._decisions

    @property
    def database(self) -> Database:
        """The file itself, for those who check it."""
        return self._database

    def facts(self, *, after: int = 0, until: int | None = None) -> Iterator[KeptFact]:
        query = (
            "SELECT position, recorded_ms, value FROM decisions WHERE position > ? AND position <= ? "
            "ORDER BY position LIMIT ?"
        )
        for row in self._pages(query, after, _UNBOUNDED if until is None else until):
            yield KeptFact(*row)

    def _pages(self, query: str, after: int, *arguments: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query, (after, *arguments, PAGE)).fetchall()
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def head(self) -> LogHead:
        with self._database.reading() as connection:
            position, fact_ms = connection.execute(f"SELECT position, {_LAST_DECISION}").fetchone() or (0, 0)
            offset, round_ms = connection.execute(f"SELECT offset, {_LAST_ROUND}").fetchone() or (0, 0)
        return LogHead(position, offset, max(fact_ms, round_ms))

    def position_at(self, recorded_ms: int) -> int:
        # Recorded clocks never run backwards, so this is a bisection of the log.
        low, high = 0, self.head().position
        while low < high:
            middle = (low + high + 1) // 2
            if self.recorded_ms_of(middle) <= recorded_ms:
                low = middle
            else:
                high = middle - 1
        return low

    def recorded_ms_of(self, position: int) -> int:
        if position == 0:
            return 0
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT recorded_ms FROM decisions WHERE position = ?", (position,)
            ).fetchone()
        if row is None:
            raise KeyError(position)
        return int(row[0])

    def append_rounds(self, agent: str, rounds: Sequence[NewRound]) -> None:
        stream = f"agent:{agent}"
        with self._database.writing() as connection:
            number, head_hash = _round_head(connection, agent)
            recorded_ms = _now(connection, self._clock)
            last = connection.execute(
                "SELECT offset, running_hash FROM rounds ORDER BY offset DESC LIMIT 1"
            ).fetchone()
            offset, running = last or (0, GENESIS_RUNNING_HASH)
            rows = []
            for new in rounds:
                if new.number <= number or codec.claimed_predecessor(new.value) != head_hash:
                    raise ConflictError(
                        f"{stream} has moved on to round {number}; read its head and send anew"
                    )
                offset, number, head_hash = offset + 1, new.number, hash_of(new.value)
                running = running_hash(running, offset, recorded_ms, head_hash)
                rows.append((offset, agent, number, new.start_ms, new.value, head_hash, recorded_ms, running))
            connection.executemany("INSERT INTO rounds VALUES (?,?,?,?,?,?,?,?)", rows)

    def round_head(self, agent: str) -> RoundHead:
        with self._database.reading() as connection:
            return _round_head(connection, agent)

    def rounds(
        self,
        *,
        recorded_until_ms: int | None = None,
        agents: Sequence[str] | None = None,
        start_from_ms: int | None = None,
        start_until_ms: int | None = None,
    ) -> Iterator[KeptRound]:
        conditions = ["offset > ?"]
        arguments: list[int | str] = []
        if recorded_until_ms is not None:
            conditions.append("recorded_ms <= ?")
            arguments.append(recorded_until_ms)
        if agents is not None:
            conditions.append(f"agent IN ({','.join('?' * len(agents))})")
            arguments.extend(agents)
        if start_from_ms is not None:
            conditions.append("start_ms >= ?")
            arguments.append(start_from_ms)
        if start_until_ms is not None:
            conditions.append("start_ms < ?")
            arguments.append(start_until_ms)
        query = (
            "SELECT offset, agent, number, start_ms, recorded_ms, value FROM rounds "
            f"WHERE {' AND '.join(conditions)} ORDER BY offset LIMIT ?"
        )
        for row in self._pages(query, 0, *arguments):
            yield KeptRound(*row)

    def agents(self) -> list[str]:
        with self._database.reading() as connection:
            return [
                name for (name,) in connection.execute("SELECT DISTINCT agent FROM rounds ORDER BY agent")
            ]

    def close(self) -> None:
        self._database.close()


_UNBOUNDED = 2**63 - 1
_LAST_DECISION = "recorded_ms FROM decisions ORDER BY position DESC LIMIT 1"
_LAST_ROUND = "recorded_ms FROM rounds ORDER BY offset DESC LIMIT 1"


def _now(connection: sqlite3.Connection, clock: Clock) -> int:
    moments_ms = [clock()]
    for query in (_LAST_DECISION, _LAST_ROUND):
        moments_ms.extend(connection.execute(f"SELECT {query}").fetchone() or ())
    return max(moments_ms)


def _extension(event: StoredEvent) -> Extension:
    predecessor = codec.claimed_predecessor(event.state)
    return Extension(str(event.originator_id), event.originator_version, hash_of(event.state), predecessor)


def _head(connection: sqlite3.Connection, stream: str) -> Head | None:
    row = connection.execute(
        "SELECT sequence, hash FROM decisions WHERE stream = ? ORDER BY sequence DESC LIMIT 1", (stream,)
    ).fetchone()
    return Head(*row) if row else None


def _round_head(connection: sqlite3.Connection, agent: str) -> RoundHead:
    row = connection.execute(
        "SELECT number, hash FROM rounds WHERE agent = ? ORDER BY number DESC LIMIT 1", (agent,)
    ).fetchone()
    return RoundHead(*row) if row else RoundHead(0, GENESIS_HASH)
