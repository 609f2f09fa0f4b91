"""`constat relay`: its events, an HTTP endpoint, and what follows it."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from consumers.relay.event import FeedEvent
from consumers.relay.feed import Scan
from ledger.errors import UnreachableLedgerError
from ledger.fact import hash_of
from tests import counts
from tests.consumers.billing.penalties import assess, grant, ledger_at
from tests.consumers.billing.systems import Endpoint, Tricks, serving

KILLS = 200 if os.environ.get("CONSTAT_SOAK") else 10


def command(*arguments):
    return [sys.executable, "-m", "consumers.cli.main", *map(str, arguments)]


# ---------------------------------------------------------------- events


def test_an_event_holds_the_stored_fact_byte_for_byte_and_each_names_the_hash_of_the_one_before(
    constat, ledger, tmp_path
):
    assess(ledger, acme_prod=3, acme_test=1)
    assess(ledger, revision=2, acme_prod=1)
    constat("relay", "--to", "feed.jsonl")

    stored = [kept.value for kept in ledger.engine.facts()]
    lines = (tmp_path / "feed.jsonl").read_bytes().splitlines()
    assert len(lines) == len(stored) == 6
    for line, fact in zip(lines, stored, strict=True):
        assert line.rpartition(b',"recordedtime"')[0] + b"}" == fact
        assert FeedEvent.read(line).hash == hash_of(fact)
    for line, fact in zip(lines[1:], stored, strict=False):
        assert FeedEvent.read(line).envelope.previous_hash == hash_of(fact)


def test_only_facts_of_assessments_are_relayed(constat, tmp_path):
    from tests.ledger.log.processes import update  # noqa: PLC0415

    with ledger_at(tmp_path / "constat.db") as ledger:
        ledger.append(update("i-1", 'of "subject":"assessment:acme" somebody wrote'))
        assess(ledger, acme_prod=3)
        ledger.append(update("i-1", "x"))

    assert constat("relay", "--to", "feed.jsonl").err == "2 events relayed\n"
    assert constat("relay", "--to", "-").out.encode() == (tmp_path / "feed.jsonl").read_bytes()


@pytest.mark.parametrize("size", [1, 2, 500])
def test_a_scan_that_breaks_off_gives_everything_when_it_goes_on(ledger, size):
    """Fails where a scan counts as read what it had in hand and did not give."""
    grant(ledger, "acme", 2, times=7)

    class Broken:
        breaks_at = 5

        def facts(self, *, after):
            for kept in ledger.engine.facts(after=after):
                if kept.position == self.breaks_at:
                    raise UnreachableLedgerError("gone")
                yield kept

    scan, found = Scan(engine := Broken(), 0), []
    with pytest.raises(UnreachableLedgerError):
        found.extend(each for batch in scan.batches(size) for each in batch)
    engine.breaks_at = None
    found.extend(each for batch in scan.batches(size) for each in batch)

    assert [each.position for each in found] == [1, 2, 3, 4, 5, 6, 7]
    assert list(scan.batches(size)) == []


# ---------------------------------------------------------------- a place


@pytest.mark.usefixtures("ledger")
def test_a_ledger_in_a_file_has_no_topic(constat):
    assert "name where the feed goes" in constat("relay").err


# ---------------------------------------------------------------- an endpoint


def test_an_endpoint_gets_each_event_in_order_whatever_becomes_of_its_answers(constat, ledger):
    """A fifth of the answers is lost after the event was taken, a tenth says later."""
    grant(ledger, "acme", 2, times=60)

    with serving(system := Endpoint(Tricks(seed=3, drops=0.2, busy=0.1))) as url:
        codes = [constat("relay", "--to", url, "--state", "state.db").code for _ in range(2)]
        requests = system.requests
        assert constat("relay", "--to", url, "--state", "state.db").code == 0

    assert codes[-1] == 0
    assert system.lines == [each.value for each in events(ledger)]
    assert system.tricks.dropped > 3
    assert system.requests == requests, "what it has taken is not sent again"


def events(ledger):
    from consumers.relay import feed  # noqa: PLC0415

    return list(feed.events(ledger.engine, 0))


def test_a_state_that_was_made_before_it_named_its_format_is_one_still(constat, ledger):
    """Without it everything would be sent again."""
    grant(ledger, "acme", 2, times=3)
    with serving(system := Endpoint()) as url:
        constat("relay", "--to", url, "--state", "state.db")
        with closing(sqlite3.connect("state.db")) as state:
            state.execute("PRAGMA user_version=0")

        answer = constat("relay", "--to", url, "--state", "state.db")

    assert (answer.code, answer.err) == (0, "0 events relayed\n")
    assert system.requests == 3


def test_a_state_whose_last_event_the_ledger_does_not_have_says_what_it_may_be_and_how_to_go_on(
    constat, ledger, tmp_path
):
    grant(ledger, "acme", 2, times=3)
    with ledger_at(tmp_path / "begun-anew.db") as anew:
        grant(anew, "acme", 2, times=3)
    with serving(system := Endpoint()) as url:
        constat("relay", "--to", url, "--state", "state.db")
        other = ("--ledger", tmp_path / "begun-anew.db", "relay", "--to", url)

        refused = constat(*other, "--state", "state.db")

        assert refused.code == 2
        assert "of this one before it was restored or begun anew" in refused.err
        assert "Name another --state file" in refused.err
        assert system.requests == 3
        assert constat(*other, "--state", "anew.db").err == "3 events relayed\n"


@pytest.mark.usefixtures("ledger")
def test_how_far_an_endpoint_came_must_have_a_place(constat):
    assert "--state FILE" in constat("relay", "--to", "http://127.0.0.1:9/").err


def test_an_endpoint_that_refuses_is_said_and_nothing_is_skipped(constat, ledger):
    grant(ledger, "acme", 2, times=3)

    class Closed(Endpoint):
        is_closed = True

        def answer(self, *request):
            return (403, {}) if self.is_closed else super().answer(*request)

    with serving(system := Closed()) as url:
        refused = constat("relay", "--to", url, "--state", "state.db")
        system.is_closed = False
        constat("relay", "--to", url, "--state", "state.db")

    assert refused.code == 2
    assert "refuses (403" in refused.err
    assert len(system.lines) == 3


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_relay_to_an_endpoint_that_is_killed_sends_everything_at_least_once_and_in_order(
    constat, ledger, tmp_path
):
    with serving(system := Endpoint(Tricks(seed=4, drops=0.1))) as url:
        to = ("relay", "--to", url, "--state", "state.db")
        for round_ in range(KILLS):
            grant(ledger, "acme", 2, times=10)
            before = system.requests
            process = subprocess.Popen(command(*to, "--follow"), cwd=tmp_path)
            until_s = time.monotonic() + 20
            while system.requests < before + 1 + round_ % 9 and time.monotonic() < until_s:
                time.sleep(0.001)
            process.kill()
            process.wait()
        while constat(*to).code:
            pass

    assert system.lines == [each.value for each in events(ledger)]
    counts.write_down("killed relay, HTTP", kills=KILLS, events=len(system.lines), requests=system.requests)


# ---------------------------------------------------------------- follow


@pytest.mark.slow
def test_a_penalty_is_billed_soon_after_it_was_appended_and_sigterm_ends_both_cleanly(
    constat, ledger, tmp_path
):
    feed = tmp_path / "feed.jsonl"
    running = [
        subprocess.Popen(command("relay", "--to", "feed.jsonl", "--follow"), cwd=tmp_path),
        subprocess.Popen(command("bill", "run", "--from", "feed.jsonl", "--follow"), cwd=tmp_path),
    ]
    try:
        wait_until(lambda: (tmp_path / "billing.db").exists() and feed.exists())
        for number in range(1, 4):
            assess(ledger, number=number, acme_prod=number)
            began_s = time.monotonic()
            wait_until(lambda: f"period {number} " in constat("bill", "show").out)  # noqa: B023 - at once
            assert time.monotonic() - began_s < 5, "a second is promised, and this machine may be busy"
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
    assert [process.wait(20) for process in running] == [0, 0]


def wait_until(holds):
    deadline_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
