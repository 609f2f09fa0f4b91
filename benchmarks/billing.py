"""What it costs to relay penalties and to bill them: `python -m benchmarks.billing [HOST:PORT]`.

A ledger with 20,000 penalties of 20 contracts is relayed to a file and billed into a fresh store, each as a
whole command; then both follow, and penalties are appended one by one: how long until billing has them. With
the address of a broker the same is done once more on Kafka, through the topic of the feed. What is billed is
compared with the ledger at the end of each.
"""

import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.fold import FIRST_MS
from ledger.application import Ledger
from ledger.assessments import PenaltyGranted, stream_of
from ledger.fact import GENESIS_HASH, Draft, Span
from ledger.instants import DAY_MS

CONTRACTS = 20
EACH = 1_000
AT_ONCE = 100
FOLLOWED = 50
PAUSE_S = 0.2
PATIENCE_S = 60
CONSTAT = str(Path(sys.executable).parent / "constat")


def penalty(contract: str, number: int) -> Draft:
    """A day for a period of its own."""
    from_ms = FIRST_MS + number * DAY_MS
    fact = PenaltyGranted(
        contract=contract,
        platform=f"{contract}-prod",
        period=Span.of(from_ms, from_ms + DAY_MS),
        period_number=number,
        revision=1,
        clause="5.1",
        days=1,
        seal="seal",
        statement_digest=GENESIS_HASH,
    )
    return Draft(stream_of(contract), fact, from_ms)


def fill(url: str) -> None:
    """Grant penalties, many in an append."""
    with Ledger.open(url) as ledger:
        for contract in range(CONTRACTS):
            for first in range(0, EACH, AT_ONCE):
                ledger.append(*(penalty(f"c{contract:02}", first + each + 1) for each in range(AT_ONCE)))


def timed(*command: str) -> float:
    """How long a command takes."""
    began_s = time.perf_counter()
    subprocess.run([CONSTAT, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began_s


def billed(store: Path) -> int:
    """How many penalties a store has."""
    if not store.exists():
        return 0
    with closing(sqlite3.connect(store, timeout=10)) as connection:
        try:
            (number,) = connection.execute("SELECT count(*) FROM postings").fetchone()
        except sqlite3.OperationalError:  # it is being made
            return 0
        return int(number)


@contextmanager
def following(*commands: tuple[str, ...]) -> Iterator[None]:
    """Commands that run until the block ends, and must then end as they should."""
    running = [
        subprocess.Popen([CONSTAT, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    yield
    for process in running:
        process.send_signal(signal.SIGTERM)
    if any(process.wait(PATIENCE_S) for process in running):
        raise SystemExit("a command that followed did not end well")


def until(holds: Callable[[], bool]) -> float:
    """How long until something is so."""
    began_s = time.perf_counter()
    while not holds():
        if time.perf_counter() - began_s > PATIENCE_S:
            raise SystemExit("it did not come")
        time.sleep(0.002)
    return time.perf_counter() - began_s


def latencies(url: str, store: Path, contract: str, times: int) -> list[float]:
    """From the end of each append until billing has committed it."""
    found = []
    with Ledger.open(url) as ledger:
        for number in range(1, times + 1):
            before = billed(store)
            ledger.append(penalty(contract, number))
            found.append(until(lambda: billed(store) > before))  # noqa: B023 - called at once
            time.sleep(PAUSE_S * (number % 7) / 7)
    return found


def measure(name: str, url: str, to: list[str], source: str, folder: Path) -> None:
    """One line of the table for each step."""
    store, total = folder / f"{name}.db", CONTRACTS * EACH
    fill(url)
    relay_s = timed("--ledger", url, "relay", *to)
    bill_s = timed("bill", "run", "--from", source, "--store", str(store))
    if billed(store) != total:
        raise SystemExit(f"{billed(store)} penalties were billed of {total}")
    print(f"| {name}: relay | {total / relay_s:,.0f}/s | {relay_s:.2f} s |")
    print(f"| {name}: bill | {total / bill_s:,.0f}/s | {bill_s:.2f} s |")
    print(f"| {name}: one after the other | {total / (relay_s + bill_s):,.0f}/s | |")
    follow = (
        ("--ledger", url, "relay", *to, "--follow"),
        ("bill", "run", "--from", source, "--store", str(store), "--follow"),
    )
    with following(*follow):
        latencies(url, store, "warm", 3)  # both have started when the last of these is billed
        seen_s = latencies(url, store, "followed", FOLLOWED)
    timed("--ledger", url, "bill", "reconcile", "--store", str(store))
    median_s, longest_s = statistics.median(seen_s), max(seen_s)
    print(f"| {name}: from the append until it is billed | median {median_s:.2f} s | {longest_s:.2f} s |")


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        print(f"{CONTRACTS * EACH:,} penalties of {CONTRACTS} contracts\n")
        feed = str(folder / "feed.jsonl")
        measure("a file", f"sqlite:///{folder}/ledger.db", ["--to", feed], feed, folder)
        if len(sys.argv) > 1:
            url = topics_at(sys.argv[1], folder)
            measure("a topic", url, [], url, folder)


def topics_at(broker: str, folder: Path) -> str:
    """A fresh ledger on a broker."""
    url = f"kafka://{broker}/billing-{time.time_ns()}?mirrors={folder}/mirrors"
    subprocess.run([CONSTAT, "--ledger", url, "topics", "create"], check=True, stdout=subprocess.DEVNULL)
    return url


if __name__ == "__main__":
    main()
