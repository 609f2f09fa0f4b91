"""What an accountant gets: a journal that beancount's own checker takes, and a sheet."""

import csv
import io
import sqlite3
from collections import Counter
from decimal import Decimal

import pytest
from beancount import loader
from beancount.core.data import Commodity, Transaction

from consumers.billing.export import beancount, link_of
from consumers.billing.posting import Posting
from consumers.billing.pricing import settle
from consumers.billing.store import Store
from ledger.errors import RefusedError
from tests.consumers.billing.penalties import assess, ledger_at, owed
from tests.ledger.log.processes import started

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


@pytest.mark.parametrize("form", ["csv", "beancount"])
@pytest.mark.usefixtures("billed")
def test_a_contract_that_is_frozen_is_held_back_with_its_price_and_said_to_be(constat, tmp_path, form):
    constat("relay", "--to", "feed.jsonl")
    feed = tmp_path / "feed.jsonl"
    second = feed.read_bytes().splitlines(keepends=True)[1]
    feed.write_bytes(feed.read_bytes() + second.replace(b'"days":3', b'"days":9'))
    assert constat("bill", "run", "--from", "feed.jsonl").code == 1

    export = ("bill", "export", "--format", form)
    held = constat(*export, "--price", "acme=12.50", "--price", "zenith=0.99")
    whole = constat(*export, "--all")

    assert (held.code, whole.code) == (1, 0)
    assert "acme is frozen; it is left out, unless you say --all" in held.err
    assert "acme is frozen; what took effect of it is exported" in whole.err
    assert "zenith-prod" in held.out
    assert "acme-prod" not in held.out
    assert "acme-prod" in whole.out
    assert "12.50" not in whole.out, "no period has a price at which it was not exported"


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
    entries = checked(beancount([a_posting(contract, clause)], {}))

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
    assert [row["eur_per_day"] for row in rows] == ["12.50", "12.50", "", "12.50"]
    assert not any(row["clause"].startswith("=") for row in rows)


# ---------------------------------------------------------------- the price of a period


def amounts(answer):
    """(contract, period, amount) of each line of a sheet."""
    rows = csv.DictReader(io.StringIO(answer.out))
    return [(row["contract"], int(row["period_number"]), row["amount_eur"]) for row in rows]


def exported(constat, *prices):
    return constat("bill", "export", "--format", "csv", *(f"--price={price}" for price in prices))


@pytest.mark.usefixtures("billed")
def test_an_export_that_is_made_again_is_the_same_without_a_price_and_in_both_forms(constat):
    """Seen to fail where the price was the one that was told last."""
    first = exported(constat, "acme=12.50")
    journal = constat("bill", "export", "--format", "beancount")

    assert exported(constat).out == first.out == exported(constat, "acme=12.5").out
    assert "  eur-per-day: 12.50\n" in journal.out
    assert sums(checked(journal.out))[EXPENSES, "EUR"] == Decimal("25.00")


@pytest.mark.usefixtures("billed")
def test_another_price_for_a_period_that_has_one_is_refused_and_nothing_is_settled(constat):
    first = exported(constat, "acme=12.50").out

    refused = exported(constat, "zenith=3", "acme=15")

    assert (refused.code, refused.out) == (2, "")
    assert "--price acme=15.00: no period of acme has that price" in refused.err
    assert "period 1 has 12.50 (acme-prod, acme-test)" in refused.err
    assert exported(constat).out == first


def test_a_new_price_is_for_the_periods_that_have_none(constat, billed):
    before = amounts(exported(constat, "acme=12.50"))
    with ledger_at(billed, create=False) as ledger:
        assess(ledger, "acme", number=2, acme_prod=1)
        assess(ledger, "acme", revision=3, acme_prod=2, acme_test=1)
    constat("bill", "run")

    later = exported(constat, "acme=15")

    assert amounts(later) == [*before, ("acme", 2, "15.00"), ("acme", 1, "12.50")]
    assert "acme: period 1 has 12.50 (acme-prod, acme-test), and keeps it" in later.err
    assert amounts(exported(constat, "acme=15")) == amounts(exported(constat)) == amounts(later)


def export_at(connection, path, price):
    """Settle a price in a process of its own."""
    store = Store(path)
    connection.send("ready")
    connection.recv()
    try:
        with store.writing() as written:
            settle(written, {"acme": price}, 0)
    except RefusedError:
        connection.send("refused")
    else:
        connection.send("settled")
    store.close()


@pytest.mark.usefixtures("billed")
def test_of_two_exports_at_once_at_two_prices_one_is_refused(constat, tmp_path):
    path = str(tmp_path / "billing.db")
    with started(export_at, path, 1200) as (_, one), started(export_at, path, 1500) as (_, other):
        assert (one.recv(), other.recv()) == ("ready", "ready")
        one.send("go")
        other.send("go")
        said = {one.recv(): "12.00", other.recv(): "15.00"}

    assert said.keys() == {"settled", "refused"}
    (price,) = {
        row["eur_per_day"]
        for row in csv.DictReader(io.StringIO(exported(constat).out))
        if row["contract"] == "acme"
    }
    assert price == said["settled"]


@pytest.mark.usefixtures("billed")
def test_a_store_of_before_has_prices_once_one_is_settled(constat, tmp_path):
    """Nothing but an export at a price writes to it."""
    before = (tmp_path / "billing.db").read_bytes()
    exported(constat)
    assert (tmp_path / "billing.db").read_bytes() == before
    with sqlite3.connect(tmp_path / "billing.db") as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'prices'").fetchone()

    assert exported(constat, "acme=1").code == 0
    assert ("acme", 1, "1.00") in amounts(exported(constat))


def test_a_store_that_owes_nothing_is_an_empty_journal(constat, tmp_path):
    ledger_at(tmp_path / "constat.db").close()
    constat("bill", "run")

    assert checked(constat("bill", "export", "--format", "beancount").out) == []


@pytest.mark.usefixtures("billed")
@pytest.mark.parametrize("nothing", ["0", "0.00"])
def test_a_price_of_nothing_is_refused_and_settles_no_period(constat, nothing):
    answer = constat("bill", "export", "--format", "csv", "--price", f"acme={nothing}")

    assert (answer.code, answer.out) == (2, "")
    assert f"--price acme={nothing}: a period would keep it for good" in answer.err
    assert constat("bill", "export", "--format", "csv", "--price", "acme=12.50").code == 0
