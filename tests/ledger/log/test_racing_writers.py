"""Two processes that write at once: exactly one wins each number, the other is told, nothing is lost."""

import sqlite3
import threading

import pytest

from ledger.errors import ConflictError
from ledger.fact import GENESIS_HASH
from ledger.log import codec, database
from ledger.log.interface import NewRound
from ledger.log.sqlite import SQLiteEngine
from ledger.rounds import chained
from ledger.verify import verify
from tests.ledger.log.processes import (
    AGENT,
    a_round,
    append_with_retry,
    decide_together,
    new_ledger,
    raced,
    started,
)

TIMES = 100
CONTESTED = 20


@pytest.fixture
def path(tmp_path):
    new_ledger(tmp_path / "ledger.db")
    return tmp_path / "ledger.db"


def facts_of(path, stream):
    engine = SQLiteEngine(str(path), create=False)
    try:
        assert verify(engine).misfit is None
        recorded = [codec.recorded(kept) for kept in engine.facts()]
        return [fact for fact in recorded if fact.stream == stream]
    finally:
        engine.close()


def test_two_writers_that_try_again_lose_nothing_and_leave_no_gap(path):
    with (
        started(append_with_retry, "one", TIMES, first=(path,)) as (_, one),
        started(append_with_retry, "two", TIMES, first=(path,)) as (_, two),
    ):
        for writer in (one, two):
            assert writer.recv() == "ready"
        for writer in (one, two):
            writer.send("go")
        for writer in (one, two):
            writer.recv()

    facts = facts_of(path, "incident:contested")

    assert [fact.sequence for fact in facts] == list(range(1, 2 * TIMES + 1))
    assert sorted(fact.fact.note for fact in facts) == sorted(
        f"{writer} {number}" for writer in ("one", "two") for number in range(TIMES)
    )


def test_of_two_writers_that_decided_on_the_same_state_exactly_one_wins_and_the_other_is_told(path):
    with (
        started(decide_together, "one", CONTESTED, first=(path,)) as (_, one),
        started(decide_together, "two", CONTESTED, first=(path,)) as (_, two),
    ):
        told, won = raced(one, two, CONTESTED)

    facts = facts_of(path, "incident:contested")

    assert [sorted(number is None for number in pair) for pair in told] == [[False, True]] * CONTESTED
    assert sorted(won) == [fact.sequence for fact in facts] == list(range(1, CONTESTED + 1))


def test_two_batches_of_rounds_on_the_same_head_cannot_both_count(path):
    first, second = SQLiteEngine(str(path)), SQLiteEngine(str(path))
    head = first.round_head(AGENT)
    batch = [
        NewRound(number, number * 60_000, value)
        for number, value in zip((1, 2), chained([a_round(1), a_round(2)], head.hash), strict=True)
    ]
    first.append_rounds(AGENT, batch)

    with pytest.raises(ConflictError, match="read its head and send anew"):
        second.append_rounds(AGENT, batch)

    assert second.round_head(AGENT).number == 2
    assert second.head().round_offset == 2
    first.close()
    second.close()


def test_a_writer_that_waits_for_another_says_so_and_then_writes(path, monkeypatch, caplog):
    monkeypatch.setattr(database, "QUIET_SECONDS", 0.1)
    engine = SQLiteEngine(str(path), create=False)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, other.execute, ["ROLLBACK"])
    release.start()

    engine.append_rounds(AGENT, [NewRound(1, 60_000, chained([a_round(1)], GENESIS_HASH)[0])])

    assert caplog.messages == [f"constat: waiting for another process that writes to {path}"]
    assert engine.round_head(AGENT).number == 1
    release.join()
    other.close()
    engine.close()
