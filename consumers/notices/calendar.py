"""A notice as a calendar reads it: RFC 5545 with the BCOP properties of maintenance notices.

One notice for one contract (`X-MAINTNOTE-ACCOUNT`), times in UTC, and through the life of a maintenance the
same UID with the next SEQUENCE. It names no person: it is published, nobody is asked to attend.
"""

from collections.abc import Iterable

from icalendar import Calendar, Event, vCalAddress, vText

from consumers.notices.occasions import Occasion
from ledger.instants import from_ms

_STATUS = {"published": "CONFIRMED", "moved": "CONFIRMED", "withdrawn": "CANCELLED"}


def method_of(occasion: Occasion) -> str:
    """What a calendar is to do with it."""
    return "CANCEL" if occasion.kind == "withdrawn" else "PUBLISH"


def calendar(occasion: Occasion, organizer: str, provider: str, summary: str) -> bytes:
    """The bytes of the attachment; the same notice always gives the same."""
    found = _empty()
    found.add("method", method_of(occasion))
    found.add_component(_event(occasion, organizer, provider, summary))
    return bytes(found.to_ical())


def feed(occasions: Iterable[tuple[Occasion, str]], organizer: str, provider: str, name: str) -> bytes:
    """The last notice of many works with its summary, as one calendar that others subscribe to."""
    found = _empty()
    found.add("x-wr-calname", name)
    for occasion, summary in occasions:
        found.add_component(_event(occasion, organizer, provider, summary))
    return bytes(found.to_ical())


def _empty() -> Calendar:
    found = Calendar()
    found.add("prodid", "-//Constat//maintenance notices//EN")
    found.add("version", "2.0")
    return found


def _event(occasion: Occasion, organizer: str, provider: str, summary: str) -> Event:
    assert occasion.announced is not None
    event = Event()
    event.add("uid", f"{occasion.name}.{occasion.contract}@{organizer.rpartition('@')[2]}")
    event.add("sequence", occasion.sequence)
    event.add("dtstamp", from_ms(occasion.occurred_ms))
    event.add("dtstart", from_ms(occasion.announced.start_ms))
    event.add("dtend", from_ms(occasion.announced.end_ms))
    event.add("summary", summary)
    event.add("description", occasion.text)
    event.add("status", _STATUS[occasion.kind])
    event.add("organizer", vCalAddress(f"mailto:{organizer}"))
    event.add("transp", "TRANSPARENT")  # the work keeps nobody from a meeting
    _add_maintnote(event, occasion, provider)
    return event


def _add_maintnote(event: Event, occasion: Occasion, provider: str) -> None:
    event.add("x-maintnote-provider", vText(provider))
    event.add("x-maintnote-account", vText(occasion.contract))
    name = vText(occasion.name)
    name.params["X-MAINTNOTE-PRECEDENCE"] = "PRIMARY"
    event.add("x-maintnote-maintenance-id", name)
    for platform in occasion.platforms:
        event.add("x-maintnote-object-id", vText(platform))
    event.add("x-maintnote-impact", vText("OUTAGE"))
    event.add("x-maintnote-status", vText(_STATUS[occasion.kind]))
