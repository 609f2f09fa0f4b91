"""`constat agent run --from-ledger`: another machine, with the plan of the ledger and nothing else."""

import re
import subprocess

import pytest

from ledger import plans
from ledger.plans import Planned
from tests.consumers.agent.places import COMMAND, Place, now_ms, stop
from tests.consumers.services import wait_until

SECRET = "sesame-4711"


class Machine(Place):
    """A folder without any file, in which the agent is run from the ledger."""

    def command(self, name):
        return "agent", name, "--from-ledger", "paris", "--ledger", self.url


class Desk(Place):
    """A folder with the file of which plans are recorded."""

    def record(self, service, *options, **targets):
        self.write(service, **targets)
        return self.said("plan", *options)

    def said(self, name, *options):
        done = answer(self.folder, *self.command(name), *options)
        return done.returncode, done.stdout + done.stderr


def answer(folder, *arguments):
    """What `constat` says, and how it leaves."""
    return subprocess.run(
        [COMMAND, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def of(kind, tmp_path, name, url):
    (tmp_path / name).mkdir()
    return kind(tmp_path / name, url)


@pytest.fixture
def desk(tmp_path, place):
    return of(Desk, tmp_path, "desk", place.url)


@pytest.fixture
def machine(tmp_path, place):
    return of(Machine, tmp_path, "machine", place.url)


def with_header(desk, line):
    path = desk.folder / "agent.toml"
    path.write_text(path.read_text() + line + "\n")


@pytest.mark.slow
def test_another_machine_probes_by_the_plan_of_the_ledger_and_takes_up_the_next_one(
    each_url, tmp_path, service
):
    """On a file and on a broker: nothing is lost between the two plans, and no second is inferred."""
    place = of(Place, tmp_path, "place", each_url)
    place.sign()
    desk, machine = of(Desk, tmp_path, "desk", each_url), of(Machine, tmp_path, "machine", each_url)
    machine.environment = {"ACME_TOKEN": SECRET}
    desk.write(service, acme_prod=service.url("/prod"))
    with_header(desk, 'headers = {Authorization = "Bearer ${ACME_TOKEN}"}')
    assert desk.said("plan")[0] == 0

    with machine.running() as process:
        machine.until_kept(2)
        code, said = desk.record(
            service, acme_prod=service.url("/prod-2"), acme_test=service.url("/status/503")
        )
        assert (code, said.count("recorded at position")) == (0, 2)
        wait_until(lambda: [line for line in machine.log if line.get("down")], "a round by the new plan")
        machine.until_more_are_kept(1)
        stop(process)

    rounds = machine.rounds()
    assert [found.number for found in rounds] == list(range(1, len(rounds) + 1)) == machine.kept()
    taken = [found.plan for found in rounds]
    assert taken == sorted(taken)
    assert {*taken} == {"paris/1", "paris/2"}
    assert {found.n for found in rounds if found.plan == "paris/2"} == {2}
    assert not any(found.missing for found in rounds[:-1])
    told = [headers.get("Authorization") for path, headers in service.asked if path == "/prod"]
    assert set(told) == {f"Bearer {SECRET}"}
    assert not [
        headers for path, headers in service.asked if path == "/prod-2" and "Authorization" in headers
    ]
    with machine.ledger() as ledger:
        assert not [kept for kept in ledger.engine.facts() if SECRET.encode() in kept.value]
    assert not [path for path in machine.folder.iterdir() if SECRET.encode() in path.read_bytes()]


@pytest.mark.slow
def test_an_agent_that_once_had_its_plan_begins_without_the_ledger(desk, machine, service):
    desk.record(service, acme_prod=service.url())
    machine.probe_until(1)
    elsewhere = (desk.folder.parent / "ledger.db").rename(desk.folder.parent / "elsewhere.db")

    with machine.running() as process:
        machine.until_kept(3)
        elsewhere.rename(desk.folder.parent / "ledger.db")
        machine.until_ledger_is_back()
        desk.record(service, acme_prod=service.url(), acme_test=service.url())
        wait_until(lambda: machine.rounds()[-1].n == 2, "the plan of afterwards")
        stop(process)

    assert [found.number for found in machine.rounds()] == machine.kept()


@pytest.mark.slow
def test_a_plan_that_the_machine_has_not_what_it_needs_for_is_told_and_the_known_one_goes_on(
    desk, machine, service
):
    desk.record(service, acme_prod=service.url())

    with machine.running() as process:
        machine.until_kept(1)
        with_header(desk, 'headers = {Authorization = "${NOBODY_KNOWS}"}')
        assert desk.said("plan")[0] == 0
        wait_until(lambda: "another plan was not taken up" in machine.events(), "it is told")
        machine.until_more_are_kept(2)
        stop(process)

    rounds = machine.rounds()
    assert [found.number for found in rounds] == machine.kept()
    assert {found.plan for found in rounds} == {"paris/1"}
    (told,) = [line["why"] for line in machine.log if line["event"] == "another plan was not taken up"]
    assert "plan paris/2 of the ledger: the headers of acme-prod need NOBODY_KNOWS" in told
    code, said = begun(machine)
    assert (code, "need NOBODY_KNOWS" in said) == (2, True)


def begun(machine):
    """What is said by one that does not begin."""
    done = answer(machine.folder, *machine.command("run"))
    return done.returncode, done.stderr


def test_an_agent_that_is_unknown_or_whose_plan_came_without_its_targets_does_not_begin(desk, machine):
    code, said = begun(machine)
    assert (code, "this ledger knows no agent paris" in said) == (2, True)

    with desk.ledger() as ledger:
        ledger.record(
            "plan:paris",
            plans.INITIAL,
            plans.evolve,
            lambda state: plans.set_plan(state, "paris", (Planned(platform="acme-prod"),)),
            occurred_ms=now_ms(),
        )

    code, said = begun(machine)
    assert (code, "plan paris/1 does not say how its platforms are probed" in said) == (2, True)


@pytest.mark.slow
def test_a_second_machine_is_refused_while_the_first_one_runs_and_takes_over_once_it_was_stopped(
    tmp_path, desk, machine, service
):
    desk.record(service, acme_prod=service.url())
    second = of(Machine, tmp_path, "second", desk.url)

    with machine.running() as process:
        machine.until_kept(2)
        wait_until(machine.rounds, "a round has arrived")
        code, said = begun(second)
        assert code == 2
        assert re.search(
            r"agent paris runs elsewhere: it was started at .* in Paris, and its round \d+", said
        )
        stop(process)
    second.probe_until(2)

    assert [found.number for found in second.rounds()] == machine.kept() + second.kept()


@pytest.mark.slow
def test_who_was_killed_begins_again_at_once_on_its_own_machine(desk, machine, service):
    desk.record(service, acme_prod=service.url())
    with machine.running() as process:
        machine.until_kept(2)
        process.kill()
        process.wait()

    machine.probe_until(3)

    assert set(machine.kept()) <= {found.number for found in machine.rounds()}


def test_what_is_recorded_can_be_tried_first_and_is_recorded_once(desk, machine, service):
    code, said = desk.record(service, acme_prod=service.url(), acme_test=service.url("/status/404"))
    assert (code, said.count("recorded at position")) == (0, 2)

    done = answer(machine.folder, *machine.command("check"))

    assert done.returncode == 1
    assert re.search(r"acme-prod +up +HTTP 200.*\nacme-test +down +HTTP 404, twice", done.stdout)
    assert "has this plan of agent paris already; nothing was recorded" in desk.said("plan")[1]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["run"], "name the agent's FILE, or with --from-ledger an agent"),
        (["run", "agent.toml", "--from-ledger", "paris"], "the plan of agent.toml or that of the ledger"),
        (["check", "agent.toml", "--from-ledger", "paris"], "leave one of FILE and --from-ledger out"),
        (["check", "agent.toml", "--ca-file", "ca.pem"], "--outbox and --ca-file go with --from-ledger"),
        (["run", "--from-ledger", "paris", "--again"], "--again goes with a file; record the plan"),
    ],
)
def test_a_file_and_a_ledger_are_not_mixed(tmp_path, options, why):
    done = answer(tmp_path, "agent", *options)

    assert done.returncode == 2
    assert why in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("ledger", "agent", "why"),
    [
        (None, "nobody", "this ledger knows no agent nobody"),
        ("sqlite:///typo.db", "paris", "typo.db"),
    ],
)
def test_who_cannot_begin_says_why_once_and_leaves_nothing_behind(desk, machine, service, ledger, agent, why):
    desk.record(service, acme_prod=service.url())

    said = refused(machine.folder, "--from-ledger", agent, "--ledger", ledger or machine.url)

    assert why in said
    assert said.count("\n") == 1
    assert list(machine.folder.iterdir()) == []


def test_who_began_and_is_refused_the_next_time_says_why_once(desk, machine, service):
    desk.record(service, acme_prod=service.url())
    machine.probe_until(1)
    retired = ("agent", "retire", "paris", "--by", "sre-1", "--reason", "moved", "--ledger", machine.url)
    assert answer(machine.folder, *retired).returncode == 0

    said = refused(machine.folder, "--from-ledger", "paris", "--ledger", machine.url)

    assert said.startswith("constat: agent paris was retired")
    assert said.count("was retired") == 1


def refused(folder, *options):
    """What `constat agent run` says where it does not begin."""
    done = answer(folder, "agent", "run", *options)
    assert done.returncode == 2
    return done.stderr
