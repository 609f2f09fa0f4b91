"""What nobody observed: how much of a running period, and which platforms in all of a period."""

from collections.abc import Iterable
from fractions import Fraction

from ledger.contracts import Contract
from projections.asof import Known
from projections.classes import Timeline, timelines
from projections.figures import Class
from projections.periods import periods_of

COUNTED: tuple[Class, ...] = ("unknown", "down", "up")


def unknown_share(known: Known, contract: Contract) -> Fraction | None:
    """The share so far, over all platforms; None if no period runs, or nothing of it counts yet."""
    begun = periods_of(contract, known.as_of.moment_ms)
    if not begun or begun[-1].complete:
        return None
    lines = timelines(known, contract, begun[-1]).values()
    counted_ms = sum(line.totals_ms[class_] for line in lines for class_ in COUNTED)
    unknown_ms = sum(line.totals_ms["unknown"] for line in lines)
    return Fraction(unknown_ms, counted_ms) if counted_ms else None


def unmeasured(lines: Iterable[Timeline]) -> tuple[str, ...]:
    """The platforms of which nothing was measured, although some of their time counts."""
    return tuple(line.platform for line in lines if _is_unmeasured(line))


def _is_unmeasured(line: Timeline) -> bool:
    sums_ms = line.totals_ms
    return sums_ms["unknown"] > 0 and sums_ms["up"] + sums_ms["down"] == 0
