"""The guards of the file itself: whatever program opens it, nothing is edited, deleted or replaced."""

import sqlite3

import pytest

from ledger.application import Ledger
from tests.ledger.log.processes import AGENT, a_round, new_ledger, update


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ledger.db"
    new_ledger(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append(update("i-1", "first"), update("i-1", "second"))
        ledger.append_rounds(AGENT, [a_round(1), a_round(2)])
    return path


@pytest.fixture
def other_program(path):
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def everything(connection):
    return [connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("decisions", "rounds")]


NOT_APPENDS = [
    "UPDATE decisions SET recorded_ms = recorded_ms - 1",
    "UPDATE decisions SET value = x'00' WHERE position = 2",
    "UPDATE OR IGNORE rounds SET start_ms = 0",
    "UPDATE rounds SET value = x'00' WHERE offset = 1",
    "DELETE FROM decisions WHERE position = 3",
    "DELETE FROM decisions",
    "DELETE FROM rounds WHERE offset = 2",
    (
        "REPLACE INTO decisions SELECT position, record, stream, sequence, type, 0, hash, running_hash, value "
        "FROM decisions WHERE position = 2"
    ),
    (
        "REPLACE INTO decisions SELECT 4, 4, stream, sequence, type, 0, hash, running_hash, value "
        "FROM decisions WHERE position = 2"
    ),
    "REPLACE INTO rounds SELECT offset, agent, number, 0, recorded_ms, hash, running_hash, value FROM rounds",
    (
        "REPLACE INTO rounds SELECT 3, agent, number, 0, recorded_ms, hash, running_hash, value FROM rounds "
        "WHERE offset = 1"
    ),
    (
        "INSERT INTO decisions SELECT 9, 9, 'incident:i-9', 1, type, 0, hash, running_hash, value "
        "FROM decisions WHERE position = 2"
    ),
    (
        "INSERT INTO rounds SELECT -1, 'lyon', 1, 0, recorded_ms, hash, running_hash, value FROM rounds "
        "WHERE offset = 1"
    ),
]


@pytest.mark.parametrize("statement", NOT_APPENDS)
@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
def test_sql_that_does_not_append_is_refused(other_program, statement, recursive_triggers):
    other_program.execute(f"PRAGMA recursive_triggers={recursive_triggers}")
    before = everything(other_program)

    with pytest.raises(sqlite3.IntegrityError, match="the ledger is append-only"):
        other_program.execute(statement)

    assert everything(other_program) == before
