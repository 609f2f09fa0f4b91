"""What a correction would change: the same as it does once it is recorded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.corrections import ResultsCorrected
from ledger.errors import BadInputError, RefusedError
from ledger.instants import HOUR_MS, MINUTE_MS, format_instant
from projections.corrected import preview
from projections.difference import difference
from tests.spec import Story, ms, span

OUTAGE = "2026-10-01T00:00+02:00 up, 2026-10-06T09:00+02:00 down, 2026-10-06T12:00+02:00 up"
NOW = "2026-11-10T00:00+01:00"
WHOLE = "2026-10-06T08:00+02:00/2026-10-06T12:00+02:00"
FIRST_HOUR = "2026-10-06T09:00+02:00/2026-10-06T10:00+02:00"


def outage(**terms) -> Story:
    """Three hours down in the first period of a contract."""
    story = Story().contract("acme", "2026-10-01", **terms)
    return story.observed("paris", "acme-prod", OUTAGE).at("2026-11-04T10:00+01:00")


def correction(interval: str, outcome: str | None = "up", name: str = "new") -> ResultsCorrected:
    return ResultsCorrected(
        correction=name,
        agent="paris",
        platform="acme-prod",
        interval=span(interval),
        action="restated" if outcome else "annulled",
        outcome=outcome,
        reason="the probe was wrong",
        by="sre-1",
    )


def said(found):
    return {(each.before, each.after): each.length_ms for each in found.said}


def days(found):
    """The days of each period before and after, by the only contract that is concerned."""
    (contract,) = found.contracts
    return {
        each.period.number: (each.days_granted_before, each.days_granted_after) for each in contract.periods
    }


def test_what_is_restated_is_told_by_outcome_and_what_was_so_already_stays():
    found = preview(outage().known(NOW), correction(WHOLE))

    assert said(found) == {("up", "up"): HOUR_MS, ("down", "up"): 3 * HOUR_MS}
    assert (found.changed_ms, found.silent_ms) == (3 * HOUR_MS, 0)


def test_what_is_annulled_becomes_unknown():
    found = preview(outage().known(NOW), correction(WHOLE, None))

    assert said(found) == {("up", "unknown"): HOUR_MS, ("down", "unknown"): 3 * HOUR_MS}


def test_the_days_of_the_period_are_told_as_they_are_and_as_they_would_be():
    found = preview(outage().known(NOW), correction(FIRST_HOUR))

    assert days(found) == {1: (3, 2)}


def test_a_correction_over_two_periods_names_both_and_only_the_touched_ones():
    first_days_of_both = "2026-10-06T09:00+02:00/2026-11-01T00:00+01:00"

    assert days(preview(outage().known(NOW), correction(first_days_of_both))) == {1: (3, 0), 2: (0, 0)}
    assert days(preview(outage().known(NOW), correction(FIRST_HOUR))).keys() == {1}


def test_a_period_whose_days_come_free_under_the_cap_is_named_though_the_interval_does_not_touch_it():
    story = Story().contract("acme", "2026-10-01", cap_days=3)
    november = "2026-11-05T09:00+01:00 down, 2026-11-05T11:00+01:00 up"
    story.observed("paris", "acme-prod", f"{OUTAGE}, {november}")

    found = preview(story.at(NOW).known(NOW), correction(FIRST_HOUR))

    assert days(found) == {1: (3, 2), 2: (0, 1)}


def test_silence_is_told_and_is_no_change():
    story = Story().contract("acme", "2026-10-01").plan("paris", ["acme-prod"])
    story.round("paris", "2026-10-06T10:00+02:00", {"acme-prod": "down"})

    found = preview(story.known(NOW), correction("2026-10-06T10:00+02:00/2026-10-06T11:00+02:00"))

    assert said(found) == {("down", "up"): 150_000}
    assert found.silent_ms == HOUR_MS - 150_000


@pytest.mark.parametrize("outcome", ["up", None])
def test_a_correction_that_says_what_stands_already_is_refused(outcome):
    story = outage().corrected("k1", "paris", "acme-prod", FIRST_HOUR, outcome)

    with pytest.raises(
        RefusedError, match="already, so nothing would change; name the interval or the outcome"
    ):
        preview(story.known(NOW), correction(FIRST_HOUR, outcome))


def test_a_correction_of_nothing_but_silence_is_refused():
    with pytest.raises(BadInputError, match="silence cannot be corrected"):
        preview(outage().known(NOW), correction("2026-09-06T09:00+02:00/2026-09-06T10:00+02:00"))


def test_a_correction_is_taken_back_by_another_with_what_the_agent_had_said():
    story = outage().corrected("slip", "paris", "acme-prod", FIRST_HOUR, "up")

    found = preview(story.known(NOW), correction(FIRST_HOUR, "down", "slip-taken-back"))

    assert said(found) == {("up", "down"): HOUR_MS}
    assert days(found) == {1: (2, 3)}


def test_what_was_annulled_can_be_restated():
    story = outage().corrected("slip", "paris", "acme-prod", FIRST_HOUR, None)

    assert said(preview(story.known(NOW), correction(FIRST_HOUR, "down"))) == {("unknown", "down"): HOUR_MS}


def test_another_client_is_not_named_and_a_platform_in_no_contract_concerns_nobody():
    story = outage().contract("globex", "2026-10-01", platforms=["globex-prod"])
    only_globex = Story().contract("globex", "2026-10-01", platforms=["globex-prod"])
    only_globex.observed("paris", "acme-prod", OUTAGE)

    assert [each.contract for each in preview(story.known(NOW), correction(WHOLE)).contracts] == ["acme"]
    assert preview(only_globex.known(NOW), correction(WHOLE)).contracts == ()


def test_a_contract_that_cannot_be_judged_says_why_and_keeps_nobody_from_the_correction():
    found = preview(outage(holiday_calendar="XX").known(NOW), correction(WHOLE))

    (contract,) = found.contracts
    assert (contract.periods, found.changed_ms) == ((), 3 * HOUR_MS)
    assert "there is no holiday calendar 'XX'" in (contract.not_judged or "")


QUARTERS = st.integers(0, 40)


@given(QUARTERS, QUARTERS, st.sampled_from(["up", "degraded", "down", None]))
def test_what_is_told_beforehand_is_what_the_ledger_tells_afterwards(start, length, outcome):
    begin_ms = ms("2026-10-06T07:00+02:00") + start * 15 * MINUTE_MS
    end_ms = begin_ms + (length + 1) * 15 * MINUTE_MS
    interval = f"{format_instant(begin_ms)}/{format_instant(end_ms)}"
    story = outage().corrected("k0", "paris", "acme-prod", FIRST_HOUR, "degraded")
    before = story.known(NOW)
    try:
        found = preview(before, correction(interval, outcome))
    except RefusedError:
        found = None

    story.corrected("new", "paris", "acme-prod", interval, outcome)
    moved = {
        each.name: (each.before, each.after)
        for each in difference(before, story.known(NOW), "acme", "1").moved
    }

    granted = moved.get("penalties.days_granted")
    if found is None:
        assert moved == {}
    else:
        told = days(found)[1]
        assert granted == told if told[0] != told[1] else granted is None
