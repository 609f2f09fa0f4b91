"""The store of administrators' names and addresses: one SQLite file that overwrites what it deletes.

Its settings are those of a ledger's file, with `secure_delete`: an erased row is zeros on the disk's pages.
It also knows under which name this machine sends mails, which escalations ops were mailed, and what a mail
server answered while the ledger could not be told.
"""

import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ledger.errors import ConflictError, ConstatError, UnknownOutcomeError
from ledger.files import locked
from ledger.log.database import SETTINGS
from ledger.log.store_file import StoreFile

_TABLES = """
CREATE TABLE persons (
    person TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    language TEXT
) STRICT;
CREATE TABLE roles (
    contract TEXT NOT NULL,
    person TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (contract, person)
) STRICT;
CREATE TABLE escalated (
    escalation TEXT PRIMARY KEY
) STRICT;
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sender TEXT NOT NULL,
    secret BLOB NOT NULL
) STRICT;
"""

_REPLIES = "CREATE TABLE IF NOT EXISTS replies (number INTEGER PRIMARY KEY, facts TEXT NOT NULL) STRICT"
"""Made when it is first needed, so that a directory of before is one still."""


PATIENCE_S = 30.0
"""Somebody who synchronises takes as long as an append: seconds, where brokers are slow."""
TURN_S = 0.05


class UnusableDirectoryError(ConstatError):
    """The directory cannot be opened, read or written: not ours, newer, damaged. Nothing was changed."""


class Entry(NamedTuple):
    """One person with a role in one contract; no language is the contract's."""

    contract: str
    person: str
    name: str
    email: str
    language: str | None
    role: str


class Store(StoreFile):
    """A directory's file; see `Database` for how it is read and written."""

    _kind = "a directory"
    _application_id = 0x434E5344  # `CNSD`
    _tables = _TABLES
    _unusable = UnusableDirectoryError

    _settings = (*SETTINGS, "secure_delete=ON")

    def _fill(self, connection: sqlite3.Connection) -> None:
        row = (f"sender-{secrets.token_hex(8)}", secrets.token_bytes(32))
        connection.execute("INSERT INTO state VALUES (1, ?, ?)", row)

    def _damaged(self, why: str) -> ConstatError:
        return UnusableDirectoryError(
            f"{self.path}: the file is damaged ({why}); put it aside and synchronise the lists anew"
        )

    # ------------------------------------------------------------ read

    @property
    def sender(self) -> str:
        """The name under which mails are sent from here."""
        with self.reading() as connection:
            return str(connection.execute("SELECT sender FROM state").fetchone()[0])

    @property
    def secret(self) -> bytes:
        """What only this file knows."""
        with self.reading() as connection:
            return bytes(connection.execute("SELECT secret FROM state").fetchone()[0])

    def entries(self) -> list[Entry]:
        """Everybody, by contract and person."""
        query = (
            "SELECT contract, person, name, email, language, role FROM roles JOIN persons USING (person) "
            "ORDER BY contract, person"
        )
        with self.reading() as connection:
            return [Entry(*row) for row in connection.execute(query)]

    def people(self) -> Mapping[tuple[str, str], Entry]:
        """Everybody by contract and id."""
        return {(each.contract, each.person): each for each in self.entries()}

    def entry(self, contract: str, person: str) -> Entry | None:
        """One person as they stand now."""
        query = (
            "SELECT contract, person, name, email, language, role FROM roles JOIN persons USING (person) "
            "WHERE contract = ? AND person = ?"
        )
        with self.reading() as connection:
            row = connection.execute(query, (contract, person)).fetchone()
        return None if row is None else Entry(*row)

    # ------------------------------------------------------------ write

    def replace(self, lists: Mapping[str, Sequence[Entry]]) -> None:
        """Put other lists in the place of those of some contracts; who is in none any more is forgotten."""
        with self.writing() as connection:
            for contract, entries in lists.items():
                connection.execute("DELETE FROM roles WHERE contract = ?", (contract,))
                for each in entries:
                    row = (each.person, each.name, each.email, each.language)
                    connection.execute("INSERT OR REPLACE INTO persons VALUES (?,?,?,?)", row)
                    connection.execute("INSERT INTO roles VALUES (?,?,?)", (contract, each.person, each.role))
            connection.execute("DELETE FROM persons WHERE person NOT IN (SELECT person FROM roles)")

    @contextmanager
    def replaced(self, lists: Mapping[str, Sequence[Entry]]) -> Iterator[None]:
        """Replace lists while the ledger is told of them; where that surely failed, as they were before.

        So is every other contract: a person has one name and one address in all of them.
        """
        before: dict[str, list[Entry]] = {contract: [] for contract in lists}
        for each in self.entries():
            before.setdefault(each.contract, []).append(each)
        self.replace(lists)
        try:
            yield
        except ConstatError as error:
            if not isinstance(error, UnknownOutcomeError):
                self.replace(before)
            raise

    def erase(self, person: str) -> bool:
        """Overwrite everything that is held of a person; False if nothing was."""
        with self.writing() as connection:
            connection.execute("DELETE FROM roles WHERE person = ?", (person,))
            return connection.execute("DELETE FROM persons WHERE person = ?", (person,)).rowcount > 0

    def keep_reply(self, facts: str) -> None:
        """Keep what a mail server answered until the ledger has it; it names nobody."""
        with self.writing() as connection:
            connection.execute(_REPLIES)
            connection.execute("INSERT INTO replies (facts) VALUES (?)", (facts,))

    def replies(self) -> list[tuple[int, str]]:
        """What the ledger could not be told, in order, each with the number to forget it by."""
        with self.reading() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'replies'").fetchone():
                return []
            return list(connection.execute("SELECT number, facts FROM replies ORDER BY number"))

    def forget_reply(self, number: int) -> None:
        """The ledger has it."""
        with self.writing() as connection:
            connection.execute("DELETE FROM replies WHERE number = ?", (number,))

    def not_yet_mailed(self, escalations: Iterable[str]) -> list[str]:
        """Those of which ops have no mail from here."""
        with self.reading() as connection:
            told = {row[0] for row in connection.execute("SELECT escalation FROM escalated")}
        return [each for each in escalations if each not in told]

    def mailed(self, escalation: str) -> None:
        """Note that ops have a mail about it."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO escalated VALUES (?)", (escalation,))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the one process that changes lists, and the ledger with them, until the block or it has ended.

        Raises:
            ConflictError: another process has been at it for too long.
        """
        latest_s = time.monotonic() + PATIENCE_S
        while (turn := locked(f"{self.path}.turn", 0o600)) is None:
            if time.monotonic() > latest_s:
                raise ConflictError(
                    f"another process synchronises or erases in {self.path}; nothing was changed: run the "
                    "same command again when it has ended"
                )
            time.sleep(TURN_S)
        try:
            yield
        finally:
            os.close(turn)

    @contextmanager
    def claimed(self) -> Iterator[bool]:
        """Whether this process is the one that may send; the system takes the claim back when it ends."""
        claim = locked(f"{self.path}.lock", 0o600)
        try:
            yield claim is not None
        finally:
            if claim is not None:
                os.close(claim)


def open_store(path: object, *, create: bool = True) -> Store:
    """The directory at a path.

    Raises:
        UnusableDirectoryError: it cannot be opened, or is something else.
    """
    if not create and not Path(str(path)).exists():
        raise UnusableDirectoryError(
            f"there is no directory at {path}; `constat directory sync FILE.csv` makes one, or name it with "
            "--directory or CONSTAT_DIRECTORY"
        )
    previous = os.umask(0o077)  # who else is on the machine has no business with addresses
    try:
        return Store(str(path), create=create)
    finally:
        os.umask(previous)
