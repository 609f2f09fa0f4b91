"""Where the feed goes. A file and a topic say themselves how far it came; for an endpoint, a store does.

The standard output says nothing: whoever reads it is given everything each time.
"""

from collections.abc import Sequence
from typing import Protocol

from consumers.relay.event import FeedEvent
from ledger.log.interface import Engine


class Sink(Protocol):
    """A place to which a feed is published in order, at least once."""

    batch_size: int
    """How many events are sent at a time; between two times a relay may be told to end."""

    def position(self, engine: Engine) -> int:
        """Behind which position of the ledger to go on; everything up to it is there.

        Raises:
            BadInputError: what is there is no feed of this ledger.
            UnusableLedgerError: the place cannot be read now.
        """

    def send(self, events: Sequence[FeedEvent]) -> None:
        """Publish events, and return when all of them are safe there.

        Raises:
            UnreachableLedgerError: not now; some of them may be there. Ask for the position again.
            UnusableLedgerError: it is refused.
        """

    def close(self) -> None:
        """Give back files and connections."""
