"""What must hold of a ledger on Kafka after faults, asked of the topics themselves.

They are read anew from offset 0, twice and in batches of different size, and once more after a copy into a
file. The figures are compared with those of a second opinion that never saw the ledger.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from unittest import mock

from kafka import TopicPartition

from ledger.application import open_engine
from ledger.fact import GENESIS_HASH
from ledger.incidents import IncidentUpdated
from ledger.interval import Interval
from ledger.log import codec
from ledger.log.interface import Engine
from ledger.log.kafka.address import parse
from ledger.log.kafka.clients import FETCH, consumer
from ledger.log.kafka.engine import KafkaEngine
from ledger.rounds import decode
from projections.asof import Known
from projections.figures import Statement
from projections.moment import AsOf
from projections.statement import statement
from tests.disputes.loading import Answer, answer_of_oracle, answer_of_product
from tests.ledger.copying import copied
from tests.ledger.log.kafka.load import CONTRACT, EVERY_HOUR, PLATFORM, ROUND_MS, Load, is_down
from tests.ledger.log.processes import AGENT
from tests.oracle import facts as told
from tests.oracle import judge

COPY = "a record with its nonce was judged before"
STRANGER = "it is no record of a ledger"


@dataclass(frozen=True)
class Log:
    """A ledger as a reader found it."""

    texts: dict[int, str]
    """Position -> the text of the fact there."""
    rounds: tuple[int, ...]
    last_hashes: tuple[str, ...]
    """The hash of every stream's last fact and of the last round: all that came before is in them."""
    digest: str
    figures: Answer


def check(load: Load, folder: Path, case: str = "") -> Counter[str]:
    """I1 to I5 and I9 of a load that has ended; what was found, by kind. I10 is in `Load.wait_for`."""
    ends = _ends_at_rest(load.url)
    with _read_anew(load.url, folder / "first", batch=5_000) as engine:
        log, voids = _log(engine), _voids(engine)
        _complete(engine, ends)
    found = _found(load, log, voids)
    load.write_down(case, found)
    assert not found["lost"], f"acknowledged and lost: {found['lost']}, {_where(load, log)[:5]}"
    assert not found["doubled"], "a fact took effect twice"
    _nothing_that_was_denied(load, log)
    assert not any(why == STRANGER for why in voids), "a record is there that no writer was told of"
    assert log.figures == _second_opinion(log), "the figures are not those of a second opinion"
    _same_for_every_reader(load.url, folder, log)
    return found


# ---------------------------------------------------------------- I1, I2


def _found(load: Load, log: Log, voids: list[str]) -> Counter[str]:
    heard = {each.text for each in load.of("ok")}
    began = {each.text for each in load.of("begun")}
    doubled = sum(count - 1 for count in Counter(log.texts.values()).values())
    return Counter(
        lost=len(_lost(load, log)),
        doubled=doubled + len(log.rounds) - len(set(log.rounds)),
        copies=voids.count(COPY),
        void=len(voids),
        unheard=sum(text in began and text not in heard for text in log.texts.values()),
    )


def _lost(load: Load, log: Log) -> list[str]:
    rounds, acknowledged = set(log.rounds), load.of("ok")
    return [
        each.text
        for each in acknowledged
        if (each.position not in rounds if each.is_round else log.texts.get(each.position) != each.text)
    ]


def _where(load: Load, log: Log) -> list[tuple[str, int | None, int | None]]:
    """Of what was lost: the text, the place that its writer was told, and where it is instead."""
    places = {text: position for position, text in log.texts.items()}
    lost = set(_lost(load, log))
    return [(each.text, each.position, places.get(each.text)) for each in load.of("ok") if each.text in lost]


def _nothing_that_was_denied(load: Load, log: Log) -> None:
    texts = set(log.texts.values())
    denied = [each for each in load.of("fail") if not each.is_round and each.text in texts]
    assert not denied, f"it was said not to be written, and is there: {denied[:5]}"
    halves = Counter(text.rpartition(" ")[0] for text in texts if text.endswith((" first", " second")))
    assert set(halves.values()) <= {2}, "half of an append is there"


def _voids(engine: KafkaEngine) -> list[str]:
    with engine._mirror.reading() as connection:
        return [why for (why,) in connection.execute("SELECT void FROM records WHERE void NOTNULL")]


# ---------------------------------------------------------------- I3, I4


@contextmanager
def _read_anew(url: str, folder: Path, batch: int) -> Iterator[KafkaEngine]:
    with mock.patch.dict(FETCH, max_poll_records=batch):
        engine = KafkaEngine(replace(parse(url), mirrors=folder))
        try:
            yield engine
        finally:
            engine.close()


def _same_for_every_reader(url: str, folder: Path, log: Log) -> None:
    with _read_anew(url, folder / "second", batch=7) as engine:
        again = _log(engine)
    assert _difference(log, again) == [], "two readers came to different logs"
    target = f"sqlite:///{folder}/copy.db"
    copied(url, target)
    engine = open_engine(target, create=False)
    try:
        copy = _log(engine, until=max(log.texts))
    finally:
        engine.close()
    assert _difference(log, copy) == [], "a copy in a file is another ledger"


def _difference(one: Log, other: Log) -> list[tuple]:
    return [
        (each.name, getattr(one, each.name), getattr(other, each.name))
        for each in fields(Log)
        if getattr(one, each.name) != getattr(other, each.name)
    ]


def _log(engine: Engine, until: int | None = None) -> Log:
    texts: dict[int, str] = {}
    streams: dict[str, tuple[int, str]] = {}
    position = until or engine.head().position
    for kept in engine.facts(until=position):
        recorded = codec.recorded(kept)
        before = streams.get(recorded.stream, (0, GENESIS_HASH))
        assert (recorded.sequence, recorded.previous_hash) == (before[0] + 1, before[1])
        streams[recorded.stream] = (recorded.sequence, recorded.hash)
        if isinstance(recorded.fact, IncidentUpdated):
            texts[kept.position] = recorded.fact.note
    rounds, last_hash = _rounds(engine)
    hashes = (*(digest for _, digest in streams.values()), last_hash)
    said = _statement(engine, position, len(rounds))
    return Log(texts, rounds, hashes, said.digest, answer_of_product(said))


def _rounds(engine: Engine) -> tuple[tuple[int, ...], str]:
    numbers, last_hash = [], GENESIS_HASH
    for kept in engine.rounds():
        read, previous = decode(kept.value)
        assert previous == last_hash, f"round {read.number} does not extend the one before it"
        numbers.append(read.number)
        last_hash = kept.hash
    assert numbers == list(range(1, len(numbers) + 1)), "rounds are missing, repeat or run backwards"
    return tuple(numbers), last_hash


# ---------------------------------------------------------------- I5, I9


def _statement(engine: Engine, position: int, rounds: int) -> Statement:
    recorded_ms = max((kept.recorded_ms for kept in engine.rounds()), default=0)
    recorded_ms = max(recorded_ms, engine.recorded_ms_of(position))
    known = Known.at(engine, AsOf(position, recorded_ms, recorded_ms))
    return statement(known, CONTRACT, Interval(0, (rounds + 1) * ROUND_MS))


def _second_opinion(log: Log) -> Answer:
    """The figures of what the writers meant to say, by other code."""
    terms = told.Terms(**EVERY_HOUR)
    first_day = date(1970, 1, 1)
    facts = [told.Signed(0, CONTRACT, "UTC", first_day, None, terms), told.Joined(0, PLATFORM, first_day)]
    end_ms = (len(log.rounds) + 1) * ROUND_MS
    for number in range(1, len(log.rounds) + 1):
        outcome = "down" if is_down(number) else "up"
        facts.append(told.Result(0, AGENT, PLATFORM, number * ROUND_MS, outcome))
    return answer_of_oracle(judge(facts, end_ms, (0, end_ms)))


def _ends_at_rest(url: str) -> dict[TopicPartition, int]:
    """How far each log goes, once what the killed writers had on its way has arrived."""
    address = parse(url)
    reading, before = consumer(address), None
    try:
        names = (address.decisions, address.probes)
        topics = [TopicPartition(name, each) for name in names for each in reading.partitions_for_topic(name)]
        assert set(reading.beginning_offsets(topics).values()) == {0}
        while (ends := reading.end_offsets(topics)) != before:
            before = ends
            time.sleep(1)
    finally:
        reading.close()
    return ends


def _complete(engine: KafkaEngine, ends: dict[TopicPartition, int]) -> None:
    """Each log starts at 0, and holds a record for every offset up to its end."""
    for topic, end in ends.items():
        if topic.topic == engine.address.decisions:
            assert engine._mirror.state().next_offset == end
        else:
            assert sum(map(len, engine.probes.records(topic.partition, 0, end))) == end
