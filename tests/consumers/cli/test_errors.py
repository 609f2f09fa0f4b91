"""Slips of every kind end with a sentence and with 2: never with a traceback, never with an answer."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

CONSTAT = Path(sys.executable).parent / "constat"
PERIOD = ("--period", "2026-09")
CSV = """platform,observed_at,outcome
acme-prod,2026-09-01T00:00:00+02:00,up
acme-prod,2026-09-08T09:00:00+02:00,down
acme-prod,2026-09-08T11:00:00+02:00,up
"""
NOTICE = ("notice", "publish", "m1", "--platform", "acme-prod", "--summary", "x")
DAY = ("--from", "2026-09-08T02:00Z", "--to", "2026-09-08T03:00Z")


@pytest.fixture
def asked(constat, tmp_path):
    """Two hours down in September 2026 under the French contract of the template."""
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    (tmp_path / "acme.toml").write_text(text)
    (tmp_path / "results.csv").write_text(CSV)
    assert constat("contract", "sign", "acme.toml").code == 0
    assert constat("import", "results", "results.csv", "--agent", "paris", "--transitions").code == 0
    return constat


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("statement", *PERIOD, "--as-of", "9" * 30), "ask for a position up to"),
        (("statement", *PERIOD, "--as-of", "9" * 18), "ask for a position up to"),
        (("statement", *PERIOD, "--as-of", "9" * 5000), "ask for a position up to"),
        (("statement", *PERIOD, "--as-of", "9000-01-01T00:00Z"), "is yet to come"),
        (("statement", "--period", "september"), "write one as 2026-10, 2026-10-15 or 1"),
        (("statement", "--from", "2026-09-08", "--to", "x"), "'x' is no date and time"),
        (("statement", "--from", "0001-01-01T00:00Z", "--to", "2026-09-08"), "correct the time"),
        (("statement", *PERIOD, "--format", "html", "--output", "no/page.html"), "name another --output"),
        (("statement", *PERIOD, "--json", "--reading", "notice=x"), "choose one of binding, best-effort"),
        (("explain", "--platform", "acme-prod", "--at", "yesterday"), "'yesterday' is no date and time"),
        (
            ("explain", "--platform", "acme-prod", "--at", "2026-13-01"),
            "'2026-13-01' is no date; write one as",
        ),
        (
            ("explain", "--platform", "acme-prod", "--at", "9000-01-01T00:00Z"),
            "9000-01-01T00:00Z is yet to come",
        ),
        (("diff", *PERIOD, "--as-of", "1", "--and", "9000-01-01T00:00Z"), "is yet to come"),
        (("contract", "show", "nobody"), "known contracts: acme"),
        (("contract", "end", "acme", "--last-day", "tomorrow", "--reason", "x"), "is no day"),
        ((*NOTICE, "--from", "0001-01-01T00:00+23:59", "--to", "2026-09-08T03:00Z"), "correct the time"),
        ((*NOTICE, "--from", "2026-09-08T03:00Z", "--to", "9999-12-31T23:59:59Z"), "correct the time"),
        ((*NOTICE, *DAY, "--by", "a b"), "--by: an id of a person has at most 100 letters"),
        ((*NOTICE[:-1], "", *DAY), "summary: is empty; write it"),
        (("verify", "--saved", "none.json"), "none.json cannot be read"),
        (("verify", "--saved", "acme.toml"), "does not hold what `constat verify --json` prints"),
        (("demo", "--folder", "acme.toml"), "name another --folder"),
        (("demo", "--language", "de"), "'de' is not one of 'en', 'fr'"),
    ],
)
def test_a_slip_is_told_in_a_sentence_and_nothing_is_answered(asked, arguments, sentence):
    answer = asked(*arguments)

    assert answer.code == 2
    assert sentence in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""


def test_a_disputed_reading_named_twice_is_tried_once(asked):
    answer = asked("compare", *PERIOD, "--disputed", "notice", "--disputed", "notice", "--json")

    assert len(json.loads(answer.out)["alternatives"]) == 2


@pytest.mark.parametrize("width", ["1", "20", "80", "0", "wide"])
@pytest.mark.parametrize("command", ["statement", "availability", "penalties", "register", "compare"])
def test_a_terminal_of_any_width_is_written_to(asked, monkeypatch, width, command):
    monkeypatch.setenv("COLUMNS", width)

    assert asked(command, *PERIOD).code == 0


# ---------------------------------------------------------------- as a process: locale, pipe, disk


@pytest.fixture
def ledger(asked, tmp_path):
    """The same ledger for processes of its own, with an environment that can be changed."""
    del asked
    return {**os.environ, "CONSTAT_LEDGER": f"sqlite:///{tmp_path}/constat.db"}


@pytest.mark.parametrize("layout", ["text", "html", "csv", "json"])
def test_what_is_written_is_utf8_whatever_the_locale_says(ledger, layout):
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [CONSTAT, "statement", *PERIOD, "--format", layout]

    done = subprocess.run(command, env=ledger | bare, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert "acme-prod" in done.stdout.decode("utf-8")


@contextmanager
def nobody_reads():
    """The writing end of a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize(
    "arguments",
    [
        ("statement", *PERIOD),
        ("contract", "template", "jamespot"),
        ("verify",),
        ("--help",),
        ("--version",),
        ("topics",),
        ("copy", "--help"),
        ("topics", "create", "--help"),
    ],
    ids=" ".join,
)
def test_a_closed_pipe_is_no_error_and_no_answer_of_no(ledger, arguments):
    with nobody_reads() as writing:
        done = subprocess.run(
            [CONSTAT, *arguments], env=ledger, stdout=writing, stderr=subprocess.PIPE, check=False
        )

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--help",), 0),
        (("nonsense",), 2),
        (("verify", "--nonsense"), 2),
        (("verify", "--ledger", "nowhere.db"), 2),
    ],
    ids=lambda each: " ".join(each[:2]) if isinstance(each, tuple) else str(each),
)
def test_where_nobody_reads_its_errors_either_a_command_leaves_as_it_would_have(
    ledger, tmp_path, arguments, code
):
    with nobody_reads() as writing:
        done = subprocess.run(
            [CONSTAT, *arguments], env=ledger, cwd=tmp_path, stdout=writing, stderr=writing, check=False
        )

    assert done.returncode == code


def test_an_answer_of_no_stays_one_where_nobody_reads_what_was_said(ledger, tmp_path):
    rows = "acme-prod,2026-10-01T09:00:00+02:00,up\nacme-prod,2026-10-01T09:01:00+02:00,sideways\n"
    (tmp_path / "one.csv").write_text("platform,observed_at,outcome\n" + rows)
    command = [CONSTAT, "import", "results", "one.csv", "--agent", "lyon", "--rejects", "bad.csv"]
    buffered = ledger | {"PYTHONUNBUFFERED": ""}  # it finds out only when it has said everything

    with nobody_reads() as writing:
        done = subprocess.run(
            command, env=buffered, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, check=False
        )

    assert done.returncode == 1
    assert b"Exception" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_is_told_in_a_sentence(ledger):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [CONSTAT, "statement", *PERIOD], env=ledger, stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert done.returncode == 2
    assert done.stderr.decode().startswith("constat: this cannot be written (No space left on device)")


def test_no_colour_is_written_where_nobody_looks_or_none_is_wanted(ledger):
    for wish in ({"NO_COLOR": "1", "FORCE_COLOR": ""}, {}):
        done = subprocess.run(
            [CONSTAT, "statement", *PERIOD], env=ledger | wish, capture_output=True, check=True
        )

        assert b"\x1b[3" not in done.stdout


@pytest.mark.parametrize(
    "url", ["kafka:localhost:9092", "localhost:9092", "sqlite:/ledger.db", "http://localhost"]
)
def test_a_url_that_was_mistyped_makes_no_file(constat, tmp_path, url):
    (tmp_path / "acme.toml").write_text('contract = "acme"\nclient = "Acme"\nfirst_day = 2026-10-01\n')

    answer = constat("contract", "sign", "acme.toml", "--ledger", url)

    assert answer.code == 2
    assert "names no ledger; write its path" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["acme.toml"]
