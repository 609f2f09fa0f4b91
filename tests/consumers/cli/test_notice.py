"""Notices at the desk of ops: previewed, asked for on a terminal, agreed to, or given by a script."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from consumers.pages import announcing
from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.errors import ConflictError
from ledger.fact import Draft
from ledger.mails import MailAbandoned
from ledger.terms import Terms
from projections.asof import Known
from projections.coming import coming
from projections.moment import at_head
from tests.projections.attending import accepted, announced, mailed, refused
from tests.projections.promised import october
from tests.spec import ms

NEXT_YEAR = "2027-03-09T02:00", "2027-03-09T04:00"
TIMES = ("--from", NEXT_YEAR[0], "--to", NEXT_YEAR[1])
LATER = ("--from", "2027-03-10T02:00", "--to", "2027-03-10T04:00")
PUBLISH = ("notice", "publish", "db", "--platform", "acme-prod", "--summary", "upgrade", *TIMES)


@pytest.fixture
def signed(tmp_path, constat):
    """A ledger with one contract of one platform in Paris."""
    sign(tmp_path, "acme", "Europe/Paris")
    return constat


def sign(folder, name: str, zone: str) -> None:
    with Ledger.open(f"sqlite:///{folder}/constat.db") as ledger:
        ledger.append(
            Draft(
                f"contract:{name}",
                ContractSigned(contract=name, client=name, zone=zone, first_day="2026-10-01", terms=Terms()),
                0,
            ),
            Draft(
                f"contract:{name}",
                PlatformAdded(contract=name, platform=f"{name}-prod", from_day="2026-10-01"),
                0,
            ),
        )


def positions(folder) -> int:
    with Ledger.open(f"sqlite:///{folder}/constat.db", create=False) as ledger:
        return ledger.engine.head().position


def test_a_preview_says_what_each_client_would_see_excluded_and_writes_nothing(signed, tmp_path):
    answer = signed(*PUBLISH, "--preview")

    assert answer.code == 0
    assert "acme (acme): 2027-03-09 02:00+01:00 to 04:00+01:00 Europe/Paris" in answer.out
    assert "in time" in answer.out
    assert "acme-prod: 120 of 120 min excluded, 0 of them in service hours" in answer.out
    assert positions(tmp_path) == 2


def test_a_preview_for_machines_has_the_same_figures(signed):
    found = json.loads(signed(*PUBLISH, "--preview", "--json").out)

    (contract,) = found["contracts"]
    assert contract["announced"] == {"from": "2027-03-09T02:00:00+01:00", "to": "2027-03-09T04:00:00+01:00"}
    assert contract["platforms"][0]["excluded_ms"] == 7_200_000


def test_a_script_that_gives_a_notice_too_late_gives_it_and_is_warned(signed, tmp_path):
    answer = signed(*PUBLISH, "--given-at", "2026-11-01T00:00Z", "--json")
    late = signed(
        *PUBLISH[:2], "late", *PUBLISH[3:7], "--from", "2026-11-02T02:00", "--to", "2026-11-02T04:00"
    )

    assert (answer.code, answer.err) == (0, "")
    assert late.code == 0
    assert "acme: 0 s of 2 h of acme-prod will be excluded (announced too late)" in late.err
    assert positions(tmp_path) == 4


def test_a_script_that_announces_or_moves_work_to_when_no_client_has_the_platform_is_warned(signed):
    early = ("--from", "2026-09-01T02:00", "--to", "2026-09-01T04:00")
    nobody = "concerns no contract: nobody would be told, and nothing would be excluded"

    published = signed(*PUBLISH[:7], *early, "--json")
    signed(*PUBLISH[:2], "moving", *PUBLISH[3:])
    moved = signed("notice", "move", "moving", *early, "--reason", "sooner")

    assert [published.code, moved.code] == [0, 0]
    assert (f"db {nobody}" in published.err, f"moving {nobody}" in moved.err) == (True, True)


def test_the_announced_times_are_shown_back_with_their_offset(signed):
    answer = signed(*PUBLISH, "--given-at", "2026-11-20T09:00")

    assert "occurred 2026-11-20T08:00:00Z" in answer.out
    assert answer.out.endswith("acme: 2027-03-09 02:00+01:00 to 04:00+01:00 Europe/Paris\n")


def test_a_script_that_announces_what_is_excluded_already_is_warned(signed):
    signed(*PUBLISH)

    answer = signed(*PUBLISH[:2], "again", *PUBLISH[3:])

    assert answer.code == 0
    assert "acme: db excludes acme-prod 2027-03-09 02:00+01:00 to 04:00+01:00 already" in answer.err


def test_of_two_who_announce_at_once_the_loser_hears_that_it_is_announced(signed, tmp_path, monkeypatch):
    record = Ledger.record

    def overtaken(*_arguments, **_options):
        monkeypatch.setattr(Ledger, "record", record)
        signed(*PUBLISH)
        raise ConflictError("another writer was first")

    monkeypatch.setattr(Ledger, "record", overtaken)

    answer = signed(*PUBLISH)

    assert answer.code == 2
    assert "maintenance db was already announced; change its time with `constat notice move`" in answer.err
    assert positions(tmp_path) == 3


def test_a_time_without_an_offset_needs_clients_of_one_zone(signed, tmp_path):
    sign(tmp_path, "globex", "America/Cayenne")

    answer = signed(*PUBLISH, "--platform", "globex-prod")

    assert answer.code == 2
    assert "has no zone" in answer.err


@pytest.mark.parametrize("words", [("move", "nope", "--from", "2027-03-09T02:00"), ("withdraw", "nope")])
def test_of_unknown_work_it_is_said_that_it_was_never_announced_before_anything_is_asked(signed, words):
    answer = signed("notice", *words)

    assert answer.code == 2
    assert "maintenance nope was never announced; publish its notice first" in answer.err


@pytest.mark.parametrize("how", [(), ("--preview",), ("--json",)])
def test_a_move_to_where_the_work_stands_is_refused_and_nothing_is_written(signed, tmp_path, how):
    signed(*PUBLISH)
    later = ("notice", "move", "db", "--reason", "later", *LATER)
    assert signed(*later).code == 0
    before = positions(tmp_path)

    answer = signed(*later, *how)

    assert (answer.code, positions(tmp_path)) == (2, before)
    assert "already, so nothing would move; if another time was meant, name that one" in answer.err


def test_a_preview_of_a_move_shows_the_new_time_and_of_a_withdrawal_that_nothing_is_excluded(signed):
    signed(*PUBLISH)

    moved = signed(
        "notice", "move", "db", "--reason", "later", "--preview",
        *("--from", "2027-03-10T06:00", "--to", "2027-03-10T08:00"),
    )  # fmt: skip
    withdrawn = signed("notice", "withdraw", "db", "--reason", "not needed", "--preview")

    assert "60 of 120 min excluded" in moved.out
    assert "07:00+01:00 to 08:00+01:00 not excluded: outside the maintenance windows" in moved.out
    assert "would no longer be announced" in withdrawn.out
    assert "0 of 120 min excluded" in withdrawn.out


def test_a_preview_of_a_year_is_summarised_and_stands_whole_in_json(signed):
    year = (*PUBLISH[:-4], "--from", "2027-01-01T00:00", "--to", "2027-12-31T00:00", "--preview")
    signed(
        "notice", "publish", "month", *PUBLISH[3:7], "--from", "2027-03-01T00:00", "--to", "2027-03-31T00:00"
    )

    shown = signed(*year)
    (platform,) = json.loads(signed(*year, "--json").out)["contracts"][0]["platforms"]

    whole, shared = len(platform["not_excluded"]), len(platform["overlaps"])
    assert min(whole, shared) > 6
    told = [line for line in shown.out.splitlines() if line.startswith("    ")]
    assert len(told) == 8
    assert told[3] == (
        f"    and {whole - 3} times more not excluded: outside the maintenance windows "
        "(--preview --json names all)"
    )
    assert told[7].startswith(f"    and {shared - 3} times more overlaps month, which excludes it already")
    warned = signed(*year[:-1]).err.splitlines()
    assert len(warned) == 2
    assert warned[0].endswith(f" already, and {shared - 1} times more")


# ---------------------------------------------------------------- on a terminal


def on_a_terminal(folder, arguments, answers) -> tuple[int, str]:
    """Run a command with a terminal before it, and give each answer when its question is there."""
    first, other = pty.openpty()
    command = [str(Path(sys.executable).parent / "constat"), *arguments]
    environment = {**os.environ, "CONSTAT_LEDGER": f"sqlite:///{folder}/constat.db", "TERM": "dumb"}
    with subprocess.Popen(command, stdin=other, stdout=other, stderr=other, env=environment) as running:
        os.close(other)
        shown = ""
        try:
            for question, answer in answers:
                shown += read_until(first, question)
                os.write(first, f"{answer}\n".encode())
            shown += read_until(first, None)
        except BaseException:
            running.kill()  # it may wait for an answer for ever
            raise
    os.close(first)
    return running.returncode, shown


def read_until(terminal: int, question: str | None) -> str:
    """What a terminal shows up to a question, or to the end."""
    shown, until_s = "", time.monotonic() + 20
    while select.select([terminal], [], [], max(0, until_s - time.monotonic()))[0]:
        try:
            read = os.read(terminal, 4096).decode()
        except OSError:  # the other side has closed
            read = ""
        shown += read
        if not read or (question and question in shown):
            break
    else:
        raise AssertionError(f"neither ended nor asked {question!r}: {shown}")
    assert question is None or question in shown, f"never asked {question!r}: {shown}"
    return shown


@pytest.mark.usefixtures("signed")
def test_what_is_missing_is_asked_for_and_the_preview_is_agreed_to(tmp_path):
    answers = [
        ("a new name for the work", "db"),
        ("platforms concerned", "acme-prod"),
        ("announced start (local time of Europe/Paris", NEXT_YEAR[0]),
        ("announced end", NEXT_YEAR[1]),
        ("what will be done", "upgrade"),
        ("Give this notice?", "y"),
    ]

    code, shown = on_a_terminal(tmp_path, ("notice", "publish"), answers)

    assert code == 0, shown
    assert "120 of 120 min excluded" in shown
    assert positions(tmp_path) == 3


@pytest.mark.usefixtures("signed")
def test_an_answer_that_cannot_be_taken_is_explained_and_asked_for_again(tmp_path):
    answers = [
        ("a new name for the work", "my work"),
        ("write my-work, as an import names it", "my-work"),
        ("platforms concerned", "acme-prd"),
        ("no contract has acme-prd; platforms are: acme-prod", " , "),
        ("name at least one", "acme-prod"),
        ("announced start (local time of Europe/Paris", "tomorrow"),
        ("'tomorrow' is no date and time", "2027-03-28T02:30"),
        ("stands twice or never on the clock of Europe/Paris", NEXT_YEAR[0]),
        ("announced end", NEXT_YEAR[0]),
        ("does not come after", NEXT_YEAR[1]),
        ("what will be done", " "),
        ("is empty; write it", "x" * 2001),
        ("at most 2000 characters", "upgrade"),
        ("Give this notice?", "perhaps"),
        ("Give this notice?", "y"),
    ]

    code, shown = on_a_terminal(tmp_path, ("notice", "publish"), answers)

    assert code == 0, shown
    assert positions(tmp_path) == 3
    assert "maintenance:my-work" in shown


def test_a_name_that_is_taken_and_work_that_is_not_there_are_asked_for_again(signed, tmp_path):
    signed(*PUBLISH)
    published = [("a new name", "db"), ("db was already announced", "db2")]
    published += [("Give this notice?", "n")]
    reason = [
        ("which work (db) [db]", "dbb"),
        ("dbb was never announced", ""),
        ("why it will not", "no need"),
    ]

    new, shown = on_a_terminal(tmp_path, ("notice", "publish", *PUBLISH[3:]), published)
    old, listed = on_a_terminal(tmp_path, ("notice", "withdraw", "--yes"), reason)

    assert (new, old, positions(tmp_path)) == (1, 0, 4), shown + listed


@pytest.mark.usefixtures("signed")
def test_an_option_that_cannot_be_read_ends_the_command_before_the_rest_is_asked_for(tmp_path):
    begun = ("notice", "publish", "db", "--platform", "acme-prod")

    start = on_a_terminal(tmp_path, (*begun, "--from", "tomorrow"), [])
    end = on_a_terminal(tmp_path, (*begun, "--to", "tomorrow"), [])

    for code, shown in (start, end):
        assert (code, "announced" in shown) == (2, False), shown
        assert "'tomorrow' is no date and time" in shown


@pytest.mark.usefixtures("signed")
def test_who_does_not_agree_writes_nothing(tmp_path):
    code, shown = on_a_terminal(tmp_path, PUBLISH, [("Give this notice?", "")])

    assert (code, positions(tmp_path)) == (1, 2)
    assert "nothing was written" in shown


def test_who_moves_or_withdraws_work_that_has_begun_is_warned_of_what_is_no_longer_excluded(signed):
    times = ("--from", "2026-10-06T02:00", "--to", "2026-10-06T04:00", "--given-at", "2026-10-01T12:00")
    signed("notice", "publish", "db", "--platform", "acme-prod", "--summary", "upgrade", *times)
    later = ("--from", "2026-10-07T02:00", "--to", "2026-10-07T04:00", "--reason", "it fails")
    given = ("--given-at", "2026-10-06T02:30")
    before = signed("notice", "move", "db", *later, *given, "--preview")
    signed("maintenance", "start", "db", "--at", "2026-10-06T02:10+02:00")

    moved = signed("notice", "move", "db", *later, *given, "--preview")
    figures = json.loads(signed("notice", "move", "db", *later, *given, "--preview", "--json").out)
    withdrawn = signed("notice", "withdraw", "db", "--reason", "it fails", *given)

    began = "the work began at 2026-10-06T02:10:00+02:00 and is not over"
    assert "the work began" not in before.out
    assert f"  {began}: moved, from then on only what lies in the new announcement" in moved.out
    assert figures["contracts"][0]["started_at"] == "2026-10-06T02:10:00+02:00"
    assert withdrawn.code == 0
    assert f"acme: {began}: withdrawn, nothing of it is excluded from then on" in withdrawn.err


def test_the_work_that_starts_is_chosen_among_what_is_announced(signed, tmp_path):
    signed(*PUBLISH)

    code, shown = on_a_terminal(tmp_path, ("maintenance", "start"), [("which work (db) [db]", "")])

    assert (code, positions(tmp_path)) == (0, 4), shown


def test_what_is_announced_is_listed_for_each_client_in_its_own_time_and_as_json(signed, tmp_path):
    sign(tmp_path, "rival", "America/New_York")
    times = ("--from", f"{NEXT_YEAR[0]}+01:00", "--to", f"{NEXT_YEAR[1]}+01:00")
    platforms = ("--platform", "acme-prod", "--platform", "rival-prod")
    assert signed("notice", "list").out == "no maintenance is announced\n"
    assert signed("notice", "publish", "db", *platforms, "--summary", "upgrade", *times).code == 0

    shown = signed("notice", "list")
    one = json.loads(signed("notice", "list", "--contract", "rival", "--json").out)

    first, *lines = shown.out.splitlines()
    assert (shown.code, first) == (0, "db: upgrade")
    assert lines[0] == "  acme (acme): 2027-03-09 02:00+01:00 to 04:00+01:00 Europe/Paris, on acme-prod"
    assert lines[1].startswith("    published, given ")
    assert "(published; no mail about it was tried)" in lines[1]
    assert " h before it starts: in time, position " in lines[1]
    assert (
        lines[2] == "  rival (rival): 2027-03-08 20:00-05:00 to 22:00-05:00 America/New_York, on rival-prod"
    )
    (work,) = one["maintenances"]
    assert [each["contract"] for each in work["clients"]] == ["rival"]
    assert work["clients"][0]["notice"]["in_time"] is True


def listed(story, at):
    """The lines of what is announced at a moment, with plain spaces."""
    known = Known.at(story.engine, at_head(story.engine, ms(at)))
    return [line.replace("\u00a0", " ") for line in announcing.lines(coming(known))]


def test_who_has_the_mail_stands_under_each_client():
    story = accepted(refused(announced().at(october("1 13:00"))).at(october("1 14:00")), "p-2")
    mailed(story, MailAbandoned, "p-3", why="no-address")
    nobody = refused(announced().at(october("1 13:00")))

    told, untold = listed(story, "2026-10-05T23:00:00+02:00"), listed(nobody, "2026-10-02T00:00:00+02:00")

    assert told[2:] == [
        "    published, given 2026-10-01T14:00:00+02:00, 108.00 h before it starts: in time, position 4",
        "    e-mail to p-1: refused by the mail server on Thu 1 Oct 2026, 13:00, 1 attempt (550 no)",
        "    e-mail to p-2: accepted by the mail server on Thu 1 Oct 2026, 14:00, 1 attempt (250 OK)",
        "    e-mail to p-3: given up on Thu 1 Oct 2026, 14:00, 1 attempt (no address is known)",
    ]
    assert untold[2] == (
        "    published, given to nobody yet: in time until 2026-10-05T02:00:00+02:00, "
        "74 h 00 min left, position 4"
    )


def test_a_notice_that_is_given_while_its_work_runs_is_given_after_the_start():
    (_, _, line) = listed(announced("6 02:30"), "2026-10-06T03:00:00+02:00")

    assert "0.50 h after the start: too late, in time until 2026-10-05T02:00:00+02:00" in line
