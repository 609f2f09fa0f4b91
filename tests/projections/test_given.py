"""When a notice was given to a contract: by mail, if mails were tried (rule 3.1)."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.instants import HOUR_MS
from ledger.interval import Interval, subtract, union
from ledger.mails import Mail, MailAbandoned, MailAccepted, MailAttempted, MailBounced, MailRefused, stream_of
from ledger.maintenance import Maintenance, Notice
from ledger.terms import Terms
from projections.announced import judge_maintenance
from projections.asof import Known
from projections.difference import difference
from projections.exclusions import exclusions
from projections.given import as_told
from projections.moment import at_position
from projections.periods import Part
from projections.selection import select
from projections.statement import statement
from tests.spec import LATER, Story, ms, span

PROD = "acme-prod"
TUESDAY = "2026-10-06T02:00:00+02:00/2026-10-06T04:00:00+02:00"
WEDNESDAY = "2026-10-07T02:00:00+02:00/2026-10-07T04:00:00+02:00"
SUNDAY_NOON = "2026-10-04T12:00:00+02:00"
MONDAY_0159 = "2026-10-05T01:59:00+02:00"
MONDAY_0201 = "2026-10-05T02:01:00+02:00"
HASH = "sha256:" + "ab" * 32


def announced() -> Story:
    """Published on Sunday at noon for Tuesday 02:00 to 04:00, at position 3."""
    story = Story().contract("acme", platforms=[PROD], readings={"service-hours": "24/7"})
    story.observed("paris", PROD, "2026-10-01T00:00+02:00 up")
    return story.at(SUNDAY_NOON).notice("m1", [PROD], TUESDAY)


def mailed(story: Story, kind, at: str, person: str = "p-1", cause: int = 4, contract: str = "acme", **more):
    """One fact of the mail about a notice to a person."""
    name = f"{cause}.{contract}.{person}"
    fact = kind(
        mail=name,
        contract=contract,
        person=person,
        maintenance="m1",
        cause=cause,
        message_id=f"<{name}@example.com>",
        sha256=HASH,
        attempt=more.pop("attempt", 1),
        **more,
    )
    return story.at(at).fact(stream_of(name), fact)


def attempted(story, at, **more):
    return mailed(story, MailAttempted, at, sender="s", **more)


def accepted(story, at, **more):
    return mailed(story, MailAccepted, at, code=250, reply="OK queued", **more)


def refused(story, at, **more):
    return mailed(story, MailRefused, at, code=550, reply="no such user", **more)


def bounced(story, at, **more):
    return mailed(story, MailBounced, at, status="5.1.1", diagnostic="unknown", report=HASH, **more)


def excluded(story: Story, position: int | None = None, contract: str = "acme", platform: str = PROD):
    """What is excluded, by all facts or by those up to a position, looked at later."""
    moment = None if position is None else at_position(story.engine, position).looked_at(ms(LATER))
    known = Known.at(story.engine, moment) if moment else story.known()
    found, period = select(known, contract, "1", {"service-hours": "24/7"})
    return [span for each in exclusions(known, found, platform, period) for span in each.excluded]


def entry(story: Story, contract: str = "acme"):
    return next(
        each for each in statement(story.known(), contract, "1").entries if each.kind == "maintenance"
    )


def at(text: str) -> Interval:
    return span(text).interval


# ---------------------------------------------------------------- the worked example of rule 3.1


def test_the_notice_is_at_the_position_that_these_tests_name():
    assert announced().known().maintenances["m1"].notices[0].position == 4


def test_a_notice_of_which_no_mail_was_tried_was_given_when_it_was_published():
    assert excluded(announced()) == [at(TUESDAY)]


@pytest.mark.parametrize(("accepted_at", "expected"), [(MONDAY_0159, [at(TUESDAY)]), (MONDAY_0201, [])])
def test_a_mailed_notice_is_given_when_the_mail_server_accepted_it(accepted_at, expected):
    story = accepted(attempted(announced(), SUNDAY_NOON), accepted_at)

    assert excluded(story) == expected
    assert entry(story).notices[0].given_at == accepted_at


def test_one_administrator_is_enough():
    story = refused(announced(), SUNDAY_NOON, person="p-1")
    accepted(story, MONDAY_0159, person="p-2")
    accepted(story, MONDAY_0201, person="p-3")

    assert excluded(story) == [at(TUESDAY)]
    assert entry(story).notices[0].given_at == MONDAY_0159


@pytest.mark.parametrize("became", [attempted, refused])
def test_a_notice_that_no_server_accepted_was_given_to_nobody(became):
    story = became(announced(), SUNDAY_NOON)

    (notice,) = entry(story).notices
    assert excluded(story) == []
    assert (notice.given_at, notice.hours_before, notice.in_time) == (None, None, False)


def test_a_person_without_an_address_is_a_mail_that_nobody_got():
    story = mailed(announced(), MailAbandoned, SUNDAY_NOON, why="no-address")

    assert excluded(story) == []


def test_a_bounce_takes_an_acceptance_back():
    story = bounced(accepted(announced(), SUNDAY_NOON), MONDAY_0159)

    assert excluded(story) == []
    assert excluded(story, position=5) == [at(TUESDAY)]


def test_a_bounce_takes_nothing_back_from_another_administrator():
    story = accepted(announced(), SUNDAY_NOON)
    accepted(story, SUNDAY_NOON, person="p-2")

    assert excluded(bounced(story, MONDAY_0159)) == [at(TUESDAY)]


def test_what_was_accepted_again_after_a_bounce_is_given_then():
    story = bounced(accepted(announced(), SUNDAY_NOON), SUNDAY_NOON)

    assert entry(accepted(story, MONDAY_0159, attempt=2)).notices[0].given_at == MONDAY_0159


def test_a_notice_is_never_given_before_it_was_published():
    early = "2026-10-01T00:00:00+02:00"
    name = "4.acme.p-1"
    fact = MailAccepted(
        mail=name, contract="acme", person="p-1", cause=4, message_id="<x>", attempt=1, code=250, reply="OK"
    )
    story = announced().fact(stream_of(name), fact, early)

    assert entry(story).notices[0].given_at == SUNDAY_NOON


def test_by_the_recorded_clock_it_is_the_record_of_the_acceptance_that_counts():
    story = announced()
    name = "4.acme.p-1"
    fact = MailAccepted(
        mail=name, contract="acme", person="p-1", cause=4, message_id="<x>", attempt=1, code=250, reply="OK"
    )
    story.at(MONDAY_0201).fact(stream_of(name), fact, SUNDAY_NOON)
    known = story.known()
    contract, period = select(known, "acme", "1", {"service-hours": "24/7", "notice-clock": "recorded"})

    (found,) = exclusions(known, contract, PROD, period)
    assert (found.excluded, [why for _, why in found.not_excluded]) == ((), ["too-late"])
    assert excluded(story) == [at(TUESDAY)]


def late_acceptance(withdraw_or_move) -> Story:
    """Accepted on Sunday at 19:59:59, taken down at 20:02; the next notice came between."""
    story = attempted(announced(), SUNDAY_NOON)
    withdraw_or_move(story.at("2026-10-04T20:01:00+02:00"))
    name = "4.acme.p-1"
    fact = MailAccepted(
        mail=name, contract="acme", person="p-1", cause=4, message_id="<x>", attempt=1, code=250, reply="OK"
    )
    return story.at("2026-10-04T20:02:00+02:00").fact(stream_of(name), fact, "2026-10-04T19:59:59+02:00")


def excluded_by(story: Story, clock: str):
    known = story.known()
    contract, period = select(known, "acme", "1", {"service-hours": "24/7", "notice-clock": clock})
    return [span for each in exclusions(known, contract, PROD, period) for span in each.excluded]


@pytest.mark.parametrize("clock", ["given", "recorded"])
def test_an_acceptance_that_was_taken_down_after_a_withdrawal_brings_nothing_back(clock):
    """Seen to fail by the recorded clock, where only the other one was held against the withdrawal."""
    story = late_acceptance(lambda it: it.withdrawn("m1", given_at="2026-10-04T20:00:00+02:00"))

    assert excluded_by(story, clock) == []


def test_by_each_clock_a_notice_counts_that_it_has_before_the_next_one():
    """Moved by an hour, and no mail of the move yet: what both announce was announced in time by one clock.

    The mail of the move is accepted too late for what it adds.
    """
    later = "2026-10-06T03:00:00+02:00/2026-10-06T05:00:00+02:00"
    story = late_acceptance(lambda it: it.moved("m1", later, given_at="2026-10-04T20:00:00+02:00"))
    accepted(story, "2026-10-05T12:05:00+02:00", cause=6)

    assert excluded_by(story, "given") == [at("2026-10-06T03:00:00+02:00/2026-10-06T04:00:00+02:00")]
    assert excluded_by(story, "recorded") == []


def test_by_the_recorded_clock_it_does_not_count_when_the_next_notice_is_said_to_have_been_given():
    """Accepted at 12:30; the move of 13:00 says that it was given at 12:15."""
    later = "2026-10-06T03:00:00+02:00/2026-10-06T05:00:00+02:00"
    story = accepted(announced(), "2026-10-04T12:30:00+02:00")
    story.at("2026-10-04T13:00:00+02:00").moved("m1", later, given_at="2026-10-04T12:15:00+02:00")
    accepted(story, "2026-10-05T12:05:00+02:00", cause=6)

    assert excluded_by(story, "recorded") == [at("2026-10-06T03:00:00+02:00/2026-10-06T04:00:00+02:00")]
    assert excluded_by(story, "given") == []


def test_a_bounce_is_named_as_what_moved_the_figures():
    story = accepted(announced(), SUNDAY_NOON)
    story.observed("paris", PROD, "2026-10-06T02:00+02:00 down, 2026-10-06T04:00+02:00 up")
    earlier = Known.at(story.engine, at_position(story.engine, 5).looked_at(ms(LATER)))
    bounced(story.at(MONDAY_0159), MONDAY_0159)
    later = Known.at(story.engine, at_position(story.engine, 6).looked_at(ms(LATER)))

    found = difference(earlier, later, "acme", "1")

    moved = [step for step in found.steps if step.fact]
    assert [step.fact.fact.TYPE for step in moved] == ["constat.mail.bounced.v1"]
    assert {"availability.acme-prod.classes_ms.excluded-maintenance"} <= {
        each.name for each in moved[0].moved
    }


# ---------------------------------------------------------------- several contracts


def test_a_notice_is_given_to_each_contract_by_its_own_mails():
    story = Story().contract("acme", platforms=[PROD]).contract("rival", platforms=["rival-prod"])
    story.at(SUNDAY_NOON).notice("m1", [PROD, "rival-prod"], TUESDAY)
    accepted(story, MONDAY_0159, cause=5)
    refused(story, SUNDAY_NOON, cause=5, contract="rival")

    assert excluded(story) == [at(TUESDAY)]
    assert excluded(story, contract="rival", platform="rival-prod") == []
    assert [mail.person for mail in entry(story).notices[0].mails] == ["p-1"]
    assert "refused" not in statement(story.known(), "acme", "1").model_dump_json()


# ---------------------------------------------------------------- moved and withdrawn


def test_a_move_announces_only_once_it_was_given_and_takes_back_from_its_publication():
    story = accepted(announced(), SUNDAY_NOON)
    story.at("2026-10-04T13:00:00+02:00").moved("m1", WEDNESDAY)
    refused(story, "2026-10-04T13:01:00+02:00", cause=6)

    found = story.known().maintenances["m1"]

    assert found.notices[1].position == 6
    assert excluded(story) == []
    reasons = {each.why for exclusion in entry(story).exclusions for each in exclusion.not_excluded}
    assert reasons == {"moved", "too-late"}


def test_a_move_that_was_given_in_time_excludes_what_it_announces():
    story = accepted(announced(), SUNDAY_NOON)
    story.at("2026-10-04T13:00:00+02:00").moved("m1", WEDNESDAY)
    accepted(story, MONDAY_0159, cause=6)

    assert excluded(story) == [at(WEDNESDAY)]


def test_a_move_by_an_hour_keeps_what_both_announce_although_its_own_mail_came_late():
    """What was announced in time stays so; the hour that the move adds does not."""
    later = "2026-10-06T03:00:00+02:00/2026-10-06T05:00:00+02:00"
    story = accepted(announced(), SUNDAY_NOON)
    story.at("2026-10-05T12:00:00+02:00").moved("m1", later)
    accepted(story, "2026-10-05T12:05:00+02:00", cause=6)

    assert excluded(story) == [at("2026-10-06T03:00:00+02:00/2026-10-06T04:00:00+02:00")]


def test_a_notice_that_arrives_after_the_next_one_was_published_announces_nothing():
    story = announced()
    story.at("2026-10-04T13:00:00+02:00").moved("m1", WEDNESDAY)
    accepted(story, "2026-10-04T13:01:00+02:00", cause=5)
    accepted(story, "2026-10-04T13:02:00+02:00", cause=4, person="p-2")

    assert excluded(story) == [at(WEDNESDAY)]


HOURS = st.integers(0, 200).map(lambda hour: hour * HOUR_MS)
FATES = st.sampled_from(["accepted", "refused", None])


@st.composite
def histories(draw):
    """A maintenance with some notices, and what became of a mail about each, if one was tried."""
    times = sorted(draw(st.lists(HOURS, min_size=1, max_size=5)))
    notices, mails = [], {}
    for position, given_ms in enumerate(times, 1):
        kind = "published" if position == 1 else draw(st.sampled_from(["moved", "moved", "withdrawn"]))
        start_ms = draw(HOURS)
        interval = (
            None if kind == "withdrawn" else Interval(start_ms, start_ms + draw(st.integers(1, 5)) * HOUR_MS)
        )
        notices.append(Notice(kind, interval, given_ms, given_ms, position, "x", "ops"))
        fate = draw(FATES)
        if fate:
            accepted_ms = given_ms + draw(st.integers(0, 60)) * HOUR_MS if fate == "accepted" else None
            late_ms = draw(st.integers(0, 60)) * HOUR_MS
            recorded_ms = None if accepted_ms is None else accepted_ms + late_ms
            mail = Mail(accepted_ms=accepted_ms, accepted_recorded_ms=recorded_ms)
            mails[position] = [(f"m{position}", mail)]
        if kind == "withdrawn":
            break
    return Maintenance("m1", (PROD,), tuple(notices)), mails


@given(histories(), st.sampled_from(["binding", "best-effort"]), st.sampled_from(["given", "recorded"]))
def test_no_fate_of_a_mail_excludes_more_than_publication_would(history, notice, clock):
    maintenance, mails = history
    readings = {"notice": notice, "notice-clock": clock, "maintenance-hours": "anywhere"}
    part = Part(Interval(0, 300 * HOUR_MS), Terms(readings=readings), 1)

    by_mail, published = (
        judge_maintenance(each, part, ZoneInfo("UTC"), 300 * HOUR_MS)
        for each in (as_told(maintenance, mails), maintenance)
    )

    assert subtract(by_mail.excluded, published.excluded) == []
    asked = union([*by_mail.excluded, *(span for span, _ in by_mail.not_excluded)])
    assert asked == union([*published.excluded, *(span for span, _ in published.not_excluded)])


def test_a_withdrawal_holds_from_its_publication_whatever_became_of_its_mail():
    story = accepted(announced(), SUNDAY_NOON)
    story.at("2026-10-04T13:00:00+02:00").withdrawn("m1")
    refused(story, "2026-10-04T13:01:00+02:00", cause=6)

    assert excluded(story) == []
    assert entry(story).notices[1].given_at is None


def test_a_maintenance_that_was_never_mailed_is_judged_as_before():
    story = announced()
    known = story.known()
    contract, period = select(known, "acme", "1", {"service-hours": "24/7"})
    judged = judge_maintenance(known.maintenances["m1"], period.parts[0], period.zone, known.as_of.moment_ms)

    assert exclusions(known, contract, PROD, period)[0].excluded == judged.excluded


# ---------------------------------------------------------------- the register


def test_the_register_has_every_mail_with_the_servers_words():
    story = refused(announced(), SUNDAY_NOON, person="p-2")
    accepted(story, MONDAY_0159, person="p-1")

    mails = entry(story).notices[0].mails

    assert [(mail.person, mail.fate, mail.reply) for mail in mails] == [
        ("p-1", "accepted", "250 OK queued"),
        ("p-2", "refused", "550 no such user"),
    ]


def test_a_statement_without_mails_says_nothing_of_mails():
    found = statement(announced().known(), "acme", "1").model_dump_json(by_alias=True)

    assert "mails" not in found
    assert "escalated_at" not in found
    assert "administrators-list" not in found
