"""`constat relay` and `constat bill`, as billing calls them."""

import json

import pytest

from tests.consumers.billing.penalties import assess, ledger_at, owed


@pytest.fixture
def ledger(tmp_path):
    with ledger_at(tmp_path / "constat.db") as opened:
        yield opened


def totals(constat):
    """(contract, platform, period) -> days, as the store says."""
    found = json.loads(constat("bill", "show", "--json").out)
    return {
        (b["contract"], b["platform"], b["period_number"]): b["days"] for b in found["balances"] if b["days"]
    }


def test_a_penalty_that_is_relayed_is_billed_once(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)

    first = constat("relay", "--to", "feed.jsonl")
    again = constat("relay", "--to", "feed.jsonl")
    billed = constat("bill", "run", "--from", "feed.jsonl")
    twice = constat("bill", "run", "--from", "feed.jsonl")

    assert (first.code, first.err) == (0, "2 events relayed\n")
    assert (again.code, again.err) == (0, "0 events relayed\n")
    assert (billed.code, twice.code) == (0, 0)
    assert billed.out.startswith("2 events read")
    assert twice.out.startswith("0 events read")
    assert totals(constat) == {("acme", "acme-prod", 1): 3} == owed(tmp_path / "constat.db")


def test_a_reversal_takes_days_back(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3, acme_test=1)
    assess(ledger, revision=2, acme_prod=1, acme_test=1)

    assert constat("bill", "run").code == 0

    assert (
        totals(constat)
        == {("acme", "acme-prod", 1): 1, ("acme", "acme-test", 1): 1}
        == owed(tmp_path / "constat.db")
    )
    assert "acme acme-prod period 1" in constat("bill", "show").out
    assert "1 day (3 granted, 2 reversed)" in constat("bill", "show").out
