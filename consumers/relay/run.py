"""From a ledger to a place, in order and at least once: go on where the place ends, whatever died before."""

from collections.abc import Iterator

from consumers.following import keep_on
from consumers.relay import feed
from consumers.relay.sink import Sink
from consumers.stopping import Stop
from ledger.errors import UnreachableLedgerError
from ledger.log.interface import Engine


def relay(engine: Engine, sink: Sink, stop: Stop, *, follow: bool) -> int:
    """Publish what the place does not have yet, and go on with it if asked; how many events that were.

    Raises:
        BadInputError: the place holds another ledger's feed.
        UnusableLedgerError: the place or the ledger refuses, or does not answer and nobody follows.
    """
    scan: feed.Scan | None = None

    def publish() -> Iterator[int]:
        nonlocal scan
        try:
            scan = scan or feed.Scan(engine, sink.position(engine))
            for batch in scan.batches(sink.batch_size):
                sink.send(batch)
                yield len(batch)
        except UnreachableLedgerError:
            scan = None  # what arrived is found out from the place
            raise

    return keep_on(publish, stop, follow=follow)
