"""`constat assess` and `constat seal`, and statements that know of them."""

import json
import os
import pty
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft
from ledger.terms import Terms

CSV = """platform,observed_at,outcome
acme-prod,2026-09-01T00:00:00+02:00,up
acme-prod,2026-09-08T09:00:00+02:00,down
acme-prod,2026-09-08T11:00:00+02:00,up
"""
FIRST = ("--period", "1")
SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "schemas" / "assess.schema.json"


@pytest.fixture
def asked(constat, tmp_path):
    """Two hours down in September 2026, under the contract of the template, which ends with the month."""
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    text = text.replace("# last_day = 2027-09-30", "last_day = 2026-09-30")
    (tmp_path / "acme.toml").write_text(text)
    (tmp_path / "results.csv").write_text(CSV)
    assert constat("contract", "sign", "acme.toml").code == 0
    assert constat("import", "results", "results.csv", "--agent", "paris", "--transitions").code == 0
    return constat


@pytest.fixture
def corrected(asked):
    """The month was assessed; afterwards the outage was found to be none. The name of the seal."""
    name = json.loads(asked("assess", "--json").out)["seal"]["seal"]
    between = ("--from", "2026-09-08T09:00+02:00", "--to", "2026-09-08T11:00+02:00", "--outcome", "up")
    on = ("--agent", "paris", "--platform", "acme-prod", "--reason", "a slow proxy", "--by", "sre-1")
    assert asked("correct", "c-1", *on, *between).code == 0
    return name


def test_the_month_is_assessed_once(asked):
    tried = asked("assess", "--dry-run")
    first = asked("assess")
    again = asked("assess", "--contract", "acme")

    assert (tried.code, first.code, again.code) == (0, 0, 0)
    assert "1 period would be assessed: 2 days granted\nnothing was written" in tried.out
    row = "period 1  2026-09-01 to 2026-09-30  revision 1  2 days"
    assert f"  + {row}  acme-prod +2\n" in first.out
    assert "1 period assessed: 2 days granted\nas known at seal s" in first.out
    assert f"  = {row}\n" in again.out
    assert "nothing new, 1 period stood already" in again.out


def test_it_is_said_how_much_of_what_is_assessed_rests_on_the_last_word_of_a_source(asked):
    tried, machine = asked("assess", "--dry-run"), asked("assess", "--dry-run", "--json")
    first, again = asked("assess"), asked("assess")

    (remark,) = json.loads(machine.out)["assessed"][0]["remarks"]
    assert (remark["agent"], remark["outcome"], remark["kind"]) == ("paris", "up", "held-to-the-end")
    (line,) = [each for each in tried.out.splitlines() if "by the last word of paris" in each]
    assert line.startswith("  period 1, acme-prod: ")
    assert line.endswith(
        "count as up by the last word of paris, at 2026-09-08T11:00:00+02:00; it logs only changes"
    )
    assert line in first.out
    assert "last word" not in again.out


def test_a_month_that_nobody_observed_is_assessed_with_a_warning_each_time_that_is_news(constat, tmp_path):
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    text = text.replace("# last_day = 2027-09-30", "last_day = 2026-09-30")
    (tmp_path / "acme.toml").write_text(text)
    constat("contract", "sign", "acme.toml")

    tried, first, again = constat("assess", "--dry-run"), constat("assess"), constat("assess", "--json")

    warning = (
        "constat: warning: acme, period 1: nothing was measured of acme-prod, so nobody knows how it was"
    )
    assert (tried.code, first.code, again.code) == (0, 0, 0)
    assert (tried.err.startswith(warning), first.err, again.err) == (True, tried.err, "")
    assert json.loads(again.out)["assessed"][0]["unmeasured"] == []


def test_machines_are_told_what_was_not_measured_and_a_month_that_was_has_no_warning(asked):
    with Ledger.open(os.environ["CONSTAT_LEDGER"], create=False) as ledger:
        added = PlatformAdded(contract="acme", platform="acme-test", from_day="2026-09-01")
        ledger.append(Draft("contract:acme", added, 0))

    told = asked("assess", "--json")

    found = json.loads(told.out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    assert found["assessed"][0]["unmeasured"] == ["acme-test"]
    assert "nothing was measured of acme-test, so" in told.err


def test_machines_are_told_the_facts(asked):
    told = json.loads(asked("assess", "--json").out)

    (made,) = told["assessed"]
    assert (made["new"], made["revision"], made["days_granted"]) == (True, 1, 2)
    assert made["penalties"] == [
        {"type": "constat.penalty.granted.v1", "platform": "acme-prod", "days": 2},
    ]
    assert told["seal"]["recorded"]
    assert told["problems"] == []


def test_where_there_is_no_ledger_none_is_made(constat):
    assert constat("assess").code == 2
    assert constat("seal").code == 2


def test_a_contract_that_does_not_exist_is_refused(asked):
    answer = asked("assess", "--contract", "nobody")

    assert answer.code == 2
    assert "known contracts: acme" in answer.err


def test_an_assessed_statement_can_be_asked_for_again_whatever_was_recorded_since(asked, corrected):
    then = json.loads(asked("statement", *FIRST, "--as-of", corrected, "--json").out)
    now = json.loads(asked("statement", *FIRST, "--json").out)
    told = json.loads(asked("assess", "--json").out)

    assert (then["penalties"]["days_granted"], now["penalties"]["days_granted"]) == (2, 0)
    (made,) = told["assessed"]
    assert (made["revision"], made["penalties"][0]["type"]) == (2, "constat.penalty.reversed.v1")
    again = json.loads(asked("statement", *FIRST, "--as-of", made["seal"], "--json").out)
    assert again["digest"] == made["statement_digest"]


def due(asked):
    """What the inbox has of assessments, and how it leaves."""
    answer = asked("inbox", "--json")
    found = json.loads(answer.out)["items"]
    return answer.code, [
        (each["subject"], each["what"]) for each in found if each["kind"] == "assessment-due"
    ]


@pytest.mark.usefixtures("corrected")
def test_an_assessment_that_a_correction_changes_is_in_the_inbox_until_it_is_assessed_again(asked):
    before = due(asked)
    said = asked("inbox").out
    assert asked("assess").code == 0

    assert before == (1, [("acme/1", "again")])
    assert "✗ period 1 of acme comes to something else since it was assessed; assess it again" in said
    assert due(asked) == (0, [])


def test_a_ruling_on_an_assessed_month_is_in_the_inbox_if_it_changes_a_figure(asked):
    assert asked("assess").code == 0
    claim = ("--platform", "acme-prod", "--event", "a flood")
    night = ("--from", "2026-09-10T09:00+02:00", "--to", "2026-09-10T10:00+02:00")
    outage = ("--from", "2026-09-08T09:00+02:00", "--to", "2026-09-08T11:00+02:00")
    decided = ("--reason", "the river", "--by", "j-1")
    assert asked("claim", "file", "k-1", *claim, *night).code == 0
    assert asked("claim", "rule", "k-1", "rejected", *decided).code == 0
    unmoved = due(asked)
    assert asked("claim", "file", "k-2", *claim, *outage).code == 0
    assert asked("claim", "rule", "k-2", "accepted", *decided).code == 0

    assert unmoved == (0, [])
    assert due(asked) == (1, [("acme/1", "again")])


def test_a_correction_of_a_month_that_was_not_assessed_makes_nothing_due_again(asked):
    on = ("--agent", "paris", "--platform", "acme-prod", "--reason", "a slow proxy", "--by", "sre-1")
    times = ("--from", "2026-09-08T09:00+02:00", "--to", "2026-09-08T11:00+02:00")
    assert asked("correct", "c-1", *on, *times, "--outcome", "up").code == 0

    assert due(asked) == (1, [("acme/1", "")])


@pytest.mark.parametrize("command", ["availability", "penalties", "register", "commitments", "compare"])
def test_every_command_that_asks_for_figures_takes_a_seal(asked, corrected, command):
    assert asked(command, *FIRST, "--as-of", corrected).code == 0


def test_what_moved_a_figure_between_two_seals_is_named(asked, corrected):
    later = asked("seal", "--quiet").out.strip()

    moved = asked("diff", *FIRST, "--as-of", corrected, "--and", later)

    assert "correction:c-1" in moved.out
    assert "penalties.days_granted" in moved.out


@pytest.mark.parametrize(
    ("language", "assessed", "otherwise"),
    [
        ("en", "Assessed: revision 1, as known at seal", "other figures"),
        ("fr", "Période arrêtée : révision 1, selon le sceau", "d’autres chiffres"),
    ],
)
@pytest.mark.parametrize("layout", ["text", "html"])
def test_a_statement_says_that_it_was_assessed_and_whether_it_differs(
    asked, corrected, language, assessed, otherwise, layout
):
    def shown(*options):
        out = asked("statement", *FIRST, "--language", language, "--format", layout, *options).out
        return out.replace("\u00a0", " ").replace("\u202f", " ").replace("&#39;", "’").replace("'", "’")

    then, now, tried = shown("--as-of", corrected), shown(), shown("--reading", "tranche=started")

    assert f"{assessed} {corrected}" in then
    assert otherwise not in then
    assert assessed in now
    assert otherwise in now
    assert assessed not in tried


def test_the_command_under_a_statement_asks_for_it_as_known_at_the_same_seal(asked, corrected):
    shown = asked("statement", *FIRST, "--as-of", corrected, "--language", "en").out

    (line,) = [line for line in shown.splitlines() if line.strip().startswith("constat statement")]
    again = json.loads(asked(*shlex.split(line)[1:]).out)
    assert f"--as-of {corrected}" in line
    assert again["digest"] in shown


def test_the_same_state_is_the_same_seal(asked):
    first, again = asked("seal"), asked("seal", "--json")

    assert first.code == 0
    assert json.loads(again.out)["seal"] in first.out
    assert asked("seal", "--quiet").out.strip() == json.loads(again.out)["seal"]


def test_a_seal_that_was_never_made_says_what_to_do(asked):
    answer = asked("statement", *FIRST, "--as-of", "s1-000000000000")

    assert answer.code == 2
    assert "`constat seal` makes one" in answer.err


# ---------------------------------------------------------------- one that cannot be judged; how far it is


def sign_odd():
    """A contract whose public holidays nobody knows, as an older version may have signed it."""
    signed = ContractSigned(
        contract="odd", client="Odd", first_day="2026-08-01", terms=Terms(holiday_calendar="XX")
    )
    with Ledger.open(os.environ["CONSTAT_LEDGER"], create=False) as ledger:
        ledger.append(Draft("contract:odd", signed, 0))
        added = PlatformAdded(contract="odd", platform="odd-prod", from_day="2026-08-01")
        ledger.append(Draft("contract:odd", added, 0))


def test_one_contract_that_cannot_be_judged_is_told_of_with_exit_1_and_the_others_stand(asked):
    sign_odd()

    answer, again = asked("assess"), asked("assess", "--json")

    assert (answer.code, again.code) == (1, 1)
    assert "constat: not assessed: odd: " in answer.err
    assert "acme" in answer.out
    told = json.loads(again.out)
    assert {each["contract"] for each in told["assessed"]} == {"acme"}
    assert not any(each["new"] for each in told["assessed"])
    assert [each["contract"] for each in told["problems"]] == ["odd"]


def test_a_contract_that_is_not_there_is_bad_usage(asked):
    answer = asked("assess", "--contract", "nobody")

    assert (answer.code, "no contract 'nobody' was known then" in answer.err) == (2, True), answer.err


@pytest.mark.usefixtures("asked")
def test_a_person_sees_how_many_rounds_are_folded_and_contracts_judged():
    """On a terminal, as wide as it takes."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    command = [sys.executable, "-m", "consumers.cli.main", "assess"]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # a terminal that nobody writes to any more ends so
            while some := os.read(ours, 65_536):
                seen += some
        os.close(ours)

    assert process.returncode == 0
    for what in (b"folding rounds", b"judging contracts", b"taking down"):
        assert what in seen
