"""A reader never waits for ever, and never takes another log for the one that it has read."""

import os
import signal
import time

import pytest
from kafka import KafkaProducer

from ledger.application import Ledger
from ledger.errors import UnreachableLedgerError
from ledger.log.kafka import topics
from ledger.log.kafka.address import parse
from tests.ledger.log.processes import started, update


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
