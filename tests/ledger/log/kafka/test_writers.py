"""Processes that write to the same topics at once, each with a mirror of its own, and processes that are killed."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from kafka import TopicPartition

from ledger.application import Ledger
from ledger.errors import ConflictError
from ledger.fact import Draft
from ledger.log import codec
from ledger.log.interface import NewRound
from ledger.log.kafka import clients
from ledger.log.kafka.address import parse
from ledger.log.kafka.sender import Sent
from ledger.rounds import chained
from tests.ledger.log.processes import (
    AGENT,
    PLAN,
    TOGETHER,
    a_round,
    append_with_retry,
    decide_together,
    raced,
    rest_of,
    started,
    update,
)

TIMES = 25
CONTESTED = 15
KILLS = 100
AT_ONCE = 3
AN_APPEND_SECONDS = 0.012


@pytest.fixture
def elsewhere(kafka_url):
    """The same ledger as another machine opens it: with a mirror of its own."""
    return kafka_url.replace("/mirrors", "/elsewhere")


def facts_of(url):
    """The facts as somebody reads them who was not there, from the first record on."""
    with Ledger.open(url.replace("/mirrors", f"/late-{time.time_ns()}")) as ledger:
        positions = [kept.position for kept in ledger.engine.facts()]
        assert positions == list(range(1, len(positions) + 1))
        return list(ledger.stream("incident:contested"))


def records_in(url):
    """How many records the decisions topic holds, void ones included."""
    address = parse(url)
    topic = TopicPartition(address.decisions, 0)
    reading = clients.consumer(address)
    try:
        return reading.end_offsets([topic])[topic]
    finally:
        reading.close()


# ---------------------------------------------------------------- racing


def test_two_writers_that_try_again_lose_nothing_and_leave_no_gap(kafka_url, elsewhere):
    with (
        started(append_with_retry, "one", TIMES, first=(kafka_url,)) as (_, one),
        started(append_with_retry, "two", TIMES, first=(elsewhere,)) as (_, two),
    ):
        for writer in (one, two):
            assert writer.recv() == "ready"
        for writer in (one, two):
            writer.send("go")
        for writer in (one, two):
            assert writer.recv() == "done"

    facts = facts_of(kafka_url)

    assert [fact.sequence for fact in facts] == list(range(1, 2 * TIMES + 1))
    assert sorted(fact.fact.note for fact in facts) == sorted(
        f"{writer} {number}" for writer in ("one", "two") for number in range(TIMES)
    )


def test_of_two_writers_that_decided_on_the_same_state_exactly_one_wins_and_the_other_is_told(
    kafka_url, elsewhere
):
    with (
        started(decide_together, "one", CONTESTED, first=(kafka_url,)) as (_, one),
        started(decide_together, "two", CONTESTED, first=(elsewhere,)) as (_, two),
    ):
        told, won = raced(one, two, CONTESTED)

    facts = facts_of(kafka_url)

    assert [sorted(number is None for number in pair) for pair in told] == [[False, True]] * CONTESTED
    assert sorted(won) == [fact.sequence for fact in facts] == list(range(1, CONTESTED + 1))


def test_a_zombie_that_sends_an_old_round_after_another_took_over_changes_nothing(kafka_url, elsewhere):
    with Ledger.open(kafka_url) as zombie, Ledger.open(elsewhere) as other:
        zombie.append(Draft(f"plan:{AGENT}", PLAN, 0))
        zombie.append_rounds(AGENT, [a_round(1)])
        other.engine.head()  # it has read the plan
        head = zombie.engine.round_head(AGENT)
        other.append_rounds(AGENT, [a_round(2)])
        (value,) = chained([a_round(3)], head.hash)
        late = NewRound(3, 180_000, value)

        with pytest.raises(ConflictError, match="does not extend"):
            zombie.engine.append_rounds(AGENT, [late])
        assert zombie.engine._sender._send(AGENT, [Sent(late)]) is None  # past its own check, as a zombie is

        for ledger in (zombie, other):
            assert [found.number for found in ledger.engine.rounds()] == [1, 2]
        other.append_rounds(AGENT, [a_round(3)])
        assert zombie.engine.round_head(AGENT).number == 3


# ---------------------------------------------------------------- killed


def append_for_ever(url, connection, name):
    """Append several facts at once, say that it is about to, and then which positions were acknowledged."""
    with Ledger.open(url) as ledger:
        for number in count():
            drafts = [update(f"{name}-{part % 2}", f"{name} {number} {part}") for part in range(TOGETHER)]
            connection.send((drafts[0].fact.note, None))
            connection.send((drafts[0].fact.note, [fact.position for fact in ledger.append(*drafts)]))


def killed_while_appending(url, name, chance):
    """What a writer said before it was killed, most often between sending and its acknowledgement."""
    with started(append_for_ever, name, first=(url,)) as (process, connection):
        said = [connection.recv() for _ in range(2 * chance.randint(1, 3) + 1)]
        time.sleep(chance.random() * AN_APPEND_SECONDS)
        process.kill()
        process.join()
        said.extend(rest_of(connection))
    return said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_writer_killed_a_hundred_times_loses_nothing_acknowledged_and_nothing_takes_effect_twice(
    kafka_url, elsewhere
):
    chances = [random.Random(number) for number in range(KILLS)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = pool.map(
            lambda number: killed_while_appending(
                (kafka_url, elsewhere)[number % 2], f"w{number}", chances[number]
            ),
            range(KILLS),
        )
        answers = [answer for each in said for answer in each]

    begun = {note for note, positions in answers if positions is None}
    acknowledged = {note: positions for note, positions in answers if positions is not None}
    with Ledger.open(kafka_url.replace("/mirrors", "/late")) as ledger:
        facts = list(ledger.engine.facts())
        notes = [fact.fact.note for fact in map(recorded, facts)]
        stand = {note: position for position, note in enumerate(notes, 1)}
    assert max(Counter(notes).values()) == 1
    for note, positions in acknowledged.items():
        first = stand[note]
        assert positions == list(range(first, first + TOGETHER))
    appends = {note.rpartition(" ")[0] for note in notes}
    assert len(notes) == TOGETHER * len(appends)
    assert {f"{append} 0" for append in appends} <= begun
    assert len(appends) > len(acknowledged) >= KILLS, "no kill fell between sending and acknowledgement"
    assert records_in(kafka_url) == len(appends), "nothing was sent twice, and nothing was void"


def recorded(kept):
    """A fact as it is read."""
    return codec.recorded(kept)
