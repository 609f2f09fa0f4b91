"""`constat verify`, as a person or a nightly job calls it."""

import json
import sqlite3

import pytest

from ledger.application import Ledger
from tests.ledger.log.processes import AGENT, a_round, new_ledger, update


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "constat.db"
    new_ledger(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append(update("i-1", "first"), update("i-1", "second"))
        ledger.append_rounds(AGENT, [a_round(number) for number in range(1, 6)])
    return path


def tampered(path, *statements):
    with sqlite3.connect(path) as other:
        for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            other.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            other.execute(statement)
    other.close()


@pytest.mark.usefixtures("path")
def test_a_ledger_that_fits_is_counted_with_the_running_hashes_of_its_decisions_and_of_each_agent(constat):
    answer = constat("verify")

    assert (answer.code, answer.err) == (0, "")
    assert "3 facts in 2 streams, 5 rounds of 1 agent\n" in answer.out
    assert answer.out.count("sha256:") == 2
    assert "every record fits" in answer.out


@pytest.mark.usefixtures("path")
def test_json_holds_the_same_for_machines(constat):
    answer = constat("verify", "--json")

    found = json.loads(answer.out)
    assert answer.code == 0
    assert (found["fits"], found["misfit"], found["streams"], found["agents"]) == (True, None, 2, 1)
    assert (found["rounds"], found["void"]) == (5, 0)
    assert found["heads"]["decisions"]["records"] == 3
    assert found["heads"]["probes"][AGENT]["records"] == 5
    assert found["heads"]["probes"][AGENT]["running_hash"] in constat("verify").out


def test_what_does_not_fit_is_named_and_the_answer_is_no(constat, path):
    tampered(path, "UPDATE rounds SET recorded_ms = recorded_ms + 1 WHERE offset = 3")

    answer = constat("verify")

    assert answer.code == 1
    assert (
        "does not fit: probe log, offset 3 (paris, number 3): the running hash does not come out"
        in answer.out
    )
    assert "restore it from a copy" in answer.out


def test_json_names_what_does_not_fit(constat, path):
    tampered(path)

    answer = constat("verify", "--json")

    found = json.loads(answer.out)
    assert (answer.code, found["fits"]) == (1, False)
    assert (found["misfit"]["log"], found["misfit"]["place"]) == ("file", None)
    assert found["misfit"]["what"] == "trigger decisions_delete is missing"


def test_what_was_printed_earlier_finds_a_log_that_was_cut_short(constat, path, tmp_path):
    saved = tmp_path / "saved.json"
    saved.write_text(constat("verify", "--json").out)
    assert constat("verify", "--saved", saved).code == 0

    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append(update("i-1", "third"))
    assert constat("verify", "--saved", saved).code == 0

    path.unlink()
    new_ledger(path)
    assert constat("verify").code == 0
    answer = constat("verify", "--saved", saved)
    assert answer.code == 1
    assert (
        "the log went up to 3 records when its end was saved, and has 1: its tail was cut off" in answer.out
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"heads": 3}', '{"heads": {"decisions": {"records": "x"}}}']
)
@pytest.mark.usefixtures("path")
def test_a_file_that_verify_did_not_print_is_refused(constat, tmp_path, text):
    (tmp_path / "saved.json").write_text(text)

    answer = constat("verify", "--saved", tmp_path / "saved.json")

    assert answer.code == 2
    assert "does not hold what `constat verify --json` prints" in answer.err


def test_a_missing_file_or_ledger_is_said(constat, path, tmp_path):
    assert "nowhere.json cannot be read" in constat("verify", "--saved", tmp_path / "nowhere.json").err
    path.unlink()
    answer = constat("verify")
    assert answer.code == 2
    assert "there is no ledger" in answer.err
    assert not path.exists()
