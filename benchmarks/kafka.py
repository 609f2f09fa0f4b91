"""What a ledger on Kafka costs: `python -m benchmarks.kafka [HOST:PORT]`, by default localhost:9092.

`docker compose up -d` starts such a broker. Every figure stands beside what the same broker, or the embedded
ledger, took for the same in the same run. The ledgers made for it are deleted at the end.
"""

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from eventsourcing.persistence import StoredEvent
from kafka import KafkaProducer

from benchmarks.fold import FIRST_MS, SEED, Log, plan_of, rounds_of
from benchmarks.imports import CONTRACT
from consumers.bench.on_kafka import PARTITIONS, fresh
from ledger.application import CloudEventsMapper, Ledger, open_engine
from ledger.fact import GENESIS_HASH, Draft, hash_of
from ledger.incidents import IncidentUpdated
from ledger.log.codec import Envelope
from ledger.log.kafka import record as records
from ledger.log.kafka.address import parse
from ledger.log.kafka.clients import SEND
from ledger.log.kafka.places import partition_of
from ledger.plans import stream_of
from ledger.rounds import encode

APPENDS = 2_000
WRITERS = 16
TOGETHER = 100
DECISIONS = 100_000
ROUNDS = 43_200
"""A month of one agent, one a minute."""
PLATFORMS = 1_000
NOT_UP = 13.0
AGENTS = ("agent-0", "agent-1")
TURNS = 5
CONSTAT = Path(sys.executable).parent / "constat"


def update(stream: str, text: str = "the disk of the second replica is being exchanged") -> Draft:
    """A fact of an ordinary size."""
    return Draft(f"incident:{stream}", IncidentUpdated(incident=stream, note=text), FIRST_MS)


def timed(run: Callable[[], Any]) -> float:
    """Seconds of the clock."""
    before = time.perf_counter()
    run()
    return time.perf_counter() - before


def show(what: str, *figures: str) -> None:
    """A line of the table."""
    print(f"{what:58}", *figures, flush=True)


# ---------------------------------------------------------------- writing


def append_one_by_one(url: str, broker: str, folder: Path) -> None:
    """One writer; beside it, in turns, the broker's own answer to a bare record of the same size."""
    value = records.encode(records.of_events([_stored("bare", 1, GENESIS_HASH)]))
    bare = KafkaProducer(bootstrap_servers=broker, **SEND)
    appended, sent = [], []
    with Ledger.open(url) as ledger, fresh(broker, folder / "bare") as other:
        topic = parse(other).decisions
        for number in range(APPENDS):
            sent.append(timed(lambda: bare.send(topic, value=value, partition=0).get(timeout=10)))
            appended.append(timed(lambda each=number: ledger.append(update(f"i-{each % 50}"))))
    bare.close()
    for what, found in (("a bare record, acknowledged", sent), ("an append, read back as valid", appended)):
        percentile_99 = quantiles(found, n=100)[98]
        show(what, f"median {1000 * median(found):6.2f} ms", f"p99 {1000 * percentile_99:6.2f} ms")
    show("  ratio of the medians", f"{median(appended) / median(sent):6.2f}")


def append_by_many(url: str) -> None:
    """Sixteen writers in one process, each on streams of its own."""
    begin = threading.Barrier(WRITERS)
    with Ledger.open(url) as ledger, ThreadPoolExecutor(WRITERS) as pool:

        def write(writer: int) -> None:
            begin.wait()
            for number in range(APPENDS // 4):
                ledger.append(update(f"w-{writer}-{number % 50}"))

        seconds = timed(lambda: list(pool.map(write, range(WRITERS))))
    show(f"{WRITERS} writers in one process", f"{WRITERS * APPENDS / 4 / seconds:8,.0f} appends/s")


def append_together(url: str) -> None:
    """A hundred facts in each append."""
    with Ledger.open(url) as ledger:

        def write() -> None:
            for number in range(APPENDS // 20):
                ledger.append(*(update(f"t-{number}-{each}") for each in range(TOGETHER)))

        seconds = timed(write)
    show(f"{TOGETHER} facts in an append", f"{APPENDS // 20 * TOGETHER / seconds:8,.0f} facts/s")


# ---------------------------------------------------------------- the mirror


def _stored(stream: str, sequence: int, previous_hash: str) -> StoredEvent:
    return CloudEventsMapper(None).to_stored_event(Envelope.of(update(stream), sequence, previous_hash))  # type: ignore[arg-type]


def many_decisions(url: str, broker: str) -> None:
    """Records of one fact each, as so many appends would have left them."""
    address, producer = parse(url), KafkaProducer(bootstrap_servers=broker, **(SEND | {"linger_ms": 5}))
    streams = {f"i-{number}": (0, GENESIS_HASH) for number in range(1_000)}
    for number in range(DECISIONS):
        name = f"i-{number % len(streams)}"
        sequence, previous_hash = streams[name]
        event = _stored(name, sequence + 1, previous_hash)
        streams[name] = sequence + 1, hash_of(event.state)
        producer.send(address.decisions, value=records.encode(records.of_events([event])), partition=0)
    producer.flush()
    producer.close()


def mirror_from_nothing(url: str) -> None:
    """Opening a ledger that this machine has never read."""
    seconds = timed(lambda: open_engine(url).close())
    show(f"a mirror of {DECISIONS:,} decisions from nothing", f"{seconds:6.2f} s")


def warm_command(url: str, folder: Path) -> None:
    """A command on the same decisions, here and there, in turns."""
    embedded = f"sqlite:///{folder}/copy.db"
    run("copy", url, embedded)
    ask = ("contract", "show", "acme")
    turns = [[timed(lambda at=at: run(*ask, "--ledger", at)) for at in (embedded, url)] for _ in range(TURNS)]
    here, there = (min(each) for each in zip(*turns, strict=True))
    show("a command, embedded", f"{here:6.2f} s")
    show("the same on Kafka, its mirror warm", f"{there:6.2f} s", f"later by {there - here:5.2f} s")


def run(*words: object) -> None:
    """A command that must succeed."""
    subprocess.run([CONSTAT, *map(str, words)], check=True, capture_output=True)


# ---------------------------------------------------------------- rounds


def a_month_of_rounds(url: str, broker: str) -> None:
    """Two agents, each round a record batch of its own, as an agent that writes once a minute leaves them."""
    log, dice = Log(agents=2, rounds=ROUNDS, platforms=PLATFORMS, not_up=NOT_UP), random.Random(SEED)
    producer = KafkaProducer(bootstrap_servers=broker, **(SEND | {"batch_size": 0}))
    with Ledger.open(url) as ledger:
        for agent in AGENTS:
            plan = plan_of(agent, PLATFORMS)
            ledger.append(Draft(stream_of(agent), plan, FIRST_MS))
            previous_hash, rounds = GENESIS_HASH, rounds_of(dice, plan, log)
            where = {"key": agent.encode(), "partition": partition_of(agent, PARTITIONS)}
            while chunk := list(islice(rounds, 2_000)):
                for found in chunk:
                    value = encode(found, previous_hash)
                    previous_hash = hash_of(value)
                    producer.send(parse(url).probes, value=value, **where)
                producer.flush()
    producer.close()


def read_rounds(url: str) -> None:
    """Every round read, checked and placed in the mirror, by a machine that never read them; then again."""
    engine = open_engine(url)
    for what in ("read and placed for the first time", "read again"):
        seconds = timed(lambda: sum(1 for _ in engine.rounds()))
        show(f"{2 * ROUNDS:,} rounds {what}, one process", f"{seconds:6.2f} s")
    engine.close()


def read_rounds_in_two(url: str) -> None:
    """Each agent by a process of its own, started beforehand."""
    script = (
        "import sys\nfrom ledger.application import open_engine\n"
        "engine = open_engine(sys.argv[1])\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "print(sum(1 for _ in engine.rounds(agents=[sys.argv[2]])), flush=True)\nengine.close()\n"
    )
    readers = [
        subprocess.Popen([sys.executable, "-c", script, url, agent], stdin=-1, stdout=-1, text=True)
        for agent in AGENTS
    ]
    for reader in readers:
        assert reader.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    for reader in readers:
        reader.stdin.write("\n")
        reader.stdin.flush()
    assert [int(reader.stdout.readline()) for reader in readers] == [ROUNDS, ROUNDS]
    show(f"{2 * ROUNDS:,} rounds read again, two processes", f"{time.perf_counter() - begun:6.2f} s")
    for reader in readers:
        reader.wait()


def main() -> None:
    """Print the table."""
    broker = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with fresh(broker, folder / "appends") as url:
            append_one_by_one(url, broker, folder)
            append_by_many(url)
            append_together(url)
        with fresh(broker, folder / "decisions") as url:
            (folder / "acme.toml").write_text(CONTRACT)
            run("contract", "sign", folder / "acme.toml", "--ledger", url)
            many_decisions(url, broker)
            mirror_from_nothing(url)
            warm_command(url, folder)
        with fresh(broker, folder / "rounds") as url:
            a_month_of_rounds(url, broker)
            read_rounds(url)
            read_rounds_in_two(url)


if __name__ == "__main__":
    main()
