"""Folding by several processes: the same steps, the same digest, the same refusal."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

import consumers.workers as workers_module
from consumers.cache import folding
from consumers.share import Share, fold_share
from consumers.workers import Workers
from ledger.application import Ledger
from ledger.errors import BadInputError, DamagedLedgerError
from ledger.fact import Draft
from ledger.log.database import IN_MEMORY
from ledger.plans import Planned, PlanSet
from ledger.rounds import Round
from projections.asof import Known
from projections.moment import at_head
from projections.observed import fold_agents

PLATFORMS = ("acme-prod", "acme-test")
AGENTS = ("lyon", "nice", "paris")
STALE_AFTER_MS = 150_000


def rounds_of(agent: str) -> list[Round]:
    """Half an hour of an agent; what it saw depends on its name."""
    turn = AGENTS.index(agent) + 2
    return [
        Round(
            agent=agent,
            number=number,
            plan=f"{agent}/1",
            start_ms=number * 60_000,
            n=2,
            not_up={0: ("down", 503, "")} if number % turn == 0 else {},
            jitter=bytes(2),
        )
        for number in range(1, 31)
    ]


@pytest.fixture
def url(tmp_path):
    """A ledger of three agents, on disk."""
    found = f"sqlite:///{tmp_path}/ledger.db"
    with Ledger.open(found) as ledger:
        for agent in AGENTS:
            plan = PlanSet(
                agent=agent, plan_version=1, platforms=tuple(Planned(platform=p) for p in PLATFORMS)
            )
            ledger.append(Draft(f"plan:{agent}", plan, 0))
            ledger.append_rounds(agent, rounds_of(agent))
    return found


@pytest.fixture
def known(url):
    with Ledger.open(url) as ledger:
        yield Known.at(ledger.engine, at_head(ledger.engine, 0))


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(workers_module, "MANY_ROUNDS", 1)


def asked(known):
    return known, AGENTS, frozenset(PLATFORMS), STALE_AFTER_MS


@pytest.mark.parametrize("count", [1, 2, 3, 16])
def test_any_number_of_processes_gives_the_same_steps(url, known, count):
    with Workers(url, count) as workers:
        folded = workers.fold(*asked(known))

    assert folded == fold_agents(*asked(known))
    assert sum(len(steps["acme-prod"]) for steps in folded.values()) > 30


@pytest.mark.parametrize("count", [1, 3])
def test_it_is_told_how_many_rounds_are_folded_by_all_of_them_together(url, known, count):
    """Seen to fail where each process counted for itself."""
    told = []
    with Workers(url, count) as workers:
        workers.heard = lambda done, of: told.append((done, of))
        workers.fold(*asked(known))
        first, told[:] = list(told), []
        workers.fold(*asked(known))

    for each in (first, told):
        assert each[-1] == (90, 90)
        assert sorted(each) == each


def test_with_a_cache_any_number_of_processes_gives_the_same_steps(url, known, tmp_path, monkeypatch):
    monkeypatch.setattr(folding, "SPACING", 4)
    monkeypatch.setattr(folding, "WORTH_KEEPING", 1)
    with Workers(url, 3, tmp_path / "cache") as workers:
        assert workers.fold(*asked(known)) == fold_agents(*asked(known))
    assert list((tmp_path / "cache").glob("*.fold"))

    monkeypatch.setattr(ProcessPoolExecutor, "submit", None)
    with Workers(url, 1, tmp_path / "cache") as workers:
        assert workers.fold(*asked(known)) == fold_agents(*asked(known))


def test_what_was_recorded_after_the_moment_is_not_seen_by_another_process_either(url, known):
    before = fold_agents(*asked(known))
    with Ledger.open(url) as ledger:
        late = structs.replace(
            rounds_of("paris")[-1], number=31, start_ms=31 * 60_000, not_up={1: ("down", 0, "late")}
        )
        ledger.append_rounds("paris", [late])

    with Workers(url, 3) as workers:
        assert workers.fold(*asked(known)) == before


def test_what_a_seal_does_not_fix_is_not_seen_by_another_process_either(url, known):
    numbers = (("lyon", 20), ("paris", 7))
    sealed = Known(replace(known.as_of, numbers=numbers), known.facts, known.engine)
    with Workers(url, 3) as workers:
        folded = workers.fold(*asked(sealed))

    assert folded == fold_agents(*asked(sealed))
    assert folded["nice"] == {}
    assert folded["paris"]["acme-prod"] != fold_agents(*asked(known))["paris"]["acme-prod"]


def test_damage_that_another_process_meets_is_reported_as_if_it_were_met_here(url, known, tmp_path):
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("DROP TRIGGER rounds_update")
        connection.execute("UPDATE rounds SET value = x'7b7d' WHERE agent = 'nice' AND number = 7")

    with Workers(url, 3) as workers, pytest.raises(DamagedLedgerError, match="round 7 of agent nice"):
        workers.fold(*asked(known))


def kill_oneself(_share: Share) -> None:
    """What befalls a process that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_share_of_a_process_that_was_killed_is_folded_here(url, known, monkeypatch):
    monkeypatch.setattr(workers_module, "fold_share", kill_oneself)

    with Workers(url, 3) as workers:
        assert workers.fold(*asked(known)) == fold_agents(*asked(known))


def test_few_rounds_start_no_process(url, known, monkeypatch):
    monkeypatch.setattr(workers_module, "MANY_ROUNDS", 91)
    monkeypatch.setattr(ProcessPoolExecutor, "submit", None)

    with Workers(url, 3) as workers:
        assert workers.fold(*asked(known)) == fold_agents(*asked(known))


SPLIT = """
import sys, multiprocessing, consumers.workers as workers_module
from consumers.cli import asking, opening
workers_module.MANY_ROUNDS = 1
with opening.open_known(sys.argv[1], None) as known:
    assert len(multiprocessing.active_children()) == 2, "both others wait before the ledger is opened"
    assert "polars" not in sys.modules, "its threads would have kept this process from being split"
    folded = known.fold(known, ["lyon", "nice", "paris"], frozenset(["acme-prod", "acme-test"]), 150_000)
print({agent: dict(steps) for agent, steps in folded.items()})
"""


ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a process with libraries of C is not split"
)


@ON_LINUX
def test_a_command_splits_itself_before_it_opens_the_ledger(url, known):
    done = subprocess.run(
        [sys.executable, "-c", SPLIT, url],
        env={**os.environ, "CONSTAT_WORKERS": "3"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stderr, done.stdout.strip()) == ("", str(dict(fold_agents(*asked(known)))))


COUNTED = """
import sys, consumers.workers as workers_module
workers_module.Workers.__enter__ = lambda self: print(self.count) or sys.exit(0)
from consumers.cli.__main__ import main
main()
"""


@pytest.mark.parametrize(("said", "environment", "count"), [(("--workers", "3"), "5", "3"), ((), "5", "5")])
def test_an_option_says_how_many_processes_fold_before_the_environment_does(url, said, environment, count):
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, *said, "--ledger", url, "availability", "--contract", "acme"],
        env={**os.environ, "CONSTAT_WORKERS": environment},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.strip(), done.stderr) == (count, "")


WAIT = """
import sys, multiprocessing, time, consumers.workers as workers_module
workers_module.MANY_ROUNDS = 1
with workers_module.Workers(sys.argv[1], 3):
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(60)
"""


@ON_LINUX
def test_no_process_outlives_one_that_was_killed(url):
    with subprocess.Popen([sys.executable, "-c", WAIT, url], stdout=subprocess.PIPE, text=True) as first:
        others = first.stdout.readline().split()
        first.kill()

    assert len(others) == 2
    assert eventually(lambda: not any(is_running(pid) for pid in others))


def is_running(pid: str) -> bool:
    """Whether a process is there and no zombie that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(is_so) -> bool:
    """Whether it comes true within ten seconds."""
    until_s = time.monotonic() + 10
    while not is_so():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True


def test_a_small_file_starts_no_process(url, known, monkeypatch):
    monkeypatch.setattr(workers_module, "MANY_ROUNDS", 30_000)
    monkeypatch.setattr(workers_module, "_pool", None)

    with Workers(url, 3) as workers:
        assert workers.fold(*asked(known)) == fold_agents(*asked(known))


def test_a_share_is_folded_through_an_engine_of_its_own(url, known):
    share = Share(url, known.as_of, known.facts, ["nice"], frozenset(PLATFORMS), STALE_AFTER_MS, None)

    assert fold_share(share) == {"nice": fold_agents(*asked(known))["nice"]}


@pytest.mark.parametrize(("said", "count"), [("1", 1), ("7", 7)])
def test_the_environment_may_say_how_many(monkeypatch, said, count):
    monkeypatch.setenv("CONSTAT_WORKERS", said)

    assert Workers.of(IN_MEMORY).count == count


def test_if_it_does_not_it_is_one_for_each_core(monkeypatch):
    monkeypatch.delenv("CONSTAT_WORKERS", raising=False)

    assert Workers.of(IN_MEMORY).count == len(os.sched_getaffinity(0))


@pytest.mark.parametrize("said", ["many", "-2", "0"])
def test_what_is_no_number_of_processes_is_refused(monkeypatch, said):
    monkeypatch.setenv("CONSTAT_WORKERS", said)

    with pytest.raises(BadInputError, match=f"CONSTAT_WORKERS={said} is no number of processes"):
        Workers.of(IN_MEMORY)
