"""Which agents are live, and when one of them is silent."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.instants import MINUTE_MS
from ledger.plans import AgentRetired
from projections.asof import Known
from projections.last_rounds import last_rounds
from projections.moment import at_head, at_position
from projections.statement import statement
from tests.projections.attending import listed, look
from tests.projections.promised import PROD, acme, october
from tests.spec import Story, ms


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


RETIRED = AgentRetired(agent="paris", reason="its machine is gone", by="sre-1")


def test_a_retired_agent_is_missed_by_nobody_from_then_on():
    story = probing(october("6 10:00")).at(october("6 11:00"))
    story.fact("plan:paris", RETIRED, october("6 12:00"))

    assert [each.subject for each in look(story, "2026-10-06T11:59:59.999+02:00")] == ["paris"]
    assert look(story, october("6 12:00")) == []
    assert last_rounds(Known.at(story.engine, at_head(story.engine, ms(october("6 12:00"))))) == []


def test_an_agent_that_is_given_another_plan_is_missed_again():
    story = probing(october("6 10:00")).at(october("6 11:00")).fact("plan:paris", RETIRED)
    story.at(october("6 12:00")).plan("paris", [PROD])

    assert [each.subject for each in look(story, october("6 13:00"))] == ["paris"]


def test_a_question_about_two_moments_tells_before_and_after_apart():
    """Both know the same rounds and plans, so what was derived for one must not answer for the other."""
    story = listed(probing(october("6 10:00")).at(october("6 10:30")))
    position = story.engine.head().position
    story.at(october("6 11:00")).fact("plan:paris", RETIRED)
    before, after = (
        Known.at(story.engine, at_position(story.engine, each).looked_at(ms(october("6 12:00"))))
        for each in (position, position + 1)
    )

    assert [each.plan.agent for each in last_rounds(before)] == ["paris"]
    assert last_rounds(replace(after, memo=before.memo)) == []


def test_no_figure_changes_when_an_agent_is_retired():
    """What it said last holds for as long as it would have held."""
    story = probing(october("6 10:00"), october("6 10:01")).at(october("6 10:02"))
    before = statement(story.known(), "acme", "1").model_dump(exclude={"as_of", "digest"})

    story.fact("plan:paris", RETIRED)

    assert statement(story.known(), "acme", "1").model_dump(exclude={"as_of", "digest"}) == before


@given(
    st.lists(st.integers(0, 3 * 30 * 24 * 60), min_size=1, max_size=6, unique=True), st.integers(0, 24 * 60)
)
def test_the_last_round_is_the_one_that_started_last_however_long_ago_and_in_whatever_order(minutes, later):
    """Held against the naive way, with rounds that arrive in another order than they started in."""
    story = Story().contract().plan("paris", [PROD])
    first_ms = ms("2026-10-01T00:00:00Z")
    starts = [first_ms + minute * MINUTE_MS for minute in minutes]
    story.at(max(starts)).rounds("paris", [(start_ms, {}) for start_ms in starts])

    now_ms = max(starts) + later * MINUTE_MS
    (found,) = last_rounds(Known.at(story.engine, at_head(story.engine, now_ms)))

    assert found.last.start_ms == max(starts)
