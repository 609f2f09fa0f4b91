"""Where a feed is read from. A place is a number that only its own feed understands."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from ledger.errors import ConstatError


class LostPlaceError(ConstatError):
    """A feed no longer holds what was read of it. Nothing was applied; it never goes on from the end."""


class Entry(NamedTuple):
    """One entry of a feed, readable or not."""

    place: int
    """Where it begins."""
    next_place: int
    """Where the one behind it begins."""
    value: bytes
    key: bytes | None = None


class Source(Protocol):
    """A feed that can be read from any place that was read before."""

    @property
    def name(self) -> str:
        """Which feed it is, as the store remembers it."""

    def entries(self, place: int) -> Iterator[list[Entry]]:
        """The entries from a place on up to the end as it is now, in batches.

        Raises:
            LostPlaceError: the feed does not go so far, or no longer begins at its beginning.
        """


def lost(name: str, what: str) -> LostPlaceError:
    """What a person is told whose feed is not what it was."""
    return LostPlaceError(
        f"{name} {what}; nothing was applied. If it is another ledger's, name the right one, or another "
        "--store. If the feed was reset, rotated or changed, relay the whole of it to another place, or let "
        "`constat bill run` without --from read the ledger: nothing takes effect twice. If the ledger itself "
        "was restored or begun anew, bill it into a new --store and compare with `constat bill reconcile`"
    )
