"""Which facts moved a figure between two moments."""

import pytest

from ledger.errors import BadInputError
from projections.difference import difference
from tests.spec import Story

OUTAGE = "2026-10-01T00:00+02:00 up, 2026-10-06T09:00+02:00 down, 2026-10-06T12:00+02:00 up"


@pytest.fixture
def story():
    """Three hours down, read after the period; then a correction, a claim and a ruling."""
    story = Story().contract("acme", "2026-10-01").observed("paris", "acme-prod", OUTAGE)
    story.at("2026-11-04T10:00+01:00")
    story.corrected("c1", "paris", "acme-prod", "2026-10-06T09:00+02:00/2026-10-06T10:00+02:00", "up")
    story.at("2026-11-05T10:00+01:00").claim(
        "f1", ["acme-prod"], "2026-10-06T10:00+02:00/2026-10-06T11:00+02:00"
    )
    return story.at("2026-11-06T10:00+01:00").ruling(
        "f1", "accepted", "2026-10-06T10:00+02:00/2026-10-06T11:00+02:00"
    )


def between(story, earlier, later):
    return difference(story.known(earlier), story.known(later), "acme", "1")


def test_the_facts_that_moved_a_figure_are_named_with_what_they_moved(story):
    found = between(story, "2026-11-03T00:00+01:00", "2026-11-07T00:00+01:00")

    moved = {
        step.fact.stream: {each.name: (each.before, each.after) for each in step.moved}
        for step in found.steps
    }
    assert list(moved) == ["correction:c1", "claim:f1"]
    assert moved["correction:c1"]["penalties.days_granted"] == (3, 2)
    assert moved["claim:f1"]["penalties.days_granted"] == (2, 1)


def test_a_fact_that_moved_nothing_is_not_named(story):
    found = between(story, "2026-11-04T12:00+01:00", "2026-11-05T12:00+01:00")

    assert found.moved == ()
    assert found.steps == ()


def test_the_steps_lead_from_the_first_figures_to_the_last(story):
    found = between(story, "2026-11-03T00:00+01:00", "2026-11-07T00:00+01:00")

    total = {each.name: (each.before, each.after) for each in found.moved}
    assert total["penalties.days_granted"] == (3, 1)
    assert total["availability.acme-prod.classes_ms.down"] == (10_800_000, 3_600_000)


def test_rounds_that_came_in_late_are_a_step_of_their_own(story):
    story.at("2026-11-08T10:00+01:00").plan("lyon", ["acme-prod"], transitions=True)
    story.at("2026-11-08T11:00+01:00")
    story.observed("lyon", "acme-prod", "2026-10-06T09:00+02:00 up, 2026-10-06T13:00+02:00 up")

    found = between(story, "2026-11-07T00:00+01:00", "2026-11-09T00:00+01:00")

    assert [step.kind for step in found.steps] == ["rounds"]


def test_moments_in_the_wrong_order_are_refused(story):
    with pytest.raises(BadInputError, match="exchange --as-of and --and"):
        between(story, "2026-11-07T00:00+01:00", "2026-11-03T00:00+01:00")


def test_of_the_moments_between_only_the_last_fold_is_kept(story):
    for number in range(5):
        story.at(f"2026-11-1{number}T10:00+01:00").observed(
            "paris", "acme-prod", f"2026-11-0{number + 1}T10:00Z up"
        )
        story.corrected(
            f"k{number}", "paris", "acme-prod", "2026-10-06T09:00+02:00/2026-10-06T09:10+02:00", "up"
        )
    later = story.known("2026-11-20T00:00+01:00")

    difference(story.known("2026-11-03T00:00+01:00"), later, "acme", "2026-10")

    assert len(later.memo) == 1
