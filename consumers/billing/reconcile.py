"""What billing has taken in beside a fresh replay of the ledger: every difference, and nothing is changed.

Compared are how many events of each contract took effect, the days owed for each platform's period, the bytes
of every event that was taken in, and the files that were read.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from consumers.billing.account import balances
from consumers.billing.changed_feed import ChangedFeed, changed_feeds
from consumers.billing.store import Store
from consumers.relay import feed
from ledger.assessments import PenaltyFact, signed_days
from ledger.fact import hash_of
from ledger.log.interface import Engine

Where = tuple[str, str, int]
"""A contract, a platform, the number of a period."""
Name = tuple[str, str]
"""The source and the id of an event."""


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


class OtherEvent(NamedTuple):
    """An event that billing has taken in, and that the ledger has otherwise or not at all."""

    contract: str
    event: str
    is_in_ledger: bool
    """The ledger has one of this name, with other bytes."""

    def __str__(self) -> str:
        """A sentence."""
        taken = f"{self.contract}: billing has taken {self.event}"
        if self.is_in_ledger:
            return f"{taken} with other bytes than the ledger has"
        return f"{taken}, which the ledger does not have"


class Comparison(NamedTuple):
    """Everything that does not fit."""

    differences: list[Difference]
    """By contract, platform and period."""
    other_events: list[OtherEvent]
    """In the order of a contract's events."""
    changed_feeds: list[ChangedFeed]

    @property
    def owes_the_same(self) -> bool:
        """Whether billing has what the ledger says."""
        return not self.differences and not self.other_events

    @property
    def fits(self) -> bool:
        """Whether all is alike, the feeds included."""
        return self.owes_the_same and not self.changed_feeds


def reconcile(store: Store, engine: Engine) -> Comparison:
    """Everything that does not fit between a store, a ledger and the files that were read."""
    replayed = _replayed(engine)
    with store.snapshot() as connection:
        return Comparison(
            _differences(connection, replayed),
            list(_other_events(connection, replayed.hashes)),
            list(changed_feeds(connection)),
        )


def _differences(connection: sqlite3.Connection, replayed: "_Replayed") -> list[Difference]:
    events, days = replayed.events, replayed.days
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


def _other_events(connection: sqlite3.Connection, hashes: Mapping[Name, str]) -> Iterator[OtherEvent]:
    query = "SELECT source, id, contract, value FROM inbox ORDER BY contract, sequence"
    for source, name, contract, value in connection.execute(query):
        own = hashes.get((source, name))
        if own != hash_of(value):
            yield OtherEvent(contract, name, own is not None)


class _Replayed(NamedTuple):
    """How many events each contract has, the days that its facts add up to, and the hash of each event."""

    events: Mapping[str, int]
    days: Mapping[Where, int]
    hashes: Mapping[Name, str]


def _replayed(engine: Engine) -> _Replayed:
    hashes: dict[Name, str] = {}
    events: Counter[str] = Counter()
    days: Counter[Where] = Counter()
    for event in feed.events(engine, 0):
        events[event.contract] += 1
        hashes[event.source, event.event_id] = hash_of(event.value)
        fact = event.envelope.fact
        if isinstance(fact, PenaltyFact):
            days[fact.contract, fact.platform, fact.period_number] += signed_days(fact)
    return _Replayed(events, days, hashes)
