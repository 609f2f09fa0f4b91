"""Calendar files of maintenance notices: order, late ones, the nights on which clocks change, our own."""

import pytest

from consumers.notices.calendar import calendar
from consumers.notices.occasions import Occasion
from ledger.errors import BadInputError, RefusedError
from ledger.fact import hash_of
from ledger.intake.maintnote import read_file
from ledger.intake.maintnote_import import import_operators, import_own
from ledger.interval import Interval
from tests.spec import Story, ms

NOW_MS = ms("2026-12-01T00:00:00Z")
HOUR_MS = 3_600_000


def ics(*events):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n" + "".join(events) + "END:VCALENDAR\r\n"


def event(sequence=0, start=":20261006T020000Z", end=":20261006T040000Z", stamp="20261001T090000Z", **more):
    lines = {
        "UID": "work-1@operator.example",
        "SUMMARY": f"Router upgrade {sequence}",
        "DTSTAMP": stamp,
        "SEQUENCE": str(sequence),
        "ORGANIZER": "mailto:noc@operator.example",
        "X-MAINTNOTE-PROVIDER": "operator.example",
        "X-MAINTNOTE-ACCOUNT": "acme",
        "X-MAINTNOTE-MAINTENANCE-ID": "WORK-1",
        "X-MAINTNOTE-IMPACT": "OUTAGE",
        "X-MAINTNOTE-STATUS": "CONFIRMED",
    } | {name.replace("_", "-"): value for name, value in more.items() if name != "objects"}
    text = "".join(f"{name}:{value}\r\n" for name, value in lines.items() if value)
    objects = "".join(f"X-MAINTNOTE-OBJECT-ID:{each}\r\n" for each in more.get("objects", ["acme-prod"]))
    ending = f"DTEND{end}\r\n" if end else ""
    return f"BEGIN:VEVENT\r\n{text}DTSTART{start}\r\n{ending}{objects}END:VEVENT\r\n"


@pytest.fixture
def read(tmp_path):
    """The notices of a calendar file of some events."""

    def of(*events):
        path = tmp_path / "notice.ics"
        path.write_bytes(ics(*events).encode())
        return read_file(path, None, NOW_MS)

    return of


def imported(story, notices, take=import_operators):
    return take(story.ledger, "notice.ics", notices, hash_of)


def extent(read, **more):
    (notice,) = read(event(**more))
    fact = notice.read.fact
    return fact.until_ms - fact.since_ms


# ---------------------------------------------------------------- an operator's


def test_a_notice_is_a_bulletin_of_its_provider(read):
    story = Story()

    taken = imported(story, read(event(objects=["circuit-1", "circuit-2"])))

    fact = story.known().bulletins["operator.example.work-1@operator.example"].current.fact
    assert (taken.read, taken.stored) == (1, 1)
    assert (fact.operator, fact.kind, fact.status, fact.impact) == (
        "operator.example",
        "maintenance",
        "CONFIRMED",
        "OUTAGE",
    )
    assert fact.concerned == ("circuit-1", "circuit-2")
    assert (fact.since_ms, fact.until_ms) == (ms("2026-10-06T02:00:00Z"), ms("2026-10-06T04:00:00Z"))
    assert story.known().maintenances == {}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_highest_sequence_is_in_force_in_whichever_order_they_come(read, order):
    story = Story()
    for sequence in order:
        imported(story, read(event(sequence, stamp=f"2026100{sequence + 1}T090000Z")))

    (bulletin,) = story.known().bulletins.values()
    assert bulletin.current.fact.sequence == 2
    assert len(bulletin.received) == 3


def test_the_same_notice_again_is_no_other_fact_also_behind_a_higher_one(read):
    story = Story()
    imported(story, read(event(0)))
    imported(story, read(event(1)))

    again = imported(story, read(event(0), event(1)))

    assert again.stored == 0


# ---------------------------------------------------------------- the nights on which clocks change


def test_in_the_night_of_march_two_hours_on_the_wall_are_one(read):
    zone = ";TZID=Europe/Paris:20260329T"
    assert extent(read, start=zone + "013000", end=zone + "033000") == HOUR_MS


def test_in_the_night_of_october_two_hours_on_the_wall_are_three(read):
    zone = ";TZID=Europe/Paris:20261025T"
    assert extent(read, start=zone + "013000", end=zone + "033000") == 3 * HOUR_MS


def test_a_time_that_comes_twice_is_its_first_one(read):
    zone = ";TZID=Europe/Paris:20261025T"
    (notice,) = read(event(start=zone + "023000", end=zone + "033000"))
    assert notice.read.fact.since_ms == ms("2026-10-25T00:30:00Z")
    assert notice.read.fact.until_ms == ms("2026-10-25T02:30:00Z")


def test_a_time_that_never_comes_is_read_by_the_offset_before_it(read):
    zone = ";TZID=Europe/Paris:20260329T"
    (notice,) = read(event(start=zone + "023000", end=zone + "040000"))
    assert notice.read.fact.since_ms == ms("2026-03-29T01:30:00Z")


def test_a_duration_counts_on_the_clock_of_the_world(read):
    more = {"start": ";TZID=Europe/Paris:20261025T013000", "end": "", "DURATION": "PT2H"}
    assert extent(read, **more) == 2 * HOUR_MS


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"start": ":20261006T020000"}, "has a DTSTART without a zone"),
        ({"start": ";VALUE=DATE:20261006"}, "says DTSTART as a day"),
        ({"end": ":20261006T010000Z"}, "ends before it starts"),
        ({"end": ""}, "has no end"),
        ({"UID": ""}, "has no UID"),
        ({"RRULE": "FREQ=WEEKLY"}, "repeats; write each time"),
    ],
)
def test_what_has_no_extent_is_refused_and_says_why(read, more, said):
    with pytest.raises(BadInputError, match=said):
        read(event(**more))


def test_what_is_no_calendar_is_refused_with_advice(tmp_path):
    (tmp_path / "a.ics").write_text("Dear customer,")

    with pytest.raises(BadInputError, match=r"is no calendar|holds no event"):
        read_file(tmp_path / "a.ics", None, NOW_MS)


@pytest.mark.parametrize("left", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_is_refused_and_not_read_in_part(tmp_path, left):
    whole = ics(event(), event(UID="work-2@operator.example"))
    (tmp_path / "a.ics").write_text(whole[: int(len(whole) * left)])

    with pytest.raises(BadInputError, match="ends before its calendar does"):
        read_file(tmp_path / "a.ics", None, NOW_MS)


def test_two_notices_that_would_have_one_name_here_are_not_taken_for_one(read):
    story = Story()
    imported(story, read(event(UID="work 1@operator.example")))

    with pytest.raises(RefusedError, match=r"as 'work 1@operator\.example' of operator\.example is"):
        imported(story, read(event(1, UID="work/1@operator.example")))


# ---------------------------------------------------------------- our own


def own(story, notices):
    return imported(story, notices, import_own)


def test_our_own_notice_announces_the_work_when_it_was_given(read):
    story = Story("2026-11-30T00:00:00Z").contract()

    own(story, read(event()))

    work = story.known().maintenances["WORK-1.acme"]
    assert work.platforms == ("acme-prod",)
    assert work.announced == Interval(ms("2026-10-06T02:00:00Z"), ms("2026-10-06T04:00:00Z"))
    assert work.notices[0].given_ms == ms("2026-10-01T09:00:00Z")
    assert work.notices[0].recorded_ms >= ms("2026-11-30T00:00:00Z")


def test_a_higher_sequence_moves_it_and_a_cancelled_one_withdraws_it(read):
    story = Story().contract()
    moved = event(1, start=":20261007T020000Z", end=":20261007T040000Z", stamp="20261002T090000Z")
    cancelled = event(2, stamp="20261003T090000Z", X_MAINTNOTE_STATUS="CANCELLED")

    own(story, read(cancelled, event(0), moved))
    again = own(story, read(cancelled, event(0), moved))

    work = story.known().maintenances["WORK-1.acme"]
    assert [notice.kind for notice in work.notices] == ["published", "moved", "withdrawn"]
    assert again.stored == 0


def test_a_late_lower_sequence_is_kept_and_changes_nothing(read):
    story = Story().contract()
    later = event(2, start=":20261007T020000Z", end=":20261007T040000Z", stamp="20261003T090000Z")
    own(story, read(later))
    before = story.known().maintenances["WORK-1.acme"]

    taken = own(story, read(event(1, stamp="20261002T090000Z")))

    known = story.known()
    assert taken.stored == 1
    assert any("came late: kept, and moves nothing" in note for note in taken.notes)
    assert known.maintenances["WORK-1.acme"] == before
    assert [each.fact.sequence for each in next(iter(known.bulletins.values())).received] == [2, 1]


def test_work_that_this_ledger_announced_itself_is_not_announced_again(read):
    story = Story().contract().notice("WORK-1.acme", ["acme-prod"], "2026-10-06T02:00Z/2026-10-06T04:00Z")

    with pytest.raises(BadInputError, match="was announced already, and not by event work-1@operator"):
        own(story, read(event()))


def test_who_forgot_to_say_that_a_notice_is_ours_can_say_it_later(read):
    story = Story().contract()
    imported(story, read(event()))

    mended = own(story, read(event()))
    again = own(story, read(event()))

    (notice,) = story.known().maintenances["WORK-1.acme"].notices
    assert notice.given_ms == ms("2026-10-01T09:00:00Z")
    assert (mended.stored, again.stored) == (1, 0)


def test_the_same_file_again_moves_nothing_back_that_was_moved_here(read):
    story = Story().contract()
    own(story, read(event()))
    story.moved("WORK-1.acme", "2026-10-08T02:00Z/2026-10-08T04:00Z")
    before = story.known().maintenances["WORK-1.acme"]

    assert own(story, read(event())).stored == 0
    assert story.known().maintenances["WORK-1.acme"] == before


def test_two_notices_of_one_work_are_no_move_of_it(read):
    story = Story().contract()
    later = event(UID="work-1b@operator.example", start=":20261008T020000Z", end=":20261008T040000Z")

    with pytest.raises(BadInputError, match="would both announce maintenance WORK-1"):
        own(story, read(event(), later))

    assert story.known().maintenances == {}


def test_work_that_has_no_name_has_that_of_its_notice(read):
    story = Story().contract()

    own(story, read(event(X_MAINTNOTE_MAINTENANCE_ID="")))

    assert list(story.known().maintenances) == ["work-1@operator.example.acme"]


def test_a_notice_of_ours_that_names_no_platform_is_refused(read):
    with pytest.raises(BadInputError, match="names no platform; write each as X-MAINTNOTE-OBJECT-ID"):
        own(Story().contract(), read(event(objects=[])))


def test_a_move_that_names_other_platforms_is_said_to_move_only_the_time(read):
    story = Story().contract(platforms=["acme-prod", "acme-test"])
    moved = event(1, start=":20261007T020000Z", end=":20261007T040000Z", objects=["acme-prod", "acme-test"])

    taken = own(story, read(event(), moved))

    assert story.known().maintenances["WORK-1.acme"].platforms == ("acme-prod",)
    assert any("it stays announced on acme-prod" in note for note in taken.notes)


def test_a_notice_that_constat_mailed_is_read_back_as_it_was(tmp_path):
    story = Story().contract()
    announced = Interval(ms("2026-10-25T00:30:00Z"), ms("2026-10-25T02:30:00Z"))
    mailed = occasion(story, announced)
    path = tmp_path / "notice.ics"
    path.write_bytes(calendar(mailed, "ops@constat.example", "Constat", "Maintenance m1"))

    own(story, read_file(path, None, NOW_MS))

    work = story.known().maintenances["m1.acme"]
    assert (work.announced, work.platforms) == (announced, ("acme-prod",))
    assert work.notices[0].given_ms == mailed.occurred_ms


def occasion(story, announced):
    return Occasion(
        kind="published",
        name="m1",
        signed=story.known().contracts["acme"].signed,
        cause=1,
        fact_id="f",
        occurred_ms=ms("2026-10-01T09:00:00Z"),
        recorded_ms=ms("2026-10-01T09:00:00Z"),
        announced=announced,
        text="work m1",
        platforms=("acme-prod",),
    )
