"""What a day of each period costs. The first price that is used for a period is its price for good.

It is used by the first request that is put down for it, whose bytes then have it, or by the first export. So
days are taken back at the price at which they were granted, and an export that is made twice is the same.
"""

import sqlite3
from collections.abc import Mapping

from consumers.billing.posting import Period, Prices, Settled, euros
from consumers.billing.targets import STRIPE, price_in
from ledger.errors import RefusedError

_EXPORTED = """
CREATE TABLE IF NOT EXISTS prices (
    contract TEXT NOT NULL,
    platform TEXT NOT NULL,
    period_number INTEGER NOT NULL,
    cents INTEGER NOT NULL,
    settled_ms INTEGER NOT NULL,
    PRIMARY KEY (contract, platform, period_number)
) STRICT
"""
"""Made when it is first needed, so that a store of before is one still."""


def settled_prices(connection: sqlite3.Connection) -> dict[Period, int]:
    """The price of each period that has one: of its first request, else of its first export."""
    return _exported(connection) | _pushed(connection)


def _pushed(connection: sqlite3.Connection) -> dict[Period, int]:
    query = (
        "SELECT contract, platform, period_number, body FROM pushes "
        "JOIN postings USING (source, id, contract) WHERE target = ? AND body != x'' ORDER BY number"
    )
    settled: dict[Period, int] = {}
    for contract, platform, period_number, body in connection.execute(query, (STRIPE,)):
        settled.setdefault(Period(contract, platform, period_number), price_in(body))
    return settled


def _exported(connection: sqlite3.Connection) -> dict[Period, int]:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'prices'").fetchone():
        return {}
    query = "SELECT contract, platform, period_number, cents FROM prices"
    return {Period(*period): cents for *period, cents in connection.execute(query)}


def settle(
    connection: sqlite3.Connection, prices: Prices, now_ms: int
) -> tuple[Settled, Mapping[str, Settled]]:
    """Give each period that has no price the one that was told for its contract.

    The prices that hold then; and by contract, the periods that keep another one. What is told for a contract
    is for some of its periods.

    Raises:
        RefusedError: nothing was billed for a contract, or all of its periods have another price; says which.
    """
    settled = settled_prices(connection)
    connection.execute(_EXPORTED)
    keep: dict[str, Settled] = {}
    for contract, price in prices.items():
        periods = _periods_of(connection, contract)
        if not periods:
            raise _no_such_contract(connection, contract)
        for period in periods:
            if period not in settled:
                connection.execute("INSERT INTO prices VALUES (?, ?, ?, ?, ?)", (*period, price, now_ms))
                settled[period] = price
        others = {each: settled[each] for each in periods if settled[each] != price}
        if len(others) == len(periods):
            raise _refusal(contract, price, others)
        if others:
            keep[contract] = others
    return settled, keep


def _periods_of(connection: sqlite3.Connection, contract: str) -> list[Period]:
    query = (
        "SELECT DISTINCT contract, platform, period_number FROM postings WHERE contract = ? "
        "ORDER BY period_number, platform"
    )
    return [Period(*row) for row in connection.execute(query, (contract,))]


def _no_such_contract(connection: sqlite3.Connection, contract: str) -> RefusedError:
    names = [name for (name,) in connection.execute("SELECT DISTINCT contract FROM postings ORDER BY 1")]
    return RefusedError(
        f"--price {contract}=…: nothing was billed for {contract}; {', '.join(names) or 'nobody'} was billed"
    )


def _refusal(contract: str, price: int, others: Settled) -> RefusedError:
    return RefusedError(
        f"--price {contract}={euros(price)}: no period of {contract} has that price; "
        f"{told(others)}. Leave the option out, or name one of these: what was exported or pushed once is "
        "not priced anew"
    )


def told(settled: Settled) -> str:
    """Prices in a sentence: `period 1 has 12.50 (a-prod, a-test)`."""
    platforms: dict[tuple[int, int], list[str]] = {}
    for period, price in settled.items():
        platforms.setdefault((period.period_number, price), []).append(period.platform)
    return ", ".join(
        f"period {number} has {euros(cents)} ({', '.join(names)})"
        for (number, cents), names in platforms.items()
    )
