"""Rounds to changes, against the meaning of each result told one by one."""

from hypothesis import given
from hypothesis import strategies as st

from tests.projections.results import (
    STALE_AFTER_MS,
    changes,
    ledger_of,
    meaning,
    tellings,
)


@given(tellings(), st.sampled_from([400, 1300, STALE_AFTER_MS, 6000]))
def test_the_changes_are_what_the_results_say_one_by_one(told, stale_after_ms):
    known = ledger_of(told).known()

    assert changes(known, stale_after_ms=stale_after_ms) == meaning(told.results, stale_after_ms)
