"""Results made rounds, and rounds read back: every result is there again, at its instant."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import plans
from ledger.errors import RefusedError
from ledger.intake.assemble import PERIOD_MS, plan_for, rounds_of
from ledger.intake.frames import RESULTS
from ledger.intake.stored import stored_results
from ledger.plans import Planned, Plans, PlanSet
from ledger.rounds import OUTCOMES, check
from tests.spec import Story, ms

START_MS = ms("2026-10-06T09:00:00Z")
NAMES = ("acme", "beta", "gamma")


def results(*rows):
    """Rows of (platform, milliseconds behind nine, outcome), and status, latency, error where they matter."""
    whole = [
        (line, "paris", platform, START_MS + at_ms, OUTCOMES.index(outcome), *(*rest, 200, 80, "")[:3])
        for line, (platform, at_ms, outcome, *rest) in enumerate(rows, 2)
    ]
    return pl.DataFrame(whole, schema=RESULTS, orient="row")


def assembled(found, state=plans.INITIAL, after=0):
    plan = plan_for(state, "paris", found, transitions=False) or state.current
    made = list(rounds_of(plan, found, after))
    for each in made:
        check(each, plan)
    return plan, made


@st.composite
def many_results(draw):
    """Up to sixty results of three platforms, no two of one platform at one instant."""
    keys = st.tuples(st.sampled_from(NAMES), st.integers(-3 * PERIOD_MS, 5 * PERIOD_MS))
    rows = draw(st.lists(keys, unique=True, min_size=1, max_size=60))
    outcomes = draw(st.lists(st.sampled_from(OUTCOMES), min_size=len(rows), max_size=len(rows)))
    return [(*key, outcome) for key, outcome in zip(rows, outcomes, strict=True)]


@given(rows=many_results(), order=st.randoms())
def test_every_result_is_read_back_at_its_instant_whatever_the_order_of_rows(rows, order):
    story = Story()
    plan, made = assembled(results(*rows))
    shuffled = list(rows)
    order.shuffle(shuffled)
    story.fact("plan:paris", plan)
    story.ledger.append_rounds("paris", made)

    found = stored_results(
        story.engine, "paris", Plans((plan,)), START_MS - 3 * PERIOD_MS, START_MS + 5 * PERIOD_MS
    )

    back = [(name, at_ms - START_MS, OUTCOMES[outcome]) for name, at_ms, outcome in found.rows()]
    assert sorted(back) == sorted(rows)
    assert assembled(results(*shuffled)) == (plan, made)


@given(rows=many_results())
def test_rounds_are_numbered_without_a_gap_and_start_with_their_bucket(rows):
    _, made = assembled(results(*rows), after=7)

    assert [each.number for each in made] == list(range(8, 8 + len(made)))
    assert all(each.start_ms % PERIOD_MS == 0 for each in made)
    assert [each.start_ms for each in made] == sorted(each.start_ms for each in made)


def test_a_second_result_in_a_bucket_makes_a_further_round_with_the_same_start():
    _, made = assembled(results(("acme", 0, "up"), ("acme", 20_000, "down"), ("beta", 5_000, "up")))

    assert [(each.start_ms - START_MS, each.missing) for each in made] == [(0, []), (0, [1])]
    assert made[1].not_up == {0: ("down", 200, "")}


def test_the_offset_is_where_most_results_lie_so_that_few_are_late():
    close = [("acme", minute * PERIOD_MS + 3_000 + minute * 20, "up") for minute in range(10)]

    plan, made = assembled(results(*close, ("acme", 10 * PERIOD_MS + 40_000, "up")))

    assert plan.platforms == (Planned(platform="acme", offset_ms=3_000),)
    assert [each.late_ms for each in made] == [{}] * 10 + [{0: 37_000}]


def test_the_usual_status_is_the_most_frequent_one_and_others_are_kept():
    plan, made = assembled(
        results(("acme", 0, "up", 302), ("acme", PERIOD_MS, "up", 302), ("acme", 2 * PERIOD_MS, "up", 200))
    )

    assert plan.platforms[0].usual_status == 302
    assert [each.odd_status for each in made] == [{}, {}, {0: 200}]


def test_status_latency_and_error_of_what_was_not_up_are_kept():
    _, (made,) = assembled(results(("acme", 0, "down", 502, 70_000 % 65_536, "bad gateway")))

    assert made.not_up == {0: ("down", 502, "bad gateway")}
    assert made.latency_ms(0) == 4_464


def test_new_platforms_stand_behind_those_of_the_plan_and_change_nothing_for_them():
    before = PlanSet(
        agent="paris", plan_version=1, period_ms=30_000, platforms=(Planned(platform="zeta", offset_ms=7),)
    )

    plan, made = assembled(results(("acme", 0, "up"), ("zeta", 0, "up")), Plans((before,)))

    assert [planned.platform for planned in plan.platforms] == ["zeta", "acme"]
    assert (plan.platforms[0], plan.period_ms, plan.plan_version) == (before.platforms[0], 30_000, 2)
    assert made[0].late_ms == {0: -7}


def test_results_of_known_platforms_need_no_new_plan():
    plan, _ = assembled(results(("acme", 0, "up")))

    assert plan_for(Plans((plan,)), "paris", results(("acme", 9, "up")), transitions=False) is None


def test_an_agent_that_logs_every_result_takes_none_of_a_source_that_logs_changes():
    plan, _ = assembled(results(("acme", 0, "up")))

    with pytest.raises(RefusedError, match="another --agent name"):
        plan_for(Plans((plan,)), "paris", results(("acme", 9, "up")), transitions=True)
