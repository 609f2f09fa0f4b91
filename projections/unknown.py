"""How much of a running period nobody observed: of the time that counts, over all platforms of a contract."""

from fractions import Fraction

from ledger.contracts import Contract
from projections.asof import Known
from projections.classes import timelines
from projections.figures import Class
from projections.periods import periods_of

COUNTED: tuple[Class, ...] = ("unknown", "down", "up")


def unknown_share(known: Known, contract: Contract) -> Fraction | None:
    """The share so far; None if no period runs, or nothing of it counts yet."""
    begun = periods_of(contract, known.as_of.moment_ms)
    if not begun or begun[-1].complete:
        return None
    lines = timelines(known, contract, begun[-1]).values()
    counted_ms = sum(line.totals_ms[class_] for line in lines for class_ in COUNTED)
    unknown_ms = sum(line.totals_ms["unknown"] for line in lines)
    return Fraction(unknown_ms, counted_ms) if counted_ms else None
