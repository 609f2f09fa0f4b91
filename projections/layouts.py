"""Layouts: where a platform's time is outside or excluded, and where the verdict decides (spec 4).

They follow from what was decided, and verdicts from what was probed: neither waits for the other.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain

from ledger.contracts import Contract
from ledger.interval import Interval, clip, intersect, subtract, union
from projections.asof import Known
from projections.exclusions import Exclusion, exclusions_by_platform, hours_by_platform
from projections.figures import CLASSES
from projections.periods import Period, memberships

Layout = tuple[tuple[int, int], ...]
"""Where a platform's time changes kind, from the period's start on: each instant, with the index in `CLASSES`
of what begins there, or `COUNTED`."""

Layouts = Mapping[str, Layout]
"""Those of every platform that belongs to a contract in a period, by name."""

COUNTED = len(CLASSES)
"""Neither outside nor excluded: the verdict decides."""

_OUTSIDE, _MAINTENANCE, _FORCE_MAJEURE = map(
    CLASSES.index, ("outside", "excluded-maintenance", "excluded-force-majeure")
)


def layouts_of(known: Known, contract: Contract, period: Period) -> Layouts:
    """Lay out a period; platforms that share everything share one layout."""
    platforms = members(contract, period)
    hours = hours_by_platform(contract, platforms, period)
    excluding = exclusions_by_platform(known, contract, platforms, period)
    return {
        name: layout(
            period.interval,
            tuple(hours[name]),
            _excluded(excluding[name], "maintenance"),
            _excluded(excluding[name], "claim"),
        )
        for name in platforms
    }


def members(contract: Contract, period: Period) -> list[str]:
    """The platforms that belong to the contract at some instant of the period, by name."""
    belonging = memberships(contract)
    return [name for name in sorted(belonging) if clip(belonging[name], period.interval)]


def _excluded(excluding: Sequence[Exclusion], kind: str) -> tuple[Interval, ...]:
    return _together(tuple(each.excluded for each in excluding if each.kind == kind))


# Most platforms of a period share their hours and what is excluded: both are laid out once.
@lru_cache(maxsize=1024)
def _together(excluded: tuple[tuple[Interval, ...], ...]) -> tuple[Interval, ...]:
    return tuple(union(chain.from_iterable(excluded)))


@lru_cache(maxsize=1024)
def layout(
    bounds: Interval,
    hours: tuple[Interval, ...],
    maintenance: tuple[Interval, ...],
    force_majeure: tuple[Interval, ...],
) -> Layout:
    """Lay out what is outside, excluded and counted, the first that applies, over the bounds."""
    worked = intersect(hours, maintenance)
    forced = subtract(intersect(hours, force_majeure), worked)
    laid = {
        _OUTSIDE: subtract([bounds], hours),
        _MAINTENANCE: clip(worked, bounds),
        _FORCE_MAJEURE: clip(forced, bounds),
        COUNTED: clip(subtract(hours, [*worked, *forced]), bounds),
    }
    return tuple(sorted((span.start_ms, kind) for kind, spans in laid.items() for span in spans))
