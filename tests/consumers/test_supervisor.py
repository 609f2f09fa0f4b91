"""Several consumers in threads of one process: each is begun again, none stops another, all end when asked."""

import io
import json
import logging
import threading

import pytest
import structlog

from consumers.billing.store import NoLongerOwnerError
from consumers.service import logs, supervisor
from consumers.service.supervisor import Supervisor
from consumers.stopping import Stop
from ledger.errors import BadInputError

WAIT_S = 20


class Heard:
    """Counts what a supervisor tells."""

    def __init__(self):
        self.failures = []
        self.at_work = set()

    def running(self, consumer, *, is_running):
        (self.at_work.add if is_running else self.at_work.discard)(consumer)

    def failed(self, consumer):
        self.failures.append(consumer)


class Impatient(Stop):
    """Notes for how long it is waited, and waits a moment."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def wait(self, seconds):
        self.waits.append(seconds)
        return super().wait(0.001)


@pytest.fixture(autouse=True)
def written():
    """What is logged meanwhile, in the form of a running process."""
    handlers, level, own = logging.root.handlers, logging.root.level, logging.getLogger("consumers").level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    logging.getLogger("consumers").setLevel(own)
    structlog.reset_defaults()


def failing(times, error, done):
    """Fails so many times, then works until it is told to stop."""
    left = iter(range(times))

    def work(stop):
        if next(left, None) is not None:
            raise error
        done.set()
        stop._asked.wait(WAIT_S)

    return work


def test_a_consumer_that_fails_is_begun_again_with_growing_delay_and_the_other_goes_on():
    heard, stop, mended, steady = Heard(), Impatient(), threading.Event(), threading.Event()
    works = {"relay": failing(8, BadInputError("x"), mended), "assess": failing(0, None, steady)}
    found = Supervisor(works, heard, stop)

    found.start()

    assert mended.wait(WAIT_S)
    assert steady.wait(WAIT_S)
    assert heard.at_work == {"relay", "assess"}
    assert found.end() == []
    assert heard.failures == ["relay"] * 8
    assert stop.waits == [1, 2, 5, 10, 30, 60, 60, 60]
    assert heard.at_work == set()


def test_who_lost_the_store_to_another_process_does_not_take_it_back():
    heard, stop = Heard(), Impatient()
    found = Supervisor({"bill": failing(9, NoLongerOwnerError("taken"), threading.Event())}, heard, stop)

    found.start()
    found._threads["bill"].join(WAIT_S)

    assert not found._threads["bill"].is_alive()
    assert (heard.failures, stop.waits) == (["bill"], [])


def test_who_does_not_end_in_time_is_named(monkeypatch):
    monkeypatch.setattr(supervisor, "GRACE_S", 0.05)
    released, begun = threading.Event(), threading.Event()

    def stubborn(_stop):
        begun.set()
        released.wait(WAIT_S)

    found = Supervisor({"relay": stubborn}, Heard(), Stop())
    found.start()
    assert begun.wait(WAIT_S)

    assert found.end() == ["relay"]
    released.set()
    found._threads["relay"].join(WAIT_S)


def test_an_error_that_nobody_expected_is_logged_without_what_it_quotes(written):
    done = threading.Event()
    found = Supervisor(
        {"notify": failing(1, ValueError("Zoé <zoe@acme.example>"), done)}, Heard(), Impatient()
    )

    found.start()
    assert done.wait(WAIT_S)
    found.end()

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    (failed,) = [line for line in lines if line["event"] == "failed"]
    assert (failed["level"], failed["consumer"], failed["error"]) == ("error", "notify", "ValueError")
    assert "test_supervisor.py" in failed["why"]
    assert "oé" not in written.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no answer from zoe@acme.example (550)", "no answer from <address> (550)"),
        ("<zoe@acme.example>: no such user", "<address>: no such user"),
        ("POST http://u:pw@host/a?key=1 refused", "POST http://<secret>@host/a?<secret> refused"),
        ("constat: kafka://host:9092; trying again", "kafka://host:9092; trying again"),
        ("see docs/howto/run.md", "see docs/howto/run.md"),
    ],
)
def test_a_text_loses_its_addresses_and_secrets(text, shown):
    assert logs.without_secrets(text) == shown


def test_what_libraries_warn_of_comes_in_the_same_form(written):
    logging.getLogger("consumers.following").warning("constat: %s; trying again", "zoe@acme.example is away")
    logging.getLogger("somebody").info("not worth a line")

    (line,) = [json.loads(each) for each in written.getvalue().splitlines()]

    assert (line["event"], line["level"]) == ("<address> is away; trying again", "warning")
    assert line["logged_at"].endswith("Z")
