"""`kill -9` of who sends, at any point: at least one mail, and no second one unless the first one's fate is unknown."""

import asyncio
import os
import random
import shutil
import time

import pytest

from consumers.directory.store import Entry, open_store
from consumers.evidence import Evidence
from consumers.notices import running
from consumers.notices.smtp import SmtpServer
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.directory import DirectorySynchronised
from ledger.fact import Draft, Span
from ledger.mails import MailAccepted, MailAttempted, MailFact
from ledger.maintenance import NoticePublished
from ledger.processors import ProcessorEngaged
from ledger.terms import Terms
from tests import counts
from tests.consumers.notices.postoffice import PROD, Mailroom, listening, settings
from tests.ledger.log.processes import ledger_at, started

KILLS = 100 if os.environ.get("CONSTAT_SOAK") else 10
NOTICES, PEOPLE = (60, 5) if os.environ.get("CONSTAT_SOAK") else (6, 3)
SLOW_SECONDS = 0.012
WAIT_SECONDS_MAX = 20
DAY_MS = 24 * 60 * 60 * 1000


class SlowMailroom(Mailroom):
    """Takes its time with every answer, before and after it keeps a message."""

    async def handle_RCPT(self, *arguments):  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(random.random() * SLOW_SECONDS)
        return await super().handle_RCPT(*arguments)

    async def handle_DATA(self, *arguments):  # noqa: N802 - as above
        await asyncio.sleep(random.random() * SLOW_SECONDS)
        answer = await super().handle_DATA(*arguments)
        await asyncio.sleep(random.random() * SLOW_SECONDS)
        return answer


def wait_until(is_so) -> None:
    latest = time.monotonic() + WAIT_SECONDS_MAX
    while not is_so() and time.monotonic() < latest:
        time.sleep(0.001)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def announced(folder):
    """A ledger with one contract of some administrators, who are to be told of several things by mail."""
    people = [
        Entry("acme", f"p-{n}", f"Person {n}", f"p{n}@acme.example", None, "administrator")
        for n in range(PEOPLE)
    ]
    store = open_store(folder / "directory.db")
    store.replace({"acme": people})
    store.close()
    ids = tuple(each.person for each in people)
    start_ms = now_ms() + 10 * DAY_MS
    work = Span.of(start_ms, start_ms + 3_600_000)
    with ledger_at(folder / "constat.db") as ledger:
        signed = ContractSigned(contract="acme", client="Acme", first_day="2020-01-01", terms=Terms())
        ledger.append(Draft("contract:acme", signed, 0))
        added = PlatformAdded(contract="acme", platform=PROD, from_day="2020-01-01")
        ledger.append(Draft("contract:acme", added, 0))
        listed = DirectorySynchronised(contract="acme", administrators=ids, count=len(ids))
        ledger.append(Draft("directory:acme", listed, now_ms()))
        for number in range(NOTICES):
            ledger.append(told(number, work))
    return folder / "constat.db"


def told(number: int, work: Span) -> Draft:
    """Something of which each administrator is told: by turns a notice, and a new sub-processor."""
    if number % 2:
        name = f"p{number}"
        engaged = ProcessorEngaged(
            processor=name, name=name, address="a", registration="r", role="hosts", from_day="2126-12-01"
        )
        return Draft(f"processor:{name}", engaged, now_ms())
    published = NoticePublished(maintenance=f"m{number}", platforms=(PROD,), announced=work, summary="x")
    return Draft(f"maintenance:m{number}", published, now_ms())


def notify_until_all_have_it(connection, folder, ledger_file, port):
    """What `constat notify --follow` does, without its pauses; says how many attempts it made."""
    found = settings(port)
    with ledger_at(ledger_file, create=False) as ledger:
        store = open_store(folder / "directory.db")
        sender = running.sender(
            ledger, store, Evidence(folder / "evidence"), SmtpServer(found), found, now_ms
        )
        attempts = 0
        with store.claimed() as is_ours:
            while is_ours and not all(message.is_settled for message in sender.pending(sender.known())):
                attempts += len(running.run_once(sender, found).steps)
                time.sleep(0.02)
    connection.send((is_ours, attempts))


def facts_of(ledger_file, kind):
    with ledger_at(ledger_file, create=False) as ledger:
        found = [fact for number in names(ledger) for fact in ledger.stream(number)]
    return [each.fact for each in found if isinstance(each.fact, kind)]


def names(ledger):
    """Every stream of a mail."""
    streams = {codec_stream(kept.value) for kept in ledger.engine.facts()}
    return sorted(each for each in streams if each.startswith("mail:"))


def codec_stream(value: bytes) -> str:
    from ledger.log import codec  # noqa: PLC0415 - only here

    return codec.decode(value).stream


def unknown_fates(ledger_file) -> int:
    """How many attempts have no reply."""
    facts = facts_of(ledger_file, MailFact)
    tried = {(fact.mail, fact.attempt) for fact in facts if isinstance(fact, MailAttempted)}
    return len(tried - {(fact.mail, fact.attempt) for fact in facts if not isinstance(fact, MailAttempted)})


@pytest.mark.slow
@pytest.mark.timeout(3600 if KILLS > 10 else 200)
def test_killed_anywhere_everybody_gets_every_notice_and_doubles_are_no_more_than_unknown_fates(tmp_path):
    """Fails where the attempt is taken down after the message has left, and where the bytes are written anew."""
    ledger_file = announced(tmp_path)
    mailroom, chance = SlowMailroom(), random.Random(20261126)

    with listening(mailroom) as port:
        for _ in range(KILLS):
            with started(notify_until_all_have_it, tmp_path, ledger_file, port) as (process, connection):
                before, more = len(mailroom.arrived), chance.randint(0, 3)
                wait_until(lambda wanted=before + more: len(mailroom.arrived) >= wanted or connection.poll())
                time.sleep(chance.random() * 4 * SLOW_SECONDS)
                process.kill()
        with started(notify_until_all_have_it, tmp_path, ledger_file, port) as (_, connection):
            assert connection.recv()[0]

    doubles = len(mailroom.ids) - len(set(mailroom.ids))
    assert len(set(mailroom.ids)) == NOTICES * PEOPLE
    assert len(set(mailroom.raw)) == NOTICES * PEOPLE
    assert doubles <= unknown_fates(ledger_file) <= KILLS
    assert unknown_fates(ledger_file) > 0, "no kill fell into a sending, so this test showed nothing"
    assert len(facts_of(ledger_file, MailAccepted)) == NOTICES * PEOPLE
    unknown, mails = unknown_fates(ledger_file), NOTICES * PEOPLE
    counts.write_down("killed notify", kills=KILLS, mails=mails, unknown=unknown, sent_twice=doubles)


@pytest.mark.slow
@pytest.mark.parametrize("same_directory", [True, False], ids=["one directory", "two machines"])
def test_two_processes_at_once_send_each_mail_once(tmp_path, same_directory):
    ledger_file = announced(tmp_path)
    folders = [tmp_path, tmp_path]
    if not same_directory:
        folders[1] = tmp_path / "other"
        folders[1].mkdir()
        shutil.copy(tmp_path / "directory.db", folders[1])
        with_another_name(folders[1])
    mailroom = SlowMailroom()

    with (
        listening(mailroom) as port,
        started(notify_until_all_have_it, folders[0], ledger_file, port) as (_, one),
        started(notify_until_all_have_it, folders[1], ledger_file, port) as (_, two),
    ):
        answers = [one.recv(), two.recv()]

    assert len(mailroom.ids) == len(set(mailroom.ids)) == NOTICES * PEOPLE
    assert sum(attempts for _, attempts in answers) == NOTICES * PEOPLE
    assert [is_ours for is_ours, _ in answers].count(True) == (1 if same_directory else 2)


def with_another_name(folder):
    store = open_store(folder / "directory.db")
    with store.writing() as connection:
        connection.execute("UPDATE state SET sender = 'another'")
    store.close()
