"""A part of a statement says what the statement says of it, and lays out no days that it does not show."""

import pytest

from projections.statement import part_of_statement, statement
from tests.spec import LATER, Story

DOWN = "2026-09-30T00:00+02:00 up, 2026-10-06T08:30+02:00 down, 2026-10-06T10:00+02:00 up"


@pytest.fixture(scope="module")
def known():
    story = Story().contract("acme", platforms=["acme-prod", "acme-test"])
    return story.observed("paris", "acme-prod", DOWN).known(LATER)


@pytest.mark.parametrize("part", ["penalties", "register", "commitments"])
def test_a_part_has_the_figures_of_each_platform_and_no_days(known, part):
    whole = statement(known, "acme", "1").availability

    found = part_of_statement(known, "acme", "1", None, part).availability

    assert not any(each.days for each in found.platforms)
    assert all(each.days for each in whole.platforms)
    assert found.platforms == tuple(each.model_copy(update={"days": ()}) for each in whole.platforms)


def test_availability_is_laid_out_by_day_as_in_the_statement(known):
    whole = statement(known, "acme", "1")

    assert part_of_statement(known, "acme", "1", None, "availability").availability == whole.availability


def test_every_part_is_that_of_the_statement(known):
    whole = statement(known, "acme", "1")

    for part, field in (("penalties", "penalties"), ("register", "entries"), ("commitments", "commitments")):
        assert getattr(part_of_statement(known, "acme", "1", None, part), field) == getattr(whole, field)
