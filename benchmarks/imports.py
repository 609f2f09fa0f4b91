"""What it costs to take in a file: `python -m benchmarks.imports`.

A CSV of 2,000,000 results (20 platforms, 2 agents, one a minute: 100,000 rounds) is made, read as plain
bytes, imported into a fresh ledger, and replayed to a statement. Seconds are of this machine (of its clock;
CPU: of its processors); what can be compared is the ratio to reading the same bytes.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from consumers.bench.whole_command import Cost, cost_of

PLATFORMS = 20
AGENTS = ("paris", "lyon")
ROUNDS = 50_000
FIRST_S = 1_790_805_600
SEED = 20261001
DOWN_SHARE = 0.01
TURNS = 5
CONTRACT = """\
contract = "acme"
client = "Acme SA"
first_day = 2026-10-01
""" + "".join(f'[[platforms]]\nplatform = "p{number:02}"\n' for number in range(PLATFORMS))
CONSTAT = Path(sys.executable).parent / "constat"


def write(path: Path) -> None:
    """The results, about one in a hundred not up."""
    dice = random.Random(SEED)
    with path.open("w") as file:
        file.write("agent,platform,observed_at,outcome,status,latency_ms\n")
        for number in range(ROUNDS):
            minute = time.strftime("%Y-%m-%dT%H:%M:", time.gmtime(FIRST_S + 60 * number))
            for agent in AGENTS:
                for platform in range(PLATFORMS):
                    up = dice.random() > DOWN_SHARE
                    outcome, status = ("up", 200) if up else ("down", 503)
                    second, latency_ms = 3 * platform % 60, dice.randrange(40, 900)
                    file.write(
                        f"{agent},p{platform:02},{minute}{second:02}Z,{outcome},{status},{latency_ms}\n"
                    )


def replays(url: str, cache: Path) -> list[tuple[str, Cost]]:
    """Each replay in turn, several times over; the least of each, because noise only adds."""
    ask = ("--period", "1", "--json", "--ledger", url)
    anew = (*ask, "--no-cache")
    ways = {
        "replay to the statement": (CONSTAT, "statement", *anew),
        "the same, in one process": ("env", "CONSTAT_WORKERS=1", CONSTAT, "statement", *anew),
        "replay to the penalties": (CONSTAT, "penalties", *anew),
        "the statement from the cache": ("env", f"CONSTAT_CACHE={cache}", CONSTAT, "statement", *ask),
        "the penalties from the cache": ("env", f"CONSTAT_CACHE={cache}", CONSTAT, "penalties", *ask),
    }
    turns = [{what: cost_of(*command) for what, command in ways.items()} for _ in range(TURNS)]
    return [(what, min(turn[what] for turn in turns)) for what in ways]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv, url = folder / "results.csv", f"sqlite:///{folder}/bench.db"
        write(csv)
        (folder / "acme.toml").write_text(CONTRACT)
        subprocess.run(
            [CONSTAT, "contract", "sign", folder / "acme.toml", "--ledger", url],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        rows = [
            ("cat of the same bytes", cost_of("cat", csv)),
            ("import", cost_of(CONSTAT, "import", "results", csv, "--ledger", url)),
            ("import again: nothing new", cost_of(CONSTAT, "import", "results", csv, "--ledger", url)),
            *replays(url, folder / "cache"),
        ]
        size = csv.stat().st_size / 1e6
        print(f"{2 * ROUNDS * PLATFORMS:,} results, {2 * ROUNDS:,} rounds, {size:.0f} MB of CSV")
        for what, cost in rows:
            print(
                f"{what:28} {cost.wall_s:7.2f} s  {cost.cpu_s:7.2f} s CPU  {cost.peak_mb:6.0f} MB"
                f"  {cost.wall_s / rows[0][1].wall_s:8.1f} x cat"
            )


if __name__ == "__main__":
    main()
