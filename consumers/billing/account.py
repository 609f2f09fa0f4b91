"""What a store says: the days that are owed, and what waits for a decision."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from consumers.billing import inbox
from consumers.billing.store import Store


class Balance(NamedTuple):
    """The days that stand for one platform's period."""

    contract: str
    platform: str
    period_number: int
    period_from_ms: int
    period_to_ms: int
    granted_days: int
    reversed_days: int

    @property
    def days(self) -> int:
        """Those that are owed."""
        return self.granted_days - self.reversed_days


_BILL_ANEW = (
    "What took effect is not taken back, so a release does not help: compare it with the ledger (`constat "
    "bill reconcile`), and bill the ledger into a new store: `constat bill run --store NEW`. From there push "
    "with --behind, so that nothing is pushed twice"
)


class Held(NamedTuple):
    """A contract that does not go on."""

    contract: str
    sequence: int
    """Up to which everything took effect."""
    waiting: int
    """How many of its events wait."""
    frozen: str | None
    """Why; None if it only waits for the next number."""
    misfit: str | None = None
    """Why a release would not let it go on: the event that has its turn does not fit what took effect."""

    def __str__(self) -> str:
        """A sentence."""
        after = f"{self.contract} stands at event {self.sequence}"
        if self.misfit:
            why = self.misfit if self.misfit == self.frozen else f"{self.frozen}. And {self.misfit}"
            return f"{after} and is frozen: {why}. {_BILL_ANEW}"
        if self.frozen:
            return (
                f"{after} and is frozen: {self.frozen}. To go on: `constat bill release {self.contract} "
                "--by ID --reason TEXT`"
            )
        return (
            f"{after}: event {self.sequence + 1} is missing, and {self.waiting} behind it wait; it goes on "
            "when the feed brings it"
        )


class Aside(NamedTuple):
    """An entry that could not be read."""

    number: int
    feed: str
    place: int
    contract: str | None
    reason: str
    is_settled: bool


class Conflict(NamedTuple):
    """An event that came again with other bytes."""

    number: int
    contract: str
    event_id: str
    hash: str
    feed: str
    place: int
    is_settled: bool


class Push(NamedTuple):
    """A request to another system, and what became of it."""

    number: int
    target: str
    contract: str
    event_id: str
    attempts: int
    first_ms: int | None
    """When it was sent first; None if it was not, or is to be sent anew."""
    answered_ms: int | None
    problem: str | None
    """Why it was not taken, or is not sent."""


class Owner(NamedTuple):
    """The process that writes in a role, and since when."""

    role: str
    who: str
    since_ms: int


class Account(NamedTuple):
    """Everything that a store says at one moment."""

    balances: Sequence[Balance]
    held: Sequence[Held]
    quarantine: Sequence[Aside]
    conflicts: Sequence[Conflict]
    pushes: Sequence[Push]
    owners: Sequence[Owner]

    @property
    def needs_somebody(self) -> bool:
        """Whether something stands still, or was put aside and not decided on."""
        open_entries = [each for each in self.quarantine if not each.is_settled]
        open_conflicts = [each for each in self.conflicts if not each.is_settled]
        return bool(self.held or open_entries or open_conflicts)


def look(store: Store) -> Account:
    """What a store says now."""
    with store.snapshot() as connection:
        return Account(
            balances(connection),
            held(connection),
            _quarantine(connection),
            _conflicts(connection),
            _pushes(connection),
            _owners(connection),
        )


def balances(connection: sqlite3.Connection) -> list[Balance]:
    """The days of every platform's period, by name and number."""
    found: dict[tuple[str, str, int], Balance] = {}
    query = (
        "SELECT contract, platform, period_number, period_from_ms, period_to_ms, days FROM postings "
        "ORDER BY contract, platform, period_number, revision"
    )
    for *where, days in connection.execute(query):
        key = (where[0], where[1], where[2])
        granted, taken = (found[key].granted_days, found[key].reversed_days) if key in found else (0, 0)
        from_ms, to_ms = where[3], where[4]
        found[key] = Balance(*key, from_ms, to_ms, granted + max(days, 0), taken + max(-days, 0))
    return list(found.values())


def held(connection: sqlite3.Connection) -> list[Held]:
    """The contracts that do not go on, by name."""
    query = (
        "WITH waits AS "
        "(SELECT contract, count(*) AS number FROM inbox WHERE NOT is_applied GROUP BY contract), "
        "named AS (SELECT contract FROM waits UNION SELECT contract FROM contracts WHERE frozen IS NOT NULL) "
        "SELECT contract, coalesce(head_sequence, 0), coalesce(number, 0), frozen FROM named "
        "LEFT JOIN contracts USING (contract) LEFT JOIN waits USING (contract) ORDER BY contract"
    )
    return [
        Held(contract, sequence, waiting, frozen, inbox.misfit(connection, contract) if frozen else None)
        for contract, sequence, waiting, frozen in connection.execute(query).fetchall()
    ]


def frozen(connection: sqlite3.Connection) -> list[str]:
    """The contracts that are frozen, by name."""
    return [each.contract for each in held(connection) if each.frozen]


def _quarantine(connection: sqlite3.Connection) -> list[Aside]:
    query = "SELECT number, feed, place, contract, reason, is_settled FROM quarantine ORDER BY number"
    return [Aside._make((*row[:-1], bool(row[-1]))) for row in connection.execute(query)]


def _conflicts(connection: sqlite3.Connection) -> list[Conflict]:
    query = "SELECT number, contract, id, hash, feed, place, is_settled FROM conflicts ORDER BY number"
    return [Conflict._make((*row[:-1], bool(row[-1]))) for row in connection.execute(query)]


def _pushes(connection: sqlite3.Connection) -> list[Push]:
    query = (
        "SELECT number, target, contract, id, attempts, first_ms, answered_ms, problem FROM pushes "
        "ORDER BY number"
    )
    return [Push._make(row) for row in connection.execute(query)]


def _owners(connection: sqlite3.Connection) -> list[Owner]:
    query = "SELECT role, who, since_ms FROM owners ORDER BY role"
    return [Owner._make(row) for row in connection.execute(query)]
