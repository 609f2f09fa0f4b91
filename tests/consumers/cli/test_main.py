"""The command as a whole: quick help, exit codes, no tracebacks."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from consumers.cli.commands import COMMANDS
from ledger.application import KAFKA, SQLITE
from ledger.errors import UnreachableLedgerError
from ledger.outbox.outbox import Outbox

CONSTAT = Path(sys.executable).parent / "constat"


def test_help_answers_in_under_four_tenths_of_a_second_of_cpu():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    done = subprocess.run([CONSTAT, "--help"], capture_output=True, text=True, check=True)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert all(name in done.stdout for name in COMMANDS)
    assert used_s < 0.4


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(constat, name):
    answer = constat(name, "--help")

    assert answer.code == 0
    assert "Usage" in answer.out


@pytest.mark.parametrize("arguments", [("--help",), ("contract", "sign", "--help"), ("demo", "--help")])
def test_help_names_a_ledger_of_each_kind(constat, arguments):
    said = constat(*arguments).out

    assert SQLITE in said
    assert KAFKA in said


def test_bad_usage_leaves_with_two(constat):
    assert constat("nonsense").code == 2
    assert constat("statement", "--contract", "acme", "--period", "2026-10").code == 2


def test_a_missing_ledger_is_named_and_not_made(constat, tmp_path):
    answer = constat("statement", "--contract", "acme", "--period", "2026-10")

    assert f"there is no ledger at {tmp_path}/constat.db" in answer.err
    assert not (tmp_path / "constat.db").exists()


@pytest.mark.parametrize("name", ["other.db", "./other.db", "sqlite:///other.db", "{folder}/other.db"])
def test_a_ledger_is_named_by_its_path_or_by_a_url(constat, tmp_path, monkeypatch, name):
    ledger = name.format(folder=tmp_path)
    text = constat("contract", "template", "jamespot").out
    (tmp_path / "acme.toml").write_text(text)

    assert constat("contract", "sign", "acme.toml", "--ledger", ledger).code == 0
    monkeypatch.setenv("CONSTAT_LEDGER", ledger)
    assert constat("contract", "show", "acme").code == 0
    assert (tmp_path / "other.db").exists()


@pytest.mark.parametrize("name", ["postgres://localhost", "sqlite:///"])
def test_a_ledger_of_another_kind_is_refused_by_showing_how_to_name_one(constat, name):
    answer = constat("contract", "show", "acme", "--ledger", name)

    assert answer.code == 2
    assert "write its path, as ./constat.db" in answer.err


def test_a_demonstration_is_not_played_into_a_file(constat, tmp_path):
    (tmp_path / "taken").write_text("mine")

    answer = constat("demo", "--folder", "taken")

    assert answer.code == 2
    assert "taken is a file; name another --folder" in answer.err
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--folder", "taken/below"),
        ("verify", "--saved", "missing.json"),
        ("verify", "--saved", "folder"),
        ("contract", "sign", "folder"),
        ("import", "results", "folder", "--agent", "a"),
        ("import", "upptime", "taken"),
        ("contract", "show", "acme", "--ledger", "folder"),
        ("contract", "show", "acme", "--ledger", "taken/ledger.db"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_without_a_traceback(constat, tmp_path, arguments):
    (tmp_path / "acme.toml").write_text(constat("contract", "template", "jamespot").out)
    constat("contract", "sign", "acme.toml")
    (tmp_path / "taken").write_text("mine")
    (tmp_path / "folder").mkdir()

    answer = constat(*arguments)

    assert answer.code == 2
    assert answer.err.startswith("constat: ")


def test_the_ledger_can_be_named_before_the_command(constat, tmp_path):
    answer = constat(
        "--ledger", f"sqlite:///{tmp_path}/other.db", "statement", "--contract", "a", "--period", "2026-10"
    )

    assert f"there is no ledger at {tmp_path}/other.db" in answer.err


def test_a_broker_that_hung_up_is_not_taken_for_a_reader_who_closed_the_pipe(constat, monkeypatch):
    def hang_up(*_, **__):
        error = UnreachableLedgerError("the broker hung up; try again")
        error.__context__ = BrokenPipeError(32, "Broken pipe")
        raise error

    monkeypatch.setattr("consumers.cli.opening.open_known", hang_up)

    answer = constat("statement", "--contract", "acme", "--period", "2026-10")

    assert (answer.code, answer.err) == (2, "constat: the broker hung up; try again\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("statement", "--contract", "a", "--period", "1"), "it only read, and nothing was changed"),
        (("personal-data", "--contract", "a"), "it only read, and nothing was changed"),
        (("relay", "--to", "-"), "what was acknowledged before is stored; run the same command again"),
        (
            ("outbox", "send", "outbox.db"),
            "what was acknowledged before is stored; run the same command again",
        ),
        (
            ("incident", "resolve", "i1", "--cause", "x", "--by", "sre-1"),
            "a fact that was acknowledged before is stored; look whether it is there before you run it again",
        ),
    ],
)
def test_who_interrupts_a_command_is_told_what_it_leaves_behind(
    constat, monkeypatch, tmp_path, arguments, said
):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    Outbox.open(str(tmp_path / "outbox.db"), "paris").close()
    monkeypatch.setattr("consumers.cli.opening.open_ledger", interrupt)

    answer = constat(*arguments)

    assert (answer.code, answer.err) == (130, f"constat: interrupted; {said}\n")


def test_an_error_that_nobody_expected_is_a_sentence_with_an_exit_code_of_its_own(constat, monkeypatch):
    def break_down(*_, **__):
        raise RuntimeError("out of luck")

    monkeypatch.setattr("consumers.cli.opening.open_known", break_down)

    answer = constat("statement", "--contract", "acme", "--period", "2026-10")

    assert answer.code == 3
    assert "RuntimeError: out of luck" in answer.err
    assert "CONSTAT_TRACEBACK=1" in answer.err
    assert "Traceback" not in answer.err
    monkeypatch.setenv("CONSTAT_TRACEBACK", "1")
    with pytest.raises(RuntimeError):
        constat("statement", "--contract", "acme", "--period", "2026-10")
