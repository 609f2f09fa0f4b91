"""A ledger that says how long each of its own appends took, until they were on disk."""

import time
from collections.abc import Callable, Sequence

from eventsourcing.persistence import StoredEvent

from ledger.application import Ledger
from ledger.fact import RecordedFact
from ledger.log.codec import Envelope


class TimedLedger(Ledger):
    """A ledger whose appends are timed; one that is refused is none."""

    heard: Callable[[float], None] | None = None
    """Hears the seconds that an append took."""

    def _save(self, placed: Sequence[tuple[Envelope, StoredEvent, str]]) -> list[RecordedFact]:
        began_s = time.perf_counter()
        recorded = super()._save(placed)
        if self.heard and recorded:
            self.heard(time.perf_counter() - began_s)
        return recorded
