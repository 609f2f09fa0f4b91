"""What follows something: it takes all that there is, goes on with what comes, and waits for what is away."""

import logging
from collections.abc import Callable, Iterator

from consumers.stopping import Stop
from ledger.errors import UnreachableLedgerError

POLL_S = 0.1
"""How often it is looked whether there is more of what is followed."""
PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long to wait before what does not answer is tried again; the last one for ever."""

_LOG = logging.getLogger(__name__)


def keep_on(step: Callable[[], Iterator[int]], stop: Stop, *, follow: bool) -> int:
    """Take steps until nothing is left, and go on with what comes if asked; how much that was together.

    A step gives how much each of its parts was; between two of them, the end may be asked for. One that does
    not get through is taken again.

    Raises:
        UnreachableLedgerError: something does not answer, and nobody follows.
    """
    done = failures = 0
    while True:
        try:
            for part in step():
                done, failures = done + part, 0
                if stop.is_asked:
                    return done
        except UnreachableLedgerError as error:
            if not follow:
                raise
            _LOG.warning("constat: %s; trying again", error)
            if stop.wait(PAUSES_S[min(failures, len(PAUSES_S) - 1)]):
                return done
            failures += 1
            continue
        if not follow or stop.wait(POLL_S):
            return done
