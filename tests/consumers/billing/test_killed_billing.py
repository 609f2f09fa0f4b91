"""`kill -9` and SIGSTOP of relays and of billing at any point: what is owed is what the ledger's facts add up to."""

import os
import random
import signal

import pytest

from consumers.billing.account import look
from consumers.billing.store import Store
from tests import counts
from tests.consumers.billing.feeds import days_of
from tests.consumers.billing.penalties import grant, ledger_at, owed
from tests.consumers.billing.processes import (
    KILLS,
    PATIENCE_S,
    STOPS,
    bill_all,
    bill_for_ever,
    bill_when_told,
    relay_all,
    relay_for_ever,
    stop_outside_a_transaction,
    wait_until,
)
from tests.ledger.log.processes import started
from tests.ledger.log.test_killed_writers import wait_for

CONTRACTS = ("acme", "umbra", "zenith")
A_BATCH_SECONDS = 0.06
EVENTS = 120


@pytest.fixture
def places(each_url, tmp_path):
    """A ledger, its feed and a store; the feed of one on Kafka is its topic."""
    feed = each_url if each_url.startswith("kafka:") else str(tmp_path / "feed.jsonl")
    ledger_at(each_url).close()
    return each_url, feed, tmp_path / "billing.db"


def grant_some(where, chance):
    with ledger_at(where) as ledger:
        for contract in CONTRACTS:
            grant(ledger, contract, chance.randint(1, 9), times=EVENTS // len(CONTRACTS))


def account_of(path):
    store = Store(str(path))
    try:
        return look(store)
    finally:
        store.close()


def require_owed(where, path):
    """I2 and I5: nothing twice, nothing lost, nothing frozen."""
    account = account_of(path)
    assert days_of(account) == owed(where)
    assert not account.needs_somebody


def wait_until_owed(where, path):
    """Until billing owes what the ledger says, which is replayed once: on a broker that takes a while."""
    expected = owed(where)
    wait_until(lambda: days_of(account_of(path)) == expected, "the other one does not go on")


def written_down(case, where, path, **found):
    """Lost and doubled are nothing, else `require_owed` had raised."""
    counts.write_down(
        f"{case}, {where.partition(':')[0]}", events=committed(path), **found, lost=0, doubled=0
    )


def committed(path):
    """How many events the store has."""
    store = Store(str(path))
    try:
        with store.reading() as connection:
            return connection.execute("SELECT count(*) FROM inbox").fetchone()[0]
    finally:
        store.close()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_killed_billing_loses_nothing_and_applies_nothing_twice(places):
    """F17, F18. Seen to fail where the place was committed in a transaction before that of the effects."""
    where, feed, path = places
    chance = random.Random(20261126)
    bill_all_of_nothing(where, feed, path, chance)
    journals = between = 0

    for _ in range(KILLS):
        grant_some(where, chance)
        relay_all(where, feed)
        before = committed(path)
        with started(bill_for_ever, feed, path) as (process, connection):
            assert connection.recv() == "ready"
            when = chance.choice(("any", "within", "after"))
            if when == "within":
                wait_for(path.with_name(f"{path.name}-journal"))
            if when == "after":
                wait_until(lambda: committed(path) > before, "nothing was applied")  # noqa: B023 - at once
            connection.poll(chance.random() * A_BATCH_SECONDS * (when == "any"))
            process.kill()
            process.join()
        journals += path.with_name(f"{path.name}-journal").exists()
        between += committed(path) > before
        assert days_of(account_of(path)).items() <= owed(where).items()

    bill_all(feed, path)
    require_owed(where, path)
    written_down("killed billing", where, path, kills=KILLS, in_a_transaction=journals, after_commit=between)
    assert journals, "no kill fell into a transaction, so this showed nothing"
    assert between, "no kill came after a commit, so this showed nothing"


def bill_all_of_nothing(where, feed, path, chance):
    grant_some(where, chance)
    relay_all(where, feed)
    bill_all(feed, path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_killed_relay_publishes_everything_at_least_once_and_in_order(places):
    """The position is read back from the place itself; a torn last line of a file is cut off."""
    where, feed, path = places
    chance = random.Random(20261127)

    for _ in range(KILLS):
        grant_some(where, chance)
        with started(relay_for_ever, where, feed) as (process, connection):
            assert connection.recv() == "ready"
            connection.poll(chance.random() * A_BATCH_SECONDS)
            process.kill()
            process.join()
        if not feed.startswith("kafka://"):
            tear(feed, chance)

    relay_all(where, feed)
    bill_all(feed, path)
    require_owed(where, path)
    written_down("killed relay", where, path, kills=KILLS)


def tear(feed, chance):
    """What a power cut leaves of the last line."""
    with open(feed, "r+b") as file:  # noqa: PTH123 - as bytes in place
        size = file.seek(0, os.SEEK_END)
        file.truncate(max(0, size - chance.randint(0, 400)))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_billing_that_slept_while_another_took_over_writes_nothing_more(places):
    """F20. Seen to fail where a transaction did not ask first who owns the store."""
    where, feed, path = places
    chance = random.Random(20261128)

    for _ in range(STOPS):
        grant_some(where, chance)
        relay_all(where, feed)
        with started(bill_when_told, feed, path) as (zombie, told):
            assert told.recv() == "ready"
            assert told.recv()[0] == "read"
            os.kill(zombie.pid, signal.SIGSTOP)
            with started(bill_for_ever, feed, path) as (_, other):
                assert other.recv() == "ready"
                wait_until_owed(where, path)
                before = path.read_bytes()

                told.send("go on")
                os.kill(zombie.pid, signal.SIGCONT)

                assert told.poll(PATIENCE_S), "the zombie wrote, and noticed nothing"
                kind, text = told.recv()
                assert kind == "NoLongerOwnerError"
                assert "has taken over" in text
                assert path.read_bytes() == before
    require_owed(where, path)
    written_down("billing that slept", where, path, stops=STOPS)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_billing_that_is_stopped_anywhere_is_replaced_and_nothing_is_applied_twice(places):
    """The same at random moments, with the zombie awake before the other one has ended."""
    where, feed, path = places
    chance = random.Random(20261129)
    bill_all_of_nothing(where, feed, path, chance)

    for _ in range(STOPS):
        grant_some(where, chance)
        relay_all(where, feed)
        with started(bill_for_ever, feed, path) as (zombie, told):
            assert told.recv() == "ready"
            told.poll(chance.random() * A_BATCH_SECONDS)
            stop_outside_a_transaction(zombie, path)
            with started(bill_for_ever, feed, path) as (_, other):
                assert other.recv() == "ready"
                os.kill(zombie.pid, signal.SIGCONT)
                grant_some(where, chance)
                relay_all(where, feed)
                assert told.poll(PATIENCE_S), "the zombie wrote, and noticed nothing"
                assert told.recv()[0] == "NoLongerOwnerError"
                wait_until_owed(where, path)
    require_owed(where, path)
    written_down("billing stopped anywhere", where, path, stops=STOPS)
