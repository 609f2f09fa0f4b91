"""The postings of a store, and what a day of a contract costs."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from ledger.errors import BadInputError

Prices = Mapping[str, int]
"""Contract -> cents a day."""
Settled = Mapping["Period", int]
"""Period of a platform -> cents a day, where it was pushed or exported: all that follows has that price."""
_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


class Period(NamedTuple):
    """A period of a platform."""

    contract: str
    platform: str
    period_number: int


class Posting(NamedTuple):
    """The effect of one penalty: days, negative where they are taken back."""

    source: str
    event_id: str
    contract: str
    platform: str
    period_number: int
    period_from_ms: int
    period_to_ms: int
    revision: int
    clause: str
    days: int
    occurred_ms: int
    position: int

    @property
    def period(self) -> Period:
        """Of which the days are."""
        return Period(self.contract, self.platform, self.period_number)

    @property
    def what(self) -> str:
        """What happened to the days."""
        return "granted" if self.days > 0 else "reversed"


def postings(connection: sqlite3.Connection) -> Iterator[Posting]:
    """All of them, in the order of the ledger."""
    for row in connection.execute("SELECT * FROM postings ORDER BY position, id"):
        yield Posting(*row)


def prices_of(texts: Mapping[str, str]) -> dict[str, int]:
    """Prices as a person writes them.

    Raises:
        BadInputError: one of them is no amount of euros and cents, or nothing.
    """
    for contract, text in texts.items():
        if not _PRICE.fullmatch(text):
            raise BadInputError(f"--price {contract}={text}: write EUR a day as 12 or 12.50")
        if not Decimal(text):
            raise BadInputError(
                f"--price {contract}={text}: a period would keep it for good, and owe nothing for its days; "
                "leave the option out for days without a price, or write what a day costs"
            )
    return {contract: int(Decimal(text) * 100) for contract, text in texts.items()}


def euros(cents: int) -> str:
    """An amount as accounts write it."""
    sign, whole = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{whole // 100}.{whole % 100:02}"
