"""The SQLite file of another program, read while it may be in use; nothing is written to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

from ledger.errors import BadInputError


class ForeignFile:
    """A file that another program writes; who inherits says which one, and what there is to read."""

    PROGRAM: ClassVar[str]
    CALLED: ClassVar[str]
    """What people know the file by."""
    IF_MISSING: ClassVar[str]
    """What to name where there is no such file."""
    RECORD: ClassVar[str]
    """What it holds many of."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def place(self, line: int) -> str:
        """A record, by its number in what was read."""
        return f"{self.RECORD} {line}"

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """A connection to ask, closed with the block; every query sees the file as the first one did.

        Raises:
            BadInputError: there is no such file, or it does not answer as the program's own does.
        """
        if self.path.is_dir():
            raise BadInputError(f"{self.name} is a folder; {self.IF_MISSING}")
        if not self.path.is_file():
            raise BadInputError(f"{self.name}: there is no such file; {self.IF_MISSING}")
        try:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
                opened.execute("BEGIN")
                yield opened
        except sqlite3.Error as error:
            raise BadInputError(
                f"{self.name} cannot be read as a file of {self.PROGRAM} ({error}); name its {self.CALLED}, "
                "and if it is a copy, copy the file that ends with -wal with it"
            ) from error
