"""The SQLite file of a billing consumer: what it has read, what took effect, and who may write.

Settings and transactions are those of an embedded ledger: an event, its effect and the place in the feed are
committed together, and a commit is on disk when it returns. Whoever starts to bill becomes the owner; one
who was the owner before finds that out in its next transaction, and ends.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import ConstatError
from ledger.log.store_file import StoreFile

_TABLES = """
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    first_hash TEXT
) STRICT;
CREATE TABLE owners (
    role TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    who TEXT NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE feeds (
    feed TEXT PRIMARY KEY,
    place INTEGER NOT NULL,
    last_place INTEGER NOT NULL,
    last_hash TEXT NOT NULL
) STRICT;
CREATE TABLE contracts (
    contract TEXT PRIMARY KEY,
    head_sequence INTEGER NOT NULL,
    head_hash TEXT NOT NULL,
    frozen TEXT
) STRICT;
CREATE TABLE inbox (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    contract TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    is_applied INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (source, id),
    UNIQUE (contract, sequence)
) STRICT;
CREATE TABLE postings (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    contract TEXT NOT NULL,
    platform TEXT NOT NULL,
    period_number INTEGER NOT NULL,
    period_from_ms INTEGER NOT NULL,
    period_to_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    clause TEXT NOT NULL,
    days INTEGER NOT NULL,
    occurred_ms INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT;
CREATE INDEX postings_by_period ON postings (contract, platform, period_number);
CREATE TABLE conflicts (
    number INTEGER PRIMARY KEY,
    contract TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    hash TEXT NOT NULL,
    feed TEXT NOT NULL,
    place INTEGER NOT NULL,
    value BLOB NOT NULL,
    is_settled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source, id, hash)
) STRICT;
CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    place INTEGER NOT NULL,
    contract TEXT,
    reason TEXT NOT NULL,
    hash TEXT NOT NULL,
    value BLOB NOT NULL,
    is_settled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (feed, place, hash)
) STRICT;
CREATE TABLE releases (
    number INTEGER PRIMARY KEY,
    contract TEXT,
    frozen TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE pushes (
    number INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    contract TEXT NOT NULL,
    path TEXT NOT NULL,
    body BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_ms INTEGER,
    answered_ms INTEGER,
    problem TEXT,
    UNIQUE (target, source, id)
) STRICT;
"""
# `inbox` holds every event that could be read; those not applied wait for one before them, or for a decision
# about their contract. `postings` are the effects: what is owed is their sum.


class UnusableStoreError(ConstatError):
    """A billing store cannot be used: not ours, another ledger's, not to be written. Nothing was changed."""


class NoLongerOwnerError(UnusableStoreError):
    """Another process has taken over. Nothing was written."""


class Store(StoreFile):
    """The file of a billing consumer; see `Database` for how it is read and written."""

    _kind = "a billing store"
    _application_id = 0x434E5342  # `CNSB`
    _tables = _TABLES
    _unusable = UnusableStoreError
    _of_another_version = "use that version, or bill into a new store"

    def __init__(self, path: str, *, create: bool = False) -> None:
        """Open a store, or make it.

        Raises:
            UnusableStoreError: it is not there, or is no store.
        """
        if not create and not Path(path).exists():
            raise UnusableStoreError(
                f"there is no billing store at {path}; name it with --store, or make it: `constat bill run`"
            )
        self._epochs: dict[str, int] = {}
        super().__init__(path, create=create)

    def _fill(self, connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO state (one) VALUES (1)")

    def _damaged(self, why: str) -> ConstatError:
        return UnusableStoreError(
            f"{self.path}: the file is damaged ({why}). Keep it; a new store billed from the same feed holds "
            "the same, and what was pushed is in the other system under the same keys"
        )

    # ------------------------------------------------------------ who may write

    def own(self, role: str, who: str, now_ms: int) -> None:
        """Become the one process that writes in a role; whoever was it before is no longer."""
        with self.writing() as connection:
            row = (role, who, now_ms)
            (self._epochs[role],) = connection.execute(
                "INSERT INTO owners (role, epoch, who, since_ms) VALUES (?, 1, ?, ?) "
                "ON CONFLICT (role) DO UPDATE SET epoch = epoch + 1, who = excluded.who, "
                "since_ms = excluded.since_ms RETURNING epoch",
                row,
            ).fetchone()

    @contextmanager
    def owning(self, role: str) -> Iterator[sqlite3.Connection]:
        """A transaction of the owner.

        Raises:
            NoLongerOwnerError: another process has taken over.
        """
        with self.writing() as connection:
            query = "SELECT epoch, who FROM owners WHERE role = ?"
            epoch, who = connection.execute(query, (role,)).fetchone()
            if epoch != self._epochs[role]:
                raise NoLongerOwnerError(
                    f"{who} has taken over {self.path} since; nothing more was written here. Let one process "
                    "at a time do this"
                )
            yield connection
