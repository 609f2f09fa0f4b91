"""The assessments of a contract: revisions in order, and penalties that add up to what stands."""

import pytest

from ledger import assessments
from ledger.assessments import AssessedPlatform, AssessmentMade, PenaltyGranted, PenaltyReversed
from ledger.errors import RefusedError
from tests.spec import span
from tests.subjects import after

OCTOBER = span("2026-10-01T00:00Z/2026-11-01T00:00Z")


def made(revision=1, number=1, **granted):
    days = sum(granted.values())
    return AssessmentMade(
        contract="acme",
        period=OCTOBER,
        period_number=number,
        revision=revision,
        seal=f"s{revision}",
        terms_version=1,
        platforms=tuple(
            AssessedPlatform(platform=name, days_accrued=each, days_granted=each)
            for name, each in granted.items()
        ),
        days_accrued=days,
        days_granted=days,
        days_left_under_cap=365 - days,
        figures_digest=f"sha256:{days:064}",
        statement_digest=f"sha256:{revision:064}",
    )


def decided(state, assessment):
    return [
        (type(fact), fact.platform, fact.days)
        for fact in assessments.assess(state, assessment, "Qualité de Services")
        if not isinstance(fact, AssessmentMade)
    ]


def taken(*several):
    state, facts = assessments.INITIAL, []
    for each in several:
        facts += assessments.assess(state, each, "Qualité de Services")
        state = after(assessments, *facts)
    return state


def test_the_first_assessment_grants_what_was_found():
    assert decided(assessments.INITIAL, made(a=2, b=0, c=1)) == [
        (PenaltyGranted, "a", 2),
        (PenaltyGranted, "c", 1),
    ]


def test_a_revision_grants_and_reverses_the_difference_to_what_stands():
    state = taken(made(a=2, b=1), made(2, a=5, b=1))

    assert state.periods[1].standing == {"a": 5, "b": 1}
    assert decided(state, made(3, a=4, c=3)) == [
        (PenaltyReversed, "a", 1),
        (PenaltyReversed, "b", 1),
        (PenaltyGranted, "c", 3),
    ]


def test_the_same_figures_are_assessed_once_whatever_the_revision():
    state = taken(made(a=2))

    assert assessments.assess(state, made(1, a=2), "x") == ()
    assert assessments.assess(state, made(2, a=2), "x") == ()


def test_a_revision_that_is_not_the_next_one_is_refused():
    with pytest.raises(RefusedError, match="the next one is 2 and not 1; read it again"):
        assessments.assess(taken(made(a=2)), made(1, a=3), "x")
    with pytest.raises(RefusedError, match="the next one is 1 and not 2"):
        assessments.assess(assessments.INITIAL, made(2, a=3), "x")


def test_periods_stand_beside_each_other():
    state = taken(made(a=2), made(1, number=2, a=3), made(2, a=1))

    assert {number: each.standing for number, each in state.periods.items()} == {1: {"a": 1}, 2: {"a": 3}}
