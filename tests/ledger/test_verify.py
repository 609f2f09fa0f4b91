"""A ledger read again: what was tampered with is found, and what was not is not complained of."""

import sqlite3
import tracemalloc
from dataclasses import replace

import orjson
import pytest
from eventsourcing.persistence import StoredEvent
from msgspec import structs

from ledger import rounds
from ledger.application import Ledger
from ledger.errors import UnusableLedgerError
from ledger.fact import GENESIS_HASH, Draft, hash_of
from ledger.log import codec
from ledger.log.interface import NewRound
from ledger.log.sqlite import SQLiteEngine
from ledger.log.stamp import GENESIS_RUNNING_HASH, running_hash
from ledger.plans import Planned, PlanSet
from ledger.verification import Heads, LogEnd
from ledger.verify import verify
from tests.ledger.log.processes import AGENT, PLAN, a_round, new_ledger, update

LYON = PlanSet(agent="lyon", plan_version=1, platforms=(Planned(platform="acme-prod"),))
LAST_FACT, LAST_ROUND = 62, 60
PLACES = {"decisions": "position", "rounds": "offset"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The bytes of a ledger with plans of two agents, an incident's sixty steps, and sixty rounds of one agent."""
    path = tmp_path_factory.mktemp("kept") / "ledger.db"
    new_ledger(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append(Draft("plan:lyon", LYON, 0))
        for number in range(20):
            ledger.append(*(update("i-1", f"step {number}.{part}") for part in range(3)))
        ledger.append_rounds(AGENT, [a_round(number) for number in range(1, 61)])
    return path.read_bytes()


@pytest.fixture
def path(kept, tmp_path):
    (tmp_path / "ledger.db").write_bytes(kept)
    return tmp_path / "ledger.db"


class Forger:
    """Somebody who may write the file, who takes the guards off and puts them back when he is done."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self):
        self.guards = self.connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in self.guards:
            self.connection.execute(f"DROP TRIGGER {name}")
        return self

    def __exit__(self, *_):
        for _, guard in self.guards:
            self.connection.execute(guard)
        self.connection.close()

    def sql(self, statement, *arguments):
        return self.connection.execute(statement, arguments).fetchall()

    def forge(self, table, place, **columns):
        """Change columns of one record, and make its hash fit its bytes."""
        if "value" in columns:
            columns["hash"] = hash_of(columns["value"])
        changes = ", ".join(f"{name} = ?" for name in columns)
        self.sql(f"UPDATE {table} SET {changes} WHERE {PLACES[table]} = ?", *columns.values(), place)

    def value(self, table, place):
        return self.sql(f"SELECT value FROM {table} WHERE {PLACES[table]} = ?", place)[0][0]

    def hash_anew(self):
        """Make the running hashes come out again."""
        for table, pinned in (
            ("decisions", "position, '', record, position, recorded_ms, hash"),
            ("rounds", "offset, agent, number, recorded_ms, hash"),
        ):
            running = {}
            for place, chain, *of_record in self.sql(f"SELECT {pinned} FROM {table} ORDER BY 1"):
                running[chain] = running_hash(running.get(chain, GENESIS_RUNNING_HASH), *of_record)
                self.forge(table, place, running_hash=running[chain])


def verified(path, saved=None, **options):
    engine = SQLiteEngine(str(path), create=False, **options)
    try:
        return verify(engine, saved)
    finally:
        engine.close()


def heads_of(path):
    return verified(path).heads


def renamed(value, **attributes):
    return orjson.dumps(orjson.loads(value) | attributes)


# ---------------------------------------------------------------- nothing is wrong


def test_an_untouched_ledger_fits_and_is_counted(path):
    found = verified(path)

    assert found.misfit is None
    assert (found.heads.decisions.records, found.streams) == (LAST_FACT, 3)
    assert {agent: end.records for agent, end in found.heads.probes.items()} == {AGENT: LAST_ROUND}
    assert found.void == 0


def test_an_empty_ledger_fits(tmp_path):
    SQLiteEngine(str(tmp_path / "ledger.db")).close()

    assert verified(tmp_path / "ledger.db") == verified(tmp_path / "ledger.db", Heads())
    assert heads_of(tmp_path / "ledger.db") == Heads(LogEnd(), {})


def test_what_is_appended_while_the_ledger_is_verified_waits_for_the_next_time(path):
    ledger = Ledger.open(f"sqlite:///{path}")

    def append_meanwhile(_):
        with Ledger.open(f"sqlite:///{path}") as other:
            other.append(update("i-2", "meanwhile"))

    found = verify(ledger.engine, progress=append_meanwhile)

    assert (found.misfit, found.heads.decisions.records) == (None, LAST_FACT)
    ledger.close()
    assert verified(path).heads.decisions.records > LAST_FACT


def test_progress_hears_of_every_record(path):
    ledger = Ledger.open(f"sqlite:///{path}")
    steps = []

    verify(ledger.engine, progress=steps.append)

    assert sum(steps) == LAST_FACT + LAST_ROUND
    ledger.close()


def test_a_ledger_that_cannot_be_read_is_not_called_damaged(path):
    engine = SQLiteEngine(str(path), busy_seconds=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(UnusableLedgerError, match="another process has been writing"):
        verify(engine)

    other.close()
    engine.close()


# ---------------------------------------------------------------- one thing is changed


@pytest.mark.parametrize("table", ["decisions", "rounds"])
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("value = (SELECT value FROM {table} WHERE rowid = 40)", "bytes do not have the hash"),
        ("hash = (SELECT hash FROM {table} WHERE rowid = 40)", "bytes do not have the hash"),
        ("running_hash = (SELECT running_hash FROM {table} WHERE rowid = 40)", "running hash does not come"),
        ("recorded_ms = recorded_ms + 1", "running hash does not come out"),
        ("recorded_ms = 0", "runs backwards"),
    ],
)
def test_an_edited_record_is_named_by_its_place(path, table, change, what):
    with Forger(path) as forger:
        forger.sql(f"UPDATE {table} SET {change.format(table=table)} WHERE rowid = 50")

    misfit = verified(path).misfit

    assert misfit.place == 50
    assert what in str(misfit)
    assert "restore it from a copy that verifies" in str(misfit)


def test_the_recorded_clock_of_the_newest_record_cannot_be_changed_either(path):
    with Forger(path) as forger:
        forger.sql("UPDATE rounds SET recorded_ms = recorded_ms + 1 WHERE offset = ?", LAST_ROUND)

    assert verified(path).misfit.place == LAST_ROUND


@pytest.mark.parametrize(("table", "log"), [("decisions", "decisions"), ("rounds", "probes")])
def test_two_records_that_changed_places_are_found(path, table, log):
    place = PLACES[table]
    with Forger(path) as forger:
        for there, here in ((-1, 40), (40, 41), (41, -1)):
            forger.sql(f"UPDATE {table} SET {place} = ? WHERE {place} = ?", there, here)

    misfit = verified(path).misfit

    assert (misfit.log, misfit.place) == (log, 40)


@pytest.mark.parametrize(("table", "log"), [("decisions", "decisions"), ("rounds", "probes")])
def test_a_record_taken_out_of_the_middle_leaves_a_gap(path, table, log):
    with Forger(path) as forger:
        forger.sql(f"DELETE FROM {table} WHERE rowid = 50")

    misfit = verified(path).misfit

    assert (misfit.log, misfit.place) == (log, 50)
    assert "51 stands in its place" in misfit.what


@pytest.mark.parametrize(("table", "log"), [("decisions", "decisions"), ("rounds", "probes")])
def test_closing_the_gap_does_not_hide_it(path, table, log):
    with Forger(path) as forger:
        forger.sql(f"DELETE FROM {table} WHERE rowid = 50")
        for rowid in range(51, LAST_FACT + 1):
            forger.sql(f"UPDATE {table} SET rowid = ? WHERE rowid = ?", rowid - 1, rowid)
        forger.sql("UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = ?", table)
        if table == "decisions":
            forger.sql("UPDATE decisions SET record = position")
        forger.hash_anew()

    misfit = verified(path).misfit

    assert (misfit.log, misfit.place) == (log, 50)


def test_a_position_used_again_for_another_fact_is_found(path):
    with Forger(path) as forger:
        value = forger.value("decisions", 50)
        forged = value.replace(b"step", b"stop")
        assert forged != value
        forger.forge("decisions", 50, value=forged)
        forger.hash_anew()

    misfit = verified(path).misfit

    assert (misfit.place, misfit.stream) == (51, "incident:i-1")
    assert "names another predecessor" in misfit.what


# ---------------------------------------------------------------- hashes made to fit again


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"stream": "incident:i-2"}, "columns do not say what its bytes say"),
        ({"sequence": 100}, "columns do not say what its bytes say"),
        ({"type": "constat.incident.opened.v1"}, "columns do not say what its bytes say"),
        ({"record": LAST_FACT - 1}, "does not belong to the append that it names"),
        ({"recorded_ms": 0}, "recorded clock runs backwards"),
        ({"value": b"{}"}, "cannot be read"),
    ],
)
def test_hashing_the_log_anew_does_not_hide_a_fact_that_does_not_fit(path, columns, what):
    with Forger(path) as forger:
        forger.forge("decisions", LAST_FACT, **columns)
        forger.hash_anew()

    misfit = verified(path).misfit

    assert (misfit.log, misfit.place) == ("decisions", LAST_FACT)
    assert what in misfit.what


def test_a_number_that_a_stream_skips_is_found(path):
    with Forger(path) as forger:
        envelope = codec.decode(forger.value("decisions", LAST_FACT))._replace(sequence=99)
        forger.forge("decisions", LAST_FACT, sequence=99, value=codec.encode(envelope))
        forger.hash_anew()

    assert "number 60 of its stream is missing" in verified(path).misfit.what


def a_last_round(**changes):
    """Another last round, from what it is now and what it names as its predecessor."""

    def forged(value):
        found, previous_hash = rounds.decode(value)
        return rounds.encode(structs.replace(found, **changes), previous_hash)

    return forged


@pytest.mark.parametrize(
    ("forged", "what"),
    [
        (lambda value: renamed(value, previoushash="sha256:" + "0" * 64), "names another predecessor"),
        (
            lambda value: renamed(value, time="2026-10-01T00:00:00Z"),
            "attributes do not say what its data say",
        ),
        (lambda value: renamed(value, id="lyon/60"), "attributes do not say what its data say"),
        (lambda value: renamed(value, sequence="000000000061"), "attributes do not say what its data say"),
        (lambda value: value[:-1], "cannot be read"),
        (a_last_round(start_ms=0), "columns do not say what its bytes say"),
        (a_last_round(number=61), "columns do not say what its bytes say"),
        (a_last_round(agent="lyon"), "columns do not say what its bytes say"),
        (a_last_round(plan="paris/2"), "names plan paris/2, which was not recorded before it"),
        (a_last_round(plan="lyon/1"), "plan lyon/1 is another agent's"),
        (a_last_round(n=2, jitter=bytes(2)), "does not fit its plan: it has 2 platforms, the plan 3"),
        (a_last_round(missing=[7]), "does not fit its plan: an index is out of range"),
    ],
)
def test_hashing_the_log_anew_does_not_hide_a_round_that_does_not_fit(path, forged, what):
    with Forger(path) as forger:
        forger.forge("rounds", LAST_ROUND, value=forged(forger.value("rounds", LAST_ROUND)))
        forger.hash_anew()

    misfit = verified(path).misfit

    assert (misfit.log, misfit.place, misfit.stream) == ("probes", LAST_ROUND, AGENT)
    assert what in misfit.what


def test_a_round_recorded_before_its_plan_is_found(tmp_path):
    path = tmp_path / "ledger.db"
    clock = iter([1_000, 70_000])
    with Ledger.open(f"sqlite:///{path}", clock=lambda: next(clock)) as ledger:
        (value,) = rounds.chained([a_round(1)], GENESIS_HASH)
        ledger.engine.append_rounds(AGENT, [NewRound(1, a_round(1).start_ms, value)])
        ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))

    assert "names plan paris/1, which was not recorded before it" in verified(path).misfit.what


@pytest.mark.parametrize("stream", ["nonsense:x", "contract:i-1", "incident:i-2"])
def test_a_fact_on_a_stream_of_another_subject_is_found(tmp_path, stream):
    path = tmp_path / "ledger.db"
    envelope = codec.Envelope.of(replace(update("i-1", "astray"), stream=stream), 1, GENESIS_HASH)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        stored = StoredEvent(stream, 1, envelope.fact.TYPE, codec.encode(envelope))
        ledger.engine.decisions.insert_events([stored])

    assert f"it stands on {stream}, and belongs on incident:i-1" in verified(path).misfit.what


def swollen(value):
    """The last round with a column that swells to a hundred megabytes."""
    found, previous_hash = rounds.decode(value)
    return rounds.encode(structs.replace(found, latencies=bytes(100 << 20)), previous_hash)


@pytest.mark.parametrize(
    ("forged", "what"),
    [
        (swollen, "longer than its round"),
        (lambda value: value.replace(b'"start":3600000', b'"start":9007199254740991'), "cannot be read"),
    ],
    ids=["a column that swells", "a start beyond the calendar"],
)
def test_a_round_that_would_exhaust_its_reader_is_a_misfit(path, forged, what):
    with Forger(path) as forger:
        forger.forge("rounds", LAST_ROUND, value=forged(forger.value("rounds", LAST_ROUND)))
        forger.hash_anew()
    tracemalloc.start()

    misfit = verified(path).misfit

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (misfit.log, misfit.place) == ("probes", LAST_ROUND)
    assert what in misfit.what
    assert peak_bytes < 50 << 20


# ---------------------------------------------------------------- the file itself


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DROP TRIGGER decisions_update", "trigger decisions_update is missing"),
        ("DROP TRIGGER rounds_insert", "trigger rounds_insert is missing"),
        ("DROP INDEX rounds_by_start", "index rounds_by_start is missing"),
        ("CREATE TABLE notes (text TEXT)", "table notes is not part of a ledger"),
        (
            "CREATE TRIGGER helper AFTER INSERT ON rounds BEGIN SELECT 1; END",
            "trigger helper is not part of a ledger",
        ),
    ],
)
def test_tables_and_guards_are_those_of_a_ledger(path, change, what):
    with sqlite3.connect(path) as other:
        other.execute(change)
    other.close()

    misfit = verified(path).misfit

    assert (misfit.log, misfit.place, misfit.what) == ("file", None, what)
    assert str(misfit).startswith("the storage itself: ")


def test_a_guard_that_says_something_else_is_found(path):
    with sqlite3.connect(path) as other:
        other.execute("DROP TRIGGER decisions_delete")
        other.execute("CREATE TRIGGER decisions_delete BEFORE DELETE ON decisions BEGIN SELECT 1; END")
    other.close()

    assert "trigger decisions_delete is not defined as" in verified(path).misfit.what


def test_an_index_that_misses_a_record_is_found(path):
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("PRAGMA writable_schema=ON")
        name = "rounds_by_start"
        (root, whole) = other.execute(
            "SELECT rootpage, sql FROM sqlite_schema WHERE name = ?", (name,)
        ).fetchone()
        partial = f"{whole} WHERE offset <> 30"
        other.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (partial, name))
    other.close()
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("REINDEX rounds_by_start")
        other.execute("PRAGMA writable_schema=ON")
        other.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (whole, name))
    other.close()

    assert root
    assert "rounds_by_start" in verified(path).misfit.what


# ---------------------------------------------------------------- what only a saved head finds


@pytest.mark.parametrize(("table", "log"), [("decisions", "decisions"), ("rounds", "probes")])
def test_a_tail_deleted_through_sql_is_noticed_by_what_sqlite_remembers(path, table, log):
    with Forger(path) as forger:
        forger.sql(f"DELETE FROM {table} WHERE rowid > 55")

    misfit = verified(path).misfit

    assert misfit.log == "file"
    assert "its tail was taken away" in misfit.what
    heads = verified(path).heads
    assert (heads.decisions if log == "decisions" else heads.probes[AGENT]).records == 55


@pytest.mark.parametrize(("table", "log"), [("decisions", "decisions"), ("rounds", "probes")])
def test_a_tail_cut_off_without_a_trace_is_found_by_the_head_that_was_saved(path, table, log):
    saved = heads_of(path)
    with Forger(path) as forger:
        forger.sql(f"DELETE FROM {table} WHERE rowid > 55")
        forger.sql("UPDATE sqlite_sequence SET seq = 55 WHERE name = ?", table)

    assert verified(path).misfit is None
    misfit = verified(path, saved).misfit

    assert (misfit.log, misfit.place) == (log, 56)
    assert "its tail was cut off" in misfit.what


def lyon_too(path):
    """Rounds of a second agent between those of the first."""
    with Ledger.open(f"sqlite:///{path}") as ledger:
        for number in (1, 2, 3):
            ledger.append_rounds("lyon", [structs.replace(a_round(number, "lyon"), n=1, jitter=b"\0")])
            ledger.append_rounds(AGENT, [a_round(LAST_ROUND + number)])


def test_each_agent_is_held_to_its_own_end_that_was_saved(path):
    lyon_too(path)
    saved = heads_of(path)
    with Forger(path) as forger:
        forger.sql("DELETE FROM rounds WHERE agent = 'lyon' AND number = 3")
        forger.sql(f"UPDATE rounds SET offset = offset - 1 WHERE offset = {LAST_ROUND + 6}")
        forger.sql("UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'rounds'")

    assert verified(path).misfit is None
    misfit = verified(path, saved).misfit

    assert (misfit.log, misfit.stream) == ("probes", "lyon")
    assert "agent lyon went up to 3 records when its end was saved, and has 2" in misfit.what


def test_an_agent_that_is_gone_is_found_by_its_end_that_was_saved(path):
    saved = replace(heads_of(path), probes={"lyon": LogEnd(1, "sha256:" + "1" * 64)})

    assert "agent lyon went up to 1 records" in verified(path, saved).misfit.what


def test_the_running_hash_of_an_agent_does_not_depend_on_the_others(path):
    alone, lyon = heads_of(path).probes, structs.replace(a_round(1, "lyon"), n=1, jitter=b"\0")
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append_rounds("lyon", [lyon])

    both = heads_of(path).probes

    assert sorted(both) == ["lyon", AGENT]
    assert both[AGENT] == alone[AGENT]


def test_the_clock_of_the_file_never_runs_backwards_between_agents_either(path):
    lyon_too(path)
    with Forger(path) as forger:
        forger.sql("UPDATE rounds SET recorded_ms = 1 WHERE agent = 'lyon'")
        forger.hash_anew()

    misfit = verified(path).misfit

    assert (misfit.log, misfit.place) == ("probes", LAST_ROUND + 1)
    assert "its recorded clock runs backwards (round 1 of agent lyon)" in misfit.what


def test_a_tail_replaced_by_another_is_found_by_the_head_that_was_saved(path):
    saved = heads_of(path)
    with Forger(path) as forger:
        forger.sql("DELETE FROM decisions WHERE position >= 60")
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append(*(update("i-1", "this never happened") for _ in range(5)))

    assert verified(path).misfit is None
    misfit = verified(path, saved).misfit

    assert misfit.log == "decisions"
    assert "it was written anew" in misfit.what


def test_a_ledger_written_anew_is_found_by_the_head_that_was_saved(path, tmp_path):
    saved = heads_of(path)
    another = tmp_path / "another.db"
    new_ledger(another)
    with Ledger.open(f"sqlite:///{another}") as ledger:
        for _ in range(LAST_FACT):
            ledger.append(update("i-1", "this never happened"))

    assert verified(another).misfit is None
    assert "it was written anew" in verified(another, saved).misfit.what


def test_a_ledger_that_has_grown_since_its_head_was_saved_fits(path):
    saved = heads_of(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append(update("i-1", "one more"))
        ledger.append_rounds(AGENT, [a_round(LAST_ROUND + 1)])

    found = verified(path, saved)

    assert found.misfit is None
    assert found.heads.decisions.records == LAST_FACT + 1
