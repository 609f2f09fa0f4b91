"""The register of a contract."""

from datetime import date

import pytest

from ledger.contracts import ContractAmended, PlatformAdded, PlatformRemoved
from ledger.incidents import DataLossAlertSent, IncidentOpened, IncidentResolved
from ledger.terms import Terms
from projections.register import register
from projections.selection import select
from projections.statement import statement
from tests.spec import LATER, Story

UP = "2026-10-01T00:00+02:00 up"


@pytest.fixture
def two_clients():
    """A notice, an incident's platforms and a claim that concern two clients at once."""
    story = Story().contract("acme", "2026-10-01", platforms=["acme-prod"])
    story.contract("rival", "2026-10-01", platforms=["rival-secret"])
    story.observed("paris", "acme-prod", UP).observed("paris", "rival-secret", UP)
    both = ["acme-prod", "rival-secret"]
    story.at("2026-10-05T12:00+02:00").notice("m1", both, "2026-10-06T02:00+02:00/2026-10-06T04:00+02:00")
    story.claim("c1", both, "2026-10-01T10:00+02:00/2026-10-01T11:00+02:00")
    return story.corrected(
        "k1", "paris", "rival-secret", "2026-10-02T10:00+02:00/2026-10-02T11:00+02:00", "down"
    )


def test_nobody_sees_another_clients_platform(two_clients):
    found = statement(two_clients.known(), "acme", "1").model_dump_json()

    assert "acme-prod" in found
    assert "rival" not in found


def test_a_late_notice_stays_in_the_register_with_its_reason(two_clients):
    (maintenance,) = (
        entry for entry in statement(two_clients.known(), "acme", "1").entries if entry.kind == "maintenance"
    )

    (exclusion,) = maintenance.exclusions
    assert maintenance.notices[0].in_time is False
    assert maintenance.notices[0].hours_before == "14.00"
    assert exclusion.excluded_ms == 0
    assert {each.why for each in exclusion.not_excluded} == {"too-late"}


def test_another_clients_statement_does_not_change_with_ours(two_clients):
    alone = Story().contract("acme", "2026-10-01", platforms=["acme-prod"]).observed("paris", "acme-prod", UP)

    together = statement(two_clients.known(), "acme", "1", {"force-majeure": "accepted"})

    assert together.availability == statement(alone.known(), "acme", "1").availability


# ---------------------------------------------------------------- what stands in the register

OCTOBER = "1"
NIGHT = "2026-10-06T02:00+02:00/2026-10-06T04:00+02:00"
MONDAY_NOON = "2026-10-05T12:00+02:00"


def entries(story, contract="acme", period=OCTOBER, readings=None, as_of=LATER):
    """The register of a period, 1 to 30 October unless said otherwise."""
    known = story.known(as_of)
    found, judged = select(known, contract, period, readings)
    return register(known, found, judged)


def names(found):
    return [(entry.kind, entry.name) for entry in found]


def acme() -> Story:
    return Story().contract("acme", "2026-10-01", platforms=["acme-prod", "acme-test"])


def test_an_entry_shows_every_notice_with_both_clocks():
    story = acme().at("2026-10-05T12:10+02:00").notice("m1", ["acme-prod"], NIGHT, given_at=MONDAY_NOON)
    story.at("2026-10-05T20:00+02:00").moved("m1", "2026-10-07T02:00+02:00/2026-10-07T04:00+02:00")

    (entry,) = entries(story)

    assert [(n.kind, n.given_at, n.recorded_at) for n in entry.notices] == [
        ("published", "2026-10-05T12:00:00+02:00", "2026-10-05T12:10:00+02:00"),
        ("moved", "2026-10-05T20:00:00+02:00", "2026-10-05T20:00:00+02:00"),
    ]
    assert [n.announced.start for n in entry.notices] == [
        "2026-10-06T02:00:00+02:00",
        "2026-10-07T02:00:00+02:00",
    ]


@pytest.mark.parametrize(
    ("given_at", "hours_before", "in_time"),
    [
        ("2026-10-05T01:59+02:00", "24.01", True),
        ("2026-10-05T02:00+02:00", "24.00", True),
        ("2026-10-05T02:00:00.001+02:00", "23.99", False),
        ("2026-10-06T02:00+02:00", "0.00", False),
        ("2026-10-06T02:00:00.001+02:00", "-0.01", False),
        ("2026-10-06T03:30+02:00", "-1.50", False),
    ],
)
@pytest.mark.parametrize("notice", ["binding", "best-effort"])
def test_a_notice_is_in_time_by_the_hours_of_the_terms_whatever_excuses_it(
    notice, given_at, hours_before, in_time
):
    story = acme().at("2026-10-06T12:00+02:00").notice("m1", ["acme-prod"], NIGHT, given_at)

    ((found,),) = (entry.notices for entry in entries(story, readings={"notice": notice}))

    assert (found.hours_before, found.in_time) == (hours_before, in_time)


def test_the_terms_in_force_at_the_announced_start_say_what_is_in_time():
    story = acme()
    amended = ContractAmended(
        contract="acme",
        terms_version=2,
        from_day=date(2026, 10, 6),
        terms=Terms(notice_hours=12),
        reason="agreed",
    )
    story.fact("contract:acme", amended)
    story.at(MONDAY_NOON).notice("m1", ["acme-prod"], NIGHT)
    story.notice("m0", ["acme-prod"], "2026-10-05T23:00+02:00/2026-10-05T23:30+02:00")

    assert [(entry.name, entry.notices[0].in_time) for entry in entries(story)] == [
        ("m0", False),
        ("m1", True),
    ]


def test_the_reading_names_the_clock_that_says_what_is_in_time():
    story = acme().at("2026-10-05T12:00+02:00").notice("m1", ["acme-prod"], NIGHT, "2026-10-04T12:00+02:00")

    (by_mail,) = entries(story, readings={"notice-clock": "given"})[0].notices
    (by_ledger,) = entries(story, readings={"notice-clock": "recorded"})[0].notices

    assert (by_mail.in_time, by_ledger.in_time) == (True, False)
    assert by_mail.hours_before == by_ledger.hours_before == "38.00"


@pytest.mark.parametrize(
    ("given_at", "recorded_at", "back_dated"),
    [
        ("2026-10-04T12:00+02:00", "2026-10-06T02:00:00.001+02:00", True),
        ("2026-10-04T12:00+02:00", "2026-10-06T02:00+02:00", False),
        ("2026-10-06T02:00+02:00", "2026-10-06T09:00+02:00", False),
        ("2026-10-06T01:59:59+02:00", "2026-10-06T09:00+02:00", True),
    ],
)
def test_a_notice_is_back_dated_if_it_was_recorded_after_the_start_and_is_said_to_come_before(
    given_at, recorded_at, back_dated
):
    story = acme().at(recorded_at).notice("m1", ["acme-prod"], NIGHT, given_at)

    ((found,),) = (entry.notices for entry in entries(story))

    assert found.back_dated is back_dated


def test_a_withdrawal_is_held_against_the_announcement_that_it_takes_back():
    story = acme().at("2026-10-04T12:00+02:00").notice("m1", ["acme-prod"], NIGHT)
    story.at("2026-10-06T09:00+02:00").withdrawn("m1", given_at=MONDAY_NOON)

    published, withdrawn = entries(story)[0].notices

    assert (published.in_time, published.back_dated) == (True, False)
    assert (withdrawn.announced, withdrawn.hours_before, withdrawn.in_time) == (None, None, False)
    assert withdrawn.back_dated


def test_withdrawn_work_stays_in_the_register_and_excludes_nothing():
    story = acme().at("2026-10-04T12:00+02:00").notice("m1", ["acme-prod"], NIGHT)
    story.at(MONDAY_NOON).withdrawn("m1")

    (entry,) = entries(story)

    assert entry.exclusions[0].excluded == ()
    assert [each.why for each in entry.exclusions[0].not_excluded] == ["withdrawn"]


def test_what_is_excluded_is_said_for_each_platform():
    story = acme().at("2026-10-04T12:00+02:00").notice("m1", ["acme-test", "acme-prod"], NIGHT)

    (entry,) = entries(story)

    assert entry.platforms == ("acme-test", "acme-prod")
    assert [(each.platform, each.excluded_ms) for each in entry.exclusions] == [
        ("acme-test", 7_200_000),
        ("acme-prod", 7_200_000),
    ]


# ---------------------------------------------------------------- what touches a period


def test_work_moved_into_another_period_stands_in_both():
    story = acme().at("2026-10-04T12:00+02:00").notice("m1", ["acme-prod"], NIGHT)
    story.moved("m1", "2026-11-03T02:00+01:00/2026-11-03T04:00+01:00")

    assert names(entries(story, period="1")) == [("maintenance", "m1")]
    assert names(entries(story, period="2")) == [("maintenance", "m1")]
    assert names(entries(story, period="3")) == []


def test_work_done_outside_of_what_was_announced_is_in_the_period_in_which_it_was_done():
    story = acme().at("2026-10-04T12:00+02:00").notice("m1", ["acme-prod"], NIGHT)
    story.worked("m1", "2026-10-31T02:00+01:00", "2026-10-31T02:00+01:00")

    (entry,) = entries(story, period="2")

    assert entry.started_at == entry.finished_at == "2026-10-31T02:00:00+01:00"


def test_unfinished_work_and_open_incidents_are_in_every_later_period():
    story = acme().at("2026-10-06T02:00+02:00").notice("m1", ["acme-prod"], NIGHT)
    story.worked("m1", "2026-10-06T02:00+02:00")
    story.fact("incident:i1", IncidentOpened(incident="i1", platforms=("acme-prod",), summary="slow"))

    assert names(entries(story, period="4")) == [("incident", "i1"), ("maintenance", "m1")]
    assert [entry.kind for entry in entries(story, period="1")] == ["incident", "maintenance"]


@pytest.mark.parametrize(
    ("opened_at", "resolved_at", "periods"),
    [
        ("2026-10-30T10:00+01:00", "2026-10-31T00:00+01:00", ["1"]),
        ("2026-10-30T10:00+01:00", "2026-10-31T00:00:00.001+01:00", ["1", "2"]),
        ("2026-10-31T00:00+01:00", "2026-10-31T00:00+01:00", ["2"]),
    ],
)
def test_an_incident_is_in_the_periods_in_which_it_was_open(opened_at, resolved_at, periods):
    story = acme()
    opened = IncidentOpened(incident="i1", platforms=("acme-prod",), summary="slow")
    story.fact("incident:i1", opened, opened_at)
    story.fact("incident:i1", IncidentResolved(incident="i1", cause="a queue"), resolved_at)

    assert [each for each in ("1", "2", "3") if entries(story, period=each)] == periods


def test_a_claim_shows_every_ruling_and_the_last_one_excludes():
    story = acme().at("2026-10-07T09:00+02:00")
    story.claim("c1", ["acme-prod"], "2026-10-06T10:00+02:00/2026-10-06T12:00+02:00")
    story.at("2026-10-08T09:00+02:00").ruling("c1", "rejected")
    hour = "2026-10-06T10:00+02:00/2026-10-06T11:00+02:00"
    story.at("2026-10-09T09:00+02:00").ruling("c1", "in-part", hour, revises=2)

    (entry,) = entries(story)

    assert [(ruling.decision, ruling.recorded_at) for ruling in entry.rulings] == [
        ("rejected", "2026-10-08T09:00:00+02:00"),
        ("in-part", "2026-10-09T09:00:00+02:00"),
    ]
    assert entry.exclusions[0].excluded_ms == 3_600_000
    assert [each.why for each in entry.exclusions[0].not_excluded] == ["rejected"]


def test_a_correction_says_what_it_corrects_and_when_that_was_recorded():
    story = acme().observed("paris", "acme-prod", UP).at("2026-10-12T10:00+02:00")
    story.corrected("k1", "paris", "acme-prod", "2026-10-06T10:00+02:00/2026-10-06T11:00+02:00", "down")

    (entry,) = entries(story)

    assert (entry.agent, entry.platform, entry.action, entry.outcome) == (
        "paris",
        "acme-prod",
        "restated",
        "down",
    )
    assert entry.interval.start == "2026-10-06T10:00:00+02:00"
    assert entry.recorded_at == "2026-10-12T10:00:00+02:00"
    assert entries(story, period="2") == ()


def test_entries_stand_in_order_of_the_instant_at_which_they_touch_then_of_kind_and_name():
    story = acme().at("2026-09-20T09:00+02:00")
    story.notice("m2", ["acme-prod"], "2026-10-03T02:00+02:00/2026-10-03T04:00+02:00")
    story.notice("m1", ["acme-prod"], "2026-09-30T22:00+02:00/2026-10-01T04:00+02:00")
    story.notice("m0", ["acme-prod"], "2026-10-01T00:00+02:00/2026-10-01T04:00+02:00")
    story.claim("c1", ["acme-prod"], "2026-10-01T00:00+02:00/2026-10-01T01:00+02:00")
    story.corrected("k1", "paris", "acme-prod", "2026-10-02T10:00+02:00/2026-10-02T11:00+02:00")

    assert names(entries(story)) == [
        ("claim", "c1"),
        ("maintenance", "m0"),
        ("maintenance", "m1"),
        ("correction", "k1"),
        ("maintenance", "m2"),
    ]


def test_what_is_recorded_later_was_not_in_the_register():
    story = acme().at("2026-10-04T12:00+02:00").notice("m1", ["acme-prod"], NIGHT)
    before = entries(story, as_of="2026-10-20T00:00Z")

    story.at("2026-10-21T00:00Z").moved("m1", "2026-10-23T02:00+02:00/2026-10-23T04:00+02:00")
    story.claim("c1", ["acme-prod"], "2026-10-06T10:00+02:00/2026-10-06T12:00+02:00")

    assert entries(story, as_of="2026-10-20T00:00Z") == before
    assert len(entries(story)) == 2


# ---------------------------------------------------------------- platforms that come, go, and are another's


def test_what_happened_before_a_platform_came_or_after_it_left_is_not_shown():
    story = Story().contract("acme", "2026-10-01", platforms=["acme-prod"])
    story.contract("rival", "2026-10-01", platforms=[])
    story.fact(
        "contract:acme", PlatformRemoved(contract="acme", platform="acme-prod", last_day=date(2026, 10, 9))
    )
    story.fact(
        "contract:rival", PlatformAdded(contract="rival", platform="acme-prod", from_day=date(2026, 10, 10))
    )
    story.notice("m1", ["acme-prod"], NIGHT)
    story.notice("m2", ["acme-prod"], "2026-10-12T02:00+02:00/2026-10-12T04:00+02:00")
    story.notice("m3", ["acme-prod"], "2026-10-09T22:00+02:00/2026-10-10T02:00+02:00")

    assert [name for _, name in names(entries(story))] == ["m1", "m3"]
    assert [name for _, name in names(entries(story, "rival"))] == ["m3", "m2"]


def test_an_alert_names_only_those_of_this_client_who_were_told():
    story = acme().contract("rival", "2026-10-01", platforms=["rival-secret"]).at(MONDAY_NOON)
    story.fact(
        "incident:i1",
        IncidentOpened(
            incident="i1",
            platforms=("rival-secret", "acme-prod", "acme-test"),
            summary="lost",
            data_loss=True,
        ),
    )
    story.fact("incident:i1", DataLossAlertSent(incident="i1", platforms=("rival-secret",)))
    story.fact("incident:i1", DataLossAlertSent(incident="i1", platforms=("rival-secret", "acme-test")))

    (entry,) = entries(story)

    assert entry.platforms == ("acme-prod", "acme-test")
    assert [(step.kind, step.text) for step in entry.story] == [("opened", "lost"), ("alerted", "acme-test")]
    assert "rival" not in entry.model_dump_json()
