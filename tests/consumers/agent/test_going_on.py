"""An agent in this process goes on, whatever its clock, its ledger and its disk do; or ends with an error."""

import os
import signal
import threading
import time

import pytest

from consumers.agent.awareness import Awareness
from consumers.agent.notebook import Notebook
from consumers.agent.references import References
from consumers.agent.running import Agent, notebook_path
from consumers.agent.sources import FromFile
from ledger import runs
from ledger.application import Ledger
from ledger.errors import UnusableOutboxError
from ledger.instants import DAY_MS
from ledger.outbox.outbox import Outbox
from ledger.runs import AgentStopped
from tests.consumers.agent.services import loaded
from tests.consumers.agent.test_rounds import SteppingClock
from tests.consumers.services import wait_until

PERIOD_S = 2
TARGET = "/slow/200"


@pytest.fixture
def url(tmp_path):
    found = f"sqlite:///{tmp_path}/ledger.db"
    Ledger.open(found, create=True).close()
    return found


@pytest.fixture
def outbox(tmp_path):
    with Outbox.open(str(tmp_path / "paris.outbox.db"), "paris") as found:
        yield found


def asked_of(tmp_path, service):
    targets = {"url": service.url(TARGET), "timeout_ms": 350}
    outbox = str(tmp_path / "paris.outbox.db")
    return FromFile(loaded(service.url(), targets, period_seconds=PERIOD_S, outbox=outbox))


def ran(agent, meanwhile):
    """Run an agent here, and end it when what happens meanwhile has happened."""
    failures = []

    def story():
        try:
            meanwhile()
        except BaseException as failure:  # noqa: BLE001 - it is told in the thread of the test
            failures.append(failure)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    beside = threading.Thread(target=story)
    beside.start()
    agent.run()
    beside.join()
    assert not failures, failures


def rounds_of(url):
    with Ledger.open(url, create=False) as ledger:
        return [kept.number for kept in ledger.engine.rounds()]


def probed(service):
    return sum(path == TARGET for path, _ in service.asked)


def test_a_clock_that_was_far_ahead_is_not_waited_for_if_no_round_spoke_of_that_time(
    tmp_path, url, outbox, service
):
    """A machine begins a day ahead and is set right in its first round, which is dropped."""
    clock = SteppingClock()
    clock.step_ms = DAY_MS
    agent = Agent(asked_of(tmp_path, service), url, outbox, clock)

    def set_right():
        wait_until(lambda: probed(service) == 1, "the first round")
        clock.step_ms = 0
        wait_until(lambda: rounds_of(url), "a round of the clock that is right")

    ran(agent, set_right)

    assert rounds_of(url)[0] == 2
    noted = Notebook(notebook_path(tmp_path / "paris.outbox.db"), "paris")
    assert noted.last.start_ms <= time.time() * 1000


def test_a_stop_that_no_ledger_will_ever_take_holds_up_no_round(tmp_path, url, outbox, service):
    """The ledger was restored from a copy in which the run had not yet begun."""
    stopped = AgentStopped(agent="paris", run="forgotten", why="asked")
    Notebook(notebook_path(tmp_path / "paris.outbox.db"), "paris").note(stopped, 1_000)

    ran(
        Agent(asked_of(tmp_path, service), url, outbox),
        lambda: wait_until(lambda: rounds_of(url), "a round has arrived"),
    )

    assert not Notebook(notebook_path(tmp_path / "paris.outbox.db"), "paris").waiting


def test_an_outbox_that_cannot_be_read_for_a_while_ends_no_sending(
    tmp_path, url, outbox, service, monkeypatch
):
    def fails(*_, **__):
        raise UnusableOutboxError("the disk does not answer")

    def for_a_while():
        wait_until(lambda: rounds_of(url), "a round has arrived")
        with monkeypatch.context() as patched:
            patched.setattr(Outbox, "send", fails)
            patched.setattr(Outbox, "pending", fails)
            before = probed(service)
            wait_until(lambda: probed(service) >= before + 2, "rounds meanwhile")
            missed = len(rounds_of(url))
        wait_until(lambda: len(rounds_of(url)) >= missed + 2, "rounds arrive again")

    ran(Agent(asked_of(tmp_path, service), url, outbox), for_a_while)

    numbers = rounds_of(url)
    assert numbers == list(range(1, len(numbers) + 1))
    assert not outbox.pending().rounds


@pytest.mark.parametrize("which", [(Awareness, "keep_noticing"), (References, "keep_looking")])
def test_an_agent_that_cannot_notice_any_more_ends_and_says_down_of_nothing(
    tmp_path, url, outbox, service, monkeypatch, which
):
    async def fails(_):
        raise OSError("it cannot be looked at")

    monkeypatch.setattr(*which, fails)

    with pytest.raises(OSError, match="cannot be looked at"):
        Agent(asked_of(tmp_path, service), url, outbox).run()

    with Ledger.open(url, create=False) as ledger:
        (run,) = ledger.load(runs.stream_of("paris"), runs.INITIAL, runs.evolve)[0].history
    assert run.stopped.why == "failed"
