"""Plans: which platforms an agent probes, version by version."""

import pytest

from ledger import plans
from ledger.plans import Planned, PlanSet
from tests.subjects import after, refused

PROD = Planned(platform="acme-prod")
TEST = Planned(platform="acme-test", offset_ms=500, usual_status=302)

first = plans.set_plan(plans.INITIAL, "paris", (PROD,))


def test_before_its_first_plan_an_agent_probes_nothing():
    assert plans.INITIAL.current is None


def test_plans_are_numbered_and_the_last_one_is_current():
    second = plans.set_plan(after(plans, first), "paris", (PROD, TEST), period_ms=30_000)

    state = after(plans, first, second)

    assert [plan.reference for plan in state.history] == ["paris/1", "paris/2"]
    assert state.current == second
    assert state.current.platforms == (PROD, TEST)


@pytest.mark.parametrize(("transitions", "kind"), [(False, "logs every result"), (True, "logs only changes")])
def test_an_agent_never_changes_what_silence_means(transitions, kind):
    state = after(plans, plans.set_plan(plans.INITIAL, "paris", (PROD,), transitions=transitions))

    assert plans.set_plan(state, "paris", (PROD, TEST), transitions=transitions).plan_version == 2
    with refused(f"agent paris {kind}; use another --agent name for a source of the other kind"):
        plans.set_plan(state, "paris", (PROD,), transitions=not transitions)


def test_a_plan_names_each_platform_once():
    with pytest.raises(ValueError, match="names each platform once; remove the repeated one"):
        plans.set_plan(plans.INITIAL, "paris", (PROD, PROD))


def test_a_plan_names_a_platform():
    with pytest.raises(ValueError, match="platforms"):
        plans.set_plan(plans.INITIAL, "paris", ())


@pytest.mark.parametrize(("offset_ms", "fits"), [(999, True), (1000, False)])
def test_an_offset_lies_within_the_round(offset_ms, fits):
    planned = {"agent": "paris", "plan_version": 1, "period_ms": 1000}
    platforms = (Planned(platform="acme-prod", offset_ms=offset_ms),)

    if fits:
        assert PlanSet(**planned, platforms=platforms).platforms == platforms
    else:
        with pytest.raises(ValueError, match="make it smaller than period_ms"):
            PlanSet(**planned, platforms=platforms)
