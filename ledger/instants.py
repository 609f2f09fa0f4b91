"""Instants: UTC milliseconds since 1970-01-01T00:00:00Z, as plain integers; on the wire RFC 3339.

A leap second (`23:59:60`) is the first instant of the next minute, as in POSIX time. A fact knows no instant
before 1970 or after the year 9998: within these bounds every zone can write every instant, and days can still
be added (decision record 0042).
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

FIRST_MS = 0
"""The first instant that there is: 1970-01-01T00:00:00Z."""
END_OF_TIME_MS = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""The instant after the last one, where what is open ends: 9999-01-01T00:00:00Z."""

STORED = "stored"
"""The validation context of what a ledger already holds: its instants are read whatever they are."""

_WRITTEN_LAST_MS = END_OF_TIME_MS + 363 * DAY_MS
_WRITTEN_FIRST_MS = -719_160 * DAY_MS
"""Beyond these two, a day or two within the years of the calendar, a zone's own time could not be written."""
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([+-][0-9]{2}:?[0-9]{2}|Z)?", re.IGNORECASE)
_LEAP_SECOND = re.compile(r"(?<=[T ][0-9]{2}:[0-9]{2}:)60(?=[.,Zz+\- ]|$)")
_OFFSET_BEYOND_AN_HOUR = re.compile(r"[+-][0-9]{2}:?[6-9][0-9]$")
_EXAMPLE = ZoneInfo("Europe/Paris")
"""The zone by whose clock a time without an offset is written in advice; the advice names it."""
_OFFSET_AT = len("2026-10-01T09:00:00")


class NoZoneError(ValueError):
    """A date and time that names no zone; where one is understood, `parse_local` reads it."""


def to_ms(moment: datetime) -> int:
    """Milliseconds of an aware datetime; what lies below a millisecond is cut. ValueError if naive."""
    if moment.tzinfo is None:
        raise ValueError("has no zone: write an offset, as in 2026-10-01T09:00:00+02:00")
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(instant_ms: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(milliseconds=instant_ms)


def parse_instant(text: str) -> int:
    """RFC 3339 (or ISO 8601 with an offset) to milliseconds.

    Raises:
        NoZoneError: the text names no zone.
        ValueError: the text is no date and time, or lies before 1970 or after the year 9998.
    """
    return _within_bounds(read_instant(text), text)


def read_instant(text: str) -> int:
    """The same for what a ledger already holds, whatever instant it is."""
    moment, leap_ms = _read(text)
    if moment.tzinfo is None:
        raise NoZoneError(f"{text!r} has no zone; add its offset: {_with_offsets(text, moment)}")
    return to_ms(moment) + leap_ms


def parse_local(text: str, zone: ZoneInfo) -> tuple[int, int]:
    """A date and time without an offset, read on the clock of a zone: its first and its second reading.

    They differ where the clock shows it twice or never.

    Raises:
        ValueError: as above.
    """
    moment, leap_ms = _read(text)
    first, second = (to_ms(moment.replace(tzinfo=zone, fold=fold)) + leap_ms for fold in (0, 1))
    return _within_bounds(first, text), _within_bounds(second, text)


def _read(text: str) -> tuple[datetime, int]:
    if day := _DAY.fullmatch(text):
        if not _is_date(day[1]):
            raise ValueError(f"{text!r} is no date; write one as 2026-10-01T09:00:00+02:00")
        midnight = f"{day[1]}T00:00"
        shown = _with_offsets(midnight, datetime.fromisoformat(midnight))
        raise ValueError(f"{text!r} is a day without a time; write both and an offset: {shown}")
    leap = _LEAP_SECOND.search(text)
    plain = f"{text[: leap.start()]}59{text[leap.end() :]}" if leap else text
    try:
        if _OFFSET_BEYOND_AN_HOUR.search(text):
            raise ValueError(text)  # noqa: TRY301 - Python reads +02:60 as +03:00
        return datetime.fromisoformat(plain), SECOND_MS if leap else 0
    except ValueError:
        raise ValueError(f"{text!r} is no date and time; write one as 2026-10-01T09:00:00+02:00") from None


def _with_offsets(text: str, moment: datetime) -> str:
    """A time that names no zone as one can write it; whoever copies it gets the hour that it names."""
    shown = (moment.replace(tzinfo=_EXAMPLE, fold=fold, microsecond=0).isoformat() for fold in (0, 1))
    both = dict.fromkeys(each[_OFFSET_AT:] for each in shown)
    return f"{' or '.join(text + offset for offset in both)} in {_EXAMPLE}, {text}Z in UTC"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_instant(instant_ms: int) -> bool:
    """Whether a fact may name it."""
    return FIRST_MS <= instant_ms < END_OF_TIME_MS


def _within_bounds(instant_ms: int, written: object) -> int:
    if not is_instant(instant_ms):
        raise ValueError(f"{written!r} lies before 1970 or after the year 9998; correct the time")
    return instant_ms


def format_instant(instant_ms: int, zone: ZoneInfo | None = None) -> str:
    """RFC 3339, in UTC with `Z` or in a zone with its offset; milliseconds only where there are any.

    Of what no calendar can write, the nearest instant that every zone can.
    """
    written_ms = min(max(instant_ms, _WRITTEN_FIRST_MS), _WRITTEN_LAST_MS)
    moment = from_ms(written_ms).astimezone(zone or UTC)
    text = moment.isoformat(timespec="milliseconds" if written_ms % SECOND_MS else "seconds")
    return text if zone else text.replace("+00:00", "Z")


def _to_instant(value: object, info: ValidationInfo) -> object:
    is_stored = info.context is not None and STORED in info.context
    if isinstance(value, str):
        return read_instant(value) if is_stored else parse_instant(value)
    instant_ms = to_ms(value) if isinstance(value, datetime) else value
    if isinstance(instant_ms, int) and not is_stored:
        return _within_bounds(instant_ms, instant_ms)
    return instant_ms


Instant = Annotated[
    int,
    BeforeValidator(_to_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant as a field of a fact: an integer in the code, RFC 3339 in UTC on the wire."""
