"""The feed to an HTTP endpoint, one event a request; how far it came stands in a small store beside.

The endpoint may get an event again after a lost answer: under the same `Idempotency-Key`, its id. The store
is moved only after it has said yes.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

import urllib3

from consumers.relay import feed
from consumers.relay.event import MEDIA_TYPE, FeedEvent
from consumers.sending import Endpoint
from ledger.errors import BadInputError, ConstatError, UnusableLedgerError
from ledger.log import schema
from ledger.log.database import Database
from ledger.log.interface import Engine

APPLICATION_ID = 0x434E5352
"""`CNSR`, in the header of every store of a relay."""
_TABLES = """
CREATE TABLE endpoints (
    url TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    value BLOB NOT NULL
) STRICT;
"""


class RelayState(Database):
    """How far each endpoint has come: the last event that it has taken."""

    def _create(self, *, allowed: bool) -> None:
        del allowed
        with self.writing() as connection:
            if self._is_empty():
                for statement in schema.statements(_TABLES):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")

    def _recognise(self) -> None:
        if self._number("application_id") != APPLICATION_ID:
            raise UnusableLedgerError(f"{self.path} is a database of another kind; name another --state")

    def _damaged(self, why: str) -> ConstatError:
        return UnusableLedgerError(
            f"{self.path}: the file is damaged ({why}); without it all is sent again, under the same keys"
        )

    def last(self, url: str) -> tuple[int, bytes] | None:
        """The position and the bytes of the last event that an endpoint has taken."""
        with self.reading() as connection:
            query = "SELECT position, value FROM endpoints WHERE url = ?"
            row: tuple[int, bytes] | None = connection.execute(query, (url,)).fetchone()
            return row

    def taken(self, url: str, event: FeedEvent) -> None:
        """The endpoint has said yes to an event."""
        with self.writing() as connection:
            _put(connection, url, event)


def _put(connection: sqlite3.Connection, url: str, event: FeedEvent) -> None:
    connection.execute(
        "INSERT INTO endpoints (url, position, value) VALUES (?, ?, ?) ON CONFLICT (url) DO UPDATE SET "
        "position = excluded.position, value = excluded.value",
        (url, event.position, event.value),
    )


class HttpSink:
    """An endpoint that takes structured CloudEvents, one a request."""

    batch_size = 1

    def __init__(self, url: str, state: str | None, **pool: Any) -> None:  # noqa: ANN401 - of urllib3
        """Open the store of the relay, or make it.

        Raises:
            BadInputError: no store is named, so nobody would know how far the endpoint has come.
        """
        if state is None:
            raise BadInputError(
                "an endpoint does not say how far it came; name a file for that with --state FILE"
            )
        self._url = url
        self._endpoint = Endpoint(urllib3.PoolManager(**pool))
        self._state = RelayState(state)

    def position(self, engine: Engine) -> int:
        """That of the last event to which the endpoint has said yes."""
        last = self._state.last(self._url)
        if last is None:
            return 0
        feed.require_same(engine, *last, self._state.path)
        return last[0]

    def send(self, events: Sequence[FeedEvent]) -> None:
        """Send one event after the other; each until the endpoint has said yes."""
        for event in events:
            headers = {"Content-Type": MEDIA_TYPE, "Idempotency-Key": event.event_id}
            self._endpoint.post(self._url, event.value, headers)
            self._state.taken(self._url, event)

    def close(self) -> None:
        """Close the store and the connections."""
        self._state.close()
        self._endpoint.close()
