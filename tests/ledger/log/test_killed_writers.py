"""`kill -9` of a writing process, at any point: nothing acknowledged is lost, nothing is half-written."""

import random
import time

import pytest

from ledger.log.sqlite import SQLiteEngine
from ledger.verify import verify
from tests.ledger.log.processes import (
    AGENT,
    BATCH,
    TOGETHER,
    append_facts_for_ever,
    append_rounds_for_ever,
    new_ledger,
    rest_of,
    started,
)

KILLS = 50
APPENDS_MAX = 4
AN_APPEND_SECONDS = 0.003
WITHIN_AN_APPEND = 0.5
"""How many of the kills wait until an append has begun; the others come when they come."""
WAIT_SECONDS_MAX = 2


def killed_while(writing, path, chance):
    """What a writer acknowledged before it was killed somewhere within one of its appends."""
    with started(writing, first=(path,)) as (process, connection):
        acknowledged = [connection.recv() for _ in range(chance.randint(1, APPENDS_MAX))]
        if chance.random() < WITHIN_AN_APPEND:
            wait_for(path.with_name(f"{path.name}-journal"))
        else:
            connection.poll(chance.random() * AN_APPEND_SECONDS)  # a moment within the next append or so
        process.kill()
        process.join()
        acknowledged.extend(rest_of(connection))
    return [place for append in acknowledged for place in append]


def wait_for(journal):
    """Until the writer is in the middle of an append: its rollback journal is there."""
    latest = time.monotonic() + WAIT_SECONDS_MAX
    while not journal.exists() and time.monotonic() < latest:
        pass


@pytest.mark.timeout(120)
def test_a_killed_writer_of_facts_loses_nothing_acknowledged_and_leaves_no_part_of_an_append(tmp_path):
    path = tmp_path / "ledger.db"
    new_ledger(path)
    chance = random.Random(20261025)
    acknowledged, journals = [], 0

    for _ in range(KILLS):
        acknowledged += killed_while(append_facts_for_ever, path, chance)
        journals += path.with_name("ledger.db-journal").exists()
        engine = SQLiteEngine(str(path), create=False)
        rows = list(engine.fact_rows(until=engine.head().position))[1:]
        assert set(acknowledged) <= {row.position for row in rows}
        assert all(row.record == rows[i - i % TOGETHER].position for i, row in enumerate(rows))
        assert len(rows) % TOGETHER == 0
        assert verify(engine).misfit is None
        engine.close()

    assert len(acknowledged) == len(set(acknowledged)) >= KILLS
    assert journals, "no kill fell into an append, so this test showed nothing"


@pytest.mark.timeout(120)
def test_a_killed_import_of_rounds_loses_nothing_acknowledged_and_leaves_no_part_of_a_batch(tmp_path):
    path = tmp_path / "ledger.db"
    new_ledger(path)
    chance = random.Random(20261026)
    acknowledged, journals = [], 0

    for _ in range(KILLS):
        acknowledged += killed_while(append_rounds_for_ever, path, chance)
        journals += path.with_name("ledger.db-journal").exists()
        engine = SQLiteEngine(str(path), create=False)
        numbers = [found.number for found in engine.rounds(agents=[AGENT])]
        assert set(acknowledged) <= set(numbers)
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) % BATCH == 0
        assert verify(engine).misfit is None
        engine.close()

    assert len(acknowledged) == len(set(acknowledged)) >= KILLS
    assert journals, "no kill fell into an append, so this test showed nothing"
