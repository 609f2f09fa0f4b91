"""Plans: which platforms an agent probes, version by version."""

import pytest

from ledger import plans
from ledger.errors import RefusedError
from ledger.plans import AgentRetired, Planned, PlanSet
from tests.subjects import after

PROD = Planned(platform="acme-prod")
TEST = Planned(platform="acme-test", offset_ms=500, usual_status=302)

retired = AgentRetired(agent="paris", reason="its machine is gone", by="sre-1")

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
    with pytest.raises(
        RefusedError, match=f"agent paris {kind}; use another --agent name for a source of the other kind"
    ):
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


# ---------------------------------------------------------------- retired


def test_a_retired_agent_has_no_plan_for_a_next_round_and_keeps_those_of_its_rounds():
    state = after(plans, first, plans.retire(after(plans, first), retired, 0))

    assert (state.current, state.last, state.history) == (None, first, (first,))


def test_another_plan_takes_an_agent_back_and_goes_on_counting():
    state = after(plans, first, retired)
    again = plans.set_plan(state, "paris", (TEST,))

    assert again.reference == "paris/2"
    assert after(plans, first, retired, again).current == again
    with pytest.raises(RefusedError, match="agent paris logs every result"):
        plans.set_plan(state, "paris", (PROD,), transitions=True)


def test_only_an_agent_that_is_there_is_retired_and_once():
    with pytest.raises(RefusedError, match="no agent paris ever had a plan"):
        plans.retire(plans.INITIAL, retired, 0)
    with pytest.raises(
        RefusedError,
        match=r"agent paris was retired at .*; if it probes again, record another plan for it first",
    ):
        plans.retire(after(plans, first, retired), retired, 0)


def test_an_agent_is_retired_no_earlier_than_its_last_result():
    state = after(plans, first)

    assert plans.retire(state, retired, retired_ms=60_000, last_result_ms=60_000) == retired
    with pytest.raises(RefusedError, match="agent paris still had a result at 1970-01-01T00:01:00Z"):
        plans.retire(state, retired, retired_ms=59_999, last_result_ms=60_000)
