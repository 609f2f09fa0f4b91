"""What hangs on each reading."""

import pytest

from ledger.errors import BadInputError
from ledger.readings import QUESTIONS
from projections.compare import in_every_combination, one_at_a_time
from projections.selection import select
from tests.spec import Story


@pytest.fixture
def disputed():
    """Work announced fourteen hours before, two hours and a half down, measured around the clock."""
    story = Story().contract("acme", "2026-10-01", readings={"service-hours": "24/7", "target": "daily"})
    story.observed(
        "paris",
        "acme-prod",
        "2026-10-01T00:00+02:00 up, 2026-10-06T02:00+02:00 down, 2026-10-06T04:30+02:00 up",
    )
    story.at("2026-10-05T12:00+02:00").notice(
        "m1", ["acme-prod"], "2026-10-06T02:00+02:00/2026-10-06T04:00+02:00"
    )
    known = story.known()
    return known, *select(known, "acme", "1")


def days(alternatives):
    return {tuple(each.changed.items()): each.days_granted for each in alternatives}


def test_the_terms_in_force_come_first(disputed):
    first = next(iter(one_at_a_time(*disputed)))

    assert first.changed == {}
    assert first.days_granted == 2


def test_every_other_value_of_every_reading_is_tried_alone(disputed):
    tried = [dict(each.changed) for each in one_at_a_time(*disputed)][1:]

    expected = sum(len(question.choices) - 1 for question in QUESTIONS)
    assert len(tried) == expected
    assert all(len(changed) == 1 for changed in tried)


def test_a_late_notice_is_worth_two_days_under_best_effort(disputed):
    found = days(one_at_a_time(*disputed))

    assert found[()] == 2
    assert found[("notice", "best-effort"),] == 0
    assert found[("tranche", "started"),] == 3
    assert found[("target", "share"),] == 0


def test_disputed_readings_are_tried_in_every_combination(disputed):
    found = days(in_every_combination(*disputed, ["notice", "tranche"]))

    assert found == {
        (): 2,
        (("tranche", "started"),): 3,
        (("notice", "best-effort"),): 0,
        (("notice", "best-effort"), ("tranche", "started")): 1,
    }


def test_a_reading_that_is_none_is_named(disputed):
    with pytest.raises(BadInputError, match="no reading 'notise'; readings are: period"):
        list(in_every_combination(*disputed, ["notise"]))


def test_more_combinations_than_anybody_reads_are_refused(disputed):
    with pytest.raises(BadInputError, match="name fewer"):
        list(in_every_combination(*disputed, [question.name for question in QUESTIONS]))


def test_a_reading_disputed_twice_is_disputed_once(disputed):
    assert days(in_every_combination(*disputed, ["notice", "notice"])) == days(
        in_every_combination(*disputed, ["notice"])
    )
    assert len(list(in_every_combination(*disputed, ["notice", "notice"]))) == 2
