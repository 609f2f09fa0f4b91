"""What it costs to take in a year of Uptime Kuma: `python -m benchmarks.kuma`.

A file of 100 monitors that beat once a minute for 365 days, as its nightly job leaves it: every beat of the
last day (144,000) and, of the rest, the changes (twenty a day of each monitor: 728,000). It is imported into
a fresh ledger, and once more when there is nothing new. The target is 30 s.
"""

import random
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.imports import CONSTAT
from consumers.bench.whole_command import cost_of

MONITORS = 100
DAYS = 365
CHANGES_A_DAY = 20
LAST_S = 1_793_397_600
SEED = 20261001
SCHEMA = """
CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT, interval INTEGER NOT NULL, type TEXT,
  maxretries INTEGER NOT NULL, retry_interval INTEGER NOT NULL);
CREATE TABLE heartbeat (id INTEGER PRIMARY KEY, important BOOLEAN NOT NULL, monitor_id INTEGER NOT NULL,
  status SMALLINT NOT NULL, msg TEXT, time DATETIME NOT NULL, ping INTEGER, duration INTEGER NOT NULL,
  retries INTEGER NOT NULL);
CREATE INDEX monitor_important_time_index ON heartbeat (monitor_id, important, time);
CREATE TABLE stat_daily (id INTEGER PRIMARY KEY, monitor_id INTEGER, timestamp INTEGER, up INTEGER,
  down INTEGER);
"""
INSERT = (
    "INSERT INTO heartbeat (important, monitor_id, status, msg, time, ping, duration, retries) "
    "VALUES (?, ?, ?, ?, ?, ?, 60, 0)"
)
CONTRACT = """\
contract = "acme"
client = "Acme SA"
first_day = 2026-10-01
""" + "".join(f'[[platforms]]\nplatform = "p{number:03}"\n' for number in range(MONITORS))


def beats(monitor: int, dice: random.Random) -> Iterator[tuple[object, ...]]:
    """What the nightly job leaves of one monitor."""
    first_s, dense_s = LAST_S - DAYS * 86_400, LAST_S - 86_400
    moments = dice.sample(range(first_s, dense_s, 60), CHANGES_A_DAY * (DAYS - 1))
    for number, at_s in enumerate(sorted(moments)):
        yield beat(monitor, at_s + monitor % 60, number % 2, is_important=True)
    for at_s in range(dense_s, LAST_S, 60):
        yield beat(monitor, at_s + monitor % 60, 1, is_important=False)


def beat(monitor: int, at_s: int, status: int, *, is_important: bool) -> tuple[object, ...]:
    """One row."""
    message = "200 - OK" if status else "Request failed with status code 503"
    written = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_s)) + ".000"
    return is_important, monitor, status, message, written, 80 if status else None


def main() -> None:
    """Print the table."""
    dice = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(sqlite3.connect(folder / "kuma.db")) as made, made:
            made.executescript(SCHEMA)
            for monitor in range(1, MONITORS + 1):
                made.execute(
                    "INSERT INTO monitor VALUES (?, ?, 60, 'http', 0, 60)", (monitor, f"p{monitor - 1:03}")
                )
                made.executemany(INSERT, beats(monitor, dice))
        (folder / "acme.toml").write_text(CONTRACT)
        url = f"sqlite:///{folder}/bench.db"
        sign = [CONSTAT, "contract", "sign", folder / "acme.toml", "--ledger", url]
        subprocess.run(sign, check=True, stdout=subprocess.DEVNULL)
        command = (CONSTAT, "import", "uptime-kuma", folder / "kuma.db", "--ledger", url)
        rows = [("import", cost_of(*command)), ("again: nothing new", cost_of(*command))]
        print(
            f"{MONITORS} monitors, {DAYS} days, {(folder / 'kuma.db').stat().st_size / 1e6:.0f} MB of SQLite"
        )
        for what, cost in rows:
            print(f"{what:28} {cost.wall_s:7.2f} s  {cost.cpu_s:7.2f} s CPU  {cost.peak_mb:6.0f} MB")


if __name__ == "__main__":
    main()
