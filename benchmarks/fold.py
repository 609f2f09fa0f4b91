"""What it costs to fold rounds to changes: `python -m benchmarks.fold [--quick]`.

Each log is read three ways, in turn: only read and hashed, then decoded as well, then folded. Times are CPU
times of this machine, the least of five; what can be compared is their ratio. The last table holds the number
of exceptions in a round and multiplies its platforms.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from time import process_time
from typing import NamedTuple

from ledger.application import Ledger
from ledger.fact import Draft
from ledger.log.sqlite import SQLiteEngine
from ledger.plans import Planned, PlanSet, stream_of
from ledger.rounds import LATE, Round, decode
from projections.asof import Known
from projections.changes import outcome_changes
from projections.moment import at_head

SEED = 20261001
FIRST_MS = 1_790_805_600_000
MINUTE_MS = 60_000
STALE_AFTER_MS = 150_000
FAR_MS = FIRST_MS * 2
REPEATS = 5
AT_ONCE = 2_000
ENDS = 0.1
"""How likely it is that a platform which is not up is up again in the next round."""
EXCEPTIONS = (("degraded", 200, "slow response above 2000 ms"), ("down", 0, "connect timeout after 10000 ms"))


class Log(NamedTuple):
    """The shape of a probe log."""

    agents: int
    rounds: int
    platforms: int
    not_up: float
    """How many platforms of a round are not up, on average."""


# ---------------------------------------------------------------- the log


def write(path: Path, log: Log) -> None:
    """A ledger with such a log; the same shape always gives the same bytes."""
    dice = random.Random(SEED)
    with Ledger(SQLiteEngine(str(path), clock=lambda: FIRST_MS)) as ledger:
        for number in range(log.agents):
            plan = plan_of(f"agent-{number}", log.platforms)
            ledger.append(Draft(stream_of(plan.agent), plan, FIRST_MS))
            rounds = rounds_of(dice, plan, log)
            while batch := list(islice(rounds, AT_ONCE)):
                ledger.append_rounds(plan.agent, batch)


def plan_of(agent: str, platforms: int) -> PlanSet:
    """A plan that spreads its platforms over the minute."""
    offsets_ms = [i * MINUTE_MS // platforms for i in range(platforms)]
    planned = tuple(Planned(platform=f"p{i:05}", offset_ms=offset) for i, offset in enumerate(offsets_ms))
    return PlanSet(agent=agent, plan_version=1, platforms=planned)


def rounds_of(dice: random.Random, plan: PlanSet, log: Log) -> Iterator[Round]:
    """One agent's rounds, one a minute."""
    n, begin = len(plan.platforms), log.not_up * ENDS
    columns = [_latencies(dice, n) for _ in range(16)]
    exact = bytes.maketrans(bytes([LATE]), bytes([LATE - 1]))
    not_up: dict[int, tuple[str, int, str]] = {}
    for number in range(1, log.rounds + 1):
        for index in [index for index in not_up if dice.random() < ENDS]:
            del not_up[index]
        while dice.random() < begin / (1 + begin):
            not_up[dice.randrange(n)] = dice.choice(EXCEPTIONS)
        yield Round(
            agent=plan.agent,
            number=number,
            plan=plan.reference,
            start_ms=FIRST_MS + number * MINUTE_MS,
            n=n,
            not_up=dict(sorted(not_up.items())),
            jitter=dice.randbytes(n).translate(exact),
            latencies=dice.choice(columns),
        )


def _latencies(dice: random.Random, n: int) -> bytes:
    values = [int(dice.lognormvariate(4.6, 0.5)) for _ in range(n)]
    return bytes(value & 255 for value in values) + bytes(value >> 8 for value in values)


# ---------------------------------------------------------------- the ways to read it


def _read(known: Known) -> int:
    return sum(1 for _ in known.rounds())


def _decode(known: Known) -> int:
    return sum(1 for kept in known.rounds() if decode(kept.value, with_latencies=False))


def _fold(known: Known) -> int:
    platforms = {planned.platform for plan in known.plans.values() for planned in plan.platforms}
    return outcome_changes(known, platforms, STALE_AFTER_MS, FAR_MS).height


WAYS: tuple[Callable[[Known], int], ...] = (_read, _decode, _fold)
"""Each does what the one before it does, and more."""


class Figures(NamedTuple):
    """CPU seconds of each way, and the number of changes found."""

    seconds: tuple[float, ...]
    changes: int


def measure(log: Log) -> Figures:
    """Each way in turn, several times over; the least of each, because noise only adds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        write(path, log)
        engine = SQLiteEngine(str(path), create=False)
        turns = [[_timed(run, engine) for run in WAYS] for _ in range(REPEATS)]
        engine.close()
    *_, (_, changes) = turns[-1]
    return Figures(tuple(min(seconds for seconds, _ in each) for each in zip(*turns, strict=True)), changes)


def _timed(run: Callable[[Known], int], engine: SQLiteEngine) -> tuple[float, int]:
    known = Known.at(engine, at_head(engine, FAR_MS))  # anew: it remembers what was derived from it
    before = process_time()
    found = run(known)
    return process_time() - before, found


def _print(logs: list[Log]) -> None:
    print("                                    CPU us a round, each for itself")
    print("agents  rounds  platforms  not up   read+hash   decode     fold    in all    results/s   changes")
    for log in logs:
        (read, decoded, folded), changes = measure(log)
        total = log.agents * log.rounds
        each = [1e6 * seconds / total for seconds in (read, decoded - read, folded - decoded)]
        print(
            f"{log.agents:6} {log.rounds:7} {log.platforms:10} {log.not_up:7}  "
            f"{each[0]:10.1f} {each[1]:8.1f} {each[2]:8.1f} {folded:7.2f} s"
            f" {total * log.platforms / folded:12,.0f} {changes:9,}"
        )


def main() -> None:
    """Print the tables."""
    part = 10 if "--quick" in sys.argv else 1
    _print([Log(1, 100_000 // part, 20, 0.26), Log(2, 43_200 // part, 1000, 13)])
    print("\nThe same exceptions in rounds of ten times the platforms:")
    _print([Log(1, 10_000 // part, platforms, 13) for platforms in (100, 1_000, 10_000)])


if __name__ == "__main__":
    main()
