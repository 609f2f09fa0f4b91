"""Local days and hours, asked of the wall clock one instant at a time."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
QUARTER_HOUR_MS = 15 * MINUTE_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
_RULE = re.compile(r"(?:([A-Z][a-z])(?:-([A-Z][a-z]))? )?([\d:,\- ]+)")


def wall_clock(zone: str, at_ms: int) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))


@cache
def midnight_ms(zone: str, day: date) -> int:
    """The first instant at which a local calendar shows the day, found by looking at every quarter of an hour."""
    at_ms = (day - date(1970, 1, 1)).days * 24 * HOUR_MS - 30 * HOUR_MS
    while wall_clock(zone, at_ms).date() < day:
        at_ms += QUARTER_HOUR_MS
    return at_ms


def local_day(zone: str, at_ms: int) -> date:
    return wall_clock(zone, at_ms).date()


@cache
def open_minutes(schedule: str) -> tuple[tuple[tuple[int, int], ...], ...]:
    """For each day of the week, Monday first, the minutes of the day that are open. `PH off` is not in it."""
    if schedule.startswith("24/7"):
        return (((0, 1440),),) * 7
    week: list[tuple[tuple[int, int], ...]] = [()] * 7
    for rule in (part.strip() for part in schedule.split(";")):
        if rule == "PH off":
            continue
        first, last, hours = _RULE.fullmatch(rule).groups()
        monday, sunday = _DAYS.index(first or "Mo"), _DAYS.index(last or first or "Su")
        for day in range(monday, sunday + 1):
            week[day] = tuple(_minutes(span) for span in hours.split(","))
    return tuple(week)


def _minutes(span: str) -> tuple[int, int]:
    start, end = (60 * int(hour) + int(minute) for hour, minute in (t.split(":") for t in span.split("-")))
    assert start < end, "the oracle knows no hours that run over midnight"
    return start, end


def is_open(schedule: str, local: datetime, holidays: frozenset[date]) -> bool:
    """Whether the hands of the local clock lie in the schedule, on that day of the week and of the year."""
    if "PH off" in schedule and local.date() in holidays:
        return False
    minute = 60 * local.hour + local.minute
    return any(start <= minute < end for start, end in open_minutes(schedule)[local.weekday()])


@cache
def french_holidays(year: int) -> frozenset[date]:
    """The eleven public holidays of the Code du travail, L3133-1."""
    easter = _easter(year)
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    moving = [easter + timedelta(days=days) for days in (1, 39, 50)]
    return frozenset([date(year, month, day) for month, day in fixed] + moving)


def _easter(year: int) -> date:
    """The anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def quarter_of(day: date) -> date:
    """The first day of its calendar quarter."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
