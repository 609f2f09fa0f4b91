"""What an accountant gets: a journal that beancount's own checker takes, and a sheet."""

import csv
import io
from collections import Counter
from decimal import Decimal

import pytest
from beancount import loader
from beancount.core.data import Commodity, Transaction

from consumers.billing.export import beancount, link_of
from consumers.billing.posting import Posting
from tests.consumers.billing.penalties import assess, ledger_at, owed

EXPENSES, ACCRUED = "Expenses:SLA:Penalties", "Liabilities:SLA:Accrued"


@pytest.fixture
def billed(constat, tmp_path):
    """A store with days granted to two contracts and taken back from one."""
    with ledger_at(tmp_path / "constat.db") as ledger:
        assess(ledger, "acme", acme_prod=3, acme_test=1)
        assess(ledger, "zenith", zenith_prod=2)
        assess(ledger, "acme", revision=2, acme_prod=1, acme_test=1)
    assert constat("bill", "run").code == 0
    return tmp_path / "constat.db"


def checked(journal):
    """The transactions of a journal, if beancount has nothing to say against it."""
    entries, errors, _ = loader.load_string(journal)
    assert errors == []
    return entries


def sums(entries):
    """(account, commodity) -> its sum."""
    totals = Counter()
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            totals[posting.account, posting.units.currency] += posting.units.number
    return totals


def test_beancount_takes_the_journal_and_owes_what_the_ledger_says(constat, billed):
    entries = checked(constat("bill", "export", "--format", "beancount").out)

    days = sum(owed(billed).values())
    assert sums(entries) == {(EXPENSES, "DAY"): days, (ACCRUED, "DAY"): -days}
    assert days == 4
    assert "DAY" in [entry.currency for entry in entries if isinstance(entry, Commodity)]


@pytest.mark.usefixtures("billed")
def test_a_day_that_has_a_price_is_posted_in_euros_too(constat):
    answer = constat(
        "bill", "export", "--format", "beancount", "--price", "acme=12.50", "--price", "zenith=0.99"
    )

    euros = Decimal("12.50") * 2 + Decimal("0.99") * 2
    totals = sums(checked(answer.out))
    assert totals[EXPENSES, "EUR"] == euros == -totals[ACCRUED, "EUR"]
    assert totals[EXPENSES, "DAY"] == 4


@pytest.mark.usefixtures("billed")
def test_a_reversal_is_the_opposite_posting_and_each_event_a_link(constat):
    entries = checked(constat("bill", "export", "--format", "beancount").out)
    found = {next(iter(entry.links)): entry for entry in entries if isinstance(entry, Transaction)}

    granted, reversal = found["assessment/acme/2"], found["assessment/acme/5"]
    assert [(each.account, each.units.number) for each in granted.postings] == [(EXPENSES, 3), (ACCRUED, -3)]
    assert [(each.account, each.units.number) for each in reversal.postings] == [(EXPENSES, -2), (ACCRUED, 2)]
    assert reversal.meta["event"] == "assessment:acme/5"


@pytest.mark.usefixtures("billed")
def test_a_checker_that_takes_everything_would_show_nothing(constat):
    journal = constat("bill", "export", "--format", "beancount").out

    _, errors, _ = loader.load_string(journal.replace("3 DAY", "4 DAY", 1))

    assert errors


def a_posting(contract="acme", clause="5.1", days=1, number=2):
    at_ms = 1_790_805_600_000
    event_id = f"assessment:{contract}/{number}"
    return Posting(
        "/constat", event_id, contract, "a_b@c.d-1", 1, at_ms, at_ms + 1, 1, clause, days, at_ms, number
    )


@pytest.mark.parametrize("contract", ["a", "0", "acme.prod_1@x-y", "@".join("abc"), "a" * 100])
@pytest.mark.parametrize(
    "clause", ["5.1", '"quoted" \\ and back', "two\nlines", "§ 5 « art. 3 »", "=1+1", "\u202e"]
)
def test_whatever_contracts_and_clauses_are_called_the_journal_stays_one(contract, clause):
    entries = checked(beancount([a_posting(contract, clause)], {}, {}))

    (only,) = [entry for entry in entries if isinstance(entry, Transaction)]
    assert only.payee == contract
    assert only.meta["event"] == f"assessment:{contract}/2"


def test_no_two_events_have_one_link():
    names = ["a", "a@b", "a-b", "a.b", "a_b", "a@@b"]
    assert len({link_of(f"assessment:{name}/2") for name in names}) == len(names)


@pytest.mark.usefixtures("billed")
def test_the_sheet_has_a_line_for_each_posting_and_no_formula(constat):
    answer = constat("bill", "export", "--format", "csv", "--price", "acme=12.50")

    rows = list(csv.DictReader(io.StringIO(answer.out)))
    assert [(row["contract"], row["platform"], row["days"], row["amount_eur"]) for row in rows] == [
        ("acme", "acme-prod", "3", "37.50"),
        ("acme", "acme-test", "1", "12.50"),
        ("zenith", "zenith-prod", "2", ""),
        ("acme", "acme-prod", "-2", "-25.00"),
    ]
    assert not any(row["clause"].startswith("=") for row in rows)


def test_a_store_that_owes_nothing_is_an_empty_journal(constat, tmp_path):
    ledger_at(tmp_path / "constat.db").close()
    constat("bill", "run")

    assert checked(constat("bill", "export", "--format", "beancount").out) == []
