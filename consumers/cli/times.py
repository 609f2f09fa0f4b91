"""Times as people write and say them, and the clock at the edge."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from ledger.fact import Span


def now_ms() -> int:
    """The edge's clock, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def instant(text: str, zone: "ZoneInfo | None" = None) -> int:
    """A time as a person writes it; without an offset it is local time in the zone, if one is known.

    Raises:
        BadInputError: it is no time, it names no zone, no zone could show it, or it stands twice or never on
            a clock's change.
    """
    from ledger.errors import BadInputError
    from ledger.instants import format_instant

    try:
        first, second = _readings(text, zone)
    except ValueError as error:
        raise BadInputError(str(error)) from None
    if first != second:
        raise BadInputError(
            f"{text} stands twice or never on the clock of {zone} that night; write its offset: "
            f"{format_instant(first, zone)} or {format_instant(second, zone)}"
        )
    return first


def _readings(text: str, zone: "ZoneInfo | None") -> tuple[int, int]:
    """The first and the second reading of a time; alike unless a clock's change makes them differ."""
    from ledger.instants import NoZoneError, parse_instant, parse_local

    try:
        return (at_ms := parse_instant(text)), at_ms
    except NoZoneError:
        if zone is None:
            raise
    return parse_local(text, zone)


def occurred(text: str | None, zone: "ZoneInfo | None" = None) -> int:
    """When something happened: as written, or now."""
    return now_ms() if text is None else instant(text, zone)


def day(text: str) -> "date":
    """A local day as a person writes it.

    Raises:
        BadInputError: it is none.
    """
    from datetime import date

    from ledger.errors import BadInputError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{text!r} is no day; write one as 2026-10-01") from None


def span_between(start: str, end: str, zone: "ZoneInfo | None" = None) -> "Span":
    """The half-open span of two times as a person writes them; without an offset local times of the zone.

    Raises:
        BadInputError: it would end before it starts.
    """
    from ledger.errors import BadInputError
    from ledger.fact import Span

    start_ms, end_ms = instant(start, zone), instant(end, zone)
    if start_ms >= end_ms:
        raise BadInputError(f"{end} does not come after {start}; exchange the two times or correct one")
    return Span.of(start_ms, end_ms)


def duration(length_ms: int) -> str:
    """A length of time as people say it: `1 h 30 min`, `2.5 s`."""
    seconds, rest_ms = divmod(length_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{rest_ms:03}".rstrip("0") if rest_ms else ""
    parts = (
        (hours, f"{hours} h"),
        (minutes, f"{minutes} min"),
        (seconds or rest_ms, f"{seconds}{fraction} s"),
    )
    return " ".join(text for value, text in parts if value) or "0 s"
