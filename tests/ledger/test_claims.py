"""Claims of force majeure: what their facts make of them, and what they refuse."""

import pytest

from ledger import claims
from ledger.claims import ClaimFiled, ClaimRuled
from ledger.errors import RefusedError
from tests.spec import ms, span
from tests.subjects import LATER_MS, after

AFTERNOON = "2026-10-22T14:00+02:00/2026-10-22T17:00+02:00"
FIRST_HOUR = "2026-10-22T14:00+02:00/2026-10-22T15:00+02:00"
MORNING_TOO = "2026-10-22T13:59+02:00/2026-10-22T17:00+02:00"
FRIDAY = "2026-10-23T09:00:00Z"

filed = ClaimFiled(claim="c1", platforms=("acme-prod",), claimed=span(AFTERNOON), event="a flood")


def ruling(decision: str, *accepted: str, revises: int | None = None) -> ClaimRuled:
    return ClaimRuled(
        claim="c1",
        decision=decision,
        accepted=tuple(span(each) for each in accepted),
        reason="as the operator's report shows",
        by="jurist-2",
        revises=revises,
    )


accepted = ruling("accepted", AFTERNOON)
rejected = ruling("rejected")

FILED = after(claims, (filed, FRIDAY))
RULED = after(claims, filed, (accepted, FRIDAY))


# ---------------------------------------------------------------- what facts make of it


def test_before_it_is_filed_it_does_not_exist():
    assert claims.INITIAL.filed is None


def test_a_filed_claim_is_not_ruled():
    assert (FILED.filed, FILED.filed_ms, FILED.position) == (filed, ms(FRIDAY), 10)
    assert FILED.ruling is None


def test_a_ruling_keeps_both_clocks_and_its_place():
    assert RULED.ruling.accepted == (span(AFTERNOON).interval,)
    assert (RULED.ruling.occurred_ms, RULED.ruling.recorded_ms) == (ms(FRIDAY), ms(FRIDAY) + LATER_MS)
    assert (RULED.ruling.position, RULED.ruling.sequence) == (20, 2)


def test_the_last_ruling_is_in_force_and_the_first_one_stays():
    state = after(claims, filed, accepted, ruling("in-part", FIRST_HOUR, revises=2))

    assert state.ruling.decision == "in-part"
    assert [each.decision for each in state.rulings] == ["accepted", "in-part"]


# ---------------------------------------------------------------- what it allows and refuses


@pytest.mark.parametrize(
    "ruled", [accepted, rejected, ruling("in-part", FIRST_HOUR)], ids=lambda ruled: ruled.decision
)
def test_a_filed_claim_is_ruled(ruled):
    assert claims.rule(FILED, ruled) == ruled


def test_a_claim_is_filed_once():
    assert claims.file(claims.INITIAL, filed) == filed
    with pytest.raises(RefusedError, match="file another interval under another name"):
        claims.file(FILED, filed)


def test_a_claim_is_filed_before_it_is_ruled():
    with pytest.raises(RefusedError, match="no claim c1; file it first with `constat claim file`"):
        claims.rule(claims.INITIAL, accepted)


@pytest.mark.parametrize("revises", [None, 1, 3])
def test_a_second_ruling_says_which_one_it_replaces(revises):
    with pytest.raises(
        RefusedError,
        match=r"already ruled \(accepted\); to change that, name the ruling in force with --revises",
    ):
        claims.rule(RULED, ruling("rejected", revises=revises))


def test_a_revised_ruling_is_the_one_in_force():
    revised = ruling("rejected", revises=2)

    assert claims.rule(RULED, revised) == revised


def test_a_first_ruling_replaces_nothing():
    with pytest.raises(RefusedError, match="never ruled; rule it without --revises"):
        claims.rule(FILED, ruling("rejected", revises=1))


def test_a_ruling_accepts_only_what_was_claimed():
    with pytest.raises(RefusedError, match="file another claim for the rest"):
        claims.rule(FILED, ruling("accepted", MORNING_TOO))


@pytest.mark.parametrize(
    ("decision", "spans"), [("rejected", [AFTERNOON]), ("accepted", []), ("in-part", [])]
)
def test_a_ruling_accepts_what_it_says(decision, spans):
    with pytest.raises(
        ValueError, match="a rejected claim accepts no interval, any other accepts at least one"
    ):
        ruling(decision, *spans)
