"""The condition that a round lies behind what was read of its agent, in SQL and with one parameter.

A term for each agent would do for a few: SQLite takes no expression a thousand terms deep.
"""

from collections.abc import Mapping

import orjson

# MATERIALIZED, so that the numbers are parsed once and found by an index, not read through for each round.
BEHIND = (
    "number > coalesce((WITH read AS MATERIALIZED (SELECT key, value FROM json_each(?)) "
    "SELECT value FROM read WHERE key = agent), 0)"
)
"""Its parameter is what `numbers` gives; it stands where `agent` and `number` are columns."""


def numbers(after: Mapping[str, int]) -> str:
    """The last number that was read of each agent, as the parameter."""
    return orjson.dumps({agent: number for agent, number in after.items() if number > 0}).decode()
