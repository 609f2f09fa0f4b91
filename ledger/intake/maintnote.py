"""Notices of maintenance in calendar files: iCalendar with the BCOP properties (maintnote, draft 0.1).

An event has a UID and a SEQUENCE that grows with each change; the highest one is in force, whenever it comes.
Local times are made UTC before anything is compared: in a night in which clocks change, the distance of two
local times is not how long the work takes.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from icalendar import Calendar
from icalendar.cal import Event

from ledger.bulletins import BulletinReceived
from ledger.errors import BadInputError
from ledger.instants import from_ms, to_ms
from ledger.intake.names import require_name, slug
from ledger.intake.told import ReadBulletin, text

_PREFIX = "x-maintnote-"
_BEGIN = re.compile(rb"^BEGIN:VCALENDAR\b", re.MULTILINE | re.IGNORECASE)


class Notice(NamedTuple):
    """One notice, what its source calls the work, and whom it tells of it."""

    read: ReadBulletin
    work: str
    account: str


def read_file(path: Path, operator: str | None, now_ms: int) -> list[Notice]:
    """Every notice of a file, as they stand there.

    Without an `operator` it is the provider that each notice names.

    Raises:
        BadInputError: it is no calendar, or an event of it is no notice; the text says which and why.
    """
    try:
        document = path.read_bytes()
        calendars = Calendar.from_ical(document, multiple=True)
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror}); name a file") from None
    except ValueError as error:
        raise BadInputError(
            f"{path}: is no calendar ({error}); name a file in the form of iCalendar"
        ) from None
    if len(calendars) < len(_BEGIN.findall(document)):
        raise BadInputError(f"{path}: ends before its calendar does; fetch the file once more")
    events = [
        event for calendar in calendars for event in calendar.walk("VEVENT") if isinstance(event, Event)
    ]
    if not events:
        raise BadInputError(f"{path}: holds no event; name the file of a notice")
    return list(_reads(path, events, document, operator, now_ms))


def _reads(
    path: Path, events: list[Event], document: bytes, operator: str | None, now_ms: int
) -> Iterator[Notice]:
    for number, event in enumerate(events, 1):
        try:
            fact = _notice(event, operator)
            stamped_ms = _instant_ms(event, "dtstamp")
        except ValueError as error:
            uid = str(event.get("uid", f"number {number}"))
            raise BadInputError(f"{path}: event {uid} {error}; nothing of the file was stored") from None
        read = ReadBulletin(fact, min(stamped_ms, now_ms), path.name, document)
        yield Notice(read, _work(event), str(event.get(_PREFIX + "account") or ""))


def _notice(event: Event, operator: str | None) -> BulletinReceived:
    uid = str(_needed(event, "uid"))
    provider = require_name(operator) if operator else slug(str(_needed(event, _PREFIX + "provider")))
    if "rrule" in event or "rdate" in event:
        raise ValueError("repeats; write each time as an event with a UID of its own")
    start_ms, end_ms = _extent_ms(event)
    sequence = event.get("sequence", 0)
    return BulletinReceived(
        bulletin=slug(f"{provider}.{uid}"),
        operator=provider,
        kind="maintenance",
        key=uid,
        title=text(event.get("summary"), "(no summary)"),
        status=str(event.get(_PREFIX + "status") or event.get("status") or "").upper(),
        impact=str(event.get(_PREFIX + "impact") or "").upper(),
        concerned=tuple(text(each) for each in _several(event, _PREFIX + "object-id")),
        since_ms=start_ms,
        until_ms=end_ms,
        sequence=int(str(sequence)),
    )


def _several(event: Event, name: str) -> list[str]:
    """The values of a property that may come once or several times."""
    found = event.get(name)
    if found is None:
        return []
    return [str(each) for each in found] if isinstance(found, list) else [str(found)]


def _work(event: Event) -> str:
    """What its source calls the work: the primary name of it, or the first one, or that of the notice."""
    found = event.get(_PREFIX + "maintenance-id") or event["uid"]
    names: list[Any] = found if isinstance(found, list) else [found]
    primary = [
        each for each in names if getattr(each, "params", {}).get(_PREFIX.upper() + "PRECEDENCE") == "PRIMARY"
    ]
    return str((primary or names)[0])


def _extent_ms(event: Event) -> tuple[int, int]:
    start_ms = _instant_ms(event, "dtstart")
    if "dtend" in event:
        end_ms = _instant_ms(event, "dtend")
    elif "duration" in event:
        # A duration counts on the world's clock; added to a local time it would count on the wall's.
        end_ms = to_ms(from_ms(start_ms) + getattr(event["duration"], "dt", timedelta()))
    else:
        raise ValueError("has no end; write DTEND or DURATION")
    if end_ms <= start_ms:
        raise ValueError("ends before it starts; exchange DTSTART and DTEND or correct one")
    return start_ms, end_ms


def _instant_ms(event: Event, name: str) -> int:
    moment = getattr(_needed(event, name), "dt", None)
    match moment:
        case datetime(tzinfo=None):
            raise ValueError(f"has a {name.upper()} without a zone; write it in UTC, or with TZID")
        case datetime():
            return to_ms(moment)
    raise ValueError(
        f"says {name.upper()} as a day, which begins at another moment in each zone; write a time"
    )


def _needed(event: Event, name: str) -> Any:  # noqa: ANN401 - a property's value
    found = event.get(name)
    if found is None:
        raise ValueError(f"has no {name.upper()}; it is no notice of maintenance without one")
    return found
