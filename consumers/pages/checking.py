"""The command with which anyone who has the ledger gets the same statement, and its digest, again."""

import shlex

from projections.figures import Statement


def command(statement: Statement) -> str:
    """The command line; what is quoted in it is quoted for a shell."""
    period = statement.period
    if period.number is None:
        asked = ["--from", period.start, "--to", period.end]
    else:
        asked = ["--period", str(period.number)]
    words = ["constat", "statement", "--contract", statement.contract, *asked, "--as-of", _as_of(statement)]
    return shlex.join([*words, "--json"])


def _as_of(statement: Statement) -> str:
    # A running period ends at the moment known, which a position alone does not name.
    complete = statement.period.complete
    return str(statement.as_of.position) if complete else statement.as_of.recorded_at
