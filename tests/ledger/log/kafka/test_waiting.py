"""Who waits for brokers for long hears of it; who waits for a moment does not."""

import logging
import threading
import time
from dataclasses import replace

import pytest
from eventsourcing.persistence import StoredEvent

from ledger.errors import UnknownOutcomeError, UnreachableLedgerError
from ledger.log.kafka import clients, patience, topics, waiting
from ledger.log.kafka.address import parse
from ledger.log.kafka.tail import Tail
from ledger.log.kafka.writer import Writer
from tests.ledger.log.kafka.mirrors import mirror_at

ADDRESS = replace(parse("kafka://127.0.0.1:1/acme", {}), timeout_s=0.5)
LIMIT = "it is given up after"


@pytest.fixture
def said(monkeypatch, caplog):
    """What is said of waits of more than a twentieth of a second."""
    monkeypatch.setattr(waiting, "QUIET_S", 0.05)
    monkeypatch.setattr(waiting, "STEP_S", 0.01)
    caplog.set_level(logging.WARNING, logger=waiting.__name__)

    return lambda: [each.getMessage() for each in caplog.records if each.name == waiting.__name__]


def test_a_short_wait_is_not_spoken_of(said):
    for _ in range(30):
        with waiting.waiting("a broker", LIMIT):
            time.sleep(0.005)

    assert said() == []


def test_a_long_wait_is_said_with_what_is_waited_for_and_until_when(said):
    with waiting.waiting("a broker", LIMIT):
        time.sleep(0.3)

    assert said() == [f"constat: waiting for a broker for 0 s now; {LIMIT}"]


def test_a_wait_that_lasts_is_said_again(said, monkeypatch):
    monkeypatch.setattr(waiting, "AGAIN_S", 0.05)

    with waiting.waiting("a broker", LIMIT):
        time.sleep(0.5)

    assert len(said()) > 2


def test_a_wait_within_a_wait_is_said_once(said):
    with waiting.waiting("a broker", LIMIT), waiting.waiting("a part of it", LIMIT):
        time.sleep(0.3)

    assert len(said()) == 1


def test_who_hears_something_has_not_waited(said):
    with waiting.waiting("a broker", LIMIT):
        for _ in range(30):
            time.sleep(0.01)
            waiting.goes_on()

    assert said() == []


def test_each_thread_waits_for_itself(said):
    def wait(what):
        with waiting.waiting(what, LIMIT):
            time.sleep(0.3)

    threads = [threading.Thread(target=wait, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(each.split()[3] for each in said()) == ["a", "b"]


# ---------------------------------------------------------------- who waits


def test_a_reader_who_hears_no_broker_is_told_that_it_waits(said, monkeypatch):
    monkeypatch.setitem(clients.FETCH, "bootstrap_timeout_ms", 100)
    tail = Tail(ADDRESS, mirror_at())
    try:
        with pytest.raises(UnreachableLedgerError):
            tail.catch_up(0.5)
    finally:
        tail.close()

    assert said()[0].startswith(f"constat: waiting for {ADDRESS} for 0 s now; it is given up after 0 s")


def test_a_writer_who_hears_no_verdict_is_told_that_it_waits(said, monkeypatch):
    class Silent:
        """A reader who never reads anything, and a producer that never answers."""

        def __getattr__(self, _name):
            return lambda *_, **__: self

        def verdict(self, _nonce, timeout_s, _until):
            time.sleep(timeout_s)

    monkeypatch.setattr(clients, "producer", lambda *_, **__: Silent())
    writer = Writer(ADDRESS, Silent())

    with pytest.raises(UnknownOutcomeError):
        writer.append([StoredEvent("s", 1, "t", b"abc")])

    assert said()[0].startswith(f"constat: waiting for {ADDRESS} ")


def test_who_looks_for_topics_where_no_broker_answers_is_told_so(said):
    with pytest.raises(UnreachableLedgerError):
        topics.look(ADDRESS)

    assert said()[0].startswith(f"constat: waiting for {ADDRESS} ")


def test_who_waits_for_a_broker_hears_why_before_the_time_is_over(said, monkeypatch):
    monkeypatch.setattr(waiting, "AGAIN_S", 0.2)
    monkeypatch.setattr(patience, "FIRST_MS", 500)

    with pytest.raises(UnreachableLedgerError):
        topics.look(replace(ADDRESS, timeout_s=3))

    assert "ECONNREFUSED); check that it runs, the host and port" in said()[-1].partition("Until now: ")[2]
