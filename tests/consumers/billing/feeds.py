"""Feeds made in memory, and what a store holds after them, for the tests of the inbox."""

from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

from consumers.billing.account import look
from consumers.billing.run import Biller
from consumers.billing.source import Entry
from consumers.billing.store import Store
from consumers.relay import feed
from consumers.stopping import Stop
from tests.consumers.billing.penalties import assess, ledger_at

NOW_MS = 1_800_000_000_000


class Listed:
    """A feed that is a list of values; a place is an index."""

    name = "list"

    def __init__(self, values, size=3):
        self.values = list(values)
        self._size = size

    def entries(self, place):
        for first in range(place, len(self.values), self._size):
            last = min(first + self._size, len(self.values))
            yield [Entry(each, each + 1, self.values[each]) for each in range(first, last)]


def bill(path, values, size=3):
    """Bill a whole list into a store; what the store says then."""
    with closing(Store(str(path), create=True)) as store:
        Biller(store, Listed(values, size), lambda: NOW_MS).run(Stop(), follow=False)
        return look(store)


def days_of(account):
    """(contract, platform, period) -> days, of those that are owed."""
    return {(b.contract, b.platform, b.period_number): b.days for b in account.balances if b.days}


def state_of(path):
    """Everything that took effect, and what waits: equal where two stores came to the same."""
    queries = (
        "SELECT * FROM postings ORDER BY source, id",
        "SELECT * FROM contracts ORDER BY contract",
        "SELECT * FROM inbox ORDER BY source, id",
        "SELECT contract, source, id, hash FROM conflicts ORDER BY 1, 2, 3, 4",
        "SELECT contract, hash FROM quarantine ORDER BY hash",
    )
    with closing(Store(str(path))) as store, store.snapshot() as connection:
        return [connection.execute(query).fetchall() for query in queries]


def three_contracts():
    """The feed of a ledger with three contracts, several periods and reversals; and its events by contract."""
    with ledger_at(Path(mkdtemp()) / "constat.db") as ledger:
        assess(ledger, "acme", acme_prod=3, acme_test=1)
        assess(ledger, "zenith", zenith_prod=2)
        assess(ledger, "acme", number=2, acme_prod=1)
        assess(ledger, "acme", revision=2, acme_prod=1, acme_test=2)
        assess(ledger, "umbra", umbra_prod=5)
        assess(ledger, "zenith", revision=2, zenith_prod=0)
        assess(ledger, "zenith", revision=3, zenith_prod=4)
        return [each.value for each in feed.events(ledger.engine, 0)]
