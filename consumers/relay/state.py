"""How far the feed has come at endpoints that do not say it themselves: a small store beside the relay."""

from consumers.relay.event import FeedEvent
from ledger.errors import ConstatError, UnusableLedgerError
from ledger.log.store_file import StoreFile

_TABLES = """
CREATE TABLE endpoints (
    url TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    value BLOB NOT NULL
) STRICT;
"""


class RelayState(StoreFile):
    """How far each endpoint has come: the last event that it has taken."""

    _kind = "a relay's state"
    _application_id = 0x434E5352  # `CNSR`
    _tables = _TABLES
    _unusable = UnusableLedgerError

    def _recognise(self) -> None:
        # The first states had the same tables, and did not name a format.
        if (self._number("application_id"), self._number("user_version")) != (self._application_id, 0):
            super()._recognise()

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
            connection.execute(
                "INSERT INTO endpoints (url, position, value) VALUES (?, ?, ?) ON CONFLICT (url) DO UPDATE "
                "SET position = excluded.position, value = excluded.value",
                (url, event.position, event.value),
            )
