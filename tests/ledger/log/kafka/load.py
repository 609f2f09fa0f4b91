"""Writers under load while brokers fail, every answer that they got, and what must hold of the log afterwards.

Each operation ends *ok* (acknowledged), *fail* (surely not written) or *unknown*. The oracles are asked of the
topics themselves, read anew from offset 0 into a fresh mirror.
"""

import json
import os
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

from kafka import TopicPartition

from ledger.application import Ledger
from ledger.errors import ConflictError, UnknownOutcomeError, UnreachableLedgerError, UnusableLedgerError
from ledger.fact import GENESIS_HASH, Draft
from ledger.incidents import IncidentUpdated
from ledger.log import codec
from ledger.log.kafka.address import Address, parse
from ledger.log.kafka.engine import KafkaEngine
from ledger.log.kafka.tail import FETCH, consumer
from ledger.log.stamp import LAST_DECISION
from ledger.rounds import decode
from tests.ledger.log.processes import AGENT, PLAN, a_round, started, update

PROGRESS_S = 60
"""How soon after healing writing must go on."""
BREATH_S = 0.01
"""Between two appends of one writer, so that brokers which start again find a processor."""


# ---------------------------------------------------------------- what runs in processes of its own


def write_facts(connection: Connection, url: str, name: str) -> None:
    """Append facts for ever, every other one to a stream that all writers contend for."""
    with _patiently(url) as ledger:
        for number in _numbers():
            text = f"{name} {number}"
            stream = "contested" if number % 2 else name
            began_s = time.monotonic()
            outcome, position = _appended(ledger, update(stream, text))
            connection.send((outcome, text, position, began_s, time.monotonic()))
            time.sleep(BREATH_S)


def write_rounds(connection: Connection, url: str, agent: str) -> None:
    """Append rounds for ever, each behind the agent's head."""
    with _patiently(url) as ledger:
        for _ in _numbers():
            began_s = time.monotonic()
            try:
                number = ledger.engine.round_head(agent).number + 1
                ledger.append_rounds(agent, [a_round(number, agent)])
                outcome = "ok"
            except UnknownOutcomeError:
                outcome = "unknown"
            except (ConflictError, UnusableLedgerError):
                outcome = "fail"
            connection.send((outcome, f"round {number}", number, began_s, time.monotonic()))
            time.sleep(BREATH_S)


def _appended(ledger: Ledger, draft: Draft) -> tuple[str, int | None]:
    try:
        (fact,) = ledger.append(draft)
    except ConflictError:
        return "fail", None
    except UnknownOutcomeError:
        return "unknown", None
    except UnreachableLedgerError:
        return "fail", None
    return "ok", fact.position


def _patiently(url: str) -> Ledger:
    while True:
        try:
            return Ledger.open(url)
        except UnreachableLedgerError:
            time.sleep(0.5)


def _numbers():
    number = 0
    while True:
        yield (number := number + 1)


# ---------------------------------------------------------------- the load


@dataclass
class Heard:
    """What the writers were told: outcome, text, position, and when it began and ended on our clock."""

    outcome: str
    text: str
    position: int | None
    began_s: float
    ended_s: float


@dataclass
class Load:
    """Writers that write until they are told to stop, and what they heard."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    processes: dict[str, object] = field(default_factory=dict)

    @contextmanager
    def running(self, target, *names: str):
        """These writers, while the block lasts."""
        name, *others = names
        with started(target, self.url, name) as (process, connection):
            self.processes[name] = process
            listening = threading.Thread(target=self._listen, args=(connection,), daemon=True)
            listening.start()
            if others:
                with self.running(target, *others):
                    yield
            else:
                yield

    def _listen(self, connection: Connection) -> None:
        try:
            while True:
                self.heard.append(Heard(*connection.recv()))
        except (EOFError, OSError):
            return

    def of(self, outcome: str) -> list[Heard]:
        """What ended so."""
        return [each for each in list(self.heard) if each.outcome == outcome]

    def since(self, moment_s: float) -> list[Heard]:
        """Acknowledged operations that began after a moment."""
        return [each for each in self.of("ok") if each.began_s >= moment_s]

    def wait_for(self, count: int, seconds: float = PROGRESS_S, since_s: float | None = None) -> float:
        """Wait for so many acknowledgements from now on (or of operations begun since); how long it took."""
        began_s = time.monotonic()
        start_s = began_s if since_s is None else since_s
        while len(self.since(start_s)) < count:
            assert time.monotonic() - began_s < seconds, f"no progress within {seconds} s: {self.tally()}"
            time.sleep(0.1)
        return time.monotonic() - began_s

    def tally(self) -> dict[str, object]:
        """The counts, and the longest append."""
        longest_s = max((each.ended_s - each.began_s for each in list(self.heard)), default=0.0)
        return {**Counter(each.outcome for each in list(self.heard)), "longest_s": round(longest_s, 1)}

    def write_down(self, case: str) -> None:
        """Add what happened to the file that `CONSTAT_FAULTS` names, one JSON object a line."""
        if path := os.environ.get("CONSTAT_FAULTS"):
            with Path(path).open("a") as file:
                file.write(json.dumps({"case": case, **self.tally()}) + "\n")


def planned(url: str, *agents: str) -> None:
    """A ledger that knows the plans of some agents."""
    with Ledger.open(url) as ledger:
        for agent in agents or (AGENT,):
            plan = PLAN.model_copy(update={"agent": agent})
            ledger.append(Draft(f"plan:{agent}", plan, 0))


# ---------------------------------------------------------------- the oracles


def check(load: Load, folder: Path) -> None:
    """I1, I2, I3, I4 and I9, of the topics read anew twice, in batches of different size."""
    first = _read_anew(load.url, folder / "first", batch=5_000)
    second = _read_anew(load.url, folder / "second", batch=7)
    assert first == second, "two readers came to different logs"
    texts = Counter(first.texts.values())
    by_text = {text: position for position, text in first.texts.items()}
    for each in load.of("ok"):
        if each.text.startswith("round "):
            continue
        assert by_text.get(each.text) == each.position, f"acknowledged and lost: {each}"
    assert max(texts.values(), default=1) == 1, "a fact took effect twice"
    for each in load.of("fail"):
        assert each.text not in texts, f"it was said not to be written, and is there: {each}"
    for agent, numbers in first.rounds.items():
        assert list(numbers) == sorted(set(numbers)), f"rounds of {agent} repeat or run backwards"
    said = {each.position for each in load.of("ok") if each.text.startswith("round ")}
    assert said <= {number for numbers in first.rounds.values() for number in numbers}


@dataclass(frozen=True)
class Log:
    """A ledger as a reader found it."""

    texts: dict[int, str]
    rounds: dict[str, tuple[int, ...]]
    running_hash: bytes
    records: dict[int, int]
    """Partition of the decisions (0) -> its records."""


def _read_anew(url: str, folder: Path, batch: int) -> Log:
    address = replace(parse(url), mirrors=folder)
    with mock.patch.dict(FETCH, max_poll_records=batch):
        engine = KafkaEngine(address)
    try:
        texts, streams = {}, {}
        for kept in engine.facts():
            recorded = codec.recorded(kept.value, kept.position, kept.recorded_ms)
            before = streams.get(recorded.stream, (0, GENESIS_HASH))
            assert (recorded.sequence, recorded.previous_hash) == (before[0] + 1, before[1])
            streams[recorded.stream] = (recorded.sequence, recorded.hash)
            if isinstance(recorded.fact, IncidentUpdated):
                texts[kept.position] = recorded.fact.note
        assert list(texts) == sorted(texts)
        return Log(texts, _rounds(engine), _running_hash(engine), _complete(address, engine))
    finally:
        engine.close()


def _rounds(engine: KafkaEngine) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    heads: dict[str, str] = {}
    for kept in engine.rounds():
        read, previous = decode(kept.value)
        assert previous == heads.get(read.agent, GENESIS_HASH)
        heads[read.agent] = kept.hash
        found.setdefault(read.agent, []).append(read.number)
    return {agent: tuple(numbers) for agent, numbers in found.items()}


def _running_hash(engine: KafkaEngine) -> bytes:
    with engine._mirror.reading() as connection:
        (found,) = connection.execute(f"SELECT running_hash {LAST_DECISION}").fetchone()
    return found


def _complete(address: Address, engine: KafkaEngine) -> dict[int, int]:
    """I9: the log starts at 0, and holds a record for every offset up to its end."""
    topic = TopicPartition(address.decisions, 0)
    reading = consumer(address)
    try:
        assert reading.beginning_offsets([topic])[topic] == 0
        end = reading.end_offsets([topic])[topic]
    finally:
        reading.close()
    assert engine._mirror.state().next_offset == end
    return {0: end}


def asked() -> bool:
    """Whether faults were asked for: they take three brokers and minutes each."""
    return bool(os.environ.get("CONSTAT_SOAK") or os.environ.get("CONSTAT_FAULTS"))


def soak() -> bool:
    """Whether the long form was asked for."""
    return bool(os.environ.get("CONSTAT_SOAK"))
