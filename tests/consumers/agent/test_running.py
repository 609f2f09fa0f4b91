"""`constat agent run` as its own process: killed, stopped, without its ledger, with another plan."""

import itertools
import json
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from consumers.agent.notebook import Notebook
from ledger import runs
from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft
from ledger.instants import DAY_MS, from_ms
from ledger.log.kafka import address, topics
from ledger.outbox.pending import look
from ledger.rounds import decode
from ledger.terms import Terms
from ledger.verify import verify
from projections.asof import Known, at_head
from projections.observed import fold_agents
from projections.steps import DOWN, UP
from tests.consumers.agent import processes
from tests.consumers.agent.services import closed_port, serving
from tests.consumers.services import wait_until

PERIOD_MS = 2_000
SLACK_MS = 1_500
"""A probe may be so late on a machine that does much else."""
COMMAND = Path(sys.executable).parent / "constat"
HEAD = """
agent = "paris"
place = "Paris"
period_seconds = 2
timeout_ms = 300
references = ["{reference}"]
"""
TARGET = """
[[target]]
platform = "{platform}"
url = "{url}"
"""


FULL = {"the outbox is nearly full: send what waits, or raise outbox_bytes_max", "a round was not kept"}


def now_ms():
    return time.time_ns() // 1_000_000


@pytest.fixture
def service():
    with serving() as server:
        yield server


@pytest.fixture
def broken():
    with serving() as server:
        yield server


class Place:
    """A folder with an agent's file, and the ledger that the agent is started with."""

    def __init__(self, folder, url):
        self.folder = folder
        self.url = url

    def write(self, service, **targets):
        text = HEAD.format(reference=service.url("/reference"))
        text += "".join(
            TARGET.format(platform=name.replace("_", "-"), url=url) for name, url in targets.items()
        )
        (self.folder / "agent.toml").write_text(text)

    @contextmanager
    def running(self, *options):
        process = processes.Started(self.folder, "agent", "run", "agent.toml", "--ledger", self.url, *options)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @property
    def log(self):
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def kept(self):
        """The numbers of the rounds that were kept, as the agent's log tells them."""
        return [line["number"] for line in self.log if line["event"] == "round"]

    def until_kept(self, count):
        return wait_until(lambda: (kept := self.kept())[count - 1 :] and kept, f"{count} rounds: {self.log}")

    @contextmanager
    def ledger(self, *, create=False):
        with Ledger.open(self.url, create=create) as ledger:
            yield ledger

    def rounds(self):
        with self.ledger() as ledger:
            return [decode(kept.value)[0] for kept in ledger.engine.rounds()]

    def runs(self):
        with self.ledger() as ledger:
            return ledger.load(runs.stream_of("paris"), runs.INITIAL, runs.evolve)[0].history

    def sign(self):
        first_day = from_ms(now_ms() - 2 * DAY_MS).date()
        signed = ContractSigned(contract="acme", client="Acme", first_day=first_day, terms=Terms())
        with self.ledger(create=not self.url.startswith("kafka")) as ledger:
            ledger.append(Draft("contract:acme", signed, now_ms()))
            for platform in ("acme-prod", "acme-test"):
                added = PlatformAdded(contract="acme", platform=platform, from_day=first_day)
                ledger.append(Draft("contract:acme", added, now_ms()))


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    found.sign()
    return found


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "kafka"])
def test_what_an_agent_saw_is_in_the_ledger_with_its_starts_and_stops(
    request, tmp_path, engine, service, broken
):
    url = request.getfixturevalue("kafka_url") if engine == "kafka" else f"sqlite:///{tmp_path}/ledger.db"
    place = Place(tmp_path, url)
    place.sign()
    place.write(service, acme_prod=service.url(), acme_test=broken.url())

    with place.running() as process:
        place.until_kept(2)
        broken.is_broken = True
        place.until_kept(4)
        stop(process)

    rounds = place.rounds()
    plan_of = {planned: index for index, planned in enumerate(["acme-prod", "acme-test"])}
    assert [found.number for found in rounds] == list(range(1, len(rounds) + 1))
    assert all(found.start_ms % PERIOD_MS == 0 for found in rounds)
    assert {error for found in rounds for error in found.not_up.values()} == {
        ("down", 503, "HTTP 503, twice")
    }
    assert len({index for found in rounds for index in found.not_up}) == 1
    assert plan_of.keys() == {"acme-prod", "acme-test"}
    (run,) = place.runs()
    assert (run.started.place, run.stopped.why) == ("Paris", "asked")
    assert run.started_ms <= rounds[0].start_ms < run.stopped_ms
    with place.ledger() as ledger:
        assert verify(ledger.engine).misfit is None


@pytest.mark.slow
def test_the_instant_at_which_a_platform_went_down_is_that_of_the_first_try_that_failed(
    place, service, broken
):
    place.write(service, acme_prod=broken.url())

    with place.running() as process:
        place.until_kept(2)
        broken.is_broken, broken_ms = True, now_ms()
        place.until_kept(4)
        broken.is_broken, mended_ms = False, now_ms()
        place.until_kept(6)
        stop(process)

    with place.ledger() as ledger:
        known = Known.at(ledger.engine, at_head(ledger.engine, now_ms()))
        steps = fold_agents(known, ["paris"], frozenset({"acme-prod"}), 150_000)["paris"]["acme-prod"][:3]
    assert [outcome for _, outcome in steps] == [UP, DOWN, UP]
    (_, _), (down_ms, _), (up_ms, _) = steps
    assert broken_ms <= down_ms < broken_ms + PERIOD_MS + SLACK_MS
    assert mended_ms <= up_ms < mended_ms + PERIOD_MS + SLACK_MS


@pytest.mark.slow
def test_a_killed_agent_loses_at_most_the_round_in_flight_which_is_a_gap_in_the_numbers(place, service):
    place.write(service, acme_prod=service.url("/slow/100"))
    begun = []

    for wait_s in (0.0, 0.3, 0.7):
        before = len(place.kept()) if (place.folder / "log").exists() else 0
        with place.running() as process:
            place.until_kept(before + 2)
            time.sleep(wait_s)
            process.kill()
            process.wait()
        begun.append(Notebook(place.folder / "paris.outbox.db.notes", "paris").last.number)
    with place.running() as process:
        place.until_kept(len(place.kept()) + 1)
        stop(process)

    numbers = [found.number for found in place.rounds()]
    assert set(place.kept()) <= set(numbers)
    missing = set(range(1, numbers[-1])) - set(numbers)
    assert missing <= set(begun), "only a round that was in flight at a kill may be lost"
    assert [bool(run.stopped) for run in place.runs()] == [False, False, False, True]


@pytest.mark.slow
def test_while_the_ledger_is_away_rounds_and_facts_wait_and_then_arrive_once_and_in_order(place, service):
    place.write(service, acme_prod=service.url())
    away = place.folder / "elsewhere.db"
    with place.running() as process:
        place.until_kept(1)
        stop(process)

    (place.folder / "ledger.db").rename(away)
    for _ in range(2):  # it is started while the ledger is away, and stopped, and started again
        with place.running() as process:
            place.until_kept(len(place.kept()) + 2)
            stop(process)
    waiting = look(str(place.folder / "paris.outbox.db")).rounds
    assert waiting >= 4
    away.rename(place.folder / "ledger.db")
    with place.running() as process:
        place.until_kept(len(place.kept()) + 1)
        stop(process)

    numbers = [found.number for found in place.rounds()]
    assert numbers == place.kept() == list(range(1, len(numbers) + 1))
    assert len(place.runs()) == 4
    assert all(run.stopped for run in place.runs())
    assert all(one.stopped_ms <= other.started_ms for one, other in itertools.pairwise(place.runs()))
    with place.ledger() as ledger:
        assert verify(ledger.engine).misfit is None


@pytest.mark.slow
def test_the_ledger_that_comes_back_while_the_agent_runs_is_found(place, service):
    place.write(service, acme_prod=service.url())
    away = place.folder / "elsewhere.db"
    with place.running() as process:
        place.until_kept(1)
        stop(process)
    (place.folder / "ledger.db").rename(away)

    with place.running() as process:
        place.until_kept(3)
        away.rename(place.folder / "ledger.db")
        wait_until(
            lambda: any(line["event"] == "the ledger is back" for line in place.log), "the ledger is back"
        )
        place.until_kept(len(place.kept()) + 1)
        stop(process)

    assert [found.number for found in place.rounds()] == place.kept()


@pytest.mark.slow
def test_another_plan_is_a_fact_and_holds_from_the_next_round_on(place, service):
    place.write(service, acme_prod=service.url())
    with place.running() as process:
        place.until_kept(2)
        stop(process)
    place.write(service, acme_prod=service.url(), acme_test=service.url())
    with place.running() as process:
        place.until_kept(4)
        stop(process)

    assert [(found.plan, found.n) for found in place.rounds()] == [("paris/1", 1)] * 2 + [("paris/2", 2)] * 2
    with place.running() as process:  # the same file sets no plan again
        place.until_kept(5)
        stop(process)
    with place.ledger() as ledger:
        assert len(ledger.plans_of("paris").history) == 2


@pytest.mark.slow
def test_another_plan_waits_for_the_ledger_and_meanwhile_the_known_one_goes_on(place, service):
    place.write(service, acme_prod=service.url(), acme_test=service.url())
    with place.running() as process:
        place.until_kept(1)
        stop(process)
    place.write(service, acme_prod=service.url(), acme_new=service.url())
    (place.folder / "ledger.db").rename(place.folder / "elsewhere.db")

    with place.running() as process:
        place.until_kept(2)
        (place.folder / "elsewhere.db").rename(place.folder / "ledger.db")
        wait_until(
            lambda: any(line["event"] == "the ledger is back" for line in place.log), "the ledger is back"
        )
        place.until_kept(len(place.kept()) + 2)
        stop(process)

    first, second, *_, last = place.rounds()
    assert (first.plan, len(first.missing)) == ("paris/1", 0)
    assert (second.plan, len(second.missing)) == ("paris/1", 1)
    assert (last.plan, len(last.missing)) == ("paris/2", 0)


@pytest.mark.slow
def test_a_stop_ends_the_round_with_what_was_seen(place, service):
    targets = {f"acme_{number}": service.url() for number in range(40)}
    place.write(service, **targets)

    with place.running() as process:
        place.until_kept(1)
        asked = len(service.asked)
        wait_until(lambda: len(service.asked) >= asked + 5, "probes of the next round")
        stop(process)

    last = place.rounds()[-1]
    assert last.number == 2
    assert 0 < len(last.missing) < 40
    assert not last.not_up


@pytest.mark.slow
def test_a_slow_target_delays_no_other(place, service):
    hanging = {f"slow_{number}": service.url("/hang") for number in range(30)}
    quick = {f"quick_{number}": service.url() for number in range(30)}
    place.write(service, **hanging, **quick)

    with place.running() as process:
        place.until_kept(3)
        stop(process)

    with place.ledger() as ledger:
        platforms = [planned.platform for planned in ledger.plans_of("paris").current.platforms]
    for found in place.rounds():
        for index, platform in enumerate(platforms):
            if index in found.missing:
                continue
            assert (found.outcome(index) == "up") == platform.startswith("quick")
            assert found.deviation_ms(index) < SLACK_MS


@pytest.mark.slow
def test_an_agent_that_is_stopped_and_continued_by_the_system_says_nothing_of_that_time(place, service):
    place.write(service, acme_prod=service.url("/slow/100"))
    with place.running() as process:
        place.until_kept(2)
        process.send_signal(signal.SIGSTOP)
        time.sleep(3 * PERIOD_MS / 1000)
        process.send_signal(signal.SIGCONT)
        place.until_kept(len(place.kept()) + 2)
        stop(process)

    rounds = place.rounds()
    assert all(found.outcome(0) in ("up", "unknown", None) for found in rounds)
    starts = [found.start_ms for found in rounds]
    assert all(later - one >= PERIOD_MS for one, later in itertools.pairwise(starts))


# ---------------------------------------------------------------- how it begins


def ran(place, *options):
    command = [COMMAND, "agent", "run", "agent.toml", "--ledger", place.url, *options]
    done = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_an_agent_that_never_met_its_ledger_says_so_and_does_not_begin(place, service):
    place.write(service, acme_prod=service.url())
    place.url = f"sqlite:///{place.folder}/nowhere.db"

    code, said = ran(place)

    assert code == 2
    assert "there is no ledger at" in said


def test_a_retired_agent_begins_again_only_if_it_is_told_to(place, service):
    place.write(service, acme_prod=service.url())
    with place.running() as process:
        place.until_kept(1)
        stop(process)
    gone = [
        "agent",
        "retire",
        "paris",
        "--by",
        "sre-1",
        "--reason",
        "its machine is gone",
        "--ledger",
        place.url,
    ]
    subprocess.run([COMMAND, *gone], check=True, capture_output=True)

    code, said = ran(place)
    assert code == 2
    assert re.search(r"agent paris was retired; .*--again", said)

    with place.running("--again") as process:
        place.until_kept(2)
        stop(process)
    assert place.rounds()[-1].plan == "paris/2"


def test_two_processes_of_one_agent_are_refused(place, service):
    place.write(service, acme_prod=service.url())
    with place.running() as process:
        place.until_kept(1)

        code, said = ran(place)

        assert code == 2
        assert "another process has paris.outbox.db open" in said
        stop(process)


@pytest.mark.slow
def test_an_agent_whose_machine_has_no_room_for_connections_says_down_of_nothing(place, service):
    """Eighty targets at once, and files for a few: without its own sentence it would be the platforms' fault."""
    place.write(service, **{f"acme_{number}": service.url("/slow/100") for number in range(80)})
    path = place.folder / "agent.toml"
    path.write_text(path.read_text().replace("period_seconds = 2\ntimeout_ms = 300", "timeout_ms = 5000"))

    command = f"ulimit -n 40; exec {COMMAND} agent check agent.toml --json"
    done = subprocess.run(command, shell=True, cwd=place.folder, capture_output=True, timeout=60, check=False)

    found = json.loads(done.stdout)["platforms"]
    errors = {each["error"] for each in found if each["outcome"] != "up"}
    assert {each["outcome"] for each in found} == {"up", "unknown"}
    assert {error.partition(" [")[0] for error in errors} == {"the agent itself had no room for a connection"}


@pytest.mark.slow
def test_an_outbox_that_is_full_is_told_and_the_rounds_that_it_has_are_kept(place, service):
    refusing = f"http://127.0.0.1:{closed_port()}/"  # the longest errors at the least cost
    targets = {f"acme_{number}": refusing for number in range(120)}
    place.write(service, **targets)
    path = place.folder / "agent.toml"
    path.write_text("outbox_bytes_max = 65536\n" + path.read_text())
    with place.running() as process:
        place.until_kept(1)
        stop(process)
    (place.folder / "ledger.db").rename(place.folder / "elsewhere.db")

    with place.running() as process:
        events = wait_until(
            lambda: (found := {line["event"] for line in place.log}) >= FULL and found, "the outbox is full"
        )
        (place.folder / "elsewhere.db").rename(place.folder / "ledger.db")
        wait_until(
            lambda: "the ledger is back" in {line["event"] for line in place.log}, "the ledger is back"
        )
        place.until_kept(len(place.kept()) + 1)
        stop(process)

    assert events >= FULL
    (refused, *_) = [line for line in place.log if line["event"] == "a round was not kept"]
    assert "outbox is at its limit" in refused["why"]
    numbers = [found.number for found in place.rounds()]
    assert numbers == place.kept()
    assert refused["number"] not in numbers


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_while_the_broker_is_away_rounds_wait_over_restarts_and_then_arrive_once(
    own_broker, tmp_path, service
):
    url = f"kafka://{own_broker.address}/away?mirrors={tmp_path}/mirrors"
    topics.create(address.parse(url), probe_partitions=2)
    place = Place(tmp_path, url)
    place.sign()
    place.write(service, acme_prod=service.url())
    with place.running() as process:
        place.until_kept(1)
        stop(process)

    container = own_broker.get_wrapped_container()
    container.pause()
    for _ in range(2):
        with place.running() as process:
            place.until_kept(len(place.kept()) + 2)
            process.kill()
            process.wait()
    container.unpause()
    with place.running() as process:
        place.until_kept(len(place.kept()) + 1)
        wait_until(lambda: look(str(tmp_path / "paris.outbox.db")).rounds == 0, "all has arrived")
        stop(process)

    numbers = [found.number for found in place.rounds()]
    assert set(place.kept()) <= set(numbers)
    assert len(numbers) == len(set(numbers))
    assert len(place.runs()) == 4
