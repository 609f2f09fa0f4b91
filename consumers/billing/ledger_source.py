"""The feed read from the ledger itself, without a relay; a place is a position."""

from collections.abc import Iterator

from consumers.billing.source import Entry, lost
from consumers.relay import feed
from ledger.log.interface import Engine


class LedgerSource:
    """The assessments and penalties of a ledger; all have one name, because a copy has the same positions."""

    name = "ledger"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scan = feed.Scan(engine, 0)
        self._next_place = 0

    def entries(self, place: int) -> Iterator[list[Entry]]:
        """The events from a position on."""
        if place != self._next_place:
            if place > 1 and not any(self._engine.facts(after=place - 2, until=place - 1)):
                raise lost("the ledger", f"has no position {place - 1}, which was read")
            self._scan, self._next_place = feed.Scan(self._engine, max(place - 1, 0)), place
        for batch in self._scan.batches():
            self._next_place = batch[-1].position + 1
            yield [Entry(each.position, each.position + 1, each.value) for each in batch]
