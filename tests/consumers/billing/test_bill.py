"""`constat relay` and `constat bill`, as billing calls them."""

import json
import sqlite3
from contextlib import closing

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


def test_billing_reads_the_ledger_itself_where_no_relay_is_wanted(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    constat("bill", "run")
    assess(ledger, number=2, acme_prod=1)

    assert constat("bill", "run").out.startswith("2 events read from ledger")

    assert totals(constat) == owed(tmp_path / "constat.db")


def test_the_same_feed_from_another_place_changes_nothing(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    constat("bill", "run")

    answer = constat("bill", "run", "--from", "feed.jsonl")

    assert (answer.code, answer.out.splitlines()[0]) == (0, f"2 events read from {tmp_path}/feed.jsonl")
    assert totals(constat) == {("acme", "acme-prod", 1): 3}


# ---------------------------------------------------------------- feeds that are not what they were


def lost(constat, *arguments):
    """What billing says of a feed that it refuses; nothing took effect."""
    before = totals(constat)
    answer = constat("bill", "run", *arguments)
    assert answer.code == 2
    assert totals(constat) == before
    return answer.err


def test_a_feed_that_is_gone_or_shorter_or_another_is_an_error_and_never_read_from_its_end(
    constat, ledger, tmp_path
):
    """F21, for files."""
    feed = tmp_path / "feed.jsonl"
    assess(ledger, acme_prod=3)
    assess(ledger, number=2, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    constat("bill", "run", "--from", "feed.jsonl")
    whole = feed.read_bytes()
    lines = whole.splitlines(keepends=True)

    feed.unlink()
    assert "is gone; nothing was applied" in lost(constat, "--from", "feed.jsonl")
    feed.write_bytes(b"".join(lines[:-2]))
    assert "bytes, and" in lost(constat, "--from", "feed.jsonl")
    feed.write_bytes(whole.replace(b'"days":3', b'"days":4'))
    assert "has another entry at" in lost(constat, "--from", "feed.jsonl")
    feed.write_bytes(b" " * 10 + whole)
    assert "no longer has an entry at" in lost(constat, "--from", "feed.jsonl")
    feed.write_bytes(whole)
    assert constat("bill", "run", "--from", "feed.jsonl").code == 0


@pytest.mark.usefixtures("ledger")
def test_a_feed_that_is_not_there_and_never_was_is_refused_and_makes_no_store(constat, tmp_path):
    answer = constat("bill", "run", "--from", "fed.jsonl")

    assert (answer.code, answer.out) == (2, "")
    assert "fed.jsonl is not there; `constat relay --to` writes a feed" in answer.err
    assert not (tmp_path / "billing.db").exists()


@pytest.mark.usefixtures("ledger")
def test_a_file_that_is_no_feed_is_refused_and_makes_no_store(constat, tmp_path):
    (tmp_path / "contract.toml").write_text('client = "Acme SAS"\n' * 300)

    answer = constat("bill", "run", "--from", "contract.toml")

    assert (answer.code, answer.out) == (2, "")
    assert "contract.toml begins with a line that is no event of a feed" in answer.err
    assert not (tmp_path / "billing.db").exists()


def test_of_what_was_put_aside_ten_are_named_with_their_numbers_and_the_rest_counted(
    constat, ledger, tmp_path
):
    assess(ledger, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    with (tmp_path / "feed.jsonl").open("a") as feed:
        feed.writelines(f"note {number}\n" for number in range(1, 14))

    billed = constat("bill", "run", "--from", "feed.jsonl")

    aside = [line for line in billed.out.splitlines() if line.startswith("put aside")]
    assert len(aside) == 11
    assert aside[-1] == "put aside: 3 more; `constat bill show --json` names all"
    assert "entry 10, " in aside[9]
    assert "`constat bill release --entry 10 --by ID --reason TEXT`" in aside[9]
    for number in range(1, 14):
        decide = ("--entry", number, "--by", "a-person", "--reason", "a note")
        assert constat("bill", "release", *decide).out == f"entry {number} is settled\n"
    assert constat("bill", "show").code == 0


def test_a_feed_that_is_not_there_is_refused_also_where_another_one_was_billed(constat, ledger):
    assess(ledger, acme_prod=3)
    assert constat("bill", "run").code == 0

    answer = constat("bill", "run", "--from", "fed.jsonl")

    assert (answer.code, "fed.jsonl is not there" in answer.err) == (2, True)


def test_the_feed_of_another_ledger_is_refused(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    constat("bill", "run")
    with ledger_at(tmp_path / "other.db") as other:
        assess(other, "zenith", zenith_prod=7)
    constat("--ledger", tmp_path / "other.db", "relay", "--to", "other.jsonl")

    told = lost(constat, "--from", "other.jsonl")
    assert "begins with assessment:zenith/1, and the feed that billing.db was billed from with" in told
    assert "It is the feed of another ledger, or its beginning is gone" in told
    assert "has another entry at" in lost(constat, "--ledger", tmp_path / "other.db")


def test_a_feed_that_was_rotated_is_said_to_have_lost_its_beginning_and_billing_goes_on_without_it(
    constat, ledger, tmp_path
):
    assess(ledger, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    constat("bill", "run", "--from", "feed.jsonl")
    lines = (tmp_path / "feed.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "rotated.jsonl").write_bytes(lines[1])

    told = lost(constat, "--from", "rotated.jsonl")

    assert "begins with assessment:acme/2, which billing.db has read behind assessment:acme/1" in told
    assert "its beginning is gone" in told
    assert "another ledger" not in told
    (tmp_path / "feed.jsonl").write_bytes(lines[1])
    assert "reset, rotated or changed" in lost(constat, "--from", "feed.jsonl")
    assess(ledger, number=2, acme_prod=1)
    assert constat("bill", "run").code == 0
    assert totals(constat) == owed(tmp_path / "constat.db")


def test_a_feed_whose_first_event_was_changed_may_be_another_ledgers_and_both_are_said(
    constat, ledger, tmp_path
):
    assess(ledger, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    constat("bill", "run", "--from", "feed.jsonl")
    whole = (tmp_path / "feed.jsonl").read_bytes()
    (tmp_path / "feed.jsonl").write_bytes(whole.replace(b"seal-1", b"seal-9", 1))

    told = lost(constat, "--from", "feed.jsonl")

    assert "begins with assessment:acme/1, of which billing.db has read other bytes" in told
    assert "It was changed, or it is the feed of another ledger" in told


@pytest.mark.usefixtures("ledger")
def test_a_store_that_is_none_is_refused(constat, tmp_path):
    assert "there is no billing store at nowhere.db" in constat("bill", "show", "--store", "nowhere.db").err
    answer = constat("bill", "run", "--store", tmp_path / "constat.db")
    assert answer.code == 2
    assert "is a database of another kind" in answer.err


# ---------------------------------------------------------------- reconcile


def test_what_is_billed_is_compared_with_a_fresh_replay(constat, ledger):
    assess(ledger, acme_prod=3)
    constat("bill", "run")

    assert constat("bill", "reconcile").out == "billing owes what the ledger says\n"
    assess(ledger, number=2, acme_prod=1)
    behind = constat("bill", "reconcile")

    assert behind.code == 1
    assert behind.out == (
        "acme: the ledger has 4 events, and billing has applied 2\n"
        "acme acme-prod period 2: the ledger owes 1 days, and billing 0\n"
        "billing and the ledger differ\n"
    )
    found = json.loads(constat("bill", "reconcile", "--json").out)
    assert found["fits"] is False
    assert found["differences"][1] == {
        "contract": "acme",
        "platform": "acme-prod",
        "period_number": 2,
        "ledger": 1,
        "billing": 0,
    }


def relayed_and_billed(constat, ledger, tmp_path):
    """A feed of four events in a file, all of them billed."""
    assess(ledger, acme_prod=3)
    assess(ledger, number=2, acme_prod=1)
    constat("relay", "--to", "feed.jsonl")
    assert constat("bill", "run", "--from", "feed.jsonl").code == 0
    return tmp_path / "feed.jsonl"


def changed_and_billed(constat, tmp_path, before, after):
    """Relay a feed to a file, change what it says, and bill that."""
    constat("relay", "--to", "feed.jsonl")
    feed = tmp_path / "feed.jsonl"
    whole = feed.read_bytes()
    assert before in whole
    feed.write_bytes(whole.replace(before, after))
    constat("bill", "run", "--from", "feed.jsonl")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_line_of_the_feed_that_was_changed_after_it_was_billed_does_not_reconcile(
    constat, ledger, tmp_path, number
):
    feed = relayed_and_billed(constat, ledger, tmp_path)
    assert constat("bill", "reconcile").code == 0
    lines = feed.read_bytes().splitlines(keepends=True)
    place = len(b"".join(lines[: number - 1]))
    lines[number - 1] = lines[number - 1].replace(b'"revision":1', b'"revision":2')
    feed.write_bytes(b"".join(lines))

    found, as_json = constat("bill", "reconcile"), constat("bill", "reconcile", "--json")

    assert found.code == as_json.code == 1
    assert found.out == (
        f"{feed} has something else at {place} than was read there: it was changed since, and what took effect "
        "is what was read. Move it elsewhere as evidence, and relay to another file\nbilling owes what the ledger says, and its feed was changed\n"
    )
    assert json.loads(as_json.out) == {
        "fits": False,
        "differences": [],
        "other_events": [],
        "changed_feeds": [{"feed": str(feed), "place": place}],
    }


@pytest.mark.parametrize("spoil", [lambda _: b"", lambda whole: whole[:-10], lambda whole: b"x" + whole[1:]])
def test_a_feed_that_was_cut_or_spoiled_after_it_was_billed_does_not_reconcile(
    constat, ledger, tmp_path, spoil
):
    feed = relayed_and_billed(constat, ledger, tmp_path)
    feed.write_bytes(spoil(feed.read_bytes()))

    found = constat("bill", "reconcile")

    assert (found.code, "has something else at" in found.out) == (1, True)


def test_a_feed_that_grows_or_is_moved_away_or_in_which_a_conflict_was_told_reconciles(
    constat, ledger, tmp_path
):
    feed = relayed_and_billed(constat, ledger, tmp_path)
    whole = feed.read_bytes()
    forged = whole.splitlines(keepends=True)[1].replace(b'"days":3', b'"days":9')
    feed.write_bytes(whole + forged + b"a note\n")
    constat("bill", "run", "--from", "feed.jsonl")
    feed.write_bytes(whole + forged + b"a note\n" + whole)

    assert constat("bill", "reconcile").code == 0
    feed.rename(tmp_path / "elsewhere.jsonl")
    assert constat("bill", "reconcile").code == 0


def test_an_event_that_was_changed_before_it_was_billed_does_not_reconcile_where_all_sums_agree(
    constat, ledger, tmp_path
):
    assess(ledger, acme_prod=3)
    changed_and_billed(constat, tmp_path, b'"clause":"5.1"', b'"clause":"9.9"')
    assert totals(constat) == owed(tmp_path / "constat.db")

    found = constat("bill", "reconcile")

    assert found.code == 1
    assert found.out == (
        "acme: billing has taken assessment:acme/2 with other bytes than the ledger has\n"
        "billing and the ledger differ\n"
    )


def test_a_store_that_was_tampered_with_does_not_reconcile(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    constat("bill", "run")
    with closing(sqlite3.connect(tmp_path / "billing.db")) as connection, connection:
        connection.execute("UPDATE postings SET days = 30")

    assert "the ledger owes 3 days, and billing 30" in constat("bill", "reconcile").out


# ---------------------------------------------------------------- release


def test_a_frozen_contract_is_shown_and_released_by_a_named_person(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    feed = tmp_path / "feed.jsonl"
    first, second = feed.read_bytes().splitlines(keepends=True)
    feed.write_bytes(first + second + second.replace(b'"days":3', b'"days":9'))

    frozen = constat("bill", "run", "--from", "feed.jsonl")
    shown = constat("bill", "show")
    released = constat("bill", "release", "acme", "--by", "a-person", "--reason", "the first is the ledger's")
    again = constat("bill", "release", "acme", "--by", "a-person", "--reason", "x")

    assert (frozen.code, shown.code, released.code, again.code) == (1, 1, 0, 2)
    assert "constat bill release acme --by ID --reason TEXT" in frozen.out
    assert "came again with other bytes" in shown.out
    assert released.out == "acme goes on\n"
    assert constat("bill", "show").code == 0
    assert totals(constat) == {("acme", "acme-prod", 1): 3}


def test_a_contract_that_took_a_changed_event_is_billed_into_a_new_store_because_no_release_helps(
    constat, ledger, tmp_path
):
    assess(ledger, acme_prod=3)
    changed_and_billed(constat, tmp_path, b'"days":3', b'"days":9')
    assess(ledger, number=2, acme_prod=1)
    constat("relay", "--to", "again.jsonl")

    frozen = constat("bill", "run", "--from", "again.jsonl")
    released = constat("bill", "release", "acme", "--by", "a-person", "--reason", "the ledger is right")

    for answer in (frozen, released):
        assert answer.code == 1
        assert "event 2 was changed before it was billed" in answer.out
        assert "a release does not help" in answer.out
        assert "constat bill run --store NEW" in answer.out
        assert "constat bill release" not in answer.out
    assert constat("bill", "run", "--store", "new.db").code == 0
    assert constat("bill", "reconcile", "--store", "new.db").code == 0


@pytest.mark.parametrize("names", [(), ("acme", "--entry", 1)])
@pytest.mark.usefixtures("ledger")
def test_a_release_is_of_a_contract_or_of_an_entry(constat, names):
    constat("bill", "run")
    answer = constat("bill", "release", *names, "--by", "a-person", "--reason", "x")

    assert "name a contract, or an entry with --entry NUMBER" in answer.err
