"""The ceiling on excluded maintenance: the first 24 hours in service hours of each calendar quarter.

The contract excludes scheduled maintenance of « à minima 1 jour par trimestre » [Qualité de Services]; read
as a ceiling, what exceeds one day counts.
"""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from ledger.instants import HOUR_MS
from ledger.interval import Interval, clip, intersect
from projections.calendar import local_quarters
from projections.periods import Part

CEILING_MS = 24 * HOUR_MS


def over_ceiling(
    excluded: Sequence[Interval], hours: Sequence[Interval], parts: Iterable[Part], zone: ZoneInfo
) -> list[Interval]:
    """The instants that the ceiling does not let be excluded.

    `excluded` is what the maintenances of one platform exclude together, `hours` its service hours; both
    must reach back to the beginning of the first quarter. Only parts whose terms set a ceiling lose time,
    but all excluded time in service hours uses the quarter's day. Outside service hours nothing is used.
    """
    in_hours = intersect(excluded, hours)
    limited = [part.interval for part in parts if part.terms.readings.maintenance_ceiling != "none"]
    if not in_hours or not limited:
        return []
    whole = Interval(in_hours[0].start_ms, in_hours[-1].end_ms)
    over = [
        span
        for _, quarter in local_quarters(zone, whole)
        for span in _beyond(clip(in_hours, quarter), CEILING_MS)
    ]
    return intersect(over, limited)


def _beyond(spans: Iterable[Interval], length_ms: int) -> list[Interval]:
    """What is left of consecutive intervals after the first `length_ms` of them."""
    rest = []
    for start_ms, end_ms in spans:
        used_ms = min(length_ms, end_ms - start_ms)
        length_ms -= used_ms
        rest.append(Interval(start_ms + used_ms, end_ms))
    return [span for span in rest if span.length_ms]
