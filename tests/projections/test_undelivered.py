"""Notices that nobody has, and mails that failed: when they cost, and when they are of no interest any more."""

from datetime import date

import pytest

from ledger.directory import DirectorySynchronised
from ledger.mails import MailAbandoned
from ledger.processors import ProcessorEngaged
from tests.projections.attending import (
    DEADLINE,
    TUESDAY,
    WEDNESDAY,
    accepted,
    announced,
    bounced,
    listed,
    look,
    mailed,
    refused,
)
from tests.projections.promised import PROD, acme, october

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
    assert {each.reply for each in found} == {"5.1.1 no"}


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
    assert [(each.what, each.reply) for each in look(story, DEADLINE)] == [("no-address", None)]

    story = mailed(accepted(announced()), MailAbandoned, "p-2", why="overtaken")
    assert look(story, DEADLINE) == []


def test_a_failed_mail_about_a_notice_that_was_moved_since_needs_nobody():
    story = refused(announced()).moved("m1", WEDNESDAY)
    story = accepted(story, cause=story.known().maintenances["m1"].notices[-1].position)

    assert look(story, DEADLINE) == []


def test_a_failed_mail_about_a_sub_processor_is_late_at_once_and_names_it():
    engaged = ProcessorEngaged(
        processor="ovh",
        name="OVHcloud",
        address="Roubaix",
        registration="SIRET 1",
        role="hosts",
        from_day=date(2026, 12, 1),
        contracts=(),
    )
    story = accepted(announced()).fact("processor:ovh", engaged)
    cause = story.known().facts[-1].position

    (found,) = look(refused(story, cause=cause, maintenance=None), DEADLINE)

    assert (found.kind, found.subject, found.what) == ("mail-failed", "ovh", "refused")
    assert (found.due, found.overdue, found.positions) == (found.since, True, (cause, cause + 1))


def test_a_failed_mail_to_somebody_who_is_no_administrator_any_more_needs_nobody():
    story = refused(accepted(announced()), "p-2")
    story.fact("directory:acme", DirectorySynchronised(contract="acme", administrators=("p-1",), count=1))

    assert look(story, DEADLINE) == []
