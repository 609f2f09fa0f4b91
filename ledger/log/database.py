"""The SQLite file under an embedded ledger: its schema, its settings, and what its errors mean.

Rollback journal and `synchronous=EXTRA`: a commit is on disk when it returns, the ledger is one file at
every moment, and several writing processes are safe with every SQLite version (a write-ahead log is not,
before 3.51.3).
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import UnusableLedgerError

APPLICATION_ID = 0x434E5354
"""`CNST`, in the header of every embedded ledger."""
FORMAT_VERSION = 1
BUSY_SECONDS = 30.0
IN_MEMORY = ":memory:"

_TABLES = """
CREATE TABLE decisions (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    record INTEGER NOT NULL,
    stream TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    value BLOB NOT NULL,
    hash TEXT NOT NULL,
    recorded_ms INTEGER NOT NULL,
    running_hash BLOB NOT NULL,
    UNIQUE (stream, sequence)
) STRICT;
CREATE TABLE rounds (
    offset INTEGER PRIMARY KEY AUTOINCREMENT,
    agent TEXT NOT NULL,
    number INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    value BLOB NOT NULL,
    hash TEXT NOT NULL,
    recorded_ms INTEGER NOT NULL,
    running_hash BLOB NOT NULL,
    UNIQUE (agent, number)
) STRICT;
CREATE INDEX rounds_by_start ON rounds (agent, start_ms);
"""
_GUARDS = "".join(
    f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: add a fact that corrects'); END;\n"
    for table in ("decisions", "rounds")
    for verb in ("UPDATE", "DELETE")
)


class Database:
    """One connection, used by one thread at a time; every statement goes through `reading` or `writing`."""

    def __init__(self, path: str, *, create: bool = True) -> None:
        """Open a ledger's file, or make it.

        Raises:
            UnusableLedgerError: it cannot be opened, is another program's, or is of a newer format.
        """
        self.path = path
        self._lock = threading.RLock()
        self._connection = self._connect(create=create)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _connect(self, *, create: bool) -> sqlite3.Connection:
        if self.path != IN_MEMORY and not create and not Path(self.path).exists():
            raise UnusableLedgerError(f"there is no ledger at {self.path}; name the right one with --ledger")
        try:
            return sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _prepare(self) -> None:
        with self._meaning():
            self._connection.execute("PRAGMA trusted_schema=OFF")
            self._connection.execute("PRAGMA synchronous=EXTRA")
            self._connection.execute("PRAGMA cell_size_check=ON")
            if self._is_empty():
                self._create()
            self._recognise()

    def _is_empty(self) -> bool:
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return bool(tables == 0) and self._pragma("application_id") == 0

    def _create(self) -> None:
        with self.writing() as connection:
            if self._is_empty():
                for statement in _statements(_TABLES + _GUARDS):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version={FORMAT_VERSION}")

    def _recognise(self) -> None:
        if self._pragma("application_id") != APPLICATION_ID:
            raise UnusableLedgerError(
                f"{self.path} is a database of another program; name another file with --ledger"
            )
        version = self._pragma("user_version")
        if version > FORMAT_VERSION:
            raise UnusableLedgerError(
                f"{self.path} was written by a newer Constat (format {version}, this one reads "
                f"{FORMAT_VERSION}); upgrade Constat"
            )

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that only read."""
        with self._lock, self._meaning():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection, within one transaction that no other writer can enter; undone by any exception."""
        with self._lock, self._meaning():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> UnusableLedgerError:
        advice = {
            "SQLITE_FULL": "the disk is full; free some space and try again",
            "SQLITE_READONLY": "the file or its folder is read-only; allow writing or copy the ledger",
            "SQLITE_CANTOPEN": "it cannot be opened; check that its folder exists and may be written",
            "SQLITE_NOTADB": "it is no SQLite database; name another file with --ledger",
            "SQLITE_BUSY": "another process has been writing for too long; try again when it is done",
            "SQLITE_CORRUPT": "the file is damaged; run `constat verify`, then restore it from a copy",
        }
        name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        return UnusableLedgerError(f"{self.path}: {advice.get(name, str(error))}; nothing was changed")

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
