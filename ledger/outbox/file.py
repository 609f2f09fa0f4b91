"""The SQLite file of an outbox: how it is made and recognised, who may write to it, what its errors mean.

Settings and transactions are those of an embedded ledger, so what was committed is on disk. One process at a
time may write: it holds a lock on a file beside the outbox, which the system takes back however the process
ends. Whoever only looks needs no lock.
"""

import os
import sqlite3
from pathlib import Path

from ledger.errors import (
    BadInputError,
    ConstatError,
    DamagedOutboxError,
    FullOutboxError,
    UnusableOutboxError,
)
from ledger.files import locked
from ledger.log.database import primary_name
from ledger.log.store_file import StoreFile

FORMAT_VERSION = 1
BYTES_MAX = 1_000_000_000
"""How long the file may become if nobody says otherwise.

A round of a thousand platforms takes about 5 kB of it, so this is four months of one each minute.
"""
BYTES_MIN = 65_536
"""A limit that leaves room for rounds of few platforms, beside the plan."""

_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR")
_TABLES = """
CREATE TABLE rounds (
    number INTEGER PRIMARY KEY,
    start_ms INTEGER NOT NULL,
    hash TEXT NOT NULL,
    value BLOB NOT NULL
) STRICT;
CREATE TABLE aside (
    number INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    hash TEXT NOT NULL,
    value BLOB NOT NULL
) STRICT;
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    agent TEXT NOT NULL,
    bytes_max INTEGER NOT NULL,
    plan BLOB,
    plan_hash TEXT,
    known_number INTEGER,
    known_hash TEXT,
    last_number INTEGER,
    last_hash TEXT,
    refused INTEGER NOT NULL DEFAULT 0,
    refused_number INTEGER NOT NULL DEFAULT 0,
    refused_from_ms INTEGER,
    refused_to_ms INTEGER,
    conflict TEXT
) STRICT;
"""
# `rounds` are those that wait; `aside` holds those whose bytes are no longer what was put in.
# `plan` is the record of the agent's plan as the ledger has it. The chain that waits goes from `known`, the
# last round that the ledger is known to have, to `last`; all are null until the ledger was reached once.


class OutboxFile(StoreFile):
    """The file of an outbox; see `Database` for how it is read and written."""

    _kind = "an outbox"
    _application_id = 0x434E534F  # `CNSO`
    _format_version = FORMAT_VERSION
    _tables = _TABLES
    _unusable = UnusableOutboxError
    _of_another_version = "use that version until it has sent everything"

    def __init__(
        self, path: str, *, agent: str | None = None, bytes_max: int | None = None, writing: bool = True
    ) -> None:
        """Open an outbox, or make one if its agent is named; `writing` claims it for this process.

        Raises:
            UnusableOutboxError: it is not there, is no outbox, is another agent's or in use.
            BadInputError: the limit leaves no room for rounds.
        """
        self._agent = agent
        if bytes_max is not None and bytes_max < BYTES_MIN:
            raise BadInputError(
                f"an outbox of {bytes_max:,} bytes has no room; give it {BYTES_MIN:,} at least"
            )
        if agent is None and not Path(path).exists():
            raise UnusableOutboxError(f"there is no outbox at {path}; name the file that the agent writes")
        self._claim: int | None = None
        super().__init__(path, create=agent is not None)
        if writing:  # only now, so that nothing is laid beside a file that is not ours
            self._take(bytes_max)

    def _prepare(self, *, create: bool) -> None:
        super()._prepare(create=create)
        with self.reading():
            self._require_agent()

    def _create(self, *, allowed: bool) -> None:
        if allowed:
            self._connection.execute("PRAGMA auto_vacuum=FULL")  # what was sent gives its disk back
        super()._create(allowed=allowed)

    def _fill(self, connection: sqlite3.Connection) -> None:
        row = (self._agent, BYTES_MAX)
        connection.execute("INSERT INTO state (one, agent, bytes_max) VALUES (1, ?, ?)", row)

    def _require_agent(self) -> None:
        (owner,) = self._connection.execute("SELECT agent FROM state").fetchone() or (None,)
        if owner is None:
            raise self._damaged("it does not say whose it is")
        if self._agent not in (None, owner):
            raise UnusableOutboxError(
                f"{self.path} is the outbox of agent {owner}; give agent {self._agent} a file of its own"
            )

    def _damaged(self, why: str) -> ConstatError:
        return self.damaged(why)

    def _explained(self, error: sqlite3.Error) -> ConstatError:
        found = super()._explained(error)
        return FullOutboxError(str(found)) if primary_name(error) in _NO_ROOM else found

    def damaged(self, why: str) -> ConstatError:
        """What a person is told when the file cannot be relied on."""
        return DamagedOutboxError(
            f"{self.path}: the file is damaged ({why}). Keep it, and give the agent another one: what cannot "
            "be read from it was not sent, and its time will be unknown"
        )

    @property
    def agent(self) -> str:
        """Whose outbox it is."""
        with self.reading() as connection:
            return str(connection.execute("SELECT agent FROM state").fetchone()[0])

    def used_bytes(self) -> int:
        """How long the file is, with what a transaction has put into it and without what it took out."""
        pages, free, page_bytes = map(self._number, ("page_count", "freelist_count", "page_size"))
        return (pages - free) * page_bytes

    def require_room(self) -> None:
        """Undo a transaction that makes the file longer than its limit.

        Raises:
            FullOutboxError: it does.
        """
        (bytes_max,) = self._connection.execute("SELECT bytes_max FROM state").fetchone()
        if self.used_bytes() > bytes_max:
            raise FullOutboxError(f"the outbox is at its limit of {bytes_max:,} bytes; raise the limit")

    def close(self) -> None:
        """Close the file and let another process have it."""
        super().close()
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def _take(self, bytes_max: int | None) -> None:
        try:
            self._claim = _claimed(self.path)
            if bytes_max is not None:
                self._limit(bytes_max)
        except BaseException:
            self.close()
            raise

    def _limit(self, bytes_max: int) -> None:
        with self.writing() as connection:  # only what is new: it opens on a full disk
            connection.execute("UPDATE state SET bytes_max = ? WHERE bytes_max <> ?", (bytes_max, bytes_max))


def _claimed(path: str) -> int:
    """The lock on an outbox, as a file descriptor; it ends with this process."""
    try:
        claim = locked(f"{path}.lock")
    except OSError as error:
        raise UnusableOutboxError(
            f"{path} cannot be opened ({error.strerror}); check that its folder exists and may be written"
        ) from error
    if claim is None:
        raise UnusableOutboxError(
            f"another process has {path} open, and only one at a time may put and send: its rounds would "
            "not follow each other; let that one send them, or end it first; a second agent takes a name of "
            "its own"
        )
    return claim
