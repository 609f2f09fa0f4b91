"""The digest of every statement that cannot change any more: what two copies of a ledger must agree on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.log.interface import Engine, KeptRound
from projections.asof import AsOf, Known
from projections.periods import periods_of
from projections.statement import lay_out


class Digest(NamedTuple):
    """The digest of the statement of a contract's period."""

    contract: str
    period: str
    """From its first instant to its last, as the statement writes them."""
    digest: str


@dataclass(frozen=True)
class KnownUpTo(Known):
    """Known at a moment, of each agent only the rounds up to a number: what a copy holds."""

    numbers: Mapping[str, int] | None = None

    @classmethod
    def upto(cls, engine: Engine, as_of: AsOf, numbers: Mapping[str, int]) -> "KnownUpTo":
        """Read the facts known at a moment."""
        known = Known.at(engine, as_of)
        return cls(known.as_of, known.facts, engine, numbers=numbers)

    def agents(self) -> list[str]:
        """Every agent of which rounds are known."""
        return sorted(self.numbers or {})

    def rounds(
        self,
        *,
        agents: Sequence[str] | None = None,
        start_from_ms: int | None = None,
        start_until_ms: int | None = None,
    ) -> Iterator[KeptRound]:
        """The rounds up to the numbers."""
        numbers = self.numbers or {}
        found = super().rounds(agents=agents, start_from_ms=start_from_ms, start_until_ms=start_until_ms)
        return (kept for kept in found if kept.number <= numbers.get(kept.agent, 0))


def digests(known: Known) -> Iterator[Digest]:
    """Of each contract, by name, every period that had ended at the moment of knowledge."""
    for name in sorted(known.contracts):
        contract = known.contract(name)
        for period in periods_of(contract, known.as_of.recorded_ms):
            if period.complete:
                figures = lay_out(known, contract, period)
                yield Digest(name, f"{figures.period.start}/{figures.period.end}", str(figures.digest))
