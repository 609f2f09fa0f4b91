"""Which claimed time is excluded, and why the rest is not."""

import pytest

from tests.projections.excluded import PROD, STORM, acme, at, judged, only, why
from tests.spec import Story

MORNING = "2026-10-06T10:00:00+02:00/2026-10-06T12:00:00+02:00"
AFTERNOON = "2026-10-06T12:00:00+02:00/2026-10-06T14:00:00+02:00"
CLAIMED = {"force-majeure": "claimed"}


def stormy() -> Story:
    return acme().at("2026-10-07T00:00:00Z").claim("storm", [PROD], STORM)


def test_a_claim_without_a_ruling_excludes_nothing():
    assert only(stormy()) == ((), why(not_ruled=STORM))


def test_a_claim_without_a_ruling_excludes_all_where_claiming_is_enough():
    assert only(stormy(), readings=CLAIMED) == (at(STORM), ())


@pytest.mark.parametrize("readings", [{}, CLAIMED])
def test_a_ruling_decides_under_either_reading(readings):
    accepted = stormy().ruling("storm", "accepted", STORM)
    rejected = stormy().ruling("storm", "rejected")
    in_part = stormy().ruling("storm", "in-part", MORNING)

    assert only(accepted, readings=readings) == (at(STORM), ())
    assert only(rejected, readings=readings) == ((), why(rejected=STORM))
    assert only(in_part, readings=readings) == (at(MORNING), why(rejected=AFTERNOON))


def test_the_last_ruling_is_in_force_and_the_one_before_it_as_known_before():
    story = stormy().ruling("storm", "rejected")
    story.at("2026-10-20T00:00:00Z").ruling("storm", "in-part", AFTERNOON, revises=2)

    assert only(story) == (at(AFTERNOON), why(rejected=MORNING))
    assert only(story, as_of="2026-10-19T00:00:00Z") == ((), why(rejected=STORM))
    assert judged(story)[0].positions == tuple(fact.position for fact in story.known().facts[-3:])
