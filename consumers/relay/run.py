"""From a ledger to a place, in order and at least once: go on where the place ends, whatever died before."""

import logging

from consumers.relay import feed
from consumers.relay.sink import Sink
from consumers.stopping import Stop
from ledger.errors import UnreachableLedgerError
from ledger.log.interface import Engine

POLL_S = 0.1
"""How often a ledger is looked at that is followed."""
PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long to wait before a place that does not answer is tried again; the last one for ever."""

_LOG = logging.getLogger(__name__)


def relay(engine: Engine, sink: Sink, stop: Stop, *, follow: bool) -> int:
    """Publish what the place does not have yet, and go on with it if asked; how many events that were.

    Raises:
        BadInputError: the place holds another ledger's feed.
        UnusableLedgerError: the place or the ledger refuses, or does not answer and nobody follows.
    """
    sent = failures = 0
    scan: feed.Scan | None = None
    while True:
        try:
            scan = scan or feed.Scan(engine, sink.position(engine))
            for batch in scan.batches(sink.batch_size):
                sink.send(batch)
                sent, failures = sent + len(batch), 0
                if stop.is_asked:
                    return sent
        except UnreachableLedgerError as error:
            if not follow:
                raise
            _LOG.warning("constat: %s; trying again", error)
            scan = None  # what arrived is found out from the place
            if stop.wait(PAUSES_S[min(failures, len(PAUSES_S) - 1)]):
                return sent
            failures += 1
            continue
        if not follow or stop.wait(POLL_S):
            return sent
