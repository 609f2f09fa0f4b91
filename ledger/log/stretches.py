"""Where in an embedded probe log the rounds lie that are asked for, so that the rest of it is not read.

A stretch is that of one agent, or of agents whose rounds lie between each other's: an import puts one agent
behind the other, and what lies between two stretches is not read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from ledger.log.database import Database

_STARTING = (
    "SELECT min(offset), max(offset) FROM rounds INDEXED BY rounds_by_start "
    "WHERE agent = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND offset > "
    "coalesce((SELECT offset FROM rounds WHERE agent = ?1 AND number <= ?4 ORDER BY number DESC LIMIT 1), 0)"
)
_BEHIND_NUMBER = (
    "SELECT (SELECT offset FROM rounds WHERE agent = ?1 AND number > ?2 ORDER BY number LIMIT 1), "
    "(SELECT offset FROM rounds WHERE agent = ?1 ORDER BY number DESC LIMIT 1)"
)

Stretch = tuple[int, int]
"""The first and the last offset of rounds that are asked for; there may be others between them."""


class Stretches:
    """The stretches of some agents' rounds, in order."""

    def __init__(self, database: Database, agents: Sequence[str]) -> None:
        self._database = database
        self._agents = agents

    def starting(self, from_ms: int, until_ms: int, after: Mapping[str, int]) -> list[Stretch]:
        """Those of the rounds that start within `[from_ms, until_ms)`, behind a number of each agent.

        An agent's offsets rise with its numbers, so the index alone tells them.
        """
        return self._found(_STARTING, lambda agent: (from_ms, until_ms, after.get(agent, 0)))

    def behind(self, after: Mapping[str, int]) -> list[Stretch]:
        """Those of the rounds behind a number of each agent."""
        return self._found(_BEHIND_NUMBER, lambda agent: (after.get(agent, 0),))

    def _found(self, query: str, bounds_of: Callable[[str], tuple[int, ...]]) -> list[Stretch]:
        with self._database.reading() as connection:
            found = [connection.execute(query, (each, *bounds_of(each))).fetchone() for each in self._agents]
        return _merged(found)


def _merged(found: Iterable[tuple[int | None, int | None]]) -> list[Stretch]:
    """Stretches in order, those that overlap made one."""
    stretches: list[Stretch] = []
    for first, last in sorted(
        (first, last) for first, last in found if first is not None and last is not None
    ):
        if stretches and first <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(stretches[-1][1], last)
        else:
            stretches.append((first, last))
    return stretches
