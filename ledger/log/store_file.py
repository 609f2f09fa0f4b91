"""A file beside the ledger: an outbox, a directory, a billing store. It is opened and kept as a ledger's is.

Its settings and transactions are those of an embedded ledger, so what was committed is on disk. Its header
says of which kind it is, and in which format.
"""

import sqlite3
from typing import ClassVar

from ledger.errors import ConstatError, UnusableLedgerError
from ledger.log import schema
from ledger.log.database import Database


class StoreFile(Database):
    """One kind of file; what is peculiar to it stands in the class variables."""

    _kind: ClassVar[str]
    """What it is called, with its article: `an outbox`."""
    _application_id: ClassVar[int]
    """In the header of every file of the kind."""
    _format_version: ClassVar[int] = 1
    _tables: ClassVar[str]
    """The script that makes its tables."""
    _unusable: ClassVar[type[ConstatError]]
    """Raised where it cannot be opened, or is another kind of file."""
    _of_another_version: ClassVar[str] = "use that version"
    """What to do with a file that another version of Constat has written."""

    def _fill(self, connection: sqlite3.Connection) -> None:
        """Lay the first rows into a file that has just been made, within the transaction that made it."""

    def _create(self, *, allowed: bool) -> None:
        if not allowed:
            raise self._unusable(f"{self.path} is empty, not {self._kind}; name the right file")
        with self.writing() as connection:
            if not self._is_empty():  # another process was first
                return
            for statement in schema.statements(self._tables):
                connection.execute(statement)
            self._fill(connection)
            connection.execute(f"PRAGMA application_id={self._application_id}")
            connection.execute(f"PRAGMA user_version={self._format_version}")

    def _explained(self, error: sqlite3.Error) -> ConstatError:
        found = super()._explained(error)
        return self._unusable(str(found)) if isinstance(found, UnusableLedgerError) else found

    def _recognise(self) -> None:
        if self._number("application_id") != self._application_id:
            raise self._unusable(
                f"{self.path} is a database of another kind, not {self._kind}; name another file"
            )
        version = self._number("user_version")
        if version != self._format_version:
            raise self._unusable(
                f"{self.path} was written by another Constat (format {version}, this one reads "
                f"{self._format_version}); {self._of_another_version}"
            )
