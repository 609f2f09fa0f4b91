"""Corrections of probe results: made once, each with an outcome if and only if it restates one."""

import pytest

from ledger import corrections
from ledger.corrections import ResultsCorrected
from ledger.errors import RefusedError
from tests.spec import ms, span
from tests.subjects import ANY_TIME, LATER_MS, after

HOUR = "2026-10-06T10:00+02:00/2026-10-06T11:00+02:00"
NOW_MS = ms("2026-10-06T11:00+02:00")
"""The end of that hour: it has just been seen."""


def corrected(action="annulled", outcome=None) -> ResultsCorrected:
    return ResultsCorrected(
        correction="k1",
        agent="paris",
        platform="acme-prod",
        interval=span(HOUR),
        action=action,
        outcome=outcome,
        reason="the probe's certificates had expired",
        by="sre-4",
    )


def test_before_it_is_made_it_does_not_exist():
    assert corrections.INITIAL.corrected is None


def test_a_correction_knows_when_it_was_recorded():
    state = after(corrections, corrected())

    assert state.corrected == corrected()
    assert (state.recorded_ms, state.position) == (ms(ANY_TIME) + LATER_MS, 10)


@pytest.mark.parametrize("outcome", ["up", "degraded", "down"])
def test_results_are_restated_or_annulled(outcome):
    restated = corrected("restated", outcome)

    assert corrections.correct(corrections.INITIAL, restated, NOW_MS) == restated
    assert corrections.correct(corrections.INITIAL, corrected(), NOW_MS) == corrected()


def test_a_correction_is_itself_corrected_under_another_name():
    with pytest.raises(
        RefusedError, match="correct the same interval again under another name, the later one counts"
    ):
        corrections.correct(after(corrections, corrected()), corrected(), NOW_MS)


@pytest.mark.parametrize(("action", "outcome"), [("annulled", "up"), ("restated", None)])
def test_only_a_restated_interval_has_an_outcome(action, outcome):
    with pytest.raises(ValueError, match="a restated interval has an outcome, an annulled one has none"):
        corrected(action, outcome)


def test_a_correction_speaks_of_results_that_were_seen():
    with pytest.raises(
        RefusedError, match=r"ends in the future; let it end at 2026-10-06T08:59:59.999Z or before"
    ):
        corrections.correct(corrections.INITIAL, corrected(), NOW_MS - 1)
