"""Whose clock runs: 48 hours of the calendar from the filing on, at the moment asked about."""

from datetime import date

import pytest

from ledger.errors import BadInputError
from ledger.support import SupportAnswered, SupportRequested
from projections.asof import Known
from projections.moment import at_head
from projections.support_clock import support_clock
from tests.projections.promised import acme, amended, october, of
from tests.spec import Story, ms


def requested(story: Story, at: str, name="r1", contract="acme") -> Story:
    filed = SupportRequested(request=name, contract=contract, subject="a question", by="client-1")
    return story.fact(f"support:{name}", filed, at)


def clock(story: Story, at: str, warning_hours=12, **options):
    known = Known.at(story.engine, at_head(story.engine, ms(at)))
    return support_clock(known, warning_hours=warning_hours, **options)


def test_an_open_request_says_how_many_hours_are_used_how_many_left_and_when_it_is_lost():
    (found,) = clock(requested(acme(), october("6 10:00")), october("7 11:30")).requests

    assert (found.request, found.contract, found.promised_hours, found.position) == ("r1", "acme", 48, 3)
    assert (found.hours_used, found.hours_left, found.clock) == ("25.50", "22.50", "running")
    assert (found.filed_at, found.lost_at) == ("2026-10-06T10:00:00+02:00", "2026-10-08T10:00:00+02:00")


def test_the_hours_run_through_a_night_of_25_hours_by_the_calendar():
    (found,) = clock(requested(acme(), "2026-10-24T10:00+02:00"), "2026-10-25T10:00+01:00").requests

    assert (found.hours_used, found.lost_at) == ("25.00", "2026-10-26T09:00:00+01:00")


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2026-10-07T21:59:59.999+02:00", "running"),
        ("2026-10-07T22:00:00+02:00", "warning"),
        ("2026-10-08T10:00:00+02:00", "warning"),
        ("2026-10-08T10:00:00.001+02:00", "lost"),
    ],
)
def test_a_warning_comes_twelve_hours_before_and_a_request_is_lost_when_its_hours_are_exceeded(at, state):
    found = clock(requested(acme(), october("6 10:00")), at)

    assert found.requests[0].clock == state
    assert found.is_lost == (state == "lost")


def test_a_request_is_lost_exactly_when_an_answer_at_that_moment_would_be_found_late():
    for at in ("2026-10-08T10:00:00+02:00", "2026-10-08T10:00:00.001+02:00"):
        story = requested(acme(), october("6 10:00"))
        is_lost = clock(story, at).is_lost

        story.fact("support:r1", SupportAnswered(request="r1", by="support-1"), at)

        assert is_lost == (of(story, "support-answer").state == "broken")


def test_the_first_to_be_lost_comes_first_whatever_the_contracts_and_the_order_of_the_ledger():
    story = acme().contract("quick", platforms=["quick-prod"], support_answer_hours=4)
    story = requested(story, october("6 10:00"), "r1")
    story = requested(story, october("6 09:00"), "r2")
    story = requested(story, october("7 08:00"), "r3", "quick")

    found = clock(story, october("7 09:00"))

    assert [each.request for each in found.requests] == ["r3", "r2", "r1"]
    assert [each.request for each in clock(story, october("7 09:00"), contract="acme").requests] == [
        "r2",
        "r1",
    ]


def test_what_was_answered_is_not_open_and_another_contract_has_to_exist():
    story = requested(acme(), october("6 10:00"))
    story.fact("support:r1", SupportAnswered(request="r1", by="support-1"), october("6 11:00"))

    assert clock(story, october("9 10:00")).requests == ()
    with pytest.raises(BadInputError, match="no contract 'nobody'"):
        clock(story, october("9 10:00"), contract="nobody")


def test_the_terms_of_the_day_of_filing_say_how_many_hours():
    story = amended(acme(), date(2026, 10, 6), support_answer_hours=4)
    story = requested(requested(story, october("5 10:00"), "r1"), october("6 10:00"), "r2")

    found = clock(story, october("6 11:00"))

    assert [(each.request, each.promised_hours) for each in found.requests] == [("r2", 4), ("r1", 48)]
