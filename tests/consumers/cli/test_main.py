"""The command as a whole: quick help, exit codes, no tracebacks."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from consumers.cli.main import COMMANDS

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


def test_bad_usage_leaves_with_two(constat):
    assert constat("nonsense").code == 2
    assert constat("statement", "--contract", "acme", "--period", "2026-10").code == 2


def test_a_missing_ledger_is_named_and_not_made(constat, tmp_path):
    answer = constat("statement", "--contract", "acme", "--period", "2026-10")

    assert f"there is no ledger at {tmp_path}/constat.db" in answer.err
    assert not (tmp_path / "constat.db").exists()


def test_the_ledger_can_be_named_before_the_command(constat, tmp_path):
    answer = constat(
        "--ledger", f"sqlite:///{tmp_path}/other.db", "statement", "--contract", "a", "--period", "2026-10"
    )

    assert f"there is no ledger at {tmp_path}/other.db" in answer.err


def test_an_error_that_nobody_expected_is_a_sentence_with_an_exit_code_of_its_own(constat, monkeypatch):
    def break_down(*_, **__):
        raise RuntimeError("out of luck")

    monkeypatch.setattr("consumers.cli.common.open_known", break_down)

    answer = constat("statement", "--contract", "acme", "--period", "2026-10")

    assert answer.code == 3
    assert "RuntimeError: out of luck" in answer.err
    assert "CONSTAT_TRACEBACK=1" in answer.err
    assert "Traceback" not in answer.err
    monkeypatch.setenv("CONSTAT_TRACEBACK", "1")
    with pytest.raises(RuntimeError):
        constat("statement", "--contract", "acme", "--period", "2026-10")
