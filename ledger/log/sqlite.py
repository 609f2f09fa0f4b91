"""The embedded engine: both logs in one SQLite file.

The ledger, not the writer, stamps the recorded clock, within the appending transaction and never backwards.
What is read is what was written: every value is hashed again as it is read.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from ledger.errors import ConflictError, DamagedLedgerError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.log import codec, tables
from ledger.log.arbitration import Head
from ledger.log.behind import BEHIND, numbers
from ledger.log.copying import SQLiteCopying
from ledger.log.database import BUSY_SECONDS, Database
from ledger.log.interface import (
    NOTHING_READ,
    Appended,
    Fault,
    KeptFact,
    KeptRound,
    LogHead,
    NewRound,
    RoundHead,
)
from ledger.log.recorder import UNBOUNDED, SQLiteRecorder
from ledger.log.rows import FactRow, RoundRow, columns
from ledger.log.stamp import (
    GENESIS_RUNNING_HASH,
    LAST_DECISION,
    LAST_ROUND,
    Clock,
    altered,
    intact,
    is_intact,
    recorded_now,
    running_hash,
    wall_clock,
)
from ledger.log.stretches import Stretches

__all__ = ["Clock", "SQLiteEngine", "SQLiteRecorder", "wall_clock"]

PAGE = 1000
"""Rows fetched at a time, so that a reader holds neither the file nor much memory."""

_FACTS = (
    "SELECT position, stream, recorded_ms, value, hash FROM decisions WHERE position > ? AND position <= ? "
    "ORDER BY position LIMIT ?"
)
_RECORDED_MS = "SELECT recorded_ms FROM decisions WHERE position = ?"
_STREAM = (
    "SELECT position, stream, recorded_ms, value, hash FROM decisions WHERE stream = ? ORDER BY sequence"
)
# NOT INDEXED: sorting what an index finds would cost more, page for page, than reading past the rest.
_ROUNDS = (
    "SELECT offset, agent, number, start_ms, recorded_ms, value, hash FROM rounds NOT INDEXED "
    "WHERE offset > ? AND offset <= ? AND start_ms >= ? AND start_ms < ? {chosen} ORDER BY offset LIMIT ?"
)
_AGENTS = """
WITH RECURSIVE names(agent) AS (
    SELECT min(agent) FROM rounds
    UNION ALL SELECT (SELECT min(agent) FROM rounds WHERE agent > names.agent) FROM names WHERE agent NOTNULL
) SELECT agent FROM names WHERE agent NOTNULL
"""


class SQLiteEngine:
    """Both logs of an embedded ledger. See `ledger.log.interface.Engine`."""

    changes = None

    def __init__(
        self,
        path: str,
        *,
        clock: Clock = wall_clock,
        create: bool = True,
        busy_seconds: float = BUSY_SECONDS,
        copying: bool = False,
    ) -> None:
        self._database = Database(path, create=create, busy_seconds=busy_seconds, copying=copying)
        self._clock = clock
        self._decisions = SQLiteRecorder(self._database, clock)

    @property
    def decisions(self) -> ApplicationRecorder:
        return self._decisions

    def facts(self, *, after: int = 0, until: int | None = None) -> Iterator[KeptFact]:
        for *kept, kept_hash in self._pages(_FACTS, after, UNBOUNDED if until is None else until):
            fact = KeptFact(*kept)
            intact(fact.value, kept_hash, f"the fact at position {fact.position}")
            yield fact

    def facts_of(self, stream: str) -> Iterator[KeptFact]:
        with self._database.reading() as connection:
            rows = connection.execute(_STREAM, (stream,)).fetchall()
        for *kept, kept_hash in rows:
            fact = KeptFact(*kept)
            intact(fact.value, kept_hash, f"the fact at position {fact.position}")
            yield fact

    def read_decisions(self) -> None:
        """Nothing is to be done: every reading is of the file as it is."""

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        return self._decisions.append(events)

    def heads(self, streams: Iterable[str]) -> Mapping[str, Head]:
        return self._decisions.heads(streams)

    def _pages(self, query: str, after: int, *arguments: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query, (after, *arguments, PAGE)).fetchall()
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def head(self) -> LogHead:
        query = (
            f"SELECT (SELECT position {LAST_DECISION}), (SELECT recorded_ms {LAST_DECISION}), "
            f"(SELECT offset {LAST_ROUND}), (SELECT recorded_ms {LAST_ROUND})"
        )
        with self._database.reading() as connection:
            position, fact_ms, offset, round_ms = connection.execute(query).fetchone()
        return LogHead(position or 0, offset or 0, max(fact_ms or 0, round_ms or 0))

    def head_at(self, recorded_ms: int) -> LogHead:
        head = self.head()
        if head.recorded_ms <= recorded_ms:
            return head
        position, offset = self.position_at(recorded_ms), self.round_offset_at(recorded_ms)
        last_ms = [self.recorded_ms_of(position)]
        with self._database.reading() as connection:
            query = "SELECT recorded_ms FROM rounds WHERE offset = ?"
            last_ms.extend(connection.execute(query, (offset,)).fetchone() or ())
        return LogHead(position, offset, max(last_ms))

    def position_at(self, recorded_ms: int) -> int:
        return self._last_at(_RECORDED_MS, self.head().position, recorded_ms)

    def round_offset_at(self, recorded_ms: int) -> int:
        query = "SELECT recorded_ms FROM rounds WHERE offset = ?"
        return self._last_at(query, self.head().round_offset, recorded_ms)

    def _last_at(self, query: str, last: int, recorded_ms: int) -> int:
        # Recorded clocks never run backwards, so this is a bisection of the log.
        low, high = 0, last
        while low < high:
            middle = (low + high + 1) // 2
            with self._database.reading() as connection:
                row = connection.execute(query, (middle,)).fetchone()
            if row is None:
                raise DamagedLedgerError(f"a log has no record {middle} of {last}; run `constat verify`")
            low, high = (middle, high) if row[0] <= recorded_ms else (low, middle - 1)
        return low

    def recorded_ms_of(self, position: int) -> int:
        if position == 0:
            return 0
        with self._database.reading() as connection:
            row = connection.execute(_RECORDED_MS, (position,)).fetchone()
        if row is None:
            raise KeyError(position)
        return int(row[0])

    def require_right_to_rounds(self) -> None:
        pass  # one file holds both logs: who may not write rounds may write nothing

    def append_rounds(self, agent: str, rounds: Sequence[NewRound]) -> None:
        if not rounds:
            return
        with self._database.writing() as connection:
            head_number, head_hash, running = _last_of(connection, agent)
            recorded_ms = recorded_now(connection, self._clock)
            (offset,) = connection.execute(f"SELECT offset {LAST_ROUND}").fetchone() or (0,)
            number, rows = head_number, []
            for new in rounds:
                if new.number <= number or codec.claimed_predecessor(new.value) != head_hash:
                    raise ConflictError(
                        f"agent {agent} stands at round {head_number}, and round {new.number} does not "
                        "extend that; read its head and send anew"
                    )
                offset, number, head_hash = offset + 1, new.number, hash_of(new.value)
                running = running_hash(running, number, recorded_ms, head_hash)
                rows.append((offset, agent, number, new.start_ms, recorded_ms, head_hash, running, new.value))
            connection.executemany("INSERT INTO rounds VALUES (?,?,?,?,?,?,?,?)", rows)

    def round_head(self, agent: str) -> RoundHead:
        with self._database.reading() as connection:
            return RoundHead(*_last_of(connection, agent)[:2])

    def rounds(
        self,
        *,
        recorded_until_ms: int | None = None,
        agents: Sequence[str] | None = None,
        start_from_ms: int | None = None,
        start_until_ms: int | None = None,
        after: Mapping[str, int] = NOTHING_READ,
    ) -> Iterator[KeptRound]:
        last = self.head().round_offset
        if recorded_until_ms is not None:
            last = self.round_offset_at(recorded_until_ms)
        starts = (
            -UNBOUNDED if start_from_ms is None else start_from_ms,
            UNBOUNDED if start_until_ms is None else start_until_ms,
        )
        is_cut = starts != (-UNBOUNDED, UNBOUNDED)
        stretches = [(1, last)]
        if is_cut or after:
            of = Stretches(self._database, self.agents() if agents is None else agents)
            stretches = of.starting(*starts, after) if is_cut else of.behind(after)
        chosen = "" if agents is None else f"AND agent IN ({','.join('?' * len(agents))})"
        chosen += f" AND {BEHIND}" if after else ""
        query = _ROUNDS.format(chosen=chosen)
        bounds = (*starts, *(agents or ()), *([numbers(after)] if after else ()))
        for first, highest in stretches:
            for row in self._pages(query, first - 1, min(last, highest), *bounds):
                found = KeptRound._make(row)
                if not is_intact(found.value, found.hash):
                    raise altered(f"round {found.number} of agent {found.agent}")
                yield found

    def count_behind(self, after: Mapping[str, int]) -> int:
        query = "SELECT count(*) FROM rounds WHERE agent = ? AND number > ?"
        with self._database.reading() as connection:
            return sum(connection.execute(query, each).fetchone()[0] for each in after.items())

    def agents(self) -> list[str]:
        with self._database.reading() as connection:
            return [name for (name,) in connection.execute(_AGENTS)]

    def fact_rows(self, *, until: int) -> Iterator[FactRow]:
        return tables.decisions(self._database, until=until)

    def round_rows(self, *, until: int) -> Iterator[RoundRow]:
        query = (
            f"SELECT {columns(RoundRow)} FROM rounds NOT INDEXED WHERE offset > ? AND offset <= ? "
            "ORDER BY offset LIMIT ?"
        )
        yield from _in_order(map(RoundRow.of, self._pages(query, 0, until)))

    def void_records(self) -> int:
        return 0

    def fault(self) -> Fault | None:
        what = self._database.fault()
        return Fault(what) if what else None

    @property
    def copying(self) -> SQLiteCopying:
        return SQLiteCopying(self._database, self._decisions)

    def close(self) -> None:
        self._database.close()


def _last_of(connection: sqlite3.Connection, agent: str) -> tuple[int, str, bytes]:
    """Number and hash of an agent's last round, and the running hash of its rounds."""
    query = "SELECT number, hash, running_hash FROM rounds WHERE agent = ? ORDER BY number DESC LIMIT 1"
    return connection.execute(query, (agent,)).fetchone() or (0, GENESIS_HASH, GENESIS_RUNNING_HASH)


def _in_order(rows: Iterator[RoundRow]) -> Iterator[RoundRow]:
    """The rows, while their recorded clock never runs backwards: the file is searched by bisection."""
    before_ms = 0
    for row in rows:
        if row.recorded_ms < before_ms:
            raise DamagedLedgerError(
                f"its recorded clock runs backwards (round {row.number} of agent {row.agent})"
            )
        before_ms = row.recorded_ms
        yield row
