"""A frozen contract goes on after a person has decided; who, when and why is kept.

What was put aside for it is read once more: a newer Constat may know what an older one did not.
"""

import sqlite3
from typing import NamedTuple

from consumers.billing import inbox
from consumers.billing.account import Held, held
from consumers.billing.source import Entry
from consumers.billing.store import Store
from consumers.relay.event import FeedEvent, UnreadableEventError
from ledger.errors import RefusedError


class Decision(NamedTuple):
    """Who has decided, why and when."""

    decided_by: str
    reason: str
    decided_ms: int


def release(store: Store, contract: str, decision: Decision) -> Held | None:
    """Let a contract go on, as far as it now can; how it stands if it does not.

    Raises:
        RefusedError: it is not frozen.
    """
    with store.writing() as connection:
        frozen = inbox.head_of(connection, contract).frozen
        if frozen is None:
            raise RefusedError(
                f"{contract} is not frozen; `constat bill show` names what stands still, and why"
            )
        note(connection, contract, frozen, decision)
        connection.execute("UPDATE contracts SET frozen = NULL WHERE contract = ?", (contract,))
        connection.execute("UPDATE conflicts SET is_settled = 1 WHERE contract = ?", (contract,))
        _read_again(connection, contract)
        inbox.drain(connection, contract)
        return next((each for each in held(connection) if each.contract == contract), None)


def _read_again(connection: sqlite3.Connection, contract: str) -> None:
    query = "SELECT feed, place, value FROM quarantine WHERE contract = ? AND NOT is_settled ORDER BY number"
    for feed, place, value in connection.execute(query, (contract,)).fetchall():
        try:
            FeedEvent.read(value)
        except UnreadableEventError:
            continue  # it stays aside, and where its number is missing the contract waits for it
        inbox.take(connection, feed, Entry(place, place, value))
    connection.execute("UPDATE quarantine SET is_settled = 1 WHERE contract = ?", (contract,))


def settle(store: Store, number: int, decision: Decision) -> None:
    """Take note that somebody has looked at an entry that names no contract.

    Raises:
        RefusedError: there is no such entry, it is settled, or it holds up a contract.
    """
    with store.writing() as connection:
        query = "SELECT contract, reason, is_settled FROM quarantine WHERE number = ?"
        row = connection.execute(query, (number,)).fetchone()
        if row is None or row[2]:
            raise RefusedError(f"no entry {number} waits for a decision; see `constat bill show --json`")
        if row[0] is not None:
            raise RefusedError(f"entry {number} is of contract {row[0]}; decide on that one")
        note(connection, None, row[1], decision)
        connection.execute("UPDATE quarantine SET is_settled = 1 WHERE number = ?", (number,))


def note(connection: sqlite3.Connection, contract: str | None, frozen: str, decision: Decision) -> None:
    """Keep a decision, and on what it was."""
    connection.execute(
        "INSERT INTO releases (contract, frozen, decided_by, reason, decided_ms) VALUES (?, ?, ?, ?, ?)",
        (contract, frozen, *decision),
    )
