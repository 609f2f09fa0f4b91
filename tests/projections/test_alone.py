"""What each agent alone saw: evidence beside the figures, by the same rules."""

from hypothesis import given
from hypothesis import strategies as st

from projections.statement import part_of_statement, statement
from tests.spec import LATER, Story

HOURS = "2026-09-30T00:00+02:00 up, 2026-10-06T08:30+02:00 down, 2026-10-06T{}:00+02:00 up"


def alone(known):
    found = part_of_statement(known, "acme", "1", None, "agents").agents
    return {(each.platform, each.agent): each for each in found}


def story(**terms):
    return Story().contract("acme", platforms=["acme-prod", "acme-test"], **terms)


def test_agents_that_differ_are_each_shown_as_they_saw_it():
    told = (
        story()
        .observed("paris", "acme-prod", HOURS.format(10))
        .observed("lyon", "acme-prod", HOURS.format(12))
    )
    told.observed("nice", "acme-prod", "2026-09-30T00:00+02:00 up")

    seen = alone(told.known(LATER))

    assert {agent: each.classes_ms.down for (_, agent), each in seen.items()} == {
        "lyon": 3 * 3_600_000,
        "paris": 3_600_000,
        "nice": 0,
    }


def test_an_agent_is_enough_for_its_own_word_where_the_contract_wants_several():
    told = story(agents_min=2).observed("paris", "acme-prod", HOURS.format(10))
    known = told.known(LATER)

    (paris,) = alone(known).values()

    assert (paris.platform, paris.agent, paris.coverage_percent) == ("acme-prod", "paris", "100.00")
    assert statement(known, "acme", "1").availability.platforms[0].coverage_percent == "0.00"


def test_a_platform_is_not_shown_by_an_agent_that_said_nothing_of_it():
    told = (
        story()
        .observed("paris", "acme-prod", HOURS.format(10))
        .observed("lyon", "acme-test", HOURS.format(11))
    )

    assert list(alone(told.known(LATER))) == [("acme-prod", "paris"), ("acme-test", "lyon")]


def test_a_correction_is_laid_over_what_the_agent_said():
    told = story().observed("paris", "acme-prod", HOURS.format(10))
    told.corrected("c1", "paris", "acme-prod", "2026-10-06T08:00+02:00/2026-10-06T11:00+02:00", "up")

    assert alone(told.known(LATER))["acme-prod", "paris"].classes_ms.down == 0


def test_the_statement_and_its_digest_are_without_it():
    known = story().observed("paris", "acme-prod", HOURS.format(10)).known(LATER)

    assert "agents" not in statement(known, "acme", "1").model_dump()


@given(st.lists(st.sampled_from(["up", "down", "unknown", "degraded"]), min_size=1, max_size=6))
def test_of_a_single_agent_it_is_what_the_contract_measures(outcomes):
    said = ", ".join(f"2026-10-{day:02}T09:10+02:00 {said}" for day, said in enumerate(outcomes, start=1))
    known = story(agents_min=1).observed("paris", "acme-prod", said).known(LATER)

    whole = statement(known, "acme", "1").availability.platforms[0]
    seen = alone(known).get(("acme-prod", "paris"))

    assert seen is None or (seen.classes_ms, seen.percent, seen.percent_bounds, seen.coverage_percent) == (
        whole.classes_ms,
        whole.percent,
        whole.percent_bounds,
        whole.coverage_percent,
    )
    assert (seen is None) == (set(outcomes) == {"unknown"})
