"""What it costs to assess: `python -m benchmarks.assess [--quick]`.

100 contracts of ten platforms each, or 1,000 of one, and two agents that probed all of them each minute of a
month. Each row is a whole command, `constat assess`, with the time that a person waits and the time of all
processes on the processors.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from benchmarks.fold import AT_ONCE, FIRST_MS, MINUTE_MS, SEED, Log, plan_of, rounds_of
from consumers.cache.folder import FOLDER, OFF
from ledger import contracts, plans
from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft
from ledger.log.sqlite import SQLiteEngine
from ledger.plans import PlanSet
from ledger.terms import Terms

CONTRACTS = 100
MANY = 1_000
FULL = (Log(2, 43_200, 1_000, 3), Log(2, 43_200, 1_000, 13))
"""0.3 % of the results not up, near what is promised; and 1.3 %, the month of the other benchmarks."""
QUICK = (Log(2, 1_440, 1_000, 13),)
UNCACHED = {FOLDER: OFF}
FIRST_DAY = date(2026, 10, 1)
"""The local day of `FIRST_MS`."""


def write(path: Path, log: Log, count: int) -> None:
    """A ledger of so many contracts; the same shape always gives the same bytes."""
    dice = random.Random(SEED)
    after_ms = FIRST_MS + (log.rounds + 1) * MINUTE_MS
    with Ledger(SQLiteEngine(str(path), clock=lambda: after_ms)) as ledger:
        agents = [plan_of(f"agent-{number}", log.platforms) for number in range(log.agents)]
        for number in range(count):
            ledger.append(*_signed(number, agents[0], count))
        for plan in agents:
            ledger.append(Draft(plans.stream_of(plan.agent), plan, FIRST_MS))
            rounds = rounds_of(dice, plan, log)
            while batch := list(islice(rounds, AT_ONCE)):
                ledger.append_rounds(plan.agent, batch)


def _signed(number: int, plan: PlanSet, of: int) -> list[Draft]:
    name = f"c{number:03}"
    signed = ContractSigned(
        contract=name, client=name, language="en", zone="Europe/Paris", first_day=FIRST_DAY, terms=Terms()
    )
    facts = [
        signed,
        *(
            PlatformAdded(contract=name, platform=each.platform, from_day=FIRST_DAY, offer="enterprise")
            for each in plan.platforms[number::of]
        ),
    ]
    return [Draft(contracts.stream_of(name), fact, FIRST_MS) for fact in facts]


def timed(path: Path, *options: str, **environment: str) -> str:
    """Run the command once: how long it took, and the processor's time of all its processes."""
    before, begun = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    command = [str(Path(sys.executable).parent / "constat"), "assess", "--json", "--ledger", str(path)]
    subprocess.run([*command, *options], check=True, capture_output=True, env=os.environ | environment)
    took, after = time.perf_counter() - begun, getrusage(RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{took:.1f} s | {cpu:.1f} s"


@contextmanager
def ledger_of(log: Log, count: int) -> Iterator[Path]:
    """A ledger of so many contracts, with the head of its table printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        write(path, log, count)
        print(f"\n{count:,} contracts, {log}\n\n| | time | CPU |\n|---|---|---|", flush=True)
        yield path


def show(what: str, took: str) -> None:
    """A line of the table."""
    print(f"| {what} | {took} |", flush=True)


def main() -> None:
    """Print a table for each ledger."""
    logs = QUICK if "--quick" in sys.argv else FULL
    for log in logs:
        with ledger_of(log, CONTRACTS) as path:
            show("a dry run: everything but the appends", timed(path, "--dry-run", **UNCACHED))
            show("the same, one process", timed(path, "--dry-run", CONSTAT_WORKERS="1", **UNCACHED))
            show("the month is assessed", timed(path, **UNCACHED))
            show("again: nothing new", timed(path, **UNCACHED))
    with ledger_of(logs[-1], MANY) as path:
        cached = {FOLDER: str(path.parent / "cache")}
        show("a dry run that fills the cache", timed(path, "--dry-run", **cached))
        show("a dry run from the cache", timed(path, "--dry-run", **cached))
        show("the month is assessed, from the cache", timed(path, **cached))


if __name__ == "__main__":
    main()
