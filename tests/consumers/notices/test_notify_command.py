"""`constat notify` as it is typed: what it prints, how it leaves, what it does when it stays."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft
from ledger.terms import Terms
from tests.consumers.notices.postoffice import FROM, listening
from tests.consumers.notices.test_bounces import report

LIST = "contract,person,name,email,language\nacme,p-1,Zoé Martin,zoe@acme.example,\n"
TIMES = ("--from", "2127-01-04T02:00:00Z", "--to", "2127-01-04T04:00:00Z")
PUBLISH = ("notice", "publish", "m1", "--platform", "acme-prod", *TIMES, "--summary", "upgrade")


@pytest.fixture
def listed(tmp_path, constat, mailroom, monkeypatch):
    """A ledger with a contract and its list of administrators, and a mail server that listens."""
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db") as ledger:
        contract = ContractSigned(contract="acme", client="Acme", first_day="2026-01-01", terms=Terms())
        added = PlatformAdded(contract="acme", platform="acme-prod", from_day="2026-01-01")
        ledger.append(Draft("contract:acme", contract, 0), Draft("contract:acme", added, 0))
    (tmp_path / "list.csv").write_text(LIST)
    assert constat("directory", "sync", "list.csv").code == 0
    with listening(mailroom) as port:
        for name, value in {"PORT": port, "SECURITY": "none", "FROM": FROM}.items():
            monkeypatch.setenv(f"CONSTAT_SMTP_{name}", str(value))
        yield constat


def test_what_would_be_sent_is_said_and_nothing_is_done(listed, mailroom, tmp_path):
    listed(*PUBLISH)
    before = (tmp_path / "constat.db").read_bytes()

    answer = listed("notify", "--dry-run")

    assert (answer.code, answer.out) == (0, "would send notice published of m1 to p-1 of acme\n")
    assert ((tmp_path / "constat.db").read_bytes(), mailroom.arrived) == (before, [])
    assert json.loads(listed("notify", "--dry-run", "--json").out)["due"][0]["name"] == "m1"


def test_what_was_sent_is_said_and_once_is_enough(listed, mailroom):
    listed(*PUBLISH)

    sent, nothing = listed("notify"), listed("notify", "--once")

    assert (sent.code, nothing.code) == (0, 0)
    assert sent.out == "accepted: notice published of m1 to p-1 of acme, attempt 1 (250 2.0.0 OK queued)\n"
    assert nothing.out == "nothing is due\n"
    assert len(mailroom.arrived) == 1


ENGAGE = (
    *("processor", "engage", "ovh", "--name", "OVHcloud", "--address", "Roubaix", "--role", "hosts"),
    *("--registration", "SIRET 1", "--from-day", "2127-01-01"),
)


def test_who_was_told_of_a_sub_processor_is_shown_and_as_it_was_known(listed):
    listed(*ENGAGE)
    assert listed("processor", "announced").out == (
        "acme: ovh engaged from 2127-01-01 (position 4)\n  no mail was tried\n"
    )

    assert "announcement of sub-processor ovh (engaged) to p-1 of acme" in listed("notify", "--dry-run").out
    sent = listed("notify")

    (found,) = json.loads(listed("processor", "announced", "-c", "acme", "--json").out)["announcements"]
    assert sent.code == 0
    assert [(each["person"], each["fate"], each["reply"]) for each in found["mails"]] == [
        ("p-1", "accepted", "250 2.0.0 OK queued")
    ]
    assert listed("processor", "announced", "--as-of", "4").out.endswith("no mail was tried\n")
    assert listed("processor", "announced", "-c", "nobody").code == 2


def test_what_was_not_taken_is_exit_1_and_says_when_it_is_tried_again(listed, mailroom):
    listed(*PUBLISH)
    mailroom.to_message = "451 later"

    answer = listed("notify", "--json")

    found = json.loads(answer.out)
    assert answer.code == 1
    assert found["mails"][0]["type"] == "constat.mail.refused.v1"
    assert (found["mails"][0]["code"], found["escalated"]) == (451, [])
    assert found["next_at"] is not None


def test_while_mails_wait_to_be_tried_again_it_is_said_how_many_and_when(listed, mailroom):
    listed(*PUBLISH)
    mailroom.to_message = "451 later"

    first, again, dry = listed("notify"), listed("notify"), listed("notify", "--dry-run")

    next_at = json.loads(listed("notify", "--json").out)["next_at"]
    assert first.out.splitlines()[1:] == [f"1 mail waits, next at {next_at}"]
    assert again.out == dry.out == f"1 mail waits, next at {next_at}\n"
    assert json.loads(listed("notify", "--json").out)["waiting"] == 1


def test_it_is_said_when_only_ops_were_mailed(listed, mailroom, monkeypatch):
    listed(*PUBLISH)
    mailroom.to_message = "550 never"
    monkeypatch.setenv("CONSTAT_OPS_EMAIL", "ops@provider.example")
    listed("notify")
    mailroom.to_message = None

    lines = listed("notify").out.splitlines()

    assert mailroom.people == ["ops@provider.example"]
    assert lines[0].startswith("ops were mailed: Nobody at acme has the notice 4 of m1 (refused)")
    assert lines[1].startswith("1 mail waits, next at ")


def test_what_will_not_mend_itself_is_escalated_with_a_warning(listed, mailroom):
    listed(*PUBLISH)
    mailroom.to_message = "550 never"

    answer = listed("notify")

    assert answer.code == 1
    assert "constat: warning: Nobody at acme has the notice 4 of m1 (refused)" in answer.err


def test_nobody_is_mailed_by_nobody(listed, monkeypatch):
    monkeypatch.delenv("CONSTAT_SMTP_FROM")

    answer = listed("notify")

    assert (answer.code, "set CONSTAT_SMTP_FROM" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SMTP_FROM", "nobody"), ("SMTP_FROM", "a@b\nBcc: c@d"), ("SMTP_FROM", "a@"), ("OPS_EMAIL", "ops")],
)
def test_an_address_that_cannot_stand_in_a_mail_is_named(listed, monkeypatch, name, value):
    monkeypatch.setenv(f"CONSTAT_{name}", value)

    answer = listed("notify")

    assert (answer.code, f"CONSTAT_{name}" in answer.err) == (2, True), answer.err


def test_a_report_is_taken_down_once(listed, mailroom, tmp_path):
    listed(*PUBLISH)
    listed("notify")
    (tmp_path / "bounce.eml").write_bytes(report(mailroom.ids[0]))

    first, again = listed("notify", "bounce", "bounce.eml"), listed("notify", "bounce", "bounce.eml")
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "1.eml").write_bytes(report(mailroom.ids[0]))
    folder = listed("notify", "bounces", "box")

    assert (first.code, "to p-1 came back: 5.1.1" in first.out) == (0, True)
    assert (again.code, "was read before" in again.err) == (1, True)
    assert (folder.code, folder.out) == (0, "")


def test_it_cannot_stay_and_leave(listed):
    assert listed("notify", "--follow", "--once").code == 2


@pytest.mark.slow
def test_who_stays_sends_what_is_published_and_leaves_when_asked(listed, mailroom, monkeypatch):
    monkeypatch.setenv("CONSTAT_NOTIFY_SECONDS", "0.1")
    command = [str(Path(sys.executable).parent / "constat"), "notify", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        listed(*PUBLISH)
        latest = time.monotonic() + 30
        while not mailroom.arrived and time.monotonic() < latest:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert out.splitlines() == [
        "accepted: notice published of m1 to p-1 of acme, attempt 1 (250 2.0.0 OK queued)"
    ]
    assert len(mailroom.arrived) == 1
