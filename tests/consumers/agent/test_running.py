"""`constat agent run` as its own process: what it saw, killed, stopped, with another plan, and how it begins."""

import itertools
import json
import re
import signal
import subprocess
import time

import pytest

from consumers.agent.file import read_stated
from consumers.agent.notebook import Notebook
from consumers.agent.planning import planned
from ledger.verify import verify
from projections.asof import Known
from projections.moment import at_head
from projections.observed import fold_agents
from projections.steps import DOWN, UP, pairs
from tests.consumers.agent.places import COMMAND, PERIOD_MS, SLACK_MS, Place, now_ms, stop
from tests.consumers.agent.services import serving
from tests.consumers.services import wait_until


@pytest.fixture
def broken():
    with serving() as server:
        yield server


@pytest.mark.slow
def test_what_an_agent_saw_is_in_the_ledger_with_its_starts_and_stops(each_url, tmp_path, service, broken):
    place = Place(tmp_path, each_url)
    place.sign()
    place.write(service, acme_prod=service.url(), acme_test=broken.url())

    with place.running() as process:
        place.until_kept(2)
        broken.is_broken = True
        place.until_kept(4)
        stop(process)

    rounds = place.rounds()
    assert [found.number for found in rounds] == list(range(1, len(rounds) + 1))
    assert {line["waiting"] for line in place.log if line["event"] == "round"} == {0}
    assert all(found.start_ms % PERIOD_MS == 0 for found in rounds)
    assert {error for found in rounds for error in found.not_up.values()} == {
        ("down", 503, "HTTP 503, twice")
    }
    (run,) = place.runs()
    assert (run.started.place, run.stopped.why) == ("Paris", "asked")
    assert run.started_ms <= rounds[0].start_ms < run.stopped_ms
    with place.ledger() as ledger:
        platforms = ledger.plans_of("paris").current.platforms
        assert {platforms[i].platform for found in rounds for i in found.not_up} == {"acme-test"}
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
    assert [outcome for _, outcome in pairs(steps)] == [UP, DOWN, UP]
    (_, _), (down_ms, _), (up_ms, _) = pairs(steps)
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
    place.probe_until(len(place.kept()) + 1)

    numbers = [found.number for found in place.rounds()]
    assert set(place.kept()) <= set(numbers)
    missing = set(range(1, numbers[-1])) - set(numbers)
    assert missing <= set(begun), "only a round that was in flight at a kill may be lost"
    assert [bool(run.stopped) for run in place.runs()] == [False, False, False, True]


@pytest.mark.slow
def test_another_plan_is_a_fact_and_holds_from_the_next_round_on(place, service):
    place.write(service, acme_prod=service.url())
    place.probe_until(2)
    place.write(service, acme_prod=service.url(), acme_test=service.url())
    place.probe_until(4)

    assert [(found.plan, found.n) for found in place.rounds()] == [("paris/1", 1)] * 2 + [("paris/2", 2)] * 2
    place.probe_until(5)  # the same file sets no plan again
    with place.ledger() as ledger:
        assert len(ledger.plans_of("paris").history) == 2


@pytest.mark.slow
def test_an_agent_says_once_that_no_contract_has_a_platform(place, service):
    place.sign()
    place.write(service, acme_prood=service.url())

    with place.running() as process:
        place.until_kept(3)
        stop(process)

    told = [line["why"] for line in place.log if line["event"] == "the plan does not fit the contracts"]
    assert [why.split(";")[0] for why in told] == [
        "no contract has acme-prood",
        "acme-prood may be acme-prod, which a contract has",
    ]


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
def test_a_stop_before_the_first_probe_of_a_round_is_no_warning(place, service):
    place.write(service, acme_prod=service.url())
    file = place.folder / "agent.toml"
    file.write_text(file.read_text().replace("period_seconds = 2", "period_seconds = 8"))
    assert [each.offset_ms for each in planned(read_stated(file))] == [4_822], "time enough for the stop"
    with place.running() as process:
        place.until_kept(1)
        begun = Notebook(place.folder / "paris.outbox.db.notes", "paris").last.number
        wait_until(
            lambda: Notebook(place.folder / "paris.outbox.db.notes", "paris").last.number > begun,
            "the next round begins",
        )
        stop(process)

    assert "a round was dropped" not in place.events()
    assert "stopped before the first probe of a round" in place.events()


@pytest.mark.slow
def test_a_slow_target_delays_no_other(place, service):
    hanging = {f"slow_{number}": service.url("/hang") for number in range(30)}
    quick = {f"quick_{number}": service.url() for number in range(30)}
    place.write(service, **hanging, **quick)

    place.probe_until(3)

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
        place.until_more_are_kept(2)
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
    place.probe_until(1)
    retire = [COMMAND, "agent", "retire", "paris", "--by", "sre-1", "--reason", "its machine is gone"]
    subprocess.run([*retire, "--ledger", place.url], check=True, capture_output=True)

    code, said = ran(place)
    assert code == 2
    assert re.search(r"agent paris was retired; .*--again", said)

    place.probe_until(2, "--again")
    assert place.rounds()[-1].plan == "paris/2"


def test_two_processes_of_one_agent_are_refused(place, service):
    place.write(service, acme_prod=service.url())
    with place.running() as process:
        place.until_kept(1)

        code, said = ran(place)

        assert code == 2
        assert "another process has paris.outbox.db open" in said
        assert "a second agent takes a name of its own" in said
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
