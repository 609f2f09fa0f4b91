"""The commands that print figures: a statement, its parts, why, what else, what moved."""

import json
import re
import shlex
import time
from datetime import UTC, datetime

import pytest

from consumers.pages.checking import AS_AGREED, command
from ledger.instants import format_instant
from projections.figures import Statement

CSV = """platform,observed_at,outcome
acme-prod,2026-09-01T00:00:00+02:00,up
acme-prod,2026-09-08T09:00:00+02:00,down
acme-prod,2026-09-08T11:00:00+02:00,up
"""
PERIOD = ("--period", "2026-09")


@pytest.fixture
def asked(constat, tmp_path):
    """Two hours down in September 2026, taken in from a file, under the contract of the template."""
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    (tmp_path / "acme.toml").write_text(text)
    (tmp_path / "results.csv").write_text(CSV)
    assert constat("contract", "sign", "acme.toml").code == 0
    assert constat("import", "results", "results.csv", "--agent", "paris", "--transitions").code == 0
    return constat


def test_a_statement_says_the_same_on_the_terminal_as_json_csv_and_page(asked, tmp_path):
    figures = json.loads(asked("statement", *PERIOD, "--json").out)
    shown = asked("statement", *PERIOD, "--language", "en").out
    page = asked("statement", *PERIOD, "--format", "html", "--output", "page.html")
    sheet = asked("statement", *PERIOD, "--format", "csv").out

    assert figures["penalties"]["days_granted"] == 2
    assert figures["availability"]["platforms"][0]["classes_ms"]["down"] == 7_200_000
    assert "Granted: 2 free days" in shown.replace("\u00a0", " ")
    assert figures["digest"] in shown
    assert page.code == 0
    assert figures["digest"] in (tmp_path / "page.html").read_text()
    assert "7200000" in sheet


def test_the_parts_are_those_of_the_statement(asked):
    whole = json.loads(asked("statement", *PERIOD, "--json").out)

    for part in ("availability", "penalties", "register", "commitments"):
        assert json.loads(asked(part, *PERIOD, "--json").out)[part] == whole[part]
        assert asked(part, *PERIOD).code == 0


def test_availability_and_penalties_carry_the_remark_that_they_rest_on_the_last_word_of_a_history(asked):
    whole = json.loads(asked("statement", *PERIOD, "--json").out)

    (remark,) = whole["remarks"]
    assert (remark["agent"], remark["platform"], remark["outcome"]) == ("paris", "acme-prod", "up")
    assert remark["since"] == "2026-09-08T11:00:00+02:00"
    for part in ("availability", "penalties"):
        assert json.loads(asked(part, *PERIOD, "--json").out)["remarks"] == [remark]
        assert "ne consigne que les changements" in asked(part, *PERIOD).out
    assert "remarks" not in json.loads(asked("register", *PERIOD, "--json").out)


def test_availability_can_be_cut_by_day(asked):
    assert "2026-09-08" in asked("availability", *PERIOD, "--by", "day").out


def test_availability_can_be_cut_by_what_each_agent_alone_saw(asked):
    told = asked("availability", *PERIOD, "--by", "agent")
    found = json.loads(asked("availability", *PERIOD, "--by", "agent", "--json").out)

    assert "Comme si personne d’autre n’avait sondé." in told.out
    assert {(each["platform"], each["agent"]) for each in found["agents"]} == {("acme-prod", "paris")}
    assert found["agents"][0]["classes_ms"] == found["availability"]["platforms"][0]["classes_ms"]
    assert "agents" not in json.loads(asked("availability", *PERIOD, "--json").out)


@pytest.mark.parametrize("question", [("penalties",), ("availability", "--format", "csv")], ids=" ".join)
def test_what_each_agent_saw_is_asked_for_only_where_it_is_shown(asked, question):
    answer = asked(*question, *PERIOD, "--by", "agent")

    assert (answer.code, answer.out) == (2, "")
    assert "is shown of availability" in answer.err


def test_a_tranche_is_explained_by_the_rounds_that_make_it(asked):
    told = asked("explain", "--platform", "acme-prod", *PERIOD, "--tranche", 2, "--json").out

    (stretch,) = json.loads(told)["stretches"]
    assert stretch["from"] == "2026-09-08T10:00:00+02:00"
    assert stretch["because"][0]["name"] == "paris"


def test_an_instant_an_interval_and_nothing_else_can_be_explained(asked):
    at = asked("explain", "--platform", "acme-prod", "--at", "2026-09-08T09:30+02:00")
    span = asked(
        "explain", "--platform", "acme-prod", "--from", "2026-09-08T08:00", "--to", "2026-09-08T12:00"
    )

    assert "counts as down" in at.out
    assert span.out.count("counts as") == 3
    assert asked("explain", "--platform", "acme-prod").code == 2
    assert asked("explain", "--platform", "acme-tst", *PERIOD, "--tranche", 1).code == 2
    assert "has 2 tranches" in asked("explain", "--platform", "acme-prod", *PERIOD, "--tranche", 3).err


def test_what_is_at_stake_is_printed(asked):
    found = json.loads(asked("compare", *PERIOD, "--disputed", "tranche-over", "--json").out)

    assert [each["days_granted"] for each in found["alternatives"]] == [2, 2]
    assert "as agreed" in asked("compare", *PERIOD).out


def test_what_moved_is_printed_and_the_past_stays(asked):
    before = json.loads(asked("statement", *PERIOD, "--json").out)
    times = ("--from", "2026-09-08T09:00+02:00", "--to", "2026-09-08T10:00+02:00")
    who = ("--agent", "paris", "--platform", "acme-prod", "--reason", "false alarm", "--by", "sre-1")
    assert asked("correct", "c1", *who, *times, "--outcome", "up").code == 0

    moved = asked("diff", *PERIOD, "--as-of", before["as_of"]["recorded_at"], "--json").out
    again = json.loads(asked("statement", *PERIOD, "--as-of", before["as_of"]["recorded_at"], "--json").out)

    assert json.loads(moved)["steps"][0]["stream"] == "correction:c1"
    assert again["digest"] == before["digest"]
    assert "penalties.days_granted" in asked("diff", *PERIOD, "--as-of", before["as_of"]["recorded_at"]).out


def test_a_seal_whose_name_was_cut_off_is_answered_with_the_seals_that_begin_so(asked):
    made = json.loads(asked("seal", "--json").out)["seal"]

    answer = asked("statement", *PERIOD, "--as-of", made[:-3])

    assert answer.code == 2
    assert answer.err.endswith(f"named it; the seal may be {made}\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("statement",), "say which period"),
        (("statement", "--period", "2025-01"), "2025-01"),
        (("statement", "--contract", "other", *PERIOD), "no contract 'other'"),
        (("statement", *PERIOD, "--reading", "notice=sometimes"), "notice"),
        (("statement", *PERIOD, "--as-of", "99"), "ask for a position up to"),
        (("statement", *PERIOD, "--as-of", "yesterday"), "is no date and time"),
        (("statement", *PERIOD, "--as-of", "s33"), "no position and no seal's whole name; write a time as"),
        (("statement", *PERIOD, "--as-of", ""), "no position and no seal's whole name; write a time as"),
        (("diff", *PERIOD, "--as-of", "1", "--and", "/2026-11-03T00:00Z"), "no position and no seal"),
        (("statement", *PERIOD, "--as-of", "99999999999999999999"), "ask for a position up to"),
        (("statement", *PERIOD, "--as-of", "1/2020-01-01T00:00Z"), "recorded after the moment"),
        (("statement", "--from", "2026-09-01T09:00:60", "--to", "1969-12-31"), "before 1970"),
        (("statement", "--from", "2026-09-08", "--to", "2026-09-08"), "does not come after"),
        (("diff", *PERIOD), "--as-of"),
        (("compare", *PERIOD, "--disputed", "notise"), "no reading 'notise'"),
        (("contract", "sign", "acme.toml"), "already signed"),
        (("contract", "sign", "results.csv"), "is no TOML"),
        (("import", "results", "missing.csv"), "no such file"),
        (
            ("statement", *PERIOD, "--as-of", "2026-11-03"),
            "an offset: 2026-11-03T00:00+01:00 in Europe/Paris",
        ),
        (("statement", *PERIOD, "--format", "csv", "--output", "nowhere/a.csv"), "name another --output"),
        (("verify", "--ledger", "sqlite:///results.csv"), "no SQLite database"),
    ],
)
def test_a_question_that_cannot_be_answered_says_what_to_ask(asked, arguments, sentence):
    answer = asked(*arguments)

    assert answer.code == 2
    assert sentence in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("layout", ["html", "csv", "json"])
def test_no_statement_is_written_over_a_ledger(asked, tmp_path, layout):
    before = (tmp_path / "constat.db").read_bytes()

    answer = asked("statement", *PERIOD, "--format", layout, "--output", "constat.db")

    assert (answer.code, "perhaps a ledger; name another --output" in answer.err) == (2, True)
    assert (tmp_path / "constat.db").read_bytes() == before


def test_an_instant_is_explained_by_the_day_of_the_contracts_own_calendar(asked):
    # At 23:30Z on 31 August it is already September in Paris, where the contract begins.
    at = asked("explain", "--platform", "acme-prod", "--at", "2026-09-07T23:30:00-10:00", "--json")
    leap = asked("explain", "--platform", "acme-prod", "--at", "2026-08-31T23:30:00Z", "--json")

    assert json.loads(at.out)["stretches"][0]["from"] == "2026-09-08T11:00:00+02:00"
    assert json.loads(leap.out)["stretches"][0]["from"] == "2026-09-01T00:00:00+02:00"


def test_one_round_is_named_as_one_and_several_as_from_the_first_to_the_last(asked, tmp_path):
    (tmp_path / "more.csv").write_text(
        "platform,observed_at,outcome,error\nacme-prod,2026-09-09T09:00:00+02:00,down,refused\n"
        "acme-prod,2026-09-09T09:01:00+02:00,up,\n"
    )
    assert asked("import", "results", "more.csv", "--agent", "lyon").code == 0

    one = asked("explain", "--platform", "acme-prod", "--at", "2026-09-09T09:00:30+02:00").out

    (round_,) = [line for line in one.splitlines() if "agent lyon said down" in line]
    assert re.search(r"\(refused\) in round \d+$", round_)


def test_nothing_is_explained_that_came_after_what_was_known(asked):
    now = format_instant(time.time_ns() // 1_000_000)

    answer = asked("explain", "--platform", "acme-prod", "--at", now, "--as-of", "1")

    assert answer.code == 2
    assert f"--at {now} comes after the moment of --as-of" in answer.err


def test_what_explains_cannot_move_the_cursor_of_a_terminal(asked, tmp_path):
    (tmp_path / "more.csv").write_text(
        "platform,observed_at,outcome,error\nacme-prod,2026-09-09T09:00:00+02:00,down,\x1b[2Jbad\n"
        "acme-prod,2026-09-09T09:10:00+02:00,up,\n"
    )
    assert asked("import", "results", "more.csv", "--agent", "paris", "--transitions").code == 0

    told = asked("explain", "--platform", "acme-prod", "--at", "2026-09-09T09:05+02:00")

    assert "[2Jbad" in told.out
    assert "\x1b" not in told.out


def test_a_day_begins_with_its_first_instant_even_where_no_clock_shows_midnight(constat, tmp_path):
    # On 24 April 2026 the clocks of Cairo go from midnight to one o'clock.
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-04-01")
    (tmp_path / "cairo.toml").write_text(text.replace("Europe/Paris", "Africa/Cairo"))
    assert constat("contract", "sign", "cairo.toml").code == 0

    asked = constat("statement", "--from", "2026-04-24", "--to", "2026-04-25", "--json")

    assert json.loads(asked.out)["period"]["from"] == "2026-04-24T01:00:00+03:00"


@pytest.mark.parametrize("period", [PERIOD, ("--period", f"{datetime.now(UTC):%Y-%m-%d}")])
def test_the_command_under_a_statement_gives_its_digest_again_when_more_is_known(asked, monkeypatch, period):
    before = Statement.model_validate_json(asked("statement", *period, "--json").out)
    printed = shlex.split(command(before, AS_AGREED))[1:]
    # The clock is set back: what is recorded now would be stamped before the moment that was printed.
    monkeypatch.setattr("ledger.log.sqlite.wall_clock", lambda: 0)
    times = ("--from", "2026-09-08T09:00+02:00", "--to", "2026-09-08T10:00+02:00")
    who = ("--agent", "paris", "--platform", "acme-prod", "--reason", "false alarm", "--by", "sre-1")
    assert asked("correct", "c1", *who, *times, "--outcome", "up").code == 0

    again = json.loads(asked(*printed).out)

    assert again["digest"] == before.digest
    assert again["as_of"]["recorded_at"] == before.as_of.recorded_at


def test_nobody_is_told_what_will_be_known(asked):
    for moment in ("2126-09-08T09:00:00Z", "1/2126-09-08T09:00:00Z"):
        answer = asked("statement", *PERIOD, "--as-of", moment)

        assert answer.code == 2
        assert "is yet to come" in answer.err


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
def test_no_name_and_no_value_of_a_figure_that_moved_is_cut_at_any_width(
    asked, tmp_path, monkeypatch, columns
):
    before = json.loads(asked("statement", *PERIOD, "--json").out)["as_of"]["recorded_at"]
    (tmp_path / "more.csv").write_text(
        "platform,observed_at,outcome\nacme-prod,2026-09-09T09:00:00+02:00,down\n"
        "acme-prod,2026-09-09T10:10:00+02:00,up\n"
    )
    assert asked("import", "results", "more.csv", "--agent", "paris", "--transitions").code == 0
    moved = json.loads(asked("diff", *PERIOD, "--as-of", before, "--json").out)["steps"][-1]["moved"]
    monkeypatch.setenv("COLUMNS", str(columns))

    shown = asked("diff", *PERIOD, "--as-of", before).out

    assert "…" not in shown
    for figure in moved:
        name, before, after = (re.escape(str(each)) for each in figure.values())
        row = rf"^\s*{name}\s+(before )?{before},?\s+(after )?{after}\b"
        assert re.search(row, shown, re.MULTILINE), figure
    assert len(moved) > 3


@pytest.mark.parametrize("arguments", [(), ("--output", "statement.txt")])
def test_the_command_that_checks_is_one_line_and_finds_a_ledger_that_is_not_the_default_one(
    asked, tmp_path, monkeypatch, arguments
):
    monkeypatch.setenv("COLUMNS", "60")
    (tmp_path / "constat.db").rename(tmp_path / "a ledger of another name.db")
    where = f"sqlite:///{tmp_path}/a ledger of another name.db"
    shown = asked("statement", *PERIOD, "--language", "en", "--ledger", where, *arguments).out
    text = (tmp_path / "statement.txt").read_text() if arguments else shown

    (line,) = (each for each in text.splitlines() if each.startswith("  constat statement"))
    (digest,) = (each.strip() for each in text.splitlines() if each.startswith("  sha256:"))

    assert shlex.split(line)[2:4] == ["--ledger", where]
    assert json.loads(asked(*shlex.split(line)[1:]).out)["digest"] == digest
