"""What a ledger's file and a mirror answer alike: both hold the decisions, and a row for each round."""

from collections.abc import Iterator
from typing import Literal

from ledger.log.database import Database
from ledger.log.interface import RoundsEnd
from ledger.log.rows import FactRow, columns
from ledger.log.stamp import GENESIS_RUNNING_HASH

PAGE = 1000
"""Rows read at a time."""

Rounds = Literal["rounds", "places"]
"""The table that has a row for each round: with its bytes in a ledger's file, without them in a mirror."""


def decisions(database: Database, *, after: int = 0, until: int) -> Iterator[FactRow]:
    """The rows of the decisions behind a position up to another."""
    query = (
        f"SELECT {columns(FactRow)} FROM decisions WHERE position > ? AND position <= ? "
        "ORDER BY position LIMIT ?"
    )
    while True:
        with database.reading() as connection:
            rows = connection.execute(query, (after, until, PAGE)).fetchall()
        yield from map(FactRow.of, rows)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def running_hash_at(database: Database, position: int) -> bytes | None:
    """The running hash of the decisions up to a position; None if they do not go so far."""
    if position == 0:
        return GENESIS_RUNNING_HASH
    query = "SELECT running_hash FROM decisions WHERE position = ?"
    with database.reading() as connection:
        row = connection.execute(query, (position,)).fetchone()
    return row[0] if row else None


def rounds_ends(database: Database, table: Rounds) -> dict[str, RoundsEnd]:
    """How far the rounds of each agent go."""
    with database.reading() as connection:
        lasts = connection.execute(f"SELECT agent, max(number) FROM {table} GROUP BY agent").fetchall()
    ends = {agent: rounds_end_at(database, table, agent, number) for agent, number in lasts}
    return {agent: end for agent, end in ends.items() if end}


def rounds_end_at(database: Database, table: Rounds, agent: str, number: int) -> RoundsEnd | None:
    """The rounds of an agent up to a number; None if it has no round of that number."""
    query = (
        f"SELECT number, (SELECT count(*) FROM {table} WHERE agent = ?1 AND number <= ?2), running_hash, "
        f"recorded_ms FROM {table} WHERE agent = ?1 AND number = ?2"
    )
    with database.reading() as connection:
        row = connection.execute(query, (agent, number)).fetchone()
    return RoundsEnd(*row) if row else None
