"""What an agent's process must not forget: the round it began, and facts that wait."""

import pytest

from consumers.agent.notebook import Last, Notebook
from ledger.errors import UnusableOutboxError
from ledger.runs import AgentStarted, AgentStopped

STARTED = AgentStarted(agent="paris", run="r1", version="0.1.0", place="Paris")
STOPPED = AgentStopped(agent="paris", run="r1", why="asked")


def test_what_is_noted_is_there_after_a_restart_until_it_has_arrived(tmp_path):
    path = tmp_path / "outbox.db.notes"
    notebook = Notebook(path, "paris")
    assert notebook.last == Last(0, 0)

    notebook.note(STARTED, 1_000)
    notebook.begin(7, 60_000)
    notebook.note(STOPPED, 2_000)

    again = Notebook(path, "paris")
    assert again.last == Last(7, 60_000)
    assert [(each.fact, each.occurred_ms) for each in again.waiting] == [(STARTED, 1_000), (STOPPED, 2_000)]
    again.arrived(again.waiting[0])
    assert [each.fact for each in Notebook(path, "paris").waiting] == [STOPPED]


def test_a_notebook_is_of_one_agent(tmp_path):
    path = tmp_path / "notes"
    Notebook(path, "paris").begin(1, 0)

    with pytest.raises(UnusableOutboxError, match="is of agent paris; give agent lyon an outbox of its own"):
        Notebook(path, "lyon")


def test_a_notebook_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "notes").write_text('{"agent": "pa')

    with pytest.raises(UnusableOutboxError, match="cannot be read; move it away"):
        Notebook(tmp_path / "notes", "paris")


def test_a_note_that_cannot_be_written_is_told_and_what_was_noted_stays(tmp_path):
    folder = tmp_path / "mounted"
    folder.mkdir()
    notebook = Notebook(folder / "notes", "paris")
    notebook.begin(1, 0)

    away = folder.rename(tmp_path / "elsewhere")
    with pytest.raises(UnusableOutboxError, match="cannot be written"):
        notebook.begin(2, 60_000)
    away.rename(folder)

    assert notebook.last == Notebook(folder / "notes", "paris").last == Last(1, 0)
