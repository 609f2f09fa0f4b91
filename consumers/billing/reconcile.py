"""Billing's totals beside a fresh replay of the ledger: every difference, and nothing is changed."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from consumers.billing.account import balances
from consumers.billing.store import Store
from consumers.relay import feed
from ledger.assessments import PenaltyFact, signed_days
from ledger.log.interface import Engine

Where = tuple[str, str, int]
"""A contract, a platform, the number of a period."""


class Difference(NamedTuple):
    """One thing that the ledger and billing do not say alike."""

    contract: str
    platform: str | None
    """None where the number of events of a contract differs."""
    period_number: int | None
    ledger: int
    billing: int

    def __str__(self) -> str:
        """A sentence."""
        if self.platform is None:
            have = f"the ledger has {self.ledger} events"
            return f"{self.contract}: {have}, and billing has applied {self.billing}"
        return (
            f"{self.contract} {self.platform} period {self.period_number}: the ledger owes {self.ledger} "
            f"days, and billing {self.billing}"
        )


def reconcile(store: Store, engine: Engine) -> list[Difference]:
    """Every difference, by contract, platform and period; none if all is alike."""
    events, days = _replayed(engine)
    with store.snapshot() as connection:
        query = "SELECT contract, head_sequence FROM contracts WHERE head_sequence > 0"
        applied: dict[str, int] = dict(connection.execute(query).fetchall())
        billed = {(b.contract, b.platform, b.period_number): b.days for b in balances(connection)}
    found = [
        Difference(contract, None, None, events.get(contract, 0), applied.get(contract, 0))
        for contract in sorted(events.keys() | applied.keys())
    ]
    found += [
        Difference(*where, days.get(where, 0), billed.get(where, 0))
        for where in sorted(days.keys() | billed.keys())
    ]
    return sorted((each for each in found if each.ledger != each.billing), key=_order)


def _order(found: Difference) -> tuple[str, str, int]:
    return found.contract, found.platform or "", found.period_number or 0


def _replayed(engine: Engine) -> tuple[Mapping[str, int], Mapping[Where, int]]:
    """How many events each contract has, and the days that its facts add up to."""
    events: Counter[str] = Counter()
    days: Counter[Where] = Counter()
    for event in feed.events(engine, 0):
        events[event.contract] += 1
        fact = event.envelope.fact
        if isinstance(fact, PenaltyFact):
            days[fact.contract, fact.platform, fact.period_number] += signed_days(fact)
    return events, days
