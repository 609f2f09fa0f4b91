"""What was said to be known stays known, and nothing is added to it, while others write (decision record 0043)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from kafka import KafkaProducer

from ledger.application import CloudEventsMapper, Ledger
from ledger.fact import GENESIS_HASH, Draft
from ledger.log.codec import Envelope
from ledger.log.kafka import record as records
from ledger.log.kafka.clients import SEND
from ledger.log.kafka.engine import SETTLED_S
from tests.ledger.log.processes import AGENT, PLAN, a_round, update

ASKED_FOR_S = 4
WRITERS = 8


def known_at(engine, head):
    """The facts and rounds recorded up to a moment that somebody was told."""
    facts = [kept.position for kept in engine.facts() if kept.recorded_ms <= head.recorded_ms]
    return facts, [kept.number for kept in engine.rounds(recorded_until_ms=head.recorded_ms)]


def append_until(over, ledger, stream):
    number = 0
    while not over.is_set():
        number += 1
        ledger.append(update(stream, f"{number}"))
        if stream == "i-0":
            ledger.append_rounds(AGENT, [a_round(number)])


def write_until(over, url):
    with Ledger.open(url) as ledger, ThreadPoolExecutor(WRITERS) as pool:
        for number in range(WRITERS):
            pool.submit(append_until, over, ledger, f"i-{number}")


def test_what_is_known_now_is_the_same_when_it_is_asked_again(kafka_url):
    with Ledger.open(kafka_url) as ledger:
        ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))
        over = threading.Event()
        writing = threading.Thread(target=write_until, args=(over, kafka_url))
        writing.start()
        try:
            told = []
            deadline_s = time.monotonic() + ASKED_FOR_S
            while time.monotonic() < deadline_s:
                head = ledger.engine.head()
                told.append((head, known_at(ledger.engine, head)))
        finally:
            over.set()
            writing.join()

        assert len(told) > 5
        assert all(head.position == known[0][-1] for head, known in told)
        assert [known_at(ledger.engine, head) for head, _ in told] == [known for _, known in told]


def test_many_decisions_in_one_moment_do_not_run_ahead_of_the_brokers_clock(kafka_url):
    with Ledger.open(kafka_url) as ledger:
        producer = KafkaProducer(
            bootstrap_servers=list(ledger.engine.address.brokers), **SEND | {"linger_ms": 5}
        )
        for number in range(3_000):
            fact = CloudEventsMapper(None).to_stored_event(
                Envelope.of(update(f"i-{number}", "at once"), 1, GENESIS_HASH)
            )
            producer.send(
                ledger.engine.address.decisions, records.encode(records.of_events([fact])), partition=0
            )
        producer.flush()
        producer.close()

        assert ledger.engine.head().position == 3_000
        assert ledger.engine.head().recorded_ms <= time.time_ns() // 1_000_000 + 1_000 * SETTLED_S
