"""Bill: read the feed from where the store ends, and commit each batch with its effects and its place."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from consumers.billing import inbox
from consumers.billing.beginning import first_readable, require_beginning
from consumers.billing.source import Entry, Source, lost
from consumers.billing.store import Store
from consumers.following import keep_on
from consumers.stopping import Stop
from ledger.fact import hash_of

ROLE = "bill"


class Place(NamedTuple):
    """How far a feed was read: where its next entry begins, where its last one began, and its hash."""

    place: int
    last_place: int
    last_hash: str


def this_process() -> str:
    """Who writes, for those who find another one there."""
    return f"process {os.getpid()} on {socket.gethostname()}"


class Biller:
    """Reads one feed into one store, as its owner."""

    def __init__(
        self,
        store: Store,
        source: Source,
        now_ms: Callable[[], int],
        heard: Callable[[int, int], None] = lambda _entries, _place: None,
    ) -> None:
        """Become the owner of the store, and see that the feed still holds what was read of it.

        `heard` is told of each batch that was committed: how many entries, and where the last of them begins.

        Raises:
            LostPlaceError: it does not.
            UnusableStoreError: it begins otherwise: another ledger's, changed or rotated.
        """
        self._store = store
        self._source = source
        self._heard = heard
        store.own(ROLE, this_process(), now_ms())
        self._place = self._known_place()
        self._is_verified = False
        if self._place.place:
            self._require_last()
            self._is_verified = self._require_beginning()

    def _known_place(self) -> Place:
        with self._store.reading() as connection:
            query = "SELECT place, last_place, last_hash FROM feeds WHERE feed = ?"
            row = connection.execute(query, (self._source.name,)).fetchone()
        return Place(*row) if row else Place(0, 0, "")

    def _require_last(self) -> None:
        place, last_place, last_hash = self._place
        batch = next(iter(self._source.entries(last_place)), [])
        if not batch or batch[0].place != last_place or batch[0].next_place != place:
            raise lost(self._source.name, f"no longer has an entry at {last_place}, which was read")
        if hash_of(batch[0].value) != last_hash:
            raise lost(self._source.name, f"has another entry at {last_place} than was read")

    def _require_beginning(self) -> bool:
        """Whether the first event was found, and is the one that the store began with."""
        for batch in self._source.entries(0):
            if first := first_readable(batch):
                with self._store.reading() as connection:
                    require_beginning(connection, first, self._store.path)
                return True
        return False

    def run(self, stop: Stop, *, follow: bool) -> int:
        """Take in what is there, and go on with it if asked; how many entries were read.

        Raises:
            NoLongerOwnerError: another process has taken over.
            LostPlaceError, UnusableLedgerError: the feed cannot be read.
        """
        return keep_on(self._read, stop, follow=follow)

    def _read(self) -> Iterator[int]:
        for batch in self._source.entries(self._place.place):
            self._commit(batch)
            self._heard(len(batch), self._place.last_place)
            yield len(batch)

    def _commit(self, batch: Sequence[Entry]) -> None:
        last = batch[-1]
        place = Place(last.next_place, last.place, hash_of(last.value))
        first = None if self._is_verified else first_readable(batch)
        with self._store.owning(ROLE) as connection:
            if first:
                require_beginning(connection, first, self._store.path)
                query = "UPDATE state SET first_hash = ? WHERE first_hash IS NULL"
                connection.execute(query, (hash_of(first.value),))
            for entry in batch:
                inbox.take(connection, self._source.name, entry)
            connection.execute(
                "INSERT INTO feeds (feed, place, last_place, last_hash) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (feed) DO UPDATE SET place = excluded.place, last_place = excluded.last_place, "
                "last_hash = excluded.last_hash",
                (self._source.name, *place),
            )
        self._place = place
        self._is_verified = self._is_verified or first is not None
