"""Rounds to changes, against the meaning of each result told one by one."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.interval import Interval
from projections.changes import observed_within, outcome_changes
from projections.steps import UNKNOWN, UP
from tests.projections.results import (
    STALE_AFTER_MS,
    changes,
    ledger_of,
    meaning,
    tellings,
)
from tests.spec import Story, ms


@given(tellings(), st.sampled_from([400, 1300, STALE_AFTER_MS, 6000]))
def test_the_changes_are_what_the_results_say_one_by_one(told, stale_after_ms):
    known = ledger_of(told).known()

    assert changes(known, stale_after_ms=stale_after_ms) == meaning(told.results, stale_after_ms)


def a_silent_hour() -> Story:
    """Down at ten, silent until eleven, up then; each result holds for 150 s."""
    story = Story().plan("paris", ["acme-prod"])
    return story.rounds(
        "paris", [("2026-10-06T10:00Z", {"acme-prod": "down"}), ("2026-10-06T11:00Z", {})]
    ).at("2026-10-07T00:00Z")


def test_a_restated_interval_is_restated_only_where_the_agent_had_said_something():
    story = a_silent_hour()
    story.corrected("k1", "paris", "acme-prod", "2026-10-06T09:00Z/2026-10-06T11:00Z", "up")

    found = outcome_changes(story.known(), ["acme-prod"], 150_000, ms("2026-10-06T11:01Z")).rows()

    assert [(at_ms, outcome) for _, _, at_ms, outcome in found] == [
        (ms("2026-10-06T10:00Z"), UP),
        (ms("2026-10-06T10:02:30Z"), UNKNOWN),
        (ms("2026-10-06T11:00Z"), UP),
    ]


def test_what_was_annulled_can_be_restated_by_a_later_correction():
    story = a_silent_hour()
    story.corrected("k1", "paris", "acme-prod", "2026-10-06T10:00Z/2026-10-06T10:02Z")
    story.corrected("k2", "paris", "acme-prod", "2026-10-06T10:01Z/2026-10-06T10:30Z", "up")

    found = outcome_changes(story.known(), ["acme-prod"], 150_000, ms("2026-10-06T10:30Z")).rows()

    assert [(at_ms, outcome) for _, _, at_ms, outcome in found] == [
        (ms("2026-10-06T10:01Z"), UP),
        (ms("2026-10-06T10:02:30Z"), UNKNOWN),
    ]


def test_an_agent_that_never_said_anything_of_a_platform_is_not_heard_through_a_correction():
    story = a_silent_hour()
    story.corrected("k1", "lyon", "acme-prod", "2026-10-06T10:00Z/2026-10-06T11:00Z", "up")

    found = outcome_changes(story.known(), ["acme-prod"], 150_000, ms("2026-10-06T11:00Z"))

    assert set(found["agent"]) == {"paris"}


def test_what_an_agent_said_within_an_interval_is_known_to_the_millisecond():
    known = a_silent_hour().known()

    def observed(start, end):
        within = Interval(ms(start), ms(end))
        return observed_within(known, "paris", "acme-prod", 150_000, within)

    assert observed("2026-10-06T10:01Z", "2026-10-06T11:01Z") == [
        (ms("2026-10-06T10:01Z"), ms("2026-10-06T10:02:30Z")),
        (ms("2026-10-06T11:00Z"), ms("2026-10-06T11:01Z")),
    ]
    assert observed("2026-10-06T10:10Z", "2026-10-06T11:00Z") == []
