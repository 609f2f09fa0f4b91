"""The calendar: local days, public holidays and weekly schedules as UTC intervals.

A schedule is read pointwise: an instant is in it if and only if the local wall clock then shows a time of it.
So an hour that occurs twice counts twice, and one that does not occur counts nothing.
"""

from collections.abc import Container, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ledger import instants
from ledger.errors import BadInputError
from ledger.instants import DAY_MS, HOUR_MS, MINUTE_MS, from_ms, to_ms
from ledger.interval import Interval, union
from ledger.public_holidays import public_holidays
from ledger.schedule import Schedule
from ledger.terms import Terms

END_OF_TIME_MS = instants.END_OF_TIME_MS
"""Where an open-ended interval ends."""

_ONE_DAY = timedelta(days=1)
_LAST_DAY = date(9998, 12, 31)
# No zone has left an offset and come back to it within hours, so none is missed between two looks.
_LOOK_EVERY_MS = 6 * HOUR_MS


# ---------------------------------------------------------------- local days


@lru_cache(maxsize=4096)
def day_start_ms(zone: ZoneInfo, day: date) -> int:
    """The first instant whose local date is this day or a later one.

    That is local midnight, and its first occurrence where it occurs twice. Where a clock is set forward over
    midnight it is the instant at which that happens.
    """
    if day > _LAST_DAY:
        return END_OF_TIME_MS
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    start_ms = to_ms(midnight)
    if from_ms(start_ms).astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return start_ms
    return _transition_ms(zone, Interval(to_ms(midnight.replace(fold=1)), start_ms))


def day_interval(zone: ZoneInfo, day: date) -> Interval:
    """From local midnight to the next one. Empty for a day that a zone has left out."""
    return Interval(day_start_ms(zone, day), day_start_ms(zone, day + _ONE_DAY))


def local_days(zone: ZoneInfo, bounds: Interval) -> list[tuple[date, Interval]]:
    """Every local day that shares an instant with the bounds, in order, each cut to them."""
    days = []
    # Where midnight occurs twice, the wall clock may still show the day before.
    day = local_date(zone, bounds.start_ms) - _ONE_DAY
    while (start_ms := day_start_ms(zone, day)) < bounds.end_ms:
        end_ms = day_start_ms(zone, day + _ONE_DAY)
        within = Interval(max(start_ms, bounds.start_ms), min(end_ms, bounds.end_ms))
        if within.length_ms:
            days.append((day, within))
        day += _ONE_DAY
    return days


def local_quarters(zone: ZoneInfo, bounds: Interval) -> list[tuple[date, Interval]]:
    """Every calendar quarter that shares an instant with the bounds, by its first day, whole."""
    quarters = []
    day = _quarter_day(local_date(zone, bounds.start_ms) - _ONE_DAY)
    while (start_ms := day_start_ms(zone, day)) < bounds.end_ms:
        next_day = _quarter_day(day + timedelta(days=100))
        quarter = Interval(start_ms, day_start_ms(zone, next_day))
        if quarter.overlaps(bounds):
            quarters.append((day, quarter))
        day = next_day
    return quarters


def _quarter_day(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def local_date(zone: ZoneInfo, instant_ms: int) -> date:
    """What the local calendar shows at an instant."""
    return from_ms(instant_ms).astimezone(zone).date()


# ---------------------------------------------------------------- offsets from UTC


def _offset_ms(zone: ZoneInfo, instant_ms: int) -> int:
    offset = from_ms(instant_ms).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(milliseconds=1)


def _transition_ms(zone: ZoneInfo, between: Interval) -> int:
    """The first instant of the offset that holds at the end of an interval in which it changes once."""
    before_ms, after_ms = between
    last_offset_ms = _offset_ms(zone, after_ms)
    while before_ms + 1 < after_ms:
        middle_ms = (before_ms + after_ms) // 2
        if _offset_ms(zone, middle_ms) == last_offset_ms:
            after_ms = middle_ms
        else:
            before_ms = middle_ms
    return after_ms


@lru_cache(maxsize=1024)
def _constant_offsets(zone: ZoneInfo, bounds: Interval) -> tuple[tuple[Interval, int], ...]:
    """The bounds cut where the offset changes, each piece with its offset in milliseconds."""
    pieces = []
    start_ms, offset_ms = bounds.start_ms, _offset_ms(zone, bounds.start_ms)
    looked_ms = start_ms
    while looked_ms < bounds.end_ms:
        next_ms = min(looked_ms + _LOOK_EVERY_MS, bounds.end_ms)
        if _offset_ms(zone, next_ms) != offset_ms:
            turn_ms = _transition_ms(zone, Interval(looked_ms, next_ms))
            pieces.append((Interval(start_ms, turn_ms), offset_ms))
            start_ms, offset_ms = turn_ms, _offset_ms(zone, next_ms)
        looked_ms = next_ms
    if start_ms < bounds.end_ms:
        pieces.append((Interval(start_ms, bounds.end_ms), offset_ms))
    return tuple(pieces)


# ---------------------------------------------------------------- schedules


def scheduled(
    schedule: Schedule, zone: ZoneInfo, bounds: Interval, holidays: Container[date]
) -> list[Interval]:
    """The instants within the bounds at which the local wall clock shows a time of the schedule."""
    if not bounds.length_ms:
        return []
    open_spans: list[Interval] = []
    for piece, offset_ms in _constant_offsets(zone, bounds):
        for span in _open_in_piece(schedule, piece, offset_ms, holidays):
            within = Interval(max(span.start_ms, piece.start_ms), min(span.end_ms, piece.end_ms))
            open_spans.append(within)
    return union(open_spans)


def _open_in_piece(
    schedule: Schedule, piece: Interval, offset_ms: int, holidays: Container[date]
) -> Iterator[Interval]:
    first = from_ms(piece.start_ms + offset_ms).date()
    last = from_ms(piece.end_ms - 1 + offset_ms).date()
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if schedule.holidays_closed and day in holidays:
            continue
        midnight_ms = (ordinal - _EPOCH_ORDINAL) * DAY_MS - offset_ms
        for start, end in schedule.week[day.weekday()]:
            yield Interval(midnight_ms + start * MINUTE_MS, midnight_ms + end * MINUTE_MS)


_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


# ---------------------------------------------------------------- public holidays


@lru_cache(maxsize=256)
def _public_holidays(calendar: str, years: frozenset[int]) -> frozenset[date]:
    if not years:
        return frozenset()
    try:
        return public_holidays(calendar, years)
    except BadInputError as error:
        raise BadInputError(
            f"{error}; amend the contract with such a calendar from the day on which these terms begin "
            "(`constat contract amend FILE --from-day DAY`), and the amendment takes their place"
        ) from None


# ---------------------------------------------------------------- the schedules of terms


def service_hours(terms: Terms, zone: ZoneInfo, bounds: Interval) -> list[Interval]:
    """The hours within the bounds in which the contract measures [Qualité de Services]."""
    return _hours(terms.readings.service_hours, terms, zone, bounds)


def maintenance_windows(terms: Terms, zone: ZoneInfo, bounds: Interval) -> list[Interval]:
    """The windows within the bounds in which maintenance may be scheduled [Disponibilité du service]."""
    return _hours(terms.maintenance_windows, terms, zone, bounds)


def _hours(expression: str, terms: Terms, zone: ZoneInfo, bounds: Interval) -> list[Interval]:
    return list(_cached_hours(expression, terms.holiday_calendar, terms.extra_holidays, zone, bounds))


# The hours of a thousand platforms are those of their terms: they are laid out once.
@lru_cache(maxsize=1024)
def _cached_hours(
    expression: str, calendar: str, extra_holidays: tuple[date, ...], zone: ZoneInfo, bounds: Interval
) -> tuple[Interval, ...]:
    schedule = Schedule.parse(expression)
    closed: frozenset[date] = frozenset()
    if schedule.holidays_closed and bounds.length_ms:
        first, last = local_date(zone, bounds.start_ms), local_date(zone, bounds.end_ms)
        years = frozenset(range(first.year, last.year + 1))
        closed = _public_holidays(calendar, years) | frozenset(extra_holidays)
    return tuple(scheduled(schedule, zone, bounds, closed))
