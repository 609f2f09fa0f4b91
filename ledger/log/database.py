"""The SQLite file under an embedded ledger: how it is opened, its settings, and what its errors mean.

Rollback journal and `synchronous=EXTRA`: a commit is on disk when it returns, the ledger is one file at
every moment, and several writing processes are safe with every SQLite version (a write-ahead log is not,
before 3.51.3). Readers wait only while another process commits, and at most `BUSY_SECONDS`.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import ClassVar

from ledger.errors import ConstatError, DamagedLedgerError, MissingLedgerError, UnusableLedgerError
from ledger.log import schema

BUSY_SECONDS = 30.0
QUIET_SECONDS = 2.0
"""How long a writer waits for another one before it says so."""
IN_MEMORY = ":memory:"

_FIRST_BYTES = b"SQLite format 3\0"
_PRIMARY = 0xFF
"""The part of an error's code that says what happened; the rest says where."""
_LOG = logging.getLogger(__name__)
"""Python shows a warning of a program that has set up no logging on the standard error."""

SETTINGS = (
    "trusted_schema=OFF",
    "synchronous=EXTRA",
    "fullfsync=ON",  # macOS: without it an fsync stops at the drive's cache
    "cell_size_check=ON",
    "mmap_size=0",  # a failing disk is then an error, not a signal
)

_ADVICE = {
    "SQLITE_FULL": "the disk is full; free some space and try again",
    "SQLITE_IOERR": "the disk refused to read or write; check its space, quota and health, then try again",
    "SQLITE_READONLY": "the file or its folder is read-only; allow writing or copy the ledger",
    "SQLITE_CANTOPEN": "it cannot be opened; check that its folder exists and may be written",
    "SQLITE_NOTADB": "it is no SQLite database; name another file",
    "SQLITE_BUSY": "another process has been writing for too long; try again when it is done",
}
_DAMAGED = ("SQLITE_CORRUPT", "could not decode to utf-8")


class Database:
    """One connection, used by one thread at a time; every statement goes through `reading` or `writing`.

    Another kind of file says by `_settings`, `_create`, `_recognise` and `_damaged` what is different.
    """

    _settings: ClassVar[tuple[str, ...]] = SETTINGS

    def __init__(
        self, path: str, *, create: bool = True, busy_seconds: float = BUSY_SECONDS, copying: bool = False
    ) -> None:
        """Open a ledger's file, or make it; only a copy (`copying`) opens one whose copy has not ended.

        Raises:
            MissingLedgerError: there is none, and none was to be made.
            UnusableLedgerError: it cannot be opened, is another program's, or is of a newer format.
            DamagedLedgerError: SQLite finds the file damaged.
        """
        self.path = path
        self._copying = copying
        self._lock = threading.RLock()
        self._guarded = _Guarded(self)
        self._busy_seconds = busy_seconds
        self._connection = self._connect(busy_seconds, create=create)
        try:
            self._prepare(create=create)
        except BaseException:
            self._connection.close()
            raise

    def _connect(self, busy_seconds: float, *, create: bool) -> sqlite3.Connection:
        name = self.path
        if name != IN_MEMORY:
            if not create and not Path(name).exists():
                raise MissingLedgerError(
                    f"there is no ledger at {name}; name the right one with --ledger, or sign a contract "
                    "first, which makes one: `constat contract sign FILE`"
                )
            # A URI, so that no name means something else to SQLite and only `create` makes a file.
            name = f"{Path(name).absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        try:
            return sqlite3.connect(
                name, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def _prepare(self, *, create: bool) -> None:
        with self._guarded:
            for setting in self._settings:
                self._connection.execute(f"PRAGMA {setting}")
            if self._is_empty():
                self._create(allowed=create)
            self._recognise()
            self._leave_write_ahead_log()

    def _is_empty(self) -> bool:
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return bool(tables == 0) and self._number("application_id") == 0

    def _create(self, *, allowed: bool) -> None:
        if not allowed:
            raise MissingLedgerError(f"{self.path} is empty, not a ledger; name the right one with --ledger")
        self._connection.execute(f"PRAGMA page_size={schema.PAGE_BYTES}")
        with self.writing() as connection:
            if self._is_empty():  # another process may have been first
                schema.create(connection)

    def _recognise(self) -> None:
        found = self._number("application_id")
        if found == schema.UNFINISHED_COPY_ID and not self._copying:
            raise UnusableLedgerError(
                f"a copy into {self.path} has begun and not ended; run the same `constat copy` again"
            )
        if found not in (schema.APPLICATION_ID, schema.UNFINISHED_COPY_ID):
            raise UnusableLedgerError(f"{self.path} is a database of another program; name another file")
        version = self._number("user_version")
        if version > schema.FORMAT_VERSION:
            raise UnusableLedgerError(
                f"{self.path} was written by a newer Constat (format {version}, this one reads "
                f"{schema.FORMAT_VERSION}); upgrade Constat"
            )
        if version < schema.FORMAT_VERSION:
            raise DamagedLedgerError(
                f"{self.path} names format {version}, which never was; restore it from a copy"
            )

    def _leave_write_ahead_log(self) -> None:
        # The mode stands in the file: another program may have set it, and it would stay.
        if self._pragma("journal_mode") == "wal" and self._pragma("journal_mode=DELETE") != "delete":
            raise UnusableLedgerError(
                f"{self.path} is open elsewhere with a write-ahead log; close the other program and try again"
            )

    def _pragma(self, statement: str) -> object:
        (value,) = self._connection.execute(f"PRAGMA {statement}").fetchone()
        return value

    def _number(self, pragma: str) -> int:
        return int(str(self._pragma(pragma)))

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """The connection, for statements that only read."""
        return self._guarded

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """The connection, for several statements that only read and must see the same."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection, within one transaction that no other writer can enter; undone by any exception."""
        with self._guarded as connection:
            self._begin()
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _begin(self) -> None:
        """Enter a transaction of our own; a wait of more than a moment is said, and no puzzle."""
        if self._busy_seconds <= QUIET_SECONDS:
            self._connection.execute("BEGIN IMMEDIATE")
            return
        try:
            self._wait_at_most(QUIET_SECONDS)
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY:
                raise
            _LOG.warning("constat: waiting for another process that writes to %s", self.path)
            self._wait_at_most(self._busy_seconds - QUIET_SECONDS)
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._wait_at_most(self._busy_seconds)

    def _wait_at_most(self, seconds: float) -> None:
        self._connection.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")

    def fault(self) -> str | None:
        """What is wrong with the file itself; None if nothing is.

        Looks at its tables and guards, at SQLite's own check of every page and index, and at the highest
        places that were ever given. No commit can finish meanwhile, so on a large ledger check a copy.
        """
        with self.reading() as connection:
            if found := schema.difference(connection):
                return found
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return _lost_tail(connection) if verdict == "ok" else str(verdict)

    def _tell(self, error: BaseException) -> None:
        """Raise what an error of SQLite means to a user of the file; nothing if it is told as it is."""
        if isinstance(error, sqlite3.IntegrityError):
            return  # a guard's refusal: no caller of ours can cause it
        if isinstance(error, sqlite3.Error):
            raise self._explained(error) from error
        if isinstance(error, UnicodeDecodeError):  # SQLite quotes damaged text in what it complains of
            raise self._damaged(error.object.decode(errors="replace")) from error

    def _explained(self, error: sqlite3.Error) -> ConstatError:
        name = primary_name(error)
        if name in _DAMAGED or str(error).lower().startswith(_DAMAGED):
            return self._damaged(str(error))
        return UnusableLedgerError(f"{self.path}: {_ADVICE.get(name, str(error))}; nothing was changed")

    def _damaged(self, why: str) -> ConstatError:
        return DamagedLedgerError(
            f"{self.path}: the file is damaged ({why}); restore it from a copy (`constat verify` names the "
            "first record that does not fit, as far as the file can be read)"
        )

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


class _Guarded:
    """The connection for one thread at a time, with errors that say what to do.

    Every read passes here, some thousand times a second: a generator would cost more than a short query.
    """

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> sqlite3.Connection:
        self._database._lock.acquire()  # noqa: SLF001 - a part of it
        return self._database._connection  # noqa: SLF001

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            # No name holds what is raised: it would hold that name's frame, and cursors with their locks.
            if error is not None:
                self._database._tell(error)  # noqa: SLF001
        finally:
            self._database._lock.release()  # noqa: SLF001


def primary_name(error: sqlite3.Error) -> str:
    """What happened, as SQLite calls it, without where: `SQLITE_FULL`; empty if it has no name for it."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite: a ledger, a store, somebody else's. Nothing is written over it."""
    try:
        with path.open("rb") as file:
            return file.read(len(_FIRST_BYTES)) == _FIRST_BYTES
    except OSError:  # whoever opens it next is told why he cannot
        return False


def _lost_tail(connection: sqlite3.Connection) -> str | None:
    for table, place in (("decisions", "position"), ("rounds", "offset")):
        query = (
            f"SELECT coalesce(max({place}), 0), "
            f"coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0) FROM {table}"
        )
        last, given = connection.execute(query, (table,)).fetchone()
        if last != given:
            return f"{table} ends at {place} {last}, and {given} was given once: its tail was taken away"
    return None
