"""Support requests: what their facts make of them, and what they refuse."""

import pytest

from ledger import support
from ledger.errors import RefusedError
from ledger.support import SupportAnswered, SupportRequested
from tests.spec import ms
from tests.subjects import after

MONDAY = "2026-10-05T09:00:00Z"
TUESDAY = "2026-10-06T09:00:00Z"
FRIDAY = "2026-10-09T09:00:00Z"

requested = SupportRequested(request="r1", contract="acme", subject="it is slow", by="admin-7")
answered = SupportAnswered(request="r1", by="support-3")

FILED = after(support, (requested, MONDAY))


def test_before_it_is_filed_it_does_not_exist():
    assert support.INITIAL.requested is None


def test_a_filed_request_is_not_answered():
    assert (FILED.requested_ms, FILED.answered_ms, FILED.positions) == (ms(MONDAY), None, (10,))


def test_the_first_answer_counts():
    state = after(support, (requested, MONDAY), (answered, TUESDAY), (answered, FRIDAY))

    assert state.answered_ms == ms(TUESDAY)
    assert state.positions == (10, 20, 30)


def test_a_request_is_filed_and_answered_even_at_once():
    assert support.request(support.INITIAL, requested) == requested
    assert support.answer(FILED, answered, ms(MONDAY)) == answered


def test_a_request_is_filed_once():
    with pytest.raises(RefusedError, match="file another under another number"):
        support.request(FILED, requested)


def test_a_request_is_filed_before_it_is_answered():
    with pytest.raises(RefusedError, match="no request r1; file it first with `constat support file`"):
        support.answer(support.INITIAL, answered, ms(TUESDAY))


def test_a_request_is_answered_once():
    with pytest.raises(
        RefusedError,
        match=r"already answered at 2026-10-06T09:00:00Z, .* file another request for what was asked since",
    ):
        support.answer(after(support, (requested, MONDAY), (answered, TUESDAY)), answered, ms(FRIDAY))


def test_an_answer_does_not_come_before_its_request():
    with pytest.raises(RefusedError, match="correct the time"):
        support.answer(FILED, answered, ms(MONDAY) - 1)
