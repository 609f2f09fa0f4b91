"""What an outbox holds, as it is shown: rounds from when to when, how full it is, what went wrong."""

import sqlite3
from typing import NamedTuple

from ledger.errors import counted
from ledger.instants import format_instant
from ledger.log.interface import RoundHead
from ledger.outbox.file import OutboxFile

NEARLY_FULL_PERCENT = 80
"""From this share of its limit on, an outbox is nearly full: somebody should know before it is."""


class Kept(NamedTuple):
    """A round that waits, without its bytes."""

    number: int
    start_ms: int
    hash: str

    @property
    def head(self) -> RoundHead:
        """What the round behind it extends."""
        return RoundHead(self.number, self.hash)


class Refused(NamedTuple):
    """Rounds that there was no room for: the ledger will never have them."""

    rounds: int
    from_ms: int
    """When the first of them started."""
    to_ms: int
    """When the last of them started."""


class Pending(NamedTuple):
    """What an outbox holds. `bytes` is the length of its file, and `bytes_max` the limit of that."""

    agent: str
    rounds: int
    first: Kept | None
    last: Kept | None
    bytes: int
    bytes_max: int
    known: RoundHead | None
    """The agent's last round that the ledger is known to have; None if the ledger was never reached."""
    refused: Refused | None
    """What there was no room for since the outbox was made."""
    conflict: str | None
    """Why the ledger did not take what waits, as the last sending found; None if it did."""
    aside: int
    """Rounds whose bytes are damaged: they are kept, and never sent."""

    @property
    def used_percent(self) -> int:
        """The share of the limit that is used, cut to whole percents."""
        return 100 * self.bytes // self.bytes_max

    @property
    def is_nearly_full(self) -> bool:
        """Whether it is time to say so."""
        return self.used_percent >= NEARLY_FULL_PERCENT

    @property
    def span(self) -> str:
        """Which rounds wait, and when the first and the last of them started, for people."""
        if not (self.first and self.last):
            return "no round"
        return (
            f"{counted(self.rounds, 'round')} (number {self.first.number} to {self.last.number}, started "
            f"{format_instant(self.first.start_ms)} to {format_instant(self.last.start_ms)})"
        )


def look(path: str) -> Pending:
    """What an outbox holds, also while its agent writes to it.

    Raises:
        UnusableOutboxError: it is not there, or no outbox.
        DamagedOutboxError: SQLite finds the file damaged.
    """
    file = OutboxFile(path, writing=False)
    try:
        return pending(file)
    finally:
        file.close()


def pending(file: OutboxFile) -> Pending:
    """What an open outbox holds."""
    with file.snapshot() as connection:
        state = connection.execute(
            "SELECT agent, bytes_max, conflict, (SELECT count(*) FROM rounds), (SELECT count(*) FROM aside) "
            "FROM state"
        ).fetchone()
        agent, bytes_max, conflict, rounds, aside = state
        return Pending(
            agent=agent,
            rounds=rounds,
            first=_end(connection, "ASC"),
            last=_end(connection, "DESC"),
            bytes=file.used_bytes(),
            bytes_max=bytes_max,
            known=_known(connection),
            refused=_refused(connection),
            conflict=conflict,
            aside=aside,
        )


def _end(connection: sqlite3.Connection, order: str) -> Kept | None:
    query = f"SELECT number, start_ms, hash FROM rounds ORDER BY number {order} LIMIT 1"
    row = connection.execute(query).fetchone()
    return Kept(*row) if row else None


def _known(connection: sqlite3.Connection) -> RoundHead | None:
    number, known_hash = connection.execute("SELECT known_number, known_hash FROM state").fetchone()
    return None if number is None else RoundHead(number, known_hash)


def _refused(connection: sqlite3.Connection) -> Refused | None:
    row = connection.execute("SELECT refused, refused_from_ms, refused_to_ms FROM state").fetchone()
    return Refused(*row) if row[0] else None
