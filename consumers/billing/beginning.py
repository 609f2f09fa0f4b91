"""Whose feed it is: a store belongs to the feed that begins with the first event it has read (spec 10.8)."""

import sqlite3
from collections.abc import Sequence

from consumers.billing.source import Entry
from consumers.billing.store import UnusableStoreError
from consumers.relay.event import FeedEvent, UnreadableEventError
from ledger.fact import hash_of

_GO_ON = (
    "relay the whole feed to another place, or let `constat bill run` without --from read the ledger: "
    "nothing takes effect twice"
)
_OF_ANOTHER = "If another ledger is meant, name another --store; else"


def first_readable(batch: Sequence[Entry]) -> FeedEvent | None:
    """The first event of a batch; None if nothing in it is one."""
    for entry in batch:
        try:
            return FeedEvent.read(entry.value)
        except UnreadableEventError:
            continue
    return None


def require_beginning(connection: sqlite3.Connection, first: FeedEvent, path: str) -> None:
    """Refuse a feed that begins with another event than the feed from which a store was billed.

    Raises:
        UnusableStoreError: says what the feed may be, by what the store knows of its first event.
    """
    (known,) = connection.execute("SELECT first_hash FROM state").fetchone()
    if known not in (None, hash_of(first.value)):
        raise UnusableStoreError(_refusal(connection, first, path, _name_of(connection, known)))


def _name_of(connection: sqlite3.Connection, known_hash: str) -> str:
    """The name of the event with which the store began; only asked for where a feed is refused."""
    events = connection.execute("SELECT id, value FROM inbox")
    return next((name for name, value in events if hash_of(value) == known_hash), "another event")


def _refusal(connection: sqlite3.Connection, first: FeedEvent, path: str, known: str) -> str:
    query = "SELECT value FROM inbox WHERE source = ? AND id = ?"
    row = connection.execute(query, (first.source, first.event_id)).fetchone()
    begins = f"this feed begins with {first.event_id}"
    if row is None:
        return (
            f"{begins}, and the feed that {path} was billed from with {known}. It is the feed of another "
            f"ledger, or its beginning is gone: it was rotated or cut. {_OF_ANOTHER} {_GO_ON}"
        )
    if row[0] == first.value:
        return (
            f"{begins}, which {path} has read behind {known}: its beginning is gone, it was rotated or cut. "
            f"To go on, {_GO_ON}"
        )
    return (
        f"{begins}, of which {path} has read other bytes. It was changed, or it is the feed of another "
        f"ledger, or of this one before it was restored or begun anew. {_OF_ANOTHER} {_GO_ON}"
    )
