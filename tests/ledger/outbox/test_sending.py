"""From an outbox to a ledger of each kind: in order, each round once, and nothing dropped that is in conflict."""

import sqlite3
import threading
from contextlib import closing

import pytest

from ledger.errors import (
    BadInputError,
    ConflictError,
    RefusedError,
    UnknownOutcomeError,
    UnreachableLedgerError,
)
from ledger.fact import Draft
from ledger.outbox import chain
from ledger.outbox.chain import Renumbered
from ledger.outbox.outbox import Outbox
from ledger.outbox.pending import look
from ledger.outbox.sending import Sent
from ledger.rounds import decode
from ledger.runs import AgentStarted, AgentStopped
from ledger.verify import verify
from tests.ledger.log.processes import AGENT, a_round, ledger_at, new_ledger
from tests.ledger.outbox.agents import begun, put, stored, waiting

OTHER = {1: ("down", 503, "seen by another")}


@pytest.fixture
def url(each_url):
    """A ledger of each kind that knows the agent's plan."""
    new_ledger(each_url)
    return each_url


@pytest.fixture
def ledger(url):
    with ledger_at(url, create=False) as ledger:
        yield ledger
        assert verify(ledger.engine).misfit is None


@pytest.fixture
def path(tmp_path, url):
    return str(begun(tmp_path / "outbox.db", url))


@pytest.fixture
def outbox(path):
    with Outbox.open(path) as outbox:
        yield outbox


def rounds_in(ledger):
    """Number and who saw it, of each round of the agent in the ledger."""
    return [
        (found.number, "another" if b"seen by another" in found.value else "ours")
        for found in ledger.engine.rounds(agents=[AGENT])
    ]


class Failing:
    """A ledger whose appends fail before or after they took effect, as its network does."""

    def __init__(self, ledger, error, *, after):
        self._ledger = ledger
        self._error = error
        self._after = after
        self.engine = ledger.engine

    def append_encoded_rounds(self, agent, values):
        if self._after:
            self._ledger.append_encoded_rounds(agent, values)
        raise self._error


# ---------------------------------------------------------------- everything arrives once


def test_what_waits_arrives_in_order_and_is_taken_out(outbox, ledger):
    put(outbox, 5)
    heard = []

    assert outbox.send(ledger, heard.append) == Sent(5, 0)

    assert stored(ledger) == [1, 2, 3, 4, 5]
    assert sum(heard) == 5
    assert waiting(outbox) == (0, None, None)
    assert outbox.send(ledger) == Sent(0, 0)


def test_more_than_one_page_arrives_in_order(outbox, ledger, monkeypatch):
    monkeypatch.setattr(chain, "PAGE", 3)
    put(outbox, 10)
    heard = []

    outbox.send(ledger, heard.append)

    assert stored(ledger) == list(range(1, 11))
    assert [more for more in heard if more] == [3, 3, 3, 1]


def test_the_bytes_that_arrive_are_those_that_were_put(outbox, ledger):
    put(outbox, 3, not_up=OTHER)
    kept = {each.number: each.hash for each in chain.kept(outbox._file)}

    outbox.send(ledger)

    assert {found.number: found.hash for found in ledger.engine.rounds(agents=[AGENT])} == kept


def test_rounds_whose_answer_was_lost_are_not_sent_twice(outbox, ledger):
    put(outbox, 3)
    with pytest.raises(UnknownOutcomeError):
        outbox.send(Failing(ledger, UnknownOutcomeError("no answer"), after=True))
    assert waiting(outbox) == (3, 1, 3)
    put(outbox, 2)

    assert outbox.send(ledger) == Sent(2, 3)

    assert stored(ledger) == [1, 2, 3, 4, 5]


def test_rounds_that_did_not_leave_wait_for_the_next_time(outbox, ledger):
    put(outbox, 3)

    with pytest.raises(UnreachableLedgerError):
        outbox.send(Failing(ledger, UnreachableLedgerError("away"), after=False))

    assert waiting(outbox) == (3, 1, 3)
    assert outbox.send(ledger) == Sent(3, 0)
    assert stored(ledger) == [1, 2, 3]


def test_of_a_batch_of_which_a_part_arrived_only_the_rest_is_sent(outbox, ledger):
    put(outbox, 5)
    values = [value for _, value in chain.walk(outbox._file)]
    ledger.append_encoded_rounds(AGENT, values[:2])

    assert outbox.send(ledger) == Sent(3, 2)

    assert stored(ledger) == [1, 2, 3, 4, 5]


def test_a_late_copy_of_our_own_rounds_is_no_conflict(outbox, ledger, monkeypatch):
    put(outbox, 3)
    values = [value for _, value in chain.walk(outbox._file)]
    append = ledger.append_encoded_rounds

    def late(agent, found):
        monkeypatch.setattr(ledger, "append_encoded_rounds", append)
        append(agent, values[:2])
        append(agent, found)

    monkeypatch.setattr(ledger, "append_encoded_rounds", late)

    assert outbox.send(ledger) == Sent(1, 2)
    assert stored(ledger) == [1, 2, 3]


def test_one_thread_puts_while_another_sends(outbox, ledger):
    put(outbox, 1)
    failed = []

    def putting():
        try:
            put(outbox, 50)
        except Exception as error:  # noqa: BLE001 - the test is told
            failed.append(error)

    thread = threading.Thread(target=putting)
    thread.start()
    while thread.is_alive():
        outbox.send(ledger)
    thread.join()
    outbox.send(ledger)

    assert failed == []
    assert stored(ledger) == list(range(1, 52))
    assert waiting(outbox) == (0, None, None)


def test_a_ledger_that_refuses_what_follows_it_is_not_asked_for_ever(outbox, ledger):
    put(outbox, 2)

    with pytest.raises(ConflictError, match="for a reason of its own"):
        outbox.send(Failing(ledger, ConflictError("for a reason of its own"), after=False))

    assert waiting(outbox) == (2, 1, 2)


# ---------------------------------------------------------------- somebody else was there


def test_a_conflict_is_told_and_nothing_is_dropped(outbox, path, ledger):
    put(outbox, 2)
    outbox.send(ledger)
    ledger.append_rounds(AGENT, [a_round(3, not_up=OTHER)])
    put(outbox, 3)

    with pytest.raises(ConflictError) as told:
        outbox.send(ledger)

    text = str(told.value)
    assert "agent paris stands at round 3, which another writer appended" in text
    assert "3 rounds (number 3 to 5, started 1970-01-01T00:03:00Z to 1970-01-01T00:05:00Z)" in text
    assert "nothing that comes will" in text
    assert "stop every process that probes under this name, this one too" in text
    assert f"if not, move {path} away. Then start one process under this name" in text
    assert f"`constat outbox send {path} --renumber`" in text
    assert waiting(outbox) == (3, 3, 5)
    assert look(path).conflict == text
    assert rounds_in(ledger) == [(1, "ours"), (2, "ours"), (3, "another")]


def test_rounds_may_be_put_while_there_is_a_conflict(outbox, ledger):
    ledger.append_rounds(AGENT, [a_round(1, not_up=OTHER)])
    put(outbox, 2)
    with pytest.raises(ConflictError):
        outbox.send(ledger)

    assert put(outbox, 2) == [3, 4]

    with pytest.raises(ConflictError, match="4 rounds"):
        outbox.send(ledger)
    assert waiting(outbox) == (4, 1, 4)


def test_what_arrived_before_another_writer_came_is_taken_out_and_only_the_rest_is_in_conflict(
    outbox, ledger
):
    put(outbox, 4)
    values = [value for _, value in chain.walk(outbox._file)]
    ledger.append_encoded_rounds(AGENT, values[:2])
    ledger.append_rounds(AGENT, [a_round(3, not_up=OTHER)])

    with pytest.raises(ConflictError, match=r"number 3 to 4"):
        outbox.send(ledger)

    assert waiting(outbox) == (2, 3, 4)


def test_if_all_had_arrived_before_another_writer_came_nothing_is_in_conflict(outbox, ledger):
    put(outbox, 2)
    with pytest.raises(UnknownOutcomeError):
        outbox.send(Failing(ledger, UnknownOutcomeError("no answer"), after=True))
    ledger.append_rounds(AGENT, [a_round(3, not_up=OTHER)])

    assert outbox.send(ledger) == Sent(0, 2)

    assert outbox.pending().conflict is None
    put(outbox)
    with pytest.raises(ConflictError, match="stands at round 3"):
        outbox.send(ledger)


def test_an_agent_that_starts_again_when_all_has_arrived_goes_on_behind_the_other_writer(outbox, ledger):
    put(outbox, 2)
    with pytest.raises(UnknownOutcomeError):
        outbox.send(Failing(ledger, UnknownOutcomeError("no answer"), after=True))
    ledger.append_rounds(AGENT, [a_round(3, not_up=OTHER)])

    outbox.learn(ledger)

    assert put(outbox) == [4]
    assert outbox.send(ledger) == Sent(1, 0)


def test_what_is_in_conflict_can_be_put_behind_the_other_rounds(outbox, ledger):
    for number in (1, 2, 5):
        outbox.put(a_round(number, not_up={0: ("down", 503, f"seen as {number}")}))
    ledger.append_rounds(AGENT, [a_round(1, not_up=OTHER), a_round(4, not_up=OTHER)])
    with pytest.raises(ConflictError):
        outbox.send(ledger)

    assert outbox.renumber(ledger, now_ms=0) == Renumbered(3, 0)
    assert outbox.pending().conflict is None
    assert put(outbox) == [10]
    assert outbox.send(ledger) == Sent(4, 0)

    found = [decode(kept.value)[0] for kept in ledger.engine.rounds(agents=[AGENT])]
    assert [(each.number, each.start_ms, each.not_up.get(0, ("", 0, ""))[2]) for each in found] == [
        (1, 60_000, ""),
        (4, 240_000, ""),
        (5, 60_000, "seen as 1"),
        (6, 120_000, "seen as 2"),
        (9, 300_000, "seen as 5"),
        (10, 600_000, ""),
    ]


def test_nothing_is_numbered_anew_where_nothing_is_in_conflict(outbox, ledger):
    put(outbox, 3)
    before = chain.kept(outbox._file)

    assert outbox.renumber(ledger, now_ms=0) == Renumbered(0, 0)

    assert chain.kept(outbox._file) == before


MINUTE_MS = 60_000
STARTED = AgentStarted(agent=AGENT, run="theirs", version="0.1.0", place="Lyon")
STOPPED = AgentStopped(agent=AGENT, run="theirs", why="asked")


def runs_elsewhere(ledger, *facts):
    """Another process, whose third round began at 00:03."""
    ledger.append(*(Draft(f"run:{AGENT}", fact, at_ms) for fact, at_ms in ((STARTED, 0), *facts)))
    ledger.append_rounds(AGENT, [a_round(number, not_up=OTHER) for number in (1, 2, 3)])


def test_nothing_is_numbered_anew_while_another_process_runs_under_the_name(outbox, ledger):
    put(outbox, 2)
    runs_elsewhere(ledger)
    before = chain.kept(outbox._file)

    with pytest.raises(RefusedError) as told:
        outbox.renumber(ledger, now_ms=6 * MINUTE_MS)

    assert "agent paris runs elsewhere: it was started at 1970-01-01T00:00:00Z in Lyon" in str(told.value)
    assert "stop it first; if it was killed, wait until 1970-01-01T00:06:00Z" in str(told.value)
    assert chain.kept(outbox._file) == before


@pytest.mark.parametrize(
    ("facts", "now_ms"), [((), 6 * MINUTE_MS + 1), (((STOPPED, 3 * MINUTE_MS + 1),), 4 * MINUTE_MS)]
)
def test_what_waits_is_numbered_anew_once_the_other_process_was_stopped_or_has_fallen_silent(
    outbox, ledger, facts, now_ms
):
    put(outbox, 2)
    runs_elsewhere(ledger, *facts)

    assert outbox.renumber(ledger, now_ms=now_ms) == Renumbered(2, 0)
    assert outbox.send(ledger) == Sent(2, 0)


def test_a_stop_that_was_recorded_before_the_last_round_is_that_of_another_run(outbox, ledger):
    put(outbox, 2)
    earlier = AgentStarted(agent=AGENT, run="earlier", version="0.1.0", place="Lyon")
    ended = AgentStopped(agent=AGENT, run="earlier", why="asked")
    runs_elsewhere(ledger, (earlier, 1), (ended, MINUTE_MS))

    with pytest.raises(RefusedError, match="runs elsewhere"):
        outbox.renumber(ledger, now_ms=4 * MINUTE_MS)


@pytest.mark.parametrize("number", [4, 5])
def test_what_is_damaged_is_put_aside_also_if_the_last_round_of_this_outbox_was_made_just_now(
    outbox, path, ledger, number
):
    """The run that the ledger shows is the one of this outbox."""
    ledger.append(Draft(f"run:{AGENT}", STARTED, 0))
    put(outbox, 3)
    outbox.send(ledger)
    put(outbox, 2)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE rounds SET value = x'00' WHERE number = ?", (number,))

    assert outbox.renumber(ledger, now_ms=4 * MINUTE_MS) == Renumbered(1, 1)


def test_nothing_is_refused_where_nothing_is_in_conflict_though_the_own_run_was_killed_just_now(
    outbox, ledger
):
    """The run that the ledger shows is the one of this outbox."""
    ledger.append(Draft(f"run:{AGENT}", STARTED, 0))
    put(outbox, 3)
    outbox.send(ledger)
    put(outbox, 2)

    assert outbox.renumber(ledger, now_ms=4 * MINUTE_MS) == Renumbered(0, 0)


def test_a_zombie_that_wakes_up_behind_its_successor_moves_nothing(outbox, tmp_path, ledger):
    put(outbox, 2)
    with Outbox.open(str(tmp_path / "successor.db"), AGENT) as successor:
        successor.learn(ledger)
        put(successor, 3, not_up=OTHER)
        successor.send(ledger)

        with pytest.raises(ConflictError):
            outbox.send(ledger)

        put(successor, 1, not_up=OTHER)
        assert successor.send(ledger) == Sent(1, 0)
    assert rounds_in(ledger) == [(number, "another") for number in (1, 2, 3, 4)]
    assert waiting(outbox) == (2, 1, 2)


def test_a_ledger_that_is_behind_what_was_acknowledged_is_not_written(outbox, ledger, tmp_path):
    put(outbox, 5)
    outbox.send(ledger)
    put(outbox, 2)
    older = tmp_path / "older.db"
    new_ledger(older)
    with ledger_at(older) as restored:
        with pytest.raises(ConflictError) as told:
            outbox.send(restored)

        assert "has agent paris at round 0, and the outbox knew it at round 5" in str(told.value)
        assert "restored from an older copy" in str(told.value)
        assert stored(restored) == []
    assert waiting(outbox) == (2, 6, 7)
    assert outbox.send(ledger) == Sent(2, 0)
    assert outbox.pending().conflict is None


def test_behind_an_older_copy_of_the_ledger_the_numbers_stay_and_the_gap_is_seen(outbox, ledger, tmp_path):
    put(outbox, 5)
    outbox.send(ledger)
    put(outbox, 2)
    older = tmp_path / "older.db"
    new_ledger(older)
    with ledger_at(older) as restored:
        assert outbox.renumber(restored, now_ms=0) == Renumbered(2, 0)
        outbox.send(restored)

        assert stored(restored) == [6, 7]


def test_a_ledger_that_does_not_know_the_plan_takes_nothing(outbox, tmp_path):
    put(outbox, 2)
    with (
        ledger_at(tmp_path / "another.db") as another,
        pytest.raises(BadInputError, match="record its plan first"),
    ):
        outbox.send(another)

    assert waiting(outbox) == (2, 1, 2)
