"""The mirror as a file: whose it is, what becomes of it when it is shared, deleted, damaged or somebody else's."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.errors import DamagedLedgerError, UnusableLedgerError
from ledger.fact import hash_of
from ledger.log.kafka.judge import judge
from ledger.log.kafka.mirror import PAGE_BYTES
from ledger.log.sqlite import SQLiteEngine
from tests.ledger.log.kafka.mirrors import (
    chain,
    content,
    judge_until_killed,
    judged_in,
    mirror_at,
    topic_of,
    value,
)
from tests.ledger.log.processes import outcome_of, rest_of, started

TOPIC = topic_of(*(value(number, part) for number, part in enumerate(chain("a", 20))))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "c-acme.mirror"


def made(path, kept=TOPIC, **of):
    mirror = mirror_at(path, **of)
    judge(mirror, kept)
    mirror.close()
    return path


def changed(path, *statements):
    with sqlite3.connect(path) as other:
        for statement in statements:
            other.execute(statement)
    other.close()


# ---------------------------------------------------------------- whose it is


def test_a_mirror_goes_on_where_it_ended_and_only_its_owner_may_look_into_its_folder(path):
    made(path, TOPIC[:5])

    mirror = mirror_at(path)

    assert mirror.state().next_offset == 5
    assert path.parent.stat().st_mode & 0o777 == 0o700
    mirror.close()


@pytest.mark.parametrize(
    ("of", "what"),
    [
        ({"cluster": "other"}, r"the cluster is another one \(c became other\)"),
        ({"decisions": "other"}, "the decisions topic was deleted and made again"),
        ({"probes": "other"}, "the probes topic was deleted and made again"),
        ({"partitions": 3}, r"the probes topic has another number of partitions \(2 became 3\)"),
    ],
)
def test_a_mirror_of_another_incarnation_of_the_topics_is_refused_and_left_as_evidence(path, of, what):
    before = made(path).read_bytes()

    with pytest.raises(UnusableLedgerError, match=what) as refused:
        mirror_at(path, **of)

    assert "if that was meant, delete the mirror, otherwise keep it" in str(refused.value)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_not_touched(path):
    path.parent.mkdir()
    changed(path, "CREATE TABLE theirs (x)")
    before = path.read_bytes()

    with pytest.raises(UnusableLedgerError, match="is no mirror; name another folder"):
        mirror_at(path)

    assert path.read_bytes() == before


def test_an_embedded_ledger_is_no_mirror(path):
    path.parent.mkdir()
    SQLiteEngine(str(path)).close()

    with pytest.raises(UnusableLedgerError, match="is no mirror"):
        mirror_at(path)


def test_a_file_that_is_no_database_is_refused(path):
    path.parent.mkdir()
    path.write_text("a letter to my aunt, long enough that nobody takes it for a database" * 20)

    with pytest.raises(UnusableLedgerError, match="is no SQLite database"):
        mirror_at(path)


def test_a_mirror_of_another_version_is_to_be_deleted(path):
    changed(made(path), "PRAGMA user_version=99")

    with pytest.raises(UnusableLedgerError, match="made by another version of Constat; delete it"):
        mirror_at(path)


def test_a_folder_that_cannot_be_made_is_said_with_how_to_name_another(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(UnusableLedgerError, match=r"name another one with \?mirrors=FOLDER"):
        mirror_at(tmp_path / "file" / "c.mirror")


# ---------------------------------------------------------------- damaged


def test_after_a_new_start_of_the_machine_a_whole_mirror_goes_on(path, monkeypatch):
    made(path)

    monkeypatch.setattr("ledger.log.kafka.mirror._boot_id", lambda: "another")
    mirror_at(path).close()
    mirror = mirror_at(path)

    assert mirror.state().next_offset == len(TOPIC)
    mirror.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE decisions SET recorded_ms = recorded_ms + 1 WHERE position = 7",
        "DELETE FROM decisions WHERE position = 7",
        "UPDATE decisions SET running_hash = zeroblob(32) WHERE position = 20",
        "UPDATE decisions SET value = x'00' WHERE position = 20",
        "DELETE FROM records WHERE offset = 7",
        "DELETE FROM records WHERE offset = 19",
        "UPDATE state SET next_offset = 19",
        "UPDATE state SET own = own - 1",
        "DELETE FROM decisions WHERE position = 20",
    ],
)
def test_after_a_new_start_of_the_machine_a_mirror_that_is_not_whole_is_set_aside(path, monkeypatch, damage):
    changed(made(path), damage)
    before = path.read_bytes()

    assert is_made_anew(path, monkeypatch)

    assert path.with_name("c-acme.mirror.torn").read_bytes() == before


def test_a_torn_page_is_found_after_a_new_start_of_the_machine(path, monkeypatch):
    pages = made(path).read_bytes()
    torn = 2 * len(pages) // 3 // PAGE_BYTES * PAGE_BYTES
    path.write_bytes(pages[:torn] + bytes(PAGE_BYTES) + pages[torn + PAGE_BYTES :])

    assert is_made_anew(path, monkeypatch)


def test_where_the_system_does_not_say_which_start_it_is_every_opening_checks(path, monkeypatch):
    monkeypatch.setattr("ledger.log.kafka.mirror._boot_id", lambda: "")
    mirror_at(made(path)).close()
    changed(path, "DELETE FROM decisions WHERE position = 7")

    assert is_made_anew(path, monkeypatch, boot="")


def test_of_several_that_open_a_torn_mirror_one_sets_it_aside_and_all_go_on(path, monkeypatch):
    changed(made(path), "DELETE FROM records WHERE offset = 7")
    monkeypatch.setattr("ledger.log.kafka.mirror._boot_id", lambda: "another")

    with ThreadPoolExecutor() as pool:
        for mirror in pool.map(lambda _: mirror_at(path), range(4)):
            judge(mirror, TOPIC)
            assert mirror.fault() is None
            mirror.close()

    assert {file.name for file in path.parent.iterdir()} == {
        "c-acme.mirror",
        "c-acme.mirror-journal",
        "c-acme.mirror.lock",
        "c-acme.mirror.torn",
    }


@pytest.mark.parametrize(
    "damage",
    [
        f"UPDATE state SET next_offset = 7, last_hash = '{hash_of(TOPIC[6].value)}'",
        "DELETE FROM records WHERE offset < 19; UPDATE state SET next_offset = 0",
        "DROP TABLE records",
        "DELETE FROM state",
    ],
)
def test_whatever_fails_on_a_damaged_mirror_the_sentence_says_to_delete_it(path, damage):
    changed(made(path), *damage.split("; "))

    with pytest.raises(DamagedLedgerError, match="delete it, it is made anew from the topics"):
        opened_and_judged(path)


def is_made_anew(path, monkeypatch, boot="another"):
    """Whether the next start of the machine begins the mirror anew, and comes to what it should."""
    monkeypatch.setattr("ledger.log.kafka.mirror._boot_id", lambda: boot)
    mirror = mirror_at(path)
    began_anew = mirror.state().next_offset == 0
    judge(mirror, TOPIC)
    assert mirror.fault() is None
    mirror.close()
    return began_anew


def opened_and_judged(path):
    mirror = mirror_at(path)
    try:
        judge(mirror, TOPIC)
    finally:
        mirror.close()


# ---------------------------------------------------------------- shared, and deleted


def test_two_processes_share_a_mirror_and_come_to_what_one_alone_would(path, tmp_path):
    with (
        started(judge_until_killed, path, TOPIC) as (_, one),
        started(judge_until_killed, path, TOPIC) as (_, two),
    ):
        for _ in (*rest_of(one), *rest_of(two)):
            pass

    both, alone = mirror_at(path), mirror_at(made(tmp_path / "alone.mirror"))
    assert content(both) == content(alone)
    assert both.fault() is None
    both.close()
    alone.close()


@pytest.mark.parametrize("stop", range(0, len(TOPIC), 3))
def test_a_reader_killed_at_any_record_leaves_a_mirror_that_goes_on(path, tmp_path, stop):
    with started(judge_until_killed, path, TOPIC) as (process, connection):
        while connection.recv() < stop:
            pass
        process.kill()
        process.join()

    mirror = mirror_at(path)
    assert mirror.state().next_offset > stop
    assert mirror.fault() is None
    mirror.close()
    (_, found), error = outcome_of(judged_in, path, TOPIC)
    assert error is None
    alone = mirror_at(made(tmp_path / "alone.mirror"))
    assert found == content(alone)
    alone.close()


@pytest.mark.parametrize("is_made_anew", [False, True])
def test_a_mirror_that_was_deleted_while_in_use_is_not_written_any_longer(path, is_made_anew):
    mirror = mirror_at(path)
    judge(mirror, TOPIC[:5])
    path.unlink()
    if is_made_anew:
        made(path)

    with pytest.raises(UnusableLedgerError, match="was deleted or exchanged while in use; start the command"):
        judge(mirror, TOPIC[5:])

    mirror.close()
    again = mirror_at(path)
    judge(again, TOPIC)
    assert again.fault() is None
    assert again.state().next_offset == len(TOPIC)
    again.close()


def test_deleting_a_mirror_loses_nothing(path):
    made(path)
    before = mirror_at(path)
    rows = content(before)
    before.close()
    for file in Path(path.parent).iterdir():
        file.unlink()

    made(path)

    after = mirror_at(path)
    assert content(after) == rows
    after.close()
