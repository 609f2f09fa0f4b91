"""What an embedded ledger offers to a copy: its rows, and a way in that keeps their recorded clocks."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from eventsourcing.persistence import IntegrityError, StoredEvent

from ledger.errors import ConflictError, UnusableLedgerError
from ledger.log import schema, tables
from ledger.log.database import Database
from ledger.log.interface import Ends, RoundsEnd
from ledger.log.recorder import SQLiteRecorder, insert_rows
from ledger.log.rows import FactRow, RoundRow, columns
from ledger.log.stamp import GENESIS_RUNNING_HASH, LAST_DECISION, LAST_ROUND, running_hash

BATCH = 1000
"""Rows of one transaction, and rows read at a time."""


class SQLiteCopying:
    """See `ledger.log.interface.Copying`."""

    def __init__(self, database: Database, decisions: SQLiteRecorder) -> None:
        self._database = database
        self._decisions = decisions

    # ------------------------------------------------------------ how far it goes

    def ends(self) -> Ends:
        """How far the logs go."""
        # Before the decisions, which then hold all their plans.
        rounds = tables.rounds_ends(self._database, "rounds")
        with self._database.reading() as connection:
            position, running, _ = _last_decision(connection)
        return Ends(position, running, rounds)

    def running_hash_at(self, position: int) -> bytes | None:
        """The running hash of the decisions up to a position."""
        return tables.running_hash_at(self._database, position)

    def rounds_end_at(self, agent: str, number: int) -> RoundsEnd | None:
        """The rounds of an agent up to a number."""
        return tables.rounds_end_at(self._database, "rounds", agent, number)

    # ------------------------------------------------------------ from here

    def facts(self, *, after: int, until: int) -> Iterator[FactRow]:
        """The rows of the decisions."""
        return tables.decisions(self._database, after=after, until=until)

    def rounds(self, *, after: Mapping[str, int], until: Mapping[str, int]) -> Iterator[RoundRow]:
        """The rows of the probes in the order of the file, which is that of their recorded clock."""
        first = self._first_offset(after, until)
        if first is None:
            return
        offset = first - 1
        query = f"SELECT {columns(RoundRow)} FROM rounds NOT INDEXED WHERE offset > ? ORDER BY offset LIMIT ?"
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query, (offset, BATCH)).fetchall()
            for row in map(RoundRow.of, rows):
                if after.get(row.agent, 0) < row.number <= until.get(row.agent, 0):
                    yield row
            if len(rows) < BATCH:
                return
            offset = rows[-1][0]

    def _first_offset(self, after: Mapping[str, int], until: Mapping[str, int]) -> int | None:
        query = "SELECT offset FROM rounds WHERE agent = ? AND number > ? ORDER BY number LIMIT 1"
        with self._database.reading() as connection:
            found = [connection.execute(query, (agent, after.get(agent, 0))).fetchone() for agent in until]
        return min((row[0] for row in found if row), default=None)

    # ------------------------------------------------------------ into here

    @property
    def is_unfinished(self) -> bool:
        """Whether a copy into this file has begun and not ended."""
        with self._database.reading() as connection:
            (found,) = connection.execute("PRAGMA application_id").fetchone()
        return bool(found == schema.UNFINISHED_COPY_ID)

    def begin(self) -> None:
        """Mark the file: no other command opens it."""
        with self._database.writing() as connection:
            connection.execute(f"PRAGMA application_id={schema.UNFINISHED_COPY_ID}")

    def restore_facts(self, rows: Iterable[FactRow]) -> None:
        """Add rows to the decisions."""
        left = iter(rows)
        while batch := list(islice(left, BATCH)):
            with self._database.writing() as connection:
                first = batch[0]
                position, running, _ = _last_decision(connection)
                pinned = (first.record, first.position, first.recorded_ms, first.hash)
                if (position + 1, running_hash(running, *pinned)) != (first.position, first.running_hash):
                    raise self._written()
                insert_rows(connection, batch)

    def restore_rounds(self, rows: Iterable[RoundRow]) -> None:
        """Add rows to the probes."""
        left = iter(rows)
        while batch := list(islice(left, BATCH)):
            with self._database.writing() as connection:
                self._insert_rounds(connection, batch)

    def _insert_rounds(self, connection: sqlite3.Connection, batch: list[RoundRow]) -> None:
        query = f"SELECT offset, recorded_ms {LAST_ROUND}"
        offset, recorded_ms = connection.execute(query).fetchone() or (0, 0)
        for row in {row.agent: row for row in reversed(batch)}.values():
            running = _running_hash_of(connection, row.agent)
            if running_hash(running, row.number, row.recorded_ms, row.hash) != row.running_hash:
                raise self._written()
        if batch[0].recorded_ms < recorded_ms:
            raise UnusableLedgerError(
                f"the source has new rounds whose clock is behind those that {self._database.path} has; "
                "delete that file and copy anew"
            )
        placed = [row._replace(offset=offset + place) for place, row in enumerate(batch, start=1)]
        connection.executemany("INSERT INTO rounds VALUES (?,?,?,?,?,?,?,?)", placed)

    def end(self, closing: StoredEvent) -> None:
        """Append the closing fact and open the file to all commands, in one transaction."""
        try:
            with self._database.writing() as connection:
                self._decisions.insert(connection, [closing])
                connection.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        except IntegrityError as error:
            raise self._written() from error

    def _written(self) -> ConflictError:
        return ConflictError(
            f"somebody else has written to {self._database.path} during the copy; copy into another file"
        )


def _last_decision(connection: sqlite3.Connection) -> tuple[int, bytes, int]:
    query = f"SELECT position, running_hash, recorded_ms {LAST_DECISION}"
    return connection.execute(query).fetchone() or (0, GENESIS_RUNNING_HASH, 0)


def _running_hash_of(connection: sqlite3.Connection, agent: str) -> bytes:
    query = "SELECT running_hash FROM rounds WHERE agent = ? ORDER BY number DESC LIMIT 1"
    (running,) = connection.execute(query, (agent,)).fetchone() or (GENESIS_RUNNING_HASH,)
    return bytes(running)
