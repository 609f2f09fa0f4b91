"""What is no outbox, is another's or in use is refused with a sentence, and left as it is, byte for byte."""

import sqlite3

import pytest

from ledger.errors import DamagedOutboxError, UnusableOutboxError
from ledger.outbox.file import FORMAT_VERSION
from ledger.outbox.outbox import Outbox
from ledger.outbox.pending import look
from tests.ledger.log.processes import AGENT, new_ledger, outcome_of, started
from tests.ledger.log.test_unusable import holdings
from tests.ledger.outbox.agents import begun, opens, put, put_for_ever


@pytest.fixture
def path(tmp_path):
    new_ledger(tmp_path / "ledger.db")
    return begun(tmp_path / "outbox.db", tmp_path / "ledger.db")


def both_ways(path):
    """An outbox opened to write to it, and to look at it."""
    return (lambda: Outbox.open(str(path)), lambda: look(str(path)))


def test_a_ledger_is_no_outbox(tmp_path):
    new_ledger(tmp_path / "ledger.db")
    before = holdings(tmp_path)

    for opening in both_ways(tmp_path / "ledger.db"):
        with pytest.raises(
            UnusableOutboxError, match="a database of another kind, not an outbox; name another file"
        ):
            opening()

    assert holdings(tmp_path) == before


@pytest.mark.parametrize("text", ["a list of things to do\n", "SQLite format 3\0" + "nonsense " * 200])
def test_a_text_file_is_left_alone(tmp_path, text):
    (tmp_path / "todo.txt").write_text(text)

    for opening in (
        lambda: Outbox.open(str(tmp_path / "todo.txt"), AGENT),
        *both_ways(tmp_path / "todo.txt"),
    ):
        with pytest.raises(UnusableOutboxError, match="no SQLite database; name another file"):
            opening()

    assert holdings(tmp_path) == {"todo.txt": text.encode()}


def test_an_empty_file_is_no_outbox_yet(tmp_path):
    (tmp_path / "empty.db").touch()

    for opening in both_ways(tmp_path / "empty.db"):
        with pytest.raises(UnusableOutboxError, match="is empty, not an outbox"):
            opening()

    assert holdings(tmp_path) == {"empty.db": b""}


@pytest.mark.parametrize("version", [0, FORMAT_VERSION + 1])
def test_another_format_is_left_alone(path, version):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={version}")
    connection.close()
    before = holdings(path.parent)

    for opening in both_ways(path):
        with pytest.raises(
            UnusableOutboxError, match=r"another Constat .* use that version until it has sent"
        ):
            opening()

    assert holdings(path.parent) == before


def test_an_outbox_that_is_not_there_is_not_made_without_an_agent(tmp_path):
    for opening in both_ways(tmp_path / "outbox.db"):
        with pytest.raises(UnusableOutboxError, match=r"there is no outbox at .*outbox.db; name the file"):
            opening()

    assert holdings(tmp_path) == {}


def test_a_missing_folder_is_not_made(tmp_path):
    with pytest.raises(UnusableOutboxError, match="check that its folder exists"):
        Outbox.open(str(tmp_path / "nowhere" / "outbox.db"), AGENT)

    assert not (tmp_path / "nowhere").exists()


def test_another_agents_outbox_is_refused(path):
    with pytest.raises(
        UnusableOutboxError, match="is the outbox of agent paris; give agent oslo a file of its own"
    ):
        Outbox.open(str(path), "oslo")

    Outbox.open(str(path), "paris").close()


def test_an_outbox_that_does_not_say_whose_it_is_is_damaged(path):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM state")
    connection.close()

    for opening in both_ways(path):
        with pytest.raises(DamagedOutboxError, match=r"does not say whose it is.*give the agent another one"):
            opening()


def test_two_processes_cannot_have_one_outbox_open(path):
    with Outbox.open(str(path)) as outbox:
        _, error = outcome_of(opens, path)

        assert isinstance(error, UnusableOutboxError)
        assert "another process has" in str(error)
        assert "only one at a time may put and send" in str(error)
        assert put(outbox) == [1]
    assert outcome_of(opens, path) == (None, None)


def test_nor_can_one_process_have_it_open_twice(path):
    with Outbox.open(str(path)), pytest.raises(UnusableOutboxError, match="only one at a time"):
        Outbox.open(str(path))


def test_a_killed_process_leaves_its_outbox_to_the_next_one(path):
    with started(put_for_ever, path) as (process, connection):
        connection.recv()
        with pytest.raises(UnusableOutboxError):
            Outbox.open(str(path))
        process.kill()
        process.join()

        with Outbox.open(str(path)) as outbox:
            assert outbox.pending().rounds >= 1
