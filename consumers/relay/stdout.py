"""The feed on the standard output, as JSON lines."""

import sys
from collections.abc import Sequence

from consumers.relay import feed
from consumers.relay.event import FeedEvent
from ledger.log.interface import Engine


class StdoutSink:
    """The standard output: nobody knows how far it came, so it begins anew each time."""

    batch_size = feed.BATCH

    def position(self, engine: Engine) -> int:  # noqa: ARG002 - the protocol's signature
        """The beginning."""
        return 0

    def send(self, events: Sequence[FeedEvent]) -> None:
        """Print lines."""
        sys.stdout.buffer.write(b"".join(event.value + b"\n" for event in events))
        sys.stdout.flush()

    def close(self) -> None:
        """Nothing to close."""
