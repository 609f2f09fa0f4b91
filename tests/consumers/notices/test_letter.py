"""What an administrator reads, and what a calendar reads of it."""

from email import message_from_bytes, policy

import pytest
from icalendar import Calendar

from consumers.notices.occasions import occasions
from tests.consumers.notices.postoffice import JOHN, PROD, TUESDAY, WEDNESDAY, ZOE, Office
from tests.spec import Story

OCTOBER_NIGHT = "2026-10-25T02:00:00+02:00/2026-10-25T03:00:00+01:00"


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path, 25)
    yield office
    office.store.close()


def letters(office, person: str = "p-1"):
    """The messages to one person, in order."""
    from consumers.notices.letter import letter  # noqa: PLC0415 - only here

    head = office.sender().head
    found = [message for message in office.pending() if message.person == person]
    raw = [letter(message.occasion, message.to, head, message.name) for message in found]
    return [message_from_bytes(each, policy=policy.default) for each in raw]


def text_of(message) -> str:
    return message.get_body(("plain",)).get_content().replace("\r", "").replace("\xa0", " ")


def calendar_of(message) -> Calendar:
    (attached,) = message.iter_attachments()
    return Calendar.from_ical(attached.get_payload(decode=True))


# ---------------------------------------------------------------- in words


def test_a_notice_in_french_has_both_times_with_their_offset(office):
    office.story.notice("m1", [PROD], OCTOBER_NIGHT)

    (message,) = letters(office)

    assert message["To"] == "Zoé Martin <zoe@acme.example>"
    assert message.get_body(("plain",))["Content-Language"] == "fr"
    assert text_of(message) == (
        "Bonjour Zoé Martin,\n\n"
        "Une maintenance est programmée sur votre service.\n\n"
        "Du 25 octobre 2026, 2 h 00 (UTC+2)\nau 25 octobre 2026, 3 h 00 (UTC+1)\n\n"
        "Plateformes concernées : acme-prod\n\n"
        "Objet : work m1\n\n"
        "Cet avis vous est donné en application de la section « Disponibilité du service » du contrat acme.\n\n"
        "Le fichier joint met votre agenda à jour.\n\n"
        "Provider SAS\nAvis 4 du registre\n"
    )


def test_a_move_in_english_has_what_was_announced_before(office):
    office.story.notice("m1", [PROD], TUESDAY).moved("m1", WEDNESDAY)

    _, moved = letters(office, "p-2")

    assert moved["Subject"].replace("\xa0", " ") == "Maintenance m1 moved: 7 October 2026, 02:00 (UTC+2)"
    assert (
        "From 7 October 2026, 02:00 (UTC+2)\nto 7 October 2026, 04:00 (UTC+2)\n\nBefore: from 6 October 2026"
        in text_of(moved)
    )


def test_a_person_without_a_language_reads_the_contracts(tmp_path):
    office = Office(tmp_path, 25, JOHN._replace(language=None))
    office.story.notice("m1", [PROD], TUESDAY)

    assert "Bonjour John Smith" in text_of(letters(office, "p-2")[0])
    office.store.close()


def test_a_message_is_the_same_bytes_however_often_it_is_written(office):
    office.story.notice("m1", [PROD], TUESDAY)

    first, again = (letters(office)[0].as_bytes() for _ in range(2))

    assert first == again


def test_the_id_of_a_message_is_of_this_ledger_this_notice_and_this_person(office):
    office.story.notice("m1", [PROD], TUESDAY).notice("m2", [PROD], TUESDAY)
    elsewhere = Story("2026-08-01T00:00:00Z").contract("acme", platforms=[PROD])
    ids = {message["Message-ID"] for person in ("p-1", "p-2") for message in letters(office, person)}

    assert len(ids) == 4
    assert all(each.endswith("@provider.example>") for each in ids)
    assert elsewhere.known().facts[0].hash != office.story.known().facts[0].hash


@pytest.mark.parametrize("summary", ["a\r\nBcc: everybody@example.com", "a\nb", "=?utf-8?q?x?="])
def test_no_text_of_a_fact_becomes_a_header(office, summary):
    from ledger.maintenance import NoticePublished  # noqa: PLC0415 - only here
    from tests.spec import span  # noqa: PLC0415

    fact = NoticePublished(maintenance="m1", platforms=(PROD,), announced=span(TUESDAY), summary=summary)
    office.story.fact("maintenance:m1", fact)

    (message,) = letters(office)

    assert message["Bcc"] is None
    assert calendar_of(message).walk("VEVENT")[0]["DESCRIPTION"] == summary.replace("\r\n", "\n")


# ---------------------------------------------------------------- to a calendar


def test_a_calendar_reads_utc_and_the_properties_of_maintenance_notices(office):
    office.story.notice("m1", [PROD], OCTOBER_NIGHT)

    calendar = calendar_of(letters(office)[0])

    (event,) = calendar.walk("VEVENT")
    raw = calendar.to_ical().decode()
    assert calendar["METHOD"] == "PUBLISH"
    assert "DTSTART:20261025T000000Z" in raw
    assert "DTEND:20261025T020000Z" in raw
    assert "VTIMEZONE" not in raw
    assert {
        name: str(event[f"X-MAINTNOTE-{name}"])
        for name in ("PROVIDER", "ACCOUNT", "MAINTENANCE-ID", "OBJECT-ID", "IMPACT", "STATUS")
    } == {
        "PROVIDER": "Provider SAS",
        "ACCOUNT": "acme",
        "MAINTENANCE-ID": "m1",
        "OBJECT-ID": PROD,
        "IMPACT": "OUTAGE",
        "STATUS": "CONFIRMED",
    }
    assert event["X-MAINTNOTE-MAINTENANCE-ID"].params["X-MAINTNOTE-PRECEDENCE"] == "PRIMARY"
    assert {"DTSTAMP", "UID", "SUMMARY", "ORGANIZER", "SEQUENCE"} <= set(event)
    assert "ATTENDEE" not in event


def test_a_maintenance_keeps_its_uid_and_counts_its_notices(office):
    office.story.notice("m1", [PROD], TUESDAY).moved("m1", WEDNESDAY).withdrawn("m1")

    found = [calendar_of(message) for message in letters(office)]

    events = [calendar.walk("VEVENT")[0] for calendar in found]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [int(event["SEQUENCE"]) for event in events] == [0, 1, 2]
    assert [str(calendar["METHOD"]) for calendar in found] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert [str(event["X-MAINTNOTE-STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [event.decoded("DTSTART").isoformat() for event in events] == [
        "2026-10-06T00:00:00+00:00",
        "2026-10-07T00:00:00+00:00",
        "2026-10-07T00:00:00+00:00",
    ]


def test_each_platform_is_an_object(tmp_path):
    office = Office(tmp_path, 25, ZOE)
    office.story.contract("other", platforms=["other-prod"])
    from ledger.contracts import PlatformAdded  # noqa: PLC0415 - only here

    added = PlatformAdded(contract="acme", platform="acme-test", from_day="2026-10-01")
    office.story.fact("contract:acme", added)
    office.story.notice("m1", [PROD, "other-prod", "acme-test"], TUESDAY)

    (event,) = calendar_of(letters(office)[0]).walk("VEVENT")

    assert [str(each) for each in event["X-MAINTNOTE-OBJECT-ID"]] == [PROD, "acme-test"]
    office.store.close()


# ---------------------------------------------------------------- whom it concerns


def test_a_contract_is_told_of_what_concerns_it_at_the_announced_time(tmp_path):
    """A platform that leaves before the work, or joins after it, is not concerned."""
    office = Office(tmp_path, 25, ZOE)
    from ledger.contracts import PlatformRemoved  # noqa: PLC0415 - only here

    gone = PlatformRemoved(contract="acme", platform=PROD, last_day="2026-10-05")
    office.story.fact("contract:acme", gone)
    office.story.notice("m1", [PROD], TUESDAY)

    assert occasions(office.story.known()) == []
    office.store.close()
