"""Periods of a large contract laid out by another process, while this one has its rounds folded.

What is excluded follows from facts alone, and the verdicts from rounds: neither waits for the other, and of
ten thousand platforms each takes as long.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from consumers.workers import Workers
from ledger.application import open_engine
from ledger.contracts import Contract
from projections.asof import Known
from projections.kept_facts import KeptFacts
from projections.layouts import Layouts, layouts_of
from projections.moment import AsOf
from projections.periods import Period

MANY_PLATFORMS = 2_000
"""Of a thousand it makes no difference yet: another process is to read the facts first."""


class Brief(NamedTuple):
    """What another process lays out: periods of a contract, as known at a moment."""

    url: str
    as_of: AsOf
    contract: Contract
    periods: Sequence[Period]

    def lay_out(self, known: Known) -> list[Layouts]:
        """Lay them out, of what is known of the ledger."""
        return [layouts_of(known, self.contract, period) for period in self.periods]


def lay_out_elsewhere(brief: Brief) -> list[Layouts]:
    """Lay out through an engine of one's own.

    Raises:
        BadInputError: the hours of a period cannot be laid out.
        DamagedLedgerError: a fact cannot be read.
        UnusableLedgerError: the ledger cannot be opened.
    """
    engine = open_engine(brief.url, create=False)
    try:
        return brief.lay_out(Known.at(engine, brief.as_of))
    finally:
        engine.close()


def laid_beside(
    workers: Workers, known: Known, contract: Contract, periods: Sequence[Period]
) -> Callable[[], Sequence[Layouts]]:
    """Begin to lay out periods in another process, if that is worth it; what is given waits for it."""
    brief = Brief(workers.url, known.as_of, contract, periods)
    # Facts that are only supposed, as a preview supposes some, are in no ledger that another process reads.
    is_kept = isinstance(known.facts, KeptFacts)
    if workers.at_hand == 1 or not is_kept or len(contract.platforms) < MANY_PLATFORMS:
        return lambda: brief.lay_out(known)
    return workers.begin(lay_out_elsewhere, brief, lambda: brief.lay_out(known))
