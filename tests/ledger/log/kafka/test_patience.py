"""Who opens a ledger waits for its brokers as long as the URL says, and no longer."""

import socket
import threading
import time
from itertools import pairwise

import pytest
from kafka.errors import UnsupportedSaslMechanismError

from ledger.application import Ledger
from ledger.errors import UnreachableLedgerError, UnusableLedgerError
from ledger.log.kafka import topics
from ledger.log.kafka.address import parse
from ledger.log.kafka.patience import ATTEMPT_S_MIN, FIRST_MS, PATIENCE_MS, PAUSE_S, patiently
from ledger.log.kafka.unreached import NotConnectedError
from tests import brokers
from tests.ledger.log.processes import update
from tests.ports import free_port

AWAY_S = 12
"""Longer than one attempt takes."""
TIMEOUT_S = 3
A_PAUSE_MS = PAUSE_S * 1000 - 1
"""By so much less time is left for each attempt; a millisecond may be lost where both are cut to whole ones."""
NOWHERE = "kafka://127.0.0.1:1/acme?timeout_s={}"


@pytest.fixture
def broker_that_restarts():
    """A broker whose port stays the same when it starts again."""
    brokers.require()
    with brokers.Broker().with_bind_ports(9092, free_port()) as broker:
        yield broker


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_broker_that_is_killed_and_comes_back_after_twelve_seconds_is_used(
    broker_that_restarts, tmp_path, caplog
):
    """Seen to fail with a patience of ten seconds."""
    url = f"kafka://{broker_that_restarts.address}/acme?mirrors={tmp_path}/mirrors&timeout_s=120"
    topics.create(parse(url), probe_partitions=2)
    with Ledger.open(url) as ledger:
        ledger.append(update("i-1", "before"))
    container = broker_that_restarts.get_wrapped_container()
    container.kill()
    began_s = time.monotonic()
    coming_back = threading.Timer(AWAY_S, container.start)
    coming_back.start()

    with Ledger.open(url) as ledger:
        ledger.append(update("i-1", "after"))
        texts = [recorded.fact.note for recorded in ledger.stream("incident:i-1")]

    coming_back.join()
    assert texts == ["before", "after"]
    assert time.monotonic() - began_s > AWAY_S > PATIENCE_MS / 1000
    assert (
        f"constat: waiting for {parse(url)} for 5 s now; it is given up after 120 s (timeout_s)"
        in caplog.text
    )


def is_in_time(took_s):
    """No sooner than another attempt would have found out nothing, and before a whole attempt would be over."""
    return TIMEOUT_S - PAUSE_S - ATTEMPT_S_MIN <= took_s < PATIENCE_MS / 1000


@pytest.mark.parametrize("make", [topics.look, topics.create])
def test_a_broker_that_there_is_not_is_told_when_the_time_of_the_url_is_over_and_not_before(make):
    began_s = time.monotonic()

    with pytest.raises(UnreachableLedgerError, match=r"ECONNREFUSED.*; check that it runs"):
        make(parse(NOWHERE.format(TIMEOUT_S)))

    assert is_in_time(time.monotonic() - began_s)


def test_a_broker_that_takes_the_connection_and_is_silent_is_told_in_time_too():
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        began_s = time.monotonic()

        with pytest.raises(UnreachableLedgerError, match=r"no broker of .* answers"):
            topics.look(parse(f"kafka://127.0.0.1:{listening.getsockname()[1]}/acme?timeout_s={TIMEOUT_S}"))

    assert is_in_time(time.monotonic() - began_s)


def test_what_no_waiting_changes_is_told_at_once():
    attempts = []

    def attempt(within_ms):
        attempts.append(within_ms)
        refused = NotConnectedError("host:9092", UnsupportedSaslMechanismError())
        assert refused.is_for_good
        raise UnreachableLedgerError("closed to you") from refused

    with pytest.raises(UnreachableLedgerError, match="closed to you"):
        patiently(parse(NOWHERE.format(60)), attempt)

    assert attempts == [FIRST_MS]


def test_an_attempt_is_never_given_more_time_than_is_left():
    given = []

    def attempt(within_ms):
        given.append(within_ms)
        raise UnreachableLedgerError("away")

    with pytest.raises(UnreachableLedgerError):
        patiently(parse(NOWHERE.format(2)), attempt)

    assert len(given) > 2
    assert given[0] <= 2000
    assert all(before - after >= A_PAUSE_MS for before, after in pairwise(given))


def test_an_answer_that_is_final_is_not_asked_for_again():
    attempts = []

    def attempt(within_ms):
        attempts.append(within_ms)
        raise UnusableLedgerError("could lose facts")

    with pytest.raises(UnusableLedgerError):
        patiently(parse(NOWHERE.format(60)), attempt)

    assert attempts == [FIRST_MS]
