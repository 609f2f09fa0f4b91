"""Interventions: recorded once, for a request that was filed, whatever account was used."""

import pytest

from ledger import interventions, support
from ledger.errors import RefusedError
from ledger.interventions import InterventionMade
from ledger.support import SupportRequested
from tests.spec import span
from tests.subjects import after

filed = after(support, SupportRequested(request="r1", contract="acme", subject="slow", by="a1", account="m7"))
made = InterventionMade(
    intervention="iv1",
    request="r1",
    platform="acme-prod",
    during=span("2026-10-06T10:00Z/2026-10-06T10:20Z"),
    account="staff-2",
    summary="cleared a queue",
    by="staff-2",
)


def test_an_intervention_under_another_account_is_not_refused_because_then_nobody_would_know_of_it():
    assert interventions.make(interventions.INITIAL, filed, made) == made


def test_an_intervention_is_recorded_once():
    with pytest.raises(RefusedError, match="another name"):
        interventions.make(after(interventions, made), filed, made)


def test_an_intervention_is_made_for_a_request_that_was_filed():
    with pytest.raises(RefusedError, match="file it first with `constat support file`"):
        interventions.make(interventions.INITIAL, support.INITIAL, made)


def test_a_fact_of_another_subject_changes_nothing():
    requested = SupportRequested(request="r1", contract="acme", subject="slow", by="a1")

    assert after(interventions, made, requested) == after(interventions, made)
