"""The embedded engine: its clock, which a test can set, its pages, and what it refuses to hand out.

What every engine promises is tested in test_engines.py.
"""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.application import Ledger
from ledger.errors import DamagedLedgerError
from ledger.fact import Draft
from ledger.log.interface import LogHead
from ledger.log.sqlite import SQLiteEngine
from ledger.log.stamp import intact
from ledger.plans import Planned, PlanSet
from ledger.rounds import Round
from ledger.verify import verify
from tests.ledger.log.processes import AGENT, PLAN, a_round, new_ledger, update

CLOCK_MS = st.integers(0, 10_000)


class Clocked:
    """A ledger in memory whose wall clock says what it is told."""

    def __init__(self):
        self.now_ms = 0
        self.engine = SQLiteEngine(":memory:", clock=lambda: self.now_ms)
        self.ledger = Ledger(self.engine)
        self.ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))

    def take(self, what, now_ms):
        """Append a fact or a round while the wall clock says this; how it was recorded."""
        self.now_ms = now_ms
        if what == "fact":
            (fact,) = self.ledger.append(update("i-1", "x"))
            return fact.recorded_ms
        number = self.engine.round_head(AGENT).number + 1
        self.ledger.append_rounds(AGENT, [a_round(number)])
        return list(self.engine.rounds())[-1].recorded_ms


# ---------------------------------------------------------------- the recorded clock


@given(st.lists(st.tuples(st.sampled_from(["fact", "round"]), CLOCK_MS), max_size=20))
def test_every_append_is_recorded_later_than_all_before_over_both_logs_whatever_the_wall_clock_does(appends):
    clocked = Clocked()

    recorded = [clocked.take(what, now_ms) for what, now_ms in appends]

    expected = [0]  # the plan's
    for _, now_ms in appends:
        expected.append(max(now_ms, expected[-1] + 1))
    assert recorded == expected[1:]
    assert clocked.engine.head().recorded_ms == expected[-1]
    clocked.ledger.close()


@given(st.lists(CLOCK_MS, max_size=20), CLOCK_MS)
def test_the_position_at_a_moment_is_the_last_one_recorded_by_then(clocks, moment_ms):
    clocked = Clocked()
    for now_ms in clocks:
        clocked.take("fact", now_ms)

    positions = [kept.position for kept in clocked.engine.facts() if kept.recorded_ms <= moment_ms]

    assert clocked.engine.position_at(moment_ms) == max(positions)
    clocked.ledger.close()


@given(st.lists(st.tuples(st.sampled_from(["fact", "round"]), CLOCK_MS), max_size=12), CLOCK_MS)
def test_the_head_at_a_moment_is_that_of_what_was_recorded_by_then(appends, moment_ms):
    clocked = Clocked()
    for what, now_ms in appends:
        clocked.take(what, now_ms)

    facts = [fact for fact in clocked.engine.facts() if fact.recorded_ms <= moment_ms]
    rounds = [found for found in clocked.engine.rounds() if found.recorded_ms <= moment_ms]

    last_ms = max((each.recorded_ms for each in (*facts, *rounds)), default=0)
    assert clocked.engine.head_at(moment_ms) == LogHead(len(facts), len(rounds), last_ms)
    clocked.ledger.close()


def test_the_facts_of_one_append_share_one_recorded_clock():
    ticks = iter(range(100))
    ledger = Ledger(SQLiteEngine(":memory:", clock=lambda: next(ticks)))

    facts = ledger.append(*(update("i-1", "x") for _ in range(3)))

    assert len({fact.recorded_ms for fact in facts}) == 1
    ledger.close()


# ---------------------------------------------------------------- cuts of the probe log


@st.composite
def probe_logs(draw):
    """Batches of rounds: agent, starts (in any order), and the wall clock of the append."""
    batch = st.tuples(
        st.sampled_from(["lyon", "oslo", "paris"]),
        st.lists(st.integers(0, 100), min_size=1, max_size=4),
        st.integers(0, 100),
    )
    return draw(st.lists(batch, max_size=8))


def probed(batches):
    """A ledger with these batches."""
    clocks = iter([0, 0, 0, *(now_ms for _, _, now_ms in batches)])
    ledger = Ledger(SQLiteEngine(":memory:", clock=lambda: next(clocks)))
    for agent in ("lyon", "oslo", "paris"):
        plan = PlanSet(agent=agent, plan_version=1, platforms=(Planned(platform="acme-prod"),))
        ledger.append(Draft(f"plan:{agent}", plan, 0))
    for agent, starts, _ in batches:
        first = ledger.engine.round_head(agent).number + 1
        rounds = [
            Round(agent, first + i, f"{agent}/1", start, 1, jitter=b"\0") for i, start in enumerate(starts)
        ]
        ledger.append_rounds(agent, rounds)
    return ledger


LIMIT = st.none() | st.integers(-60, 110)


@given(probe_logs(), LIMIT, LIMIT, LIMIT, st.none() | st.lists(st.sampled_from(["lyon", "paris", "rome"])))
def test_a_cut_of_the_probe_log_is_the_whole_log_filtered(batches, recorded_until, start, end, agents):
    ledger = probed(batches)
    engine = ledger.engine

    cut = list(
        engine.rounds(
            recorded_until_ms=recorded_until, start_from_ms=start, start_until_ms=end, agents=agents
        )
    )

    assert cut == [
        found
        for found in engine.rounds()
        if (recorded_until is None or found.recorded_ms <= recorded_until)
        and (start is None or found.start_ms >= start)
        and (end is None or found.start_ms < end)
        and (agents is None or found.agent in agents)
    ]
    assert engine.agents() == sorted({agent for agent, _, _ in batches})
    assert [found.offset for found in engine.rounds()] == list(range(1, engine.head().round_offset + 1))
    ledger.close()


def test_what_is_appended_while_somebody_reads_is_not_part_of_what_they_read(monkeypatch):
    monkeypatch.setattr("ledger.log.sqlite.PAGE", 2)
    clocked = Clocked()
    clocked.ledger.append_rounds(AGENT, [a_round(number) for number in range(1, 6)])

    reading = clocked.engine.rounds()
    first = next(reading)
    clocked.ledger.append_rounds(AGENT, [a_round(6)])

    assert [found.number for found in (first, *reading)] == [1, 2, 3, 4, 5]
    clocked.ledger.close()


def test_a_log_longer_than_a_page_is_read_whole(monkeypatch):
    monkeypatch.setattr("ledger.log.sqlite.PAGE", 2)
    clocked = Clocked()
    clocked.ledger.append_rounds(AGENT, [a_round(number) for number in range(1, 5)])
    clocked.ledger.append(*(update("i-1", "x") for _ in range(4)))

    assert [found.number for found in clocked.engine.rounds()] == [1, 2, 3, 4]
    assert [kept.position for kept in clocked.engine.facts(after=1, until=4)] == [2, 3, 4]
    clocked.ledger.close()


# ---------------------------------------------------------------- what is read is what was recorded


@pytest.mark.parametrize(
    ("table", "read"),
    [("decisions", lambda engine: engine.facts()), ("rounds", lambda engine: engine.rounds())],
)
def test_a_value_that_is_not_as_it_was_recorded_is_not_handed_out(tmp_path, table, read):
    path = tmp_path / "ledger.db"
    new_ledger(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append_rounds(AGENT, [a_round(1)])
    with sqlite3.connect(path) as other:
        other.execute(f"DROP TRIGGER {table}_update")
        altered = "replace(CAST(value AS TEXT), 'paris', 'pariz')"
        other.execute(f"UPDATE {table} SET value = CAST({altered} AS BLOB)")
    other.close()
    engine = SQLiteEngine(str(path))

    with pytest.raises(DamagedLedgerError, match="not as it was recorded; run `constat verify`"):
        list(read(engine))

    assert verify(engine).misfit
    engine.close()


# ---------------------------------------------------------------- what durability rests on


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("synchronous", 3),  # EXTRA
        ("journal_mode", "delete"),
        ("fullfsync", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("mmap_size", 0),
        ("page_size", 32_768),
    ],
)
def test_an_open_ledger_is_set_to_keep_what_it_acknowledges(tmp_path, setting, value):
    engine = SQLiteEngine(str(tmp_path / "ledger.db"))

    with engine._database.reading() as connection:
        assert connection.execute(f"PRAGMA {setting}").fetchone() == (value,)
    engine.close()


def test_where_a_cut_file_gives_no_bytes_the_record_is_said_to_be_altered():
    with pytest.raises(DamagedLedgerError, match="the fact at position 54 is not as it was recorded"):
        intact(None, "sha256:" + "0" * 64, "the fact at position 54")
