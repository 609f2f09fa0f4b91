"""Which rounds a copy brought: only those keep the recorded clock that they came with.

The first record of the ledger's own closes the copy and names the last round of each agent. Before it was
read nobody can say which rounds count, so nobody but the copy itself judges them.
"""

import sqlite3
from collections.abc import Callable, Mapping

from ledger.copies import LedgerCopied
from ledger.log import codec
from ledger.log.kafka.mirror import state_of

UNFINISHED = "a copy into {} has begun and not ended; run the same `constat copy` again"

IsCopied = Callable[[str, int], bool]
"""Whether a copy brought a round: asked with its agent and its number."""


def every_round(_agent: str, _number: int) -> bool:
    """What the copy itself takes for copied, until it has ended."""
    return True


def up_to(lasts: Mapping[str, int]) -> IsCopied:
    """The rounds of each agent up to its last one that was copied; none of an agent that is not named."""
    return lambda agent, number: number <= lasts.get(agent, 0)


def copied_rounds(connection: sqlite3.Connection) -> IsCopied | None:
    """Which rounds a copy into this ledger brought; None if that cannot be known yet."""
    state = state_of(connection)
    if state.own == 0:
        return None
    closing = _first_own(connection, state.copied)
    return up_to({each.agent: each.number for each in closing.rounds} if closing else {})


def _first_own(connection: sqlite3.Connection, copied: int) -> LedgerCopied | None:
    """The first fact of the ledger's own, behind so many copied records, if it closes a copy."""
    query = "SELECT position FROM records WHERE void ISNULL ORDER BY offset LIMIT 1 OFFSET ?"
    (position,) = connection.execute(query, (copied,)).fetchone()
    query = "SELECT value FROM decisions WHERE position = ? AND type = ?"
    row = connection.execute(query, (position, LedgerCopied.TYPE)).fetchone()
    closing = codec.decode(row[0]).fact if row else None
    return closing if isinstance(closing, LedgerCopied) and closing.position == position - 1 else None
