"""The rounds that wait in an outbox, as a chain: read with every check, shortened, and made anew.

It begins behind the last round that the ledger is known to have and ends with the last one that was put. Each
function is one transaction.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from ledger import rounds
from ledger.errors import DamagedOutboxError
from ledger.fact import hash_of
from ledger.log import codec
from ledger.log.interface import RoundHead
from ledger.log.recorder import UNBOUNDED
from ledger.outbox.file import OutboxFile
from ledger.outbox.pending import Kept

PAGE = 500
"""Rounds read at a time, and sent at a time: two megabytes, where an agent has a thousand platforms."""

_ROUNDS = "SELECT number, start_ms, hash, value FROM rounds WHERE number > ? ORDER BY number LIMIT ?"

# ---------------------------------------------------------------- read


def known(file: OutboxFile) -> RoundHead:
    """The agent's last round that the ledger is known to have."""
    with file.reading() as connection:
        return RoundHead(*connection.execute("SELECT known_number, known_hash FROM state").fetchone())


def kept(file: OutboxFile) -> list[Kept]:
    """Every round that waits, in order, without its bytes and unchecked."""
    with file.reading() as connection:
        query = "SELECT number, start_ms, hash FROM rounds ORDER BY number"
        return [Kept(*row) for row in connection.execute(query)]


def walk(file: OutboxFile) -> Iterator[tuple[Kept, bytes]]:
    """Every round that waits, checked: its hash, its number, that it extends the one before, and the end.

    Raises:
        DamagedOutboxError: what is stored is not what was put in; it says where.
    """
    head, after = known(file), -UNBOUNDED
    while True:
        with file.reading() as connection:
            found = [(Kept(*row), value) for *row, value in connection.execute(_ROUNDS, (after, PAGE))]
            last = RoundHead(*connection.execute("SELECT last_number, last_hash FROM state").fetchone())
        for each, value in found:
            if not _is_intact(each, value) or codec.claimed_predecessor(value) != head.hash:
                raise _altered(file, f"round {each.number}", head)
            yield each, value
            head, after = each.head, each.number
        if len(found) < PAGE:
            break
    if head != last:
        raise _altered(file, "its end", head)


def last(file: OutboxFile, connection: sqlite3.Connection) -> RoundHead:
    """The last round that waits or, if none does, the last one that the ledger is known to have.

    Raises:
        DamagedOutboxError: another one was noted when it was put in.
    """
    ends = connection.execute(
        "SELECT number, hash FROM rounds UNION ALL SELECT known_number, known_hash FROM state "
        "ORDER BY number DESC LIMIT 1"
    )
    found = RoundHead(*ends.fetchone())
    if found != connection.execute("SELECT last_number, last_hash FROM state").fetchone():
        raise _altered(file, "its end", found)
    return found


def _is_intact(each: Kept, value: bytes) -> bool:
    if hash_of(value) != each.hash:
        return False
    found, _ = rounds.decode(value)
    return (found.number, found.start_ms) == (each.number, each.start_ms)


def _altered(file: OutboxFile, what: str, head: RoundHead) -> DamagedOutboxError:
    return DamagedOutboxError(
        f"{file.path}: {what} is not as it was put in (behind round {head.number}): the file or its disk is "
        f"damaged, and nothing from there on was sent. Keep a copy of the file; then `constat outbox send "
        f"{file.path} --renumber` puts aside what is damaged and sends the rest"
    )


# ---------------------------------------------------------------- shorten


def delivered(file: OutboxFile, last: Kept) -> None:
    """Take out the rounds up to one that the ledger has."""
    with file.writing() as connection:
        connection.execute("DELETE FROM rounds WHERE number <= ?", (last.number,))
        connection.execute("UPDATE state SET conflict = NULL")
        _begin_at(connection, last.head)


def _begin_at(connection: sqlite3.Connection, head: RoundHead) -> None:
    connection.execute("UPDATE state SET known_number = ?, known_hash = ?", head)


def in_conflict(file: OutboxFile, why: str) -> None:
    """Note why the ledger does not take what waits, for those who look."""
    with file.writing() as connection:
        connection.execute("UPDATE state SET conflict = ?", (why,))


# ---------------------------------------------------------------- make anew


class Renumbered(NamedTuple):
    """What was made anew: how many rounds were numbered, and how many damaged ones put aside."""

    rounds: int
    aside: int


def rechain(file: OutboxFile, head: RoundHead) -> Renumbered:
    """Number what waits behind another head, and put aside what is damaged: all of it or nothing.

    Gaps between the numbers stay. Where the numbers are behind the head already, they stay as they are.

    Raises:
        DamagedOutboxError: SQLite finds the file itself damaged, so that rounds may be out of sight.
    """
    with file.writing() as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise file.damaged(str(verdict))
        (waited,) = connection.execute("SELECT count(*) FROM rounds").fetchone()
        numbers = _intact_numbers(connection)
        ahead = max(0, head.number + 1 - min(numbers, default=0))
        _begin_at(connection, head)
        for number, key in sorted(numbers.items()):
            head = _moved(connection, key, number + ahead, head.hash)
        connection.execute("UPDATE rounds SET number = -number")
        connection.execute("UPDATE state SET last_number = ?, last_hash = ?, conflict = NULL", head)
    return Renumbered(len(numbers), waited - len(numbers))


def _intact_numbers(connection: sqlite3.Connection) -> dict[int, int]:
    """Number as its bytes say it -> number as its row says it, of every round that is not damaged."""
    numbers = {}
    for (key,) in connection.execute("SELECT number FROM rounds").fetchall():
        row = connection.execute("SELECT * FROM rounds WHERE number = ?", (key,)).fetchone()
        *_, kept_hash, value = row
        if hash_of(value) == kept_hash:
            found, _ = rounds.decode(value)
            numbers[found.number] = key
        else:
            connection.execute("INSERT INTO aside VALUES (?,?,?,?)", row)
            connection.execute("DELETE FROM rounds WHERE number = ?", (key,))
    return numbers


def _moved(connection: sqlite3.Connection, key: int, number: int, previous_hash: str) -> RoundHead:
    """Write a round anew with another number and predecessor; its row's number is negative until all are."""
    (value,) = connection.execute("SELECT value FROM rounds WHERE number = ?", (key,)).fetchone()
    found, _ = rounds.decode(value)
    value = rounds.encode(replace(found, number=number), previous_hash)
    row = (-number, found.start_ms, hash_of(value), value, key)
    connection.execute(
        "UPDATE rounds SET number = ?, start_ms = ?, hash = ?, value = ? WHERE number = ?", row
    )
    return RoundHead(number, hash_of(value))
