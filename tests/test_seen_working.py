"""The whole way, as commands that a person types: a notice, its mail, a month, its days, and a reversal.

The clock at the edge is set; the recorded clock, the mail server, the disk and the broker are real.
"""

import json
import mailbox
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import NamedTuple

import pytest
from aiosmtpd.handlers import Mailbox
from icalendar import Calendar

from consumers.cli import times
from tests.consumers.notices.postoffice import FROM, listening
from tests.spec import ms

PEOPLE = """contract,person,name,email,language
acme,p-1,Zoé Martin,zoe@acme.example,fr
acme,p-2,John Smith,john@acme.example,en
"""
OCTOBER = """platform,observed_at,outcome
acme-prod,2026-10-01T00:00+02:00,up
acme-prod,2026-10-14T05:00+02:00,down
acme-prod,2026-10-14T09:25+02:00,up
acme-prod,2026-10-15T14:00+02:00,down
acme-prod,2026-10-15T15:10+02:00,up
acme-prod,2026-10-20T10:00+02:00,down
acme-prod,2026-10-20T11:00+02:00,up
acme-prod,2026-10-31T00:00+01:00,up
"""
SUNDAY, MONDAY, WEDNESDAY = "2026-10-11T20:00+02:00", "2026-10-12T03:00+02:00", "2026-10-14T10:00+02:00"
NOVEMBER, LATER = "2026-11-02T09:00+01:00", "2026-11-20T09:00+01:00"
TOMORROW_NIGHT = ("--from", "2026-10-13T04:00", "--to", "2026-10-13T06:00")
A_NIGHT_LATER = ("--from", "2026-10-14T05:00", "--to", "2026-10-14T07:00")
PUBLISH = ("notice", "publish", "db", "--platform", "acme-prod", *TOMORROW_NIGHT, "--summary", "upgrade")
MOVE = ("notice", "move", "db", *A_NIGHT_LATER, "--reason", "the disks are late")
FALSE_ALARM = ("--from", "2026-10-20T10:00+02:00", "--to", "2026-10-20T11:00+02:00", "--outcome", "up")
CORRECT = ("correct", "proxy", "--agent", "paris", "--platform", "acme-prod", *FALSE_ALARM)
MINUTE_MS = 60_000


class Desk:
    """Who types the commands, at a clock, in a folder, on one ledger."""

    def __init__(self, constat, monkeypatch, folder, url: str) -> None:
        self.constat, self.url, self.folder = constat, url, folder
        self.now_ms = 0
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("CONSTAT_LEDGER", url)
        monkeypatch.setattr(times, "now_ms", lambda: self.now_ms)
        self.environment = monkeypatch
        self.feed = url if url.startswith("kafka://") else "feed.jsonl"

    def at(self, text: str) -> None:
        self.now_ms = ms(text)

    def types(self, *command: str) -> str:
        answer = self.constat(*command)
        assert answer.code == 0, f"{command}: {answer.out}{answer.err}"
        return answer.out

    def asks(self, *command: str):
        return json.loads(self.types(*command, "--json"))

    @contextmanager
    def post_office(self):
        """A server that puts what it takes into a spool."""
        with listening(Mailbox(str(self.folder / "spool"))) as port:
            for name, value in {"PORT": port, "SECURITY": "none", "FROM": FROM}.items():
                self.environment.setenv(f"CONSTAT_SMTP_{name}", str(value))
            yield

    def spool(self) -> dict[str, list]:
        """The mails to each recipient, in the order in which they were sent."""
        found: dict[str, list] = {}
        files = sorted((self.folder / "spool" / "new").iterdir(), key=lambda file: file.stat().st_mtime_ns)
        assert len(files) == len(mailbox.Maildir(self.folder / "spool"))
        for file in files:
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            found.setdefault(mail["To"].addresses[0].addr_spec, []).append(mail)
        return found

    def relay_and_bill(self) -> str:
        """Both commands twice, as a timer does; what the store then says."""
        to = () if self.feed == self.url else ("--to", self.feed)
        for _ in range(2):
            self.types("relay", *to)
            self.types("bill", "run", "--from", self.feed)
        assert self.types("bill", "reconcile") == "billing owes what the ledger says\n"
        return self.types("bill", "show")

    def statement(self, seal: str):
        return self.asks("statement", "--period", "1", "--as-of", seal)


class Told(NamedTuple):
    """What a story came to."""

    seals: tuple[str, str]
    statements: tuple[str, str]
    """The digest of each revision's statement."""
    figures: tuple[str, str]
    """The digest of each revision's figures, in which no recorded clock takes part."""


def entry(mail):
    """The entry of a calendar that a mail brings."""
    (attached,) = mail.iter_attachments()
    calendar = Calendar.from_ical(attached.get_payload(decode=True))
    (event,) = calendar.walk("VEVENT")
    start = event.decoded("DTSTART").isoformat()
    return str(calendar["METHOD"]), int(event["SEQUENCE"]), str(event["UID"]), start


def sign(desk: Desk) -> None:
    template = desk.types("contract", "template", "jamespot", "--language", "en")
    (desk.folder / "contract.toml").write_text(
        template.replace("# last_day = 2027-09-30", "last_day = 2026-10-30")
    )
    (desk.folder / "people.csv").write_text(PEOPLE)
    (desk.folder / "october.csv").write_text(OCTOBER)
    desk.at("2026-10-11T12:00+02:00")
    desk.types("contract", "sign", "contract.toml")
    desk.types("directory", "sync", "people.csv", "--made-at", "2026-10-11T12:00+02:00")


def publish_and_move(desk: Desk) -> None:
    desk.at(SUNDAY)
    preview = desk.types(*PUBLISH, "--preview")
    assert "given 32.00 h before it starts: in time" in preview
    assert "120 of 120 min excluded" in preview

    desk.types(*PUBLISH)
    desk.types("notify")
    french, english = (desk.spool()[f"{name}@acme.example"] for name in ("zoe", "john"))
    assert french[0]["Subject"].startswith("Maintenance programmée db")
    assert english[0]["Subject"].startswith("Scheduled maintenance db")
    first = ("PUBLISH", 0, "db.acme@provider.example", "2026-10-13T02:00:00+00:00")
    assert entry(french[0]) == entry(english[0]) == first

    desk.at(MONDAY)
    desk.types(*MOVE)
    desk.types("notify")
    desk.types("notify")
    moved = ("PUBLISH", 1, "db.acme@provider.example", "2026-10-14T03:00:00+00:00")
    assert [[entry(mail) for mail in mails] for mails in desk.spool().values()] == [[first, moved]] * 2


def overrun(desk: Desk) -> None:
    desk.at(WEDNESDAY)
    desk.types("maintenance", "start", "db", "--at", "2026-10-14T05:00+02:00")
    desk.types("maintenance", "finish", "db", "--at", "2026-10-14T09:25+02:00")


def close(desk: Desk):
    """Assess twice; what the first run took down."""
    done = desk.asks("assess")
    again = desk.asks("assess")
    assert [each["new"] for each in again["assessed"]] == [False]
    (made,) = done["assessed"]
    assert made["new"]
    return done["seal"]["seal"], made


def why(statement):
    """The minutes of each stretch that counts as down, and the kinds of its reasons."""
    return [
        ((ms(each["to"]) - ms(each["from"])) // MINUTE_MS, sorted({why["kind"] for why in each["because"]}))
        for each in statement["stretches"]
        if each["class"] == "down"
    ]


def events(desk: Desk):
    """The penalties in the ledger, as the feed has them."""
    answer = desk.types("relay", "--to", "-")
    return [json.loads(line) for line in answer.splitlines()]


def tell(desk: Desk) -> Told:
    with desk.post_office():
        sign(desk)
        publish_and_move(desk)
        overrun(desk)
        desk.at(NOVEMBER)
        desk.types("notify")
    desk.types("import", "results", "october.csv", "--agent", "paris", "--transitions")
    assert sum(map(len, desk.spool().values())) == 4
    seal, made = close(desk)
    assert (made["revision"], made["days_granted"]) == (1, 2)
    assert desk.relay_and_bill().endswith(": 2 days\n")
    sent = desk.statement(seal)

    desk.at(LATER)
    desk.types(*CORRECT, "--reason", "its proxy was slow", "--by", "sre-4")
    later_seal, later = close(desk)
    assert (later["revision"], later["days_granted"]) == (2, 1)
    assert desk.relay_and_bill().endswith(": 1 day (2 granted, 1 reversed)\n")
    corrected = desk.statement(later_seal)

    check_statements(sent, corrected)
    check_feed(desk, sent, corrected)
    desk.types("verify")
    digests = made["figures_digest"], later["figures_digest"]
    return Told((seal, later_seal), (sent["digest"], corrected["digest"]), digests)


def check_statements(sent, corrected) -> None:
    """Each explains its own days: 25 + 70 + 60 minutes are two tranches, 25 + 70 one."""
    assert [minutes for minutes, _ in why(sent)] == [25, 70, 60]
    assert [minutes for minutes, _ in why(corrected)] == [25, 70]
    assert "maintenance" in why(sent)[0][1]
    (work,) = [each for each in sent["register"] if each["kind"] == "maintenance"]
    assert [notice["kind"] for notice in work["notices"]] == ["published", "moved"]
    assert [[mail["fate"] for mail in notice["mails"]] for notice in work["notices"]] == [
        ["accepted"] * 2
    ] * 2
    assert "proxy" in json.dumps(corrected["register"])
    assert "proxy" not in json.dumps(sent["register"])


def check_feed(desk: Desk, sent, corrected) -> None:
    """The reversal is there once, and names the statement that explains it."""
    found = [
        (each["type"], each["data"].get("days"), each["data"]["statement_digest"]) for each in events(desk)
    ]
    assert found == [
        ("constat.assessment.made.v1", None, sent["digest"]),
        ("constat.penalty.granted.v1", 2, sent["digest"]),
        ("constat.assessment.made.v1", None, corrected["digest"]),
        ("constat.penalty.reversed.v1", 1, corrected["digest"]),
    ]


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path}/constat.db"


@pytest.mark.slow
def test_a_notice_becomes_a_mail_a_month_becomes_days_and_a_correction_takes_one_back(
    constat, monkeypatch, tmp_path, sqlite_url
):
    told = tell(Desk(constat, monkeypatch, tmp_path / "desk", sqlite_url))

    assert len({*told.seals, *told.statements, *told.figures}) == 6


@pytest.mark.slow
def test_on_kafka_it_is_the_same_story_and_each_copy_has_the_same_digests(
    constat, monkeypatch, tmp_path, sqlite_url, kafka_url
):
    """Two ledgers that were told at other moments agree on every figure; a copy agrees on every byte."""
    embedded = tell(Desk(constat, monkeypatch, tmp_path / "embedded", sqlite_url))
    shared = Desk(constat, monkeypatch, tmp_path / "shared", kafka_url)
    told = tell(shared)

    assert told.figures == embedded.figures

    to_sqlite, to_kafka = f"sqlite:///{tmp_path}/copy.db", kafka_url.replace("?", "-copy?")
    shared.types("topics", "create", "--ledger", to_kafka)
    assert digests_of_copy(shared, kafka_url, to_sqlite, told) == told.statements
    assert digests_of_copy(shared, sqlite_url, to_kafka, embedded) == embedded.statements


def digests_of_copy(desk: Desk, source: str, target: str, told: Told) -> tuple[str, ...]:
    desk.types("copy", source, target)
    desk.environment.setenv("CONSTAT_LEDGER", target)
    return tuple(desk.statement(seal)["digest"] for seal in told.seals)
