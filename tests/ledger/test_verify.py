"""A ledger read again: what was changed is found, and what was not changed is not complained of."""

import random
import sqlite3

import pytest

from ledger import plans
from ledger.application import Ledger
from ledger.errors import ConstatError
from ledger.fact import Draft
from ledger.incidents import IncidentOpened, IncidentUpdated
from ledger.log.sqlite import SQLiteEngine
from ledger.plans import Planned, PlanSet
from ledger.rounds import Round
from ledger.verify import verify

FLIPS = 200
SEED = 20261001


@pytest.fixture(scope="module")
def ledger_file(tmp_path_factory):
    """Some two hundred facts and three hundred rounds."""
    path = tmp_path_factory.mktemp("verify") / "ledger.db"
    with Ledger.open(f"sqlite:///{path}") as ledger:
        plan = PlanSet(
            agent="paris", plan_version=1, platforms=(Planned(platform="p1"), Planned(platform="p2"))
        )
        ledger.append(Draft(plans.stream_of("paris"), plan, 0))
        opened = IncidentOpened(incident="i1", platforms=("p1",), summary="it is slow")
        ledger.append(Draft("incident:i1", opened, 0))
        for number in range(200):
            ledger.append(Draft("incident:i1", IncidentUpdated(incident="i1", note=f"step {number}"), number))
        rounds = [
            Round(
                "paris",
                number,
                "paris/1",
                60_000 * number,
                2,
                {0: ("down", 503, "no")} if number % 7 else {},
                jitter=b"\x01\x02",
            )
            for number in range(1, 301)
        ]
        ledger.append_rounds("paris", rounds)
    return path


def everything(path):
    """Every record of both logs as its readers see it."""
    engine = SQLiteEngine(str(path), create=False)
    try:
        return list(engine.facts()), list(engine.rounds())
    finally:
        engine.close()


def misfit_of(path):
    engine = SQLiteEngine(str(path), create=False)
    try:
        return verify(engine).misfit
    finally:
        engine.close()


def test_an_untouched_ledger_fits(ledger_file):
    engine = SQLiteEngine(str(ledger_file), create=False)

    found = verify(engine)

    engine.close()
    assert found.misfit is None
    assert (found.heads.decisions.records, found.heads.probes.records) == (202, 300)


def test_a_flipped_byte_anywhere_is_found_or_changes_nothing_that_is_read(ledger_file, tmp_path):
    """Either something says so, or every record still reads as before: the byte was in unused space."""
    whole, before = ledger_file.read_bytes(), everything(ledger_file)
    dice = random.Random(SEED)
    found = 0
    for number in range(FLIPS):
        place = dice.randrange(len(whole))
        path = tmp_path / f"{number}.db"
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ (1 << dice.randrange(8))]) + whole[place + 1 :]
        )
        try:
            is_found = misfit_of(path) is not None
        except ConstatError:
            is_found = True
        assert is_found or everything(path) == before, f"byte {place}"
        found += is_found
        path.unlink()
    assert found > FLIPS // 2


@pytest.mark.parametrize("column", ["value", "hash", "recorded_ms", "running_hash"])
@pytest.mark.parametrize("table", ["decisions", "rounds"])
def test_an_edited_record_is_named_by_its_place(ledger_file, tmp_path, table, column):
    path = edited(
        ledger_file,
        tmp_path,
        f"UPDATE {table} SET {column} = (SELECT {column} FROM {table} WHERE rowid = 40) WHERE rowid = 50"
        if column != "recorded_ms"
        else f"UPDATE {table} SET recorded_ms = recorded_ms + 1 WHERE rowid = 50",
    )

    misfit = misfit_of(path)

    assert misfit is not None
    assert misfit.place == 50


@pytest.mark.parametrize("table", ["decisions", "rounds"])
def test_a_record_taken_out_of_the_middle_is_found(ledger_file, tmp_path, table):
    assert misfit_of(edited(ledger_file, tmp_path, f"DELETE FROM {table} WHERE rowid = 50")) is not None


def edited(ledger_file, tmp_path, statement):
    """A copy, changed by somebody who removed the guards first."""
    path = tmp_path / "edited.db"
    path.write_bytes(ledger_file.read_bytes())
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()
    return path
