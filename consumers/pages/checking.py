"""The command with which anyone who has the ledger gets the same statement, and its digest, again."""

import shlex
from collections.abc import Mapping

from projections.figures import Statement


def command(
    statement: Statement,
    changed: Mapping[str, str],
    asked_at: str | None = None,
    ledger: str | None = None,
) -> str:
    """The command line, with the readings that were asked for; what is quoted is quoted for a shell.

    `asked_at` is the seal at which the statement was asked for, `ledger` where it is kept, if that is not the
    default one.
    """
    period = statement.period
    if period.number is None:
        asked = ["--from", period.start, "--to", period.end]
    else:
        asked = ["--period", str(period.number)]
    words = ["constat", "statement", *at(ledger), "--contract", statement.contract, *asked]
    for name, value in changed.items():
        words += ["--reading", f"{name}={value}"]
    # A position alone does not say which rounds were known: those recorded after its fact are not.
    known = asked_at or statement.as_of.recorded_at
    return shlex.join([*words, "--as-of", known if period.complete else f"{known}/{period.end}", "--json"])


def at(ledger: str | None) -> list[str]:
    """The option that names a ledger, if it has to be named."""
    return ["--ledger", ledger] if ledger else []
