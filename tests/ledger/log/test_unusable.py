"""A ledger that cannot be used says so, says what to do, and is left as it was, byte for byte."""

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.errors import DamagedLedgerError, UnusableLedgerError
from ledger.log.database import Database
from ledger.log.schema import FORMAT_VERSION
from ledger.log.sqlite import SQLiteEngine
from ledger.verify import verify
from tests.ledger.log.processes import (
    append_many,
    append_one,
    as_nobody,
    create_at,
    length_of,
    limited,
    new_ledger,
    outcome_of,
    update,
)


@pytest.fixture
def path(tmp_path):
    new_ledger(tmp_path / "ledger.db")
    return tmp_path / "ledger.db"


@pytest.fixture
def open_folder():
    """A folder that another user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def holdings(folder):
    """Every file of a folder, by name and bytes."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


# ---------------------------------------------------------------- no room


def test_an_append_that_the_disk_has_no_room_for_changes_nothing_and_can_be_made_later(path):
    before = holdings(path.parent)

    _, error = outcome_of(limited, append_many, path.stat().st_size, path, 500)

    assert isinstance(error, UnusableLedgerError)
    assert "disk refused" in str(error)
    assert "nothing was changed" in str(error)
    assert holdings(path.parent) == before
    assert outcome_of(append_many, path, 500) == (None, None)
    assert outcome_of(length_of, path) == (501, None)


def test_a_ledger_that_may_grow_no_further_says_that_the_disk_is_full_and_stays_readable(path):
    engine = SQLiteEngine(str(path))
    with engine._database.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")
    ledger = Ledger(engine)
    before = path.read_bytes()

    with pytest.raises(UnusableLedgerError, match="the disk is full; free some space"):
        ledger.append(*(update("i-1", "a long story " * 50) for _ in range(500)))

    assert path.read_bytes() == before
    assert verify(engine).misfit is None
    ledger.close()


def test_a_ledger_that_does_not_fit_when_it_is_made_is_not_taken_for_one(tmp_path):
    path = tmp_path / "ledger.db"

    _, error = outcome_of(limited, create_at, 10_000, path)

    assert isinstance(error, UnusableLedgerError)
    assert holdings(tmp_path) in ({}, {"ledger.db": b""})
    with pytest.raises(UnusableLedgerError, match=r"empty, not a ledger|there is no ledger"):
        SQLiteEngine(str(path), create=False)


# ---------------------------------------------------------------- no permission


def test_a_read_only_file_can_be_read_and_refuses_to_be_written(open_folder):
    path = open_folder / "ledger.db"
    new_ledger(path)
    path.chmod(0o444)
    before = holdings(open_folder)

    assert outcome_of(as_nobody, length_of, path) == (1, None)
    _, error = outcome_of(as_nobody, append_one, path)

    assert isinstance(error, UnusableLedgerError)
    assert "read-only; allow writing or copy the ledger" in str(error)
    assert holdings(open_folder) == before


def test_a_read_only_folder_can_be_read_and_refuses_to_be_written(open_folder):
    path = open_folder / "ledger.db"
    new_ledger(path)
    path.chmod(0o666)
    open_folder.chmod(0o555)
    before = holdings(open_folder)

    assert outcome_of(as_nobody, length_of, path) == (1, None)
    _, not_appended = outcome_of(as_nobody, append_one, path)
    _, not_made = outcome_of(as_nobody, create_at, open_folder / "another.db")

    assert isinstance(not_appended, UnusableLedgerError)
    assert "its folder is read-only" in str(not_appended)
    assert isinstance(not_made, UnusableLedgerError)
    assert "check that its folder exists and may be written" in str(not_made)
    assert holdings(open_folder) == before


# ---------------------------------------------------------------- not a ledger


def test_a_database_of_another_program_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE notes (text TEXT)")
    other.close()
    before = holdings(tmp_path)

    with pytest.raises(UnusableLedgerError, match="a database of another program"):
        SQLiteEngine(str(tmp_path / "other.db"))

    assert holdings(tmp_path) == before


def test_an_empty_database_that_another_program_has_marked_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("PRAGMA application_id=7")
    other.close()
    before = holdings(tmp_path)

    with pytest.raises(UnusableLedgerError, match="a database of another program"):
        SQLiteEngine(str(tmp_path / "other.db"))

    assert holdings(tmp_path) == before


@pytest.mark.parametrize("text", ["a list of things to do\n", "SQLite format 3\0" + "nonsense " * 200])
def test_a_text_file_is_left_alone(tmp_path, text):
    (tmp_path / "todo.txt").write_text(text)

    with pytest.raises(UnusableLedgerError, match="no SQLite database; name another file"):
        SQLiteEngine(str(tmp_path / "todo.txt"))

    assert holdings(tmp_path) == {"todo.txt": text.encode()}


@pytest.mark.parametrize(
    ("version", "kind", "advice"),
    [(FORMAT_VERSION + 1, UnusableLedgerError, "upgrade Constat"), (0, DamagedLedgerError, "restore it")],
)
def test_a_format_that_this_version_does_not_read_is_left_alone(path, version, kind, advice):
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version={version}")
    other.close()
    before = holdings(path.parent)

    with pytest.raises(kind, match=advice):
        SQLiteEngine(str(path))

    assert holdings(path.parent) == before


def test_a_missing_folder_is_not_made(tmp_path):
    with pytest.raises(UnusableLedgerError, match="check that its folder exists"):
        SQLiteEngine(str(tmp_path / "nowhere" / "ledger.db"))

    assert not (tmp_path / "nowhere").exists()


def test_a_folder_is_no_ledger(tmp_path):
    with pytest.raises(UnusableLedgerError, match="cannot be opened"):
        SQLiteEngine(str(tmp_path))


def test_a_ledger_that_is_only_read_is_never_made(tmp_path):
    (tmp_path / "empty.db").touch()

    with pytest.raises(UnusableLedgerError, match="there is no ledger at"):
        SQLiteEngine(str(tmp_path / "ledger.db"), create=False)
    with pytest.raises(UnusableLedgerError, match="is empty, not a ledger"):
        SQLiteEngine(str(tmp_path / "empty.db"), create=False)

    assert holdings(tmp_path) == {"empty.db": b""}


@pytest.mark.parametrize("name", ["file:ledger.db?mode=memory", "a ledger #1 (50%).db", "été.db"])
def test_a_file_name_means_that_file_and_nothing_else(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    new_ledger(name)

    assert os.listdir(tmp_path) == [name]  # noqa: PTH208 - the name as the system has it


# ---------------------------------------------------------------- in use


def test_a_ledger_that_another_process_holds_too_long_says_so(path):
    before = holdings(path.parent)
    ledger = Ledger(SQLiteEngine(str(path), busy_seconds=0.01))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(UnusableLedgerError, match="another process has been writing for too long"):
        ledger.append(update("i-1", "one more"))
    with pytest.raises(UnusableLedgerError, match="another process has been writing for too long"):
        ledger.engine.head()
    with pytest.raises(UnusableLedgerError, match="another process has been writing for too long"):
        Database(str(path), busy_seconds=0.01)

    other.execute("ROLLBACK")
    other.close()
    assert holdings(path.parent) == before
    assert [fact.position for fact in ledger.append(update("i-1", "one more"))] == [2]
    ledger.close()


def test_while_another_process_writes_the_ledger_can_be_read(path):
    engine = SQLiteEngine(str(path), busy_seconds=0.01)
    other = SQLiteEngine(str(path))

    with other._database.writing():
        assert engine.head().position == 1
        assert len(list(engine.facts())) == 1

    engine.close()
    other.close()


def test_a_write_ahead_log_that_another_program_turned_on_is_turned_off_again(path):
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("SELECT count(*) FROM decisions").fetchone()

    with pytest.raises(UnusableLedgerError, match=r"write-ahead log|writing for too long"):
        SQLiteEngine(str(path), busy_seconds=0.01)
    other.close()
    SQLiteEngine(str(path)).close()

    assert path.read_bytes()[18:20] == b"\x01\x01"
    assert set(holdings(path.parent)) == {"ledger.db"}
