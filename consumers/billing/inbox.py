"""What becomes of an entry of the feed: applied once, held until its turn, kept as a conflict, or put aside.

Everything here happens within one transaction of the store, together with the place in the feed. A contract
goes on by itself: what holds up one of them holds up no other.
"""

import sqlite3
from typing import NamedTuple

from consumers.billing.source import Entry
from consumers.relay.event import EVENT_BYTES_MAX, FeedEvent, UnreadableEventError, contract_told
from ledger.assessments import PenaltyFact, PenaltyReversed, signed_days
from ledger.fact import GENESIS_HASH, hash_of

KEPT_BYTES_MAX = EVENT_BYTES_MAX + 1
"""So much of an entry that cannot be read is kept: whatever may be an event is whole, so that it can be read
once more, and what is longer than any event stays so. The hash is over all that the feed handed over."""


class Head(NamedTuple):
    """How far a contract has come, and why it is frozen if it is."""

    sequence: int
    hash: str
    frozen: str | None


def take(connection: sqlite3.Connection, feed: str, entry: Entry) -> None:
    """Take in one entry of a feed."""
    try:
        event = FeedEvent.read(entry.value)
    except UnreadableEventError as error:
        quarantine(connection, feed, entry, str(error))
        return
    before = _twin(connection, event)
    if before is None:
        _keep(connection, event)
        drain(connection, event.contract, event)
    elif before != event.value:
        _conflict(connection, feed, entry, event)


def _twin(connection: sqlite3.Connection, event: FeedEvent) -> bytes | None:
    """What was kept under the same name, or at the same place of the contract."""
    query = "SELECT value FROM inbox WHERE (source = ? AND id = ?) OR (contract = ? AND sequence = ?)"
    bounds = (event.source, event.event_id, event.contract, event.sequence)
    row = connection.execute(query, bounds).fetchone()
    return row[0] if row else None


def _keep(connection: sqlite3.Connection, event: FeedEvent) -> None:
    connection.execute(
        "INSERT INTO inbox (source, id, contract, sequence, is_applied, value) VALUES (?, ?, ?, ?, 0, ?)",
        (event.source, event.event_id, event.contract, event.sequence, event.value),
    )


# ---------------------------------------------------------------- apply


def head_of(connection: sqlite3.Connection, contract: str) -> Head:
    """How far a contract has come; one that was never heard of is at its beginning."""
    query = "SELECT head_sequence, head_hash, frozen FROM contracts WHERE contract = ?"
    row = connection.execute(query, (contract,)).fetchone()
    return Head(*row) if row else Head(0, GENESIS_HASH, None)


def drain(connection: sqlite3.Connection, contract: str, arrived: FeedEvent | None = None) -> None:
    """Apply what has its turn, in order, until something is missing or does not fit.

    `arrived` is an event of the inbox that was read just now.
    """
    head = head_of(connection, contract)
    while head.frozen is None:
        event = _at(connection, contract, head.sequence + 1, arrived)
        if event is None:
            return
        if why := _objection(connection, head, event):
            freeze(connection, contract, why)
            return
        _apply(connection, event)
        head = Head(event.sequence, event.hash, None)


def _at(
    connection: sqlite3.Connection, contract: str, sequence: int, arrived: FeedEvent | None
) -> FeedEvent | None:
    if arrived and arrived.sequence == sequence:
        return arrived
    query = "SELECT value FROM inbox WHERE contract = ? AND sequence = ?"
    row = connection.execute(query, (contract, sequence)).fetchone()
    return FeedEvent.read(row[0]) if row else None


def _objection(connection: sqlite3.Connection, head: Head, event: FeedEvent) -> str | None:
    if event.envelope.previous_hash != head.hash:
        return (
            f"{event.event_id} does not follow {event.contract}'s event {head.sequence} by its hash: event "
            f"{head.sequence} was changed before it was billed, this one is of another ledger, or the ledger "
            "was restored and written anew"
        )
    fact = event.envelope.fact
    if isinstance(fact, PenaltyReversed):
        standing = standing_days(connection, fact.contract, fact.platform, fact.period_number)
        if fact.days > standing:
            return f"{event.event_id} takes back {fact.days} days of {standing} that stand"
    return None


def misfit(connection: sqlite3.Connection, contract: str) -> str | None:
    """Why the event that has its turn cannot take effect, whoever decides; None if it can, or is missing."""
    head = head_of(connection, contract)
    event = _at(connection, contract, head.sequence + 1, None)
    return _objection(connection, head, event) if event else None


def standing_days(connection: sqlite3.Connection, contract: str, platform: str, period_number: int) -> int:
    """The days that stand for a platform's period."""
    query = "SELECT days FROM postings WHERE contract = ? AND platform = ? AND period_number = ?"
    return sum(days for (days,) in connection.execute(query, (contract, platform, period_number)))


def _apply(connection: sqlite3.Connection, event: FeedEvent) -> None:
    fact = event.envelope.fact
    if isinstance(fact, PenaltyFact):
        connection.execute(
            f"INSERT INTO postings VALUES ({', '.join('?' * 12)})",
            (
                event.source,
                event.event_id,
                fact.contract,
                fact.platform,
                fact.period_number,
                fact.period.start_ms,
                fact.period.end_ms,
                fact.revision,
                fact.clause,
                signed_days(fact),
                event.envelope.occurred_ms,
                event.position,
            ),
        )
    name = (event.source, event.event_id)
    connection.execute("UPDATE inbox SET is_applied = 1 WHERE source = ? AND id = ?", name)
    connection.execute(
        "INSERT INTO contracts (contract, head_sequence, head_hash) VALUES (?, ?, ?) "
        "ON CONFLICT (contract) DO UPDATE SET head_sequence = excluded.head_sequence, "
        "head_hash = excluded.head_hash",
        (event.contract, event.sequence, event.hash),
    )


# ---------------------------------------------------------------- what stops a contract


def freeze(connection: sqlite3.Connection, contract: str, why: str) -> None:
    """Let a contract take no further effect before somebody has decided; the first reason stays."""
    connection.execute(
        "INSERT INTO contracts (contract, head_sequence, head_hash, frozen) VALUES (?, 0, ?, ?) "
        "ON CONFLICT (contract) DO UPDATE SET frozen = coalesce(frozen, excluded.frozen)",
        (contract, GENESIS_HASH, why),
    )


def _conflict(connection: sqlite3.Connection, feed: str, entry: Entry, event: FeedEvent) -> None:
    added = connection.execute(
        "INSERT OR IGNORE INTO conflicts (contract, source, id, hash, feed, place, value) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event.contract, event.source, event.event_id, hash_of(entry.value), feed, entry.place, event.value),
    )
    if added.rowcount:  # a repeat of what was decided on already changes nothing
        why = f"{event.event_id} came again with other bytes; both are kept, and only the first took effect"
        freeze(connection, event.contract, why)


def quarantine(connection: sqlite3.Connection, feed: str, entry: Entry, reason: str) -> None:
    """Put aside what cannot be read, with its bytes, its place and the reason."""
    contract, found = contract_told(entry.value, entry.key), hash_of(entry.value)
    settled = connection.execute(
        "SELECT 1 FROM quarantine WHERE hash = ? AND is_settled AND contract IS ?", (found, contract)
    ).fetchone()
    connection.execute(
        "INSERT OR IGNORE INTO quarantine (feed, place, contract, reason, hash, value, is_settled) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (feed, entry.place, contract, reason, found, entry.value[:KEPT_BYTES_MAX], int(settled is not None)),
    )
    if contract is not None and settled is None:
        freeze(connection, contract, f"an entry of {feed} at {entry.place} cannot be read: {reason}")
