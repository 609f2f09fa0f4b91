"""The command with which anyone who has the ledger gets the same statement, and its digest, again."""

import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from projections.assessment import Note
from projections.figures import Statement


class Asked(NamedTuple):
    """What a statement was asked for with, beside its contract and period."""

    changed: Mapping[str, str] = MappingProxyType({})
    """The readings in place of the contract's own."""
    note: Note = Note()
    """The seal at which it was asked for, and what was assessed."""
    ledger: str | None = None
    """Where it is kept, if the command that checks it has to name it."""


AS_AGREED = Asked()
"""With nothing else."""


def command(statement: Statement, asked: Asked) -> str:
    """The command line, with the readings that were asked for; what is quoted is quoted for a shell."""
    period = statement.period
    if period.number is None:
        days = ["--from", period.start, "--to", period.end]
    else:
        days = ["--period", str(period.number)]
    words = ["constat", "statement", *ledger_option(asked.ledger), "--contract", statement.contract, *days]
    for name, value in asked.changed.items():
        words += ["--reading", f"{name}={value}"]
    # A position alone does not say which rounds were known: those recorded after its fact are not.
    known = asked.note.asked_at or statement.as_of.recorded_at
    return shlex.join([*words, "--as-of", known if period.complete else f"{known}/{period.end}", "--json"])


def ledger_option(ledger: str | None) -> list[str]:
    """The option that names a ledger, if it has to be named."""
    return ["--ledger", ledger] if ledger else []
