"""What the ledger keeps beside the bytes of a record: their hash, its recorded clock, the hash of its log."""

import hashlib
import sqlite3
import time
from collections.abc import Callable
from typing import TypeGuard

from ledger.errors import DamagedLedgerError
from ledger.fact import hash_of

Clock = Callable[[], int]

GENESIS_RUNNING_HASH = bytes(32)
"""The running hash before the first record."""

LAST_DECISION = "FROM decisions ORDER BY position DESC LIMIT 1"
LAST_ROUND = "FROM rounds ORDER BY offset DESC LIMIT 1"


def wall_clock() -> int:
    """UTC milliseconds now."""
    return time.time_ns() // 1_000_000


def recorded_now(connection: sqlite3.Connection, clock: Clock) -> int:
    """The recorded clock of an append: the wall clock, but always after everything that either log holds.

    So no two appends share a millisecond, and what was recorded by the last one is a prefix for ever, even
    where the wall clock is set back (decision record 0043).
    """
    moments_ms = [clock()]
    for last in (LAST_DECISION, LAST_ROUND):
        moments_ms.extend(ms + 1 for ms in connection.execute(f"SELECT recorded_ms {last}").fetchone() or ())
    return max(moments_ms)


def running_hash(previous: bytes, *pinned: int | str) -> bytes:
    """The hash of all records up to one: of the hash before it, and of what is pinned of the record.

    The decisions have one for the whole log: a fact pins its record, position, recorded clock and hash. The
    probes have one for each agent: a round pins its number, recorded clock and hash.
    """
    return hashlib.sha256(previous + " ".join(map(str, pinned)).encode()).digest()


def shown(running: bytes) -> str:
    """A running hash as facts and checks say it."""
    return "sha256:" + running.hex()


def intact(value: bytes | None, kept_hash: str, what: str) -> bytes:
    """The stored bytes of a record, if they still have the hash that was kept of them.

    Where a file was cut, SQLite gives none.

    Raises:
        DamagedLedgerError: they do not; `what` says which record it is.
    """
    if not is_intact(value, kept_hash):
        raise altered(what)
    return value


def is_intact(value: bytes | None, kept_hash: str) -> TypeGuard[bytes]:
    """Whether stored bytes have the hash that was kept of them; where a file was cut there are none.

    For those who ask it of a million records, and would name none.
    """
    return value is not None and hash_of(value) == kept_hash


def altered(what: str) -> DamagedLedgerError:
    """That a record has not the hash that was kept of it."""
    return DamagedLedgerError(
        f"{what} is not as it was recorded; run `constat verify`, then restore the ledger from a copy"
    )
