"""What one period of one contract may speak of: its own platforms, while they belong to it.

Everything that lists facts goes through here, so that nobody reads of another client's platform.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from ledger.contracts import Contract, require_signed
from ledger.instants import format_instant
from ledger.interval import Interval, clip, intersect
from ledger.maintenance import Maintenance
from ledger.terms import Terms
from projections.asof import Known
from projections.figures import SpanFigures
from projections.given import maintenances_of
from projections.periods import Period, memberships, terms_at


@dataclass(frozen=True)
class Scope:
    """A period of a contract as known at a moment."""

    known: Known
    contract: Contract
    period: Period

    @cached_property
    def ever(self) -> Mapping[str, list[Interval]]:
        """When each platform belongs to the contract, whenever that is, by name."""
        return memberships(self.contract)

    @cached_property
    def own(self) -> Mapping[str, list[Interval]]:
        """When each platform belongs to the contract within the period, by name; only those that do."""
        within = {name: clip(belongs, self.period.interval) for name, belongs in self.ever.items()}
        return {name: belongs for name, belongs in within.items() if belongs}

    @property
    def told(self) -> Mapping[str, Maintenance]:
        """Every maintenance by name, with its notices as they were given to this contract."""
        return maintenances_of(self.known, require_signed(self.contract).contract)

    @property
    def judged_ms(self) -> int:
        """The moment by which it is judged whether something is overdue (decision record 0044).

        The end of the period, or the last record known if that is later: never the second of the question.
        """
        return max(self.period.interval.end_ms, self.known.as_of.recorded_ms)

    def touched(self, platforms: Iterable[str], spans: Sequence[Interval]) -> dict[str, int]:
        """The own platforms among these that the spans touch, each with the first instant that they share."""
        found = {name: intersect(spans, self.own.get(name, [])) for name in platforms}
        return {name: touching[0].start_ms for name, touching in found.items() if touching}

    def terms_at(self, instant_ms: int) -> Terms:
        """The terms in force at an instant; those of the period where the contract has none."""
        return terms_at(self.contract, instant_ms) or self.period.terms

    def at(self, instant_ms: int) -> str:
        """An instant in the contract's zone."""
        return _at(self.period.zone, instant_ms)

    def span(self, interval: Interval) -> SpanFigures:
        """An interval in the contract's zone."""
        return _span(self.period.zone, interval)


# What one notice excludes is laid out for each of its platforms: the same few intervals again and again.
@lru_cache(maxsize=1024)
def _at(zone: ZoneInfo, instant_ms: int) -> str:
    return format_instant(instant_ms, zone)


@lru_cache(maxsize=1024)
def _span(zone: ZoneInfo, interval: Interval) -> SpanFigures:
    return SpanFigures(start=_at(zone, interval.start_ms), end=_at(zone, interval.end_ms))
