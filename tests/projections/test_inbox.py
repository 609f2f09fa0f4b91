"""What needs somebody now: each kind, when it is due, and when it is not there any more."""

from datetime import date

import pytest

from ledger.contracts import ContractEnded
from ledger.directory import DirectorySynchronised
from ledger.errors import BadInputError
from ledger.incidents import DataLossAlertSent, IncidentOpened
from ledger.mails import MailAbandoned, MailAccepted, MailBounced, MailRefused
from ledger.support import SupportAnswered, SupportRequested
from projections.asof import Known, at_head
from projections.attention import KINDS
from projections.inbox import EACH, inbox
from tests.projections.promised import PROD, acme, amended, october
from tests.spec import Story, ms

TUESDAY = "2026-10-06T02:00:00+02:00/2026-10-06T04:00:00+02:00"
WEDNESDAY = "2026-10-07T02:00:00+02:00/2026-10-07T04:00:00+02:00"
DEADLINE = "2026-10-05T02:00:00+02:00"
SHA256 = "sha256:" + "0" * 64


def look(story: Story, at: str, *kinds: str, contract: str | None = None):
    """The items at a moment, of some kinds only if any are named."""
    known = Known.at(story.engine, at_head(story.engine, ms(at)))
    return [each for each in inbox(known, contract).items if not kinds or each.kind in kinds]


def listed(story: Story, contract: str = "acme", at: str | None = None) -> Story:
    fact = DirectorySynchronised(contract=contract, administrators=("p-1", "p-2"), count=2)
    return story.fact(f"directory:{contract}", fact, at)


def announced(at: str = "1 12:00", **terms) -> Story:
    """A contract with two administrators, to whom the work of Tuesday night was announced."""
    return listed(acme(**terms).at(october(at))).notice("m1", [PROD], TUESDAY)


def mailed(
    story: Story, kind, person: str = "p-1", *, contract: str = "acme", cause: int | None = None, **more
):
    """What became of the mail about the last notice to one person."""
    fact = kind(
        mail=f"mail-{contract}-{person}-{cause or 0}",
        contract=contract,
        person=person,
        cause=cause or story.known().maintenances["m1"].notices[-1].position,
        message_id="<m@provider.example>",
        sha256=SHA256,
        attempt=1,
        maintenance="m1",
        **more,
    )
    return story.fact(f"mail:{fact.mail}", fact)


def accepted(story: Story, person: str = "p-1", **more) -> Story:
    return mailed(story, MailAccepted, person, code=250, reply="OK", **more)


def refused(story: Story, person: str = "p-1", **more) -> Story:
    return mailed(story, MailRefused, person, code=550, reply="no", **more)


def bounced(story: Story, person: str = "p-1", **more) -> Story:
    return mailed(story, MailBounced, person, status="5.1.1", diagnostic="no", report=SHA256, **more)


def test_there_is_one_function_for_each_kind():
    assert len(EACH) == len(KINDS)


# ---------------------------------------------------------------- notices


def test_a_notice_that_nobody_has_is_due_as_early_before_its_start_as_the_terms_ask_for():
    (found,) = look(announced(), "2026-10-05T00:00:00+02:00")

    assert (found.kind, found.subject, found.contracts, found.what) == (
        "notice-not-given",
        "m1",
        ("acme",),
        "not-tried",
    )
    assert (found.since, found.due) == ("2026-10-01T12:00:00+02:00", DEADLINE)
    assert (found.hours_left, found.overdue, found.about, found.positions) == ("2.00", False, (PROD,), (4,))


@pytest.mark.parametrize(("at", "overdue"), [(DEADLINE, False), ("2026-10-05T02:00:00.001+02:00", True)])
def test_a_notice_is_overdue_the_instant_after_its_last_one(at, overdue):
    assert look(announced(), at)[0].overdue == overdue


def test_a_notice_that_one_administrator_has_needs_nobody():
    assert look(accepted(announced()), DEADLINE) == []


def test_a_notice_whose_only_accepted_mail_came_back_needs_somebody_again():
    found = look(bounced(accepted(announced())), DEADLINE)

    assert [(each.kind, each.what) for each in found] == [
        ("mail-failed", "bounced"),
        ("notice-not-given", "bounced"),
    ]
    assert {each.due for each in found} == {DEADLINE}


def test_a_notice_of_a_contract_without_administrators_was_told_otherwise():
    assert look(acme().at(october("1 12:00")).notice("m1", [PROD], TUESDAY), DEADLINE) == []


def test_a_notice_from_before_the_first_list_was_told_otherwise():
    assert look(listed(acme().at(october("1 12:00")).notice("m1", [PROD], TUESDAY)), DEADLINE) == []


def test_of_a_moved_notice_only_the_last_one_needs_to_be_given():
    story = accepted(announced()).at(october("2 12:00")).moved("m1", WEDNESDAY)

    (found,) = look(story, DEADLINE)

    assert (found.due, found.positions) == ("2026-10-06T02:00:00+02:00", (6,))


def test_a_withdrawn_notice_and_work_that_is_over_need_no_notice():
    assert look(announced().withdrawn("m1"), DEADLINE) == []
    assert look(announced(), "2026-10-06T04:00:00+02:00") == []


def test_a_notice_needs_to_be_given_to_each_contract_for_itself():
    story = listed(
        listed(acme().contract("zenith", platforms=["zenith-prod"]).at(october("1 12:00"))), "zenith"
    )
    story = accepted(story.notice("m1", [PROD, "zenith-prod"], TUESDAY))

    (found,) = look(story, DEADLINE)

    assert (found.contracts, found.about) == (("zenith",), ("zenith-prod",))


# ---------------------------------------------------------------- mails


def test_a_refused_mail_is_due_before_the_work_begins_where_somebody_else_has_the_notice():
    (found,) = look(refused(accepted(announced()), "p-2"), DEADLINE)

    assert (found.kind, found.what, found.about) == ("mail-failed", "refused", ("p-2",))
    assert found.due == "2026-10-06T02:00:00+02:00"


def test_a_mail_without_an_address_needs_somebody_and_one_that_was_overtaken_does_not():
    story = mailed(accepted(announced()), MailAbandoned, "p-2", why="no-address")
    assert [each.what for each in look(story, DEADLINE)] == ["no-address"]

    story = mailed(accepted(announced()), MailAbandoned, "p-2", why="overtaken")
    assert look(story, DEADLINE) == []


def test_a_failed_mail_about_a_notice_that_was_moved_since_needs_nobody():
    story = refused(announced()).moved("m1", WEDNESDAY)
    story = accepted(story, cause=story.known().maintenances["m1"].notices[-1].position)

    assert look(story, DEADLINE) == []


def test_a_failed_mail_to_somebody_who_is_no_administrator_any_more_needs_nobody():
    story = refused(accepted(announced()), "p-2")
    story.fact("directory:acme", DirectorySynchronised(contract="acme", administrators=("p-1",), count=1))

    assert look(story, DEADLINE) == []


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


# ---------------------------------------------------------------- agents


def probing(*starts: str, late_ms: int = 2_000, platform: str = PROD, **plan) -> Story:
    """An agent whose rounds are recorded so long after they started."""
    story = acme(stale_after_seconds=150).at(october("1 00:00")).plan("paris", [platform], **plan)
    for start in starts:
        story.at(ms(start) + late_ms).round("paris", start)
    return story


def test_an_agent_is_silent_once_nothing_came_for_longer_than_an_outcome_holds():
    story = probing(october("6 10:00"), october("6 10:01"))

    assert look(story, "2026-10-06T10:03:30+02:00") == []
    (found,) = look(story, "2026-10-06T10:03:31+02:00")
    assert (found.kind, found.subject, found.contracts, found.overdue) == (
        "agent-silent",
        "paris",
        ("acme",),
        True,
    )
    assert (found.since, found.due) == ("2026-10-06T10:01:00+02:00", "2026-10-06T10:03:30+02:00")


def test_an_agent_that_fell_silent_long_ago_is_still_found():
    assert [each.since for each in look(probing(october("2 10:00")), october("29 10:00"))] == [
        "2026-10-02T10:00:00+02:00"
    ]


@pytest.mark.parametrize(("late_ms", "is_live"), [(150_000, True), (150_001, False)])
def test_an_imported_history_is_not_live(late_ms, is_live):
    """Its rounds were recorded long after they started, so nothing is missed from it now."""
    story = probing(october("6 10:00"), late_ms=late_ms)

    assert bool(look(story, october("6 12:00"))) == is_live


def test_a_source_that_logs_only_changes_is_never_silent():
    assert look(probing(october("6 10:00"), transitions=True), october("6 12:00")) == []


def test_an_agent_whose_platforms_no_contract_has_is_missed_by_nobody():
    assert look(probing(october("6 10:00"), platform="other"), october("6 12:00")) == []


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

    accepted(story.at(october("3 12:00")))

    assert inbox(story.known(october("2 12:00"))) == before
    amended(story, date(2026, 10, 1), notice_hours=48)
    assert inbox(story.known(october("2 12:00"))) == before
