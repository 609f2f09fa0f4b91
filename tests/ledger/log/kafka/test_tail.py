"""A reader never waits for ever, and never takes another log for the one that it has read."""

import os
import signal
import time
from typing import NamedTuple

import pytest
from kafka import KafkaProducer, TopicPartition

from ledger.application import Ledger
from ledger.errors import UnreachableLedgerError
from ledger.log.kafka import tail, topics
from ledger.log.kafka.address import parse
from ledger.log.kafka.tail import Tail
from tests.ledger.log.kafka.mirrors import chain, mirror_at, nonce, value
from tests.ledger.log.processes import started, update


class Connection:
    """A consumer to which a topic of one record is shown, or nothing of it."""

    def __init__(self, *, hears):
        self._found = [Record(0, 5, value(1, *chain("a", 1)))] if hears else []

    def assign(self, _partitions):
        pass

    def beginning_offsets(self, partitions):
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions):
        return dict.fromkeys(partitions, 1)

    def seek(self, _partition, offset):
        assert offset == 0

    def poll(self, timeout_ms):
        time.sleep(timeout_ms / 1_000)
        found, self._found = self._found, []
        return {TopicPartition("acme.decisions", 0): found}

    def close(self):
        pass


class Record(NamedTuple):
    """What the client gives."""

    offset: int
    timestamp: int
    value: bytes


def test_a_reader_who_hears_nothing_of_what_somebody_waits_for_connects_anew(monkeypatch):
    connections = [Connection(hears=False), Connection(hears=True)]
    monkeypatch.setattr(tail, "consumer", lambda _address: connections.pop(0))
    monkeypatch.setattr(tail, "DEAF_S", 0.2)
    reading = Tail(parse("kafka://127.0.0.1:1/acme", {}), mirror_at())
    try:
        reading.expect(nonce(1))

        assert reading.verdict(nonce(1), 10, lambda: False).positions == [1]
    finally:
        reading.close()


@pytest.fixture
def url(kafka_url):
    return f"{kafka_url}&timeout_s=10"


def append_when_told(connection, url):
    """Open, wait to be told, append; what came of it, and how many facts are read then."""
    with Ledger.open(url) as ledger:
        connection.send("open")
        connection.recv()
        try:
            said = [fact.position for fact in ledger.append(update("i-9", "by who stood still"))]
        except Exception as error:  # noqa: BLE001 - the test is told which
            said = str(error)
        connection.send((said, len(list(ledger.engine.facts()))))


def test_a_process_that_stood_still_while_the_topic_was_made_again_and_filled_acknowledges_nothing(url):
    address = parse(url)
    with Ledger.open(url) as ledger:
        ledger.append(update("i-1", "old"))
    with started(append_when_told, url) as (process, connection):
        assert connection.recv() == "open"
        os.kill(process.pid, signal.SIGSTOP)
        with topics.administrator(address) as client:
            client.delete_topics([address.decisions])
        time.sleep(1)
        topics.create(address, probe_partitions=2)
        with Ledger.open(url.replace("/mirrors", "/elsewhere")) as ledger:
            for number in range(3):
                ledger.append(update(f"i-{number}", "new"))
        os.kill(process.pid, signal.SIGCONT)
        connection.send("go")

        said, facts = connection.recv()

    assert "is not the one that the mirror" in said or "no longer holds" in said
    assert facts == 1  # what it had read; nothing of the other log is among it


def test_a_transaction_of_another_program_is_told_and_not_waited_out(url):
    address = parse(url)
    with Ledger.open(url) as ledger:
        ledger.append(update("i-1", "whole"))
    writer = KafkaProducer(bootstrap_servers=list(address.brokers), transactional_id="another", acks="all")
    writer.init_transactions()
    writer.begin_transaction()
    writer.send(address.decisions, b"none of ours", partition=0)
    writer.commit_transaction()
    writer.close()

    with pytest.raises(UnreachableLedgerError, match=r"go on to 3, and behind 2 nothing .* in a transaction"):
        Ledger.open(url).close()
