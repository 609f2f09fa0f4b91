"""A weekly schedule in local time, written as an OpenStreetMap opening-hours expression.

`Mo-Fr 09:00-18:00; PH off` is open on weekdays from nine to six and closed on public holidays; without
`PH off` a holiday is a day like any other. Only what repeats every week can be a term of a contract:
months, dates and school holidays are refused.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Self

from opening_hours import OpeningHours, State

DAY_MINUTES = 24 * 60
_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - a week without a zone: only wall-clock minutes are read
_WEEKLY = re.compile(r"(24/7|(Mo|Tu|We|Th|Fr|Sa|Su|off|closed|[\d:,;\- ])+)")
_HOLIDAYS_CLOSED = re.compile(r"PH (off|closed)")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Seven local days, Monday first, each as its open minutes `[start, end)` counted from midnight."""

    week: tuple[tuple[tuple[int, int], ...], ...]
    holidays_closed: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an expression.

        Raises:
            ValueError: it is no opening-hours expression, or does not repeat every week.
        """
        return cls(*_parse(text))


@lru_cache(maxsize=256)
def _parse(text: str) -> tuple[tuple[tuple[tuple[int, int], ...], ...], bool]:
    rules = [rule.strip() for rule in text.split(";")]
    weekly = [rule for rule in rules if not _HOLIDAYS_CLOSED.fullmatch(rule)]
    expression = "; ".join(weekly)
    if not weekly or not _WEEKLY.fullmatch(expression):
        raise ValueError(_how_to(text))
    try:
        hours = OpeningHours(expression)
    except Exception:  # noqa: BLE001 - the library's ParserError is not declared to type checkers
        raise ValueError(_how_to(text)) from None
    # The second week is read: a night that runs over from Sunday then shows on Monday.
    monday = _MONDAY + timedelta(weeks=1)
    week = tuple(_open_minutes(hours, monday + timedelta(days=day)) for day in range(7))
    return week, len(weekly) < len(rules)


def _open_minutes(hours: OpeningHours, midnight: datetime) -> tuple[tuple[int, int], ...]:
    spans = hours.intervals(midnight, midnight + timedelta(days=1))
    return tuple(
        ((start - midnight) // timedelta(minutes=1), (end - midnight) // timedelta(minutes=1))
        for start, end, state, _ in spans
        if state == State.OPEN
    )


def _how_to(text: str) -> str:
    return (
        f"{text!r} is no weekly schedule; write one as 'Mo-Fr 09:00-18:00; PH off' (closed on public "
        "holidays), 'Mo-Fr 00:00-07:00; Sa-Su 00:00-24:00' or '24/7'"
    )
