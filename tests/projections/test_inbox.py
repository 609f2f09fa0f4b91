"""What needs somebody now: each kind, when it is due, and when it is not there any more."""

from datetime import date

import pytest

from ledger.contracts import ContractEnded
from ledger.errors import BadInputError
from ledger.incidents import DataLossAlertSent, IncidentOpened
from ledger.support import SupportAnswered, SupportRequested
from projections.attention import KINDS
from projections.inbox import EACH, inbox
from tests.projections.attending import TUESDAY, announced, listed, look
from tests.projections.promised import PROD, acme, amended, october
from tests.spec import Story


def test_there_is_one_function_for_each_kind():
    assert len(EACH) == len(KINDS)


# ---------------------------------------------------------------- requests, claims, losses


def asked(story: Story, at: str) -> Story:
    filed = SupportRequested(request="r1", contract="acme", platform=PROD, subject="a question", by="p-1")
    return story.fact("support:r1", filed, at)


@pytest.mark.parametrize(
    ("at", "left", "overdue"),
    [
        ("2026-10-06T10:00:00+02:00", "48.00", False),
        ("2026-10-08T02:00:00+02:00", "8.00", False),
        ("2026-10-08T10:00:00+02:00", "0.00", False),
        ("2026-10-08T10:00:00.001+02:00", "-0.01", True),
    ],
)
def test_a_request_is_listed_while_it_is_open_and_overdue_once_its_hours_are_exceeded(at, left, overdue):
    (found,) = look(asked(acme(), october("6 10:00")), at)

    assert (found.kind, found.subject, found.hours_left, found.overdue) == (
        "support-request",
        "r1",
        left,
        overdue,
    )
    assert (found.due, found.about, found.what) == ("2026-10-08T10:00:00+02:00", (PROD,), "48")


def test_an_answered_request_needs_nobody():
    story = asked(acme(), october("6 10:00")).fact(
        "support:r1", SupportAnswered(request="r1", by="s"), october("9 10:00")
    )

    assert look(story, october("10 10:00")) == []


def test_a_claim_without_a_ruling_is_due_when_its_period_is_assessed():
    monthly = {"period": "calendar-month"}
    story = acme(readings=monthly).contract(
        "zenith", platforms=["zenith-prod"], assessment_grace_hours=48, readings=monthly
    )
    story.claim("c1", [PROD, "zenith-prod"], "2026-10-06T08:00+02:00/2026-10-06T09:00+02:00")

    (found,) = look(story, october("7 10:00"))

    assert (found.kind, found.contracts, found.overdue) == ("claim-unruled", ("acme", "zenith"), False)
    assert found.due == "2026-11-01T23:00:00Z"
    assert look(story.ruling("c1", "rejected"), october("7 10:00")) == []


def test_a_loss_of_data_is_overdue_until_the_administrators_of_every_platform_were_alerted():
    story = acme(platforms=[PROD, "acme-test"]).at(october("6 10:00"))
    lost = IncidentOpened(incident="i1", platforms=(PROD, "acme-test"), summary="x", data_loss=True)
    story.fact("incident:i1", lost)
    told = DataLossAlertSent(incident="i1", platforms=(PROD,))
    story.fact("incident:i1", told)

    (found,) = look(story, october("6 11:00"))

    assert (found.kind, found.about, found.overdue, found.hours_left) == (
        "data-loss-not-alerted",
        ("acme-test",),
        True,
        "-1.00",
    )
    story.fact("incident:i1", DataLossAlertSent(incident="i1", platforms=("acme-test",)))
    assert look(story, october("6 11:00")) == []


# ---------------------------------------------------------------- work, lists


def test_work_that_is_not_finished_is_due_at_the_end_of_what_was_announced():
    story = (
        acme().at(october("1 12:00")).notice("m1", [PROD], TUESDAY).worked("m1", "2026-10-06T02:10:00+02:00")
    )

    for at, overdue in (("2026-10-06T04:00:00+02:00", False), ("2026-10-06T04:30:00+02:00", True)):
        (found,) = look(story, at)
        assert (found.kind, found.overdue, found.what) == ("maintenance-unfinished", overdue, "announced")
    assert (found.since, found.hours_left) == ("2026-10-06T02:10:00+02:00", "-0.50")


def test_work_that_was_finished_needs_nobody_and_work_whose_notice_was_withdrawn_is_due_at_once():
    story = acme().at(october("1 12:00")).notice("m1", [PROD], TUESDAY)
    story.worked("m1", "2026-10-06T02:10:00+02:00", "2026-10-06T05:00:00+02:00")
    assert look(story, october("6 06:00")) == []

    story = acme().at(october("1 12:00")).notice("m1", [PROD], TUESDAY).withdrawn("m1")
    (found,) = look(story.worked("m1", "2026-10-06T02:10:00+02:00"), october("6 02:40"))
    assert (found.what, found.due, found.overdue) == ("withdrawn", "2026-10-06T02:10:00+02:00", True)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-10-04T11:59:59+02:00", []),
        ("2026-10-04T12:00:00+02:00", [False]),
        ("2026-10-05T12:00:00+02:00", [False]),
        ("2026-10-05T12:00:01+02:00", [True]),
    ],
)
def test_a_list_of_administrators_is_shown_from_three_quarters_of_its_time_on(at, shown):
    story = listed(acme(directory_sync_hours_max=96).at(october("1 12:00")))

    assert [each.overdue for each in look(story, at)] == shown


def test_the_list_of_a_contract_that_has_ended_may_grow_old():
    story = listed(acme(directory_sync_hours_max=1).at(october("1 12:00")))
    ended = ContractEnded(contract="acme", last_day=date(2026, 10, 2), reason="over")

    assert look(story, october("3 12:00"), "administrators-old")
    assert look(story.fact("contract:acme", ended), october("3 12:00"), "administrators-old") == []


# ---------------------------------------------------------------- assessments


def test_a_period_is_due_once_its_grace_has_passed_and_nobody_assessed_it():
    story = acme(readings={"period": "calendar-month"})

    assert look(story, "2026-11-01T23:59:59+01:00") == []
    (found,) = look(story, "2026-11-02T01:00:00+01:00")
    assert (found.kind, found.subject, found.since) == (
        "assessment-due",
        "acme/1",
        "2026-11-01T00:00:00+01:00",
    )
    assert (found.due, found.overdue) == ("2026-11-02T00:00:00+01:00", True)


# ---------------------------------------------------------------- all of it


def test_what_costs_first_comes_first_whatever_the_kind_and_the_order_of_the_ledger():
    story = asked(announced(), october("2 23:00")).worked("m1", "2026-10-06T02:10:00+02:00")

    found = look(story, october("4 12:00"))

    assert [each.kind for each in found] == ["support-request", "notice-not-given", "maintenance-unfinished"]


def test_one_contract_is_asked_for_by_a_name_that_there_is():
    story = asked(acme().contract("zenith", platforms=["zenith-prod"]), october("6 10:00"))

    assert len(look(story, october("7 10:00"), contract="acme")) == 1
    assert look(story, october("7 10:00"), contract="zenith") == []
    with pytest.raises(BadInputError, match="nobody"):
        look(story, october("7 10:00"), contract="nobody")


def test_what_was_recorded_after_the_moment_asked_about_changes_nothing():
    story = announced()
    before = inbox(story.known(october("2 12:00")))

    story.at(october("3 12:00")).withdrawn("m1")

    assert inbox(story.known(october("2 12:00"))) == before
    amended(story, date(2026, 10, 1), notice_hours=48)
    assert inbox(story.known(october("2 12:00"))) == before
