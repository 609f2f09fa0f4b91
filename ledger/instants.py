"""Instants: UTC milliseconds since 1970-01-01T00:00:00Z, as plain integers; on the wire RFC 3339.

A leap second (`23:59:60`) is the first instant of the next minute, as in POSIX time.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LEAP_SECOND = re.compile(r"(?<=:)60(?=[.,Zz+\- ]|$)")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([+-][0-9]{2}:?[0-9]{2}|Z)?", re.IGNORECASE)
_YEAR_9999_MS = 253_402_300_799_999


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
        ValueError: the text is no date and time, or names no zone.
    """
    if day := _DAY.fullmatch(text):
        raise ValueError(
            f"{text!r} is a day without a time; write both and an offset, as in {day[1]}T00:00+01:00"
        )
    leap = _LEAP_SECOND.search(text)
    plain = f"{text[: leap.start()]}59{text[leap.end() :]}" if leap else text
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        raise ValueError(f"{text!r} is no date and time; write one as 2026-10-01T09:00:00+02:00") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone; add its offset, as in {text}+02:00 or {text}Z")
    return to_ms(moment) + (SECOND_MS if leap else 0)


def format_instant(instant_ms: int, zone: ZoneInfo | None = None) -> str:
    """RFC 3339, in UTC with `Z` or in a zone with its offset; milliseconds only where there are any."""
    moment = from_ms(instant_ms).astimezone(zone or UTC)
    text = moment.isoformat(timespec="milliseconds" if instant_ms % SECOND_MS else "seconds")
    return text if zone else text.replace("+00:00", "Z")


def _to_instant(value: object) -> object:
    if isinstance(value, str):
        return parse_instant(value)
    if isinstance(value, datetime):
        return to_ms(value)
    return value


Instant = Annotated[
    int,
    Field(ge=-_YEAR_9999_MS, le=_YEAR_9999_MS),
    BeforeValidator(_to_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant as a field of a fact: an integer in the code, RFC 3339 in UTC on the wire."""
