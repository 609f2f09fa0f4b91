"""The digest of every statement that cannot change any more: what two copies of a ledger must agree on."""

from collections.abc import Iterator
from typing import NamedTuple

from projections.asof import Known
from projections.periods import periods_of
from projections.statement import lay_out


class Digest(NamedTuple):
    """The digest of the statement of a contract's period."""

    contract: str
    period: str
    """From its first instant to its last, as the statement writes them."""
    digest: str


def digests(known: Known) -> Iterator[Digest]:
    """Of each contract, by name, every period that had ended at the moment of knowledge."""
    for name in sorted(known.contracts):
        contract = known.contract(name)
        for period in periods_of(contract, known.as_of.recorded_ms):
            if period.complete:
                figures = lay_out(known, contract, period)
                yield Digest(name, f"{figures.period.start}/{figures.period.end}", str(figures.digest))
