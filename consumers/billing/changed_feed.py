"""Whether the files from which a store was billed still hold what was read of them.

Billing itself looks at the first and the last entry that it has read. What was changed between them moves
nothing that took effect, but somebody else may still read it.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from consumers.billing.file_source import FileSource
from consumers.billing.source import LostPlaceError
from ledger.errors import BadInputError
from ledger.fact import hash_of


class ChangedFeed(NamedTuple):
    """A feed that has something else, or nothing more, at a place that was read."""

    feed: str
    place: int
    """Where the first such line begins, in bytes."""

    def __str__(self) -> str:
        """A sentence."""
        return (
            f"{self.feed} has something else at {self.place} than was read there: it was changed since, and "
            "what took effect is what was read. Move it elsewhere as evidence, and relay to another file"
        )


def changed_feeds(connection: sqlite3.Connection) -> Iterator[ChangedFeed]:
    """Each file that was read and is still there, if it is not what it was."""
    read = connection.execute("SELECT feed, place FROM feeds ORDER BY feed").fetchall()
    there = [(feed, place) for feed, place in read if Path(feed).is_absolute() and Path(feed).is_file()]
    known = _known(connection) if there else frozenset()
    for feed, until in there:
        place = _first_other(feed, until, known)
        if place is not None:
            yield ChangedFeed(feed, place)


def _known(connection: sqlite3.Connection) -> frozenset[str]:
    """The hash of everything that was ever read, whatever became of it."""
    taken = {hash_of(value) for (value,) in connection.execute("SELECT value FROM inbox")}
    aside = connection.execute("SELECT hash FROM conflicts UNION SELECT hash FROM quarantine")
    return frozenset(taken | {each for (each,) in aside})


def _first_other(feed: str, until: int, known: frozenset[str]) -> int | None:
    next_place = 0
    try:
        for batch in FileSource(feed).entries(0):
            for entry in batch:
                if entry.place >= until:
                    return None
                if hash_of(entry.value) not in known:
                    return entry.place
                next_place = entry.next_place
    except (BadInputError, LostPlaceError):  # it no longer begins as a feed, or was taken away meanwhile
        return next_place
    return None if next_place >= until else next_place
