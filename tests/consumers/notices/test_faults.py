"""F25: a server that is away for 26 hours, refuses, or drops; two who send at once; ops hear in time."""

import threading

import pytest
from pydantic import ValidationError

from consumers.notices.messages import LEASE_MS
from ledger.errors import UnknownOutcomeError
from ledger.escalations import NoticeEscalated
from ledger.instants import HOUR_MS, MINUTE_MS
from ledger.mails import MailAccepted, MailAttempted, MailRefused, MailUnanswered
from projections.statement import statement
from tests.consumers.notices.postoffice import (
    PROD,
    PUBLISHED,
    TUESDAY,
    ZOE,
    Mailroom,
    Office,
    listening,
    settings,
)
from tests.ports import free_port
from tests.spec import ms

START_MS = ms("2026-10-06T02:00:00+02:00")
LAST_MS = START_MS - 24 * HOUR_MS
"""The last moment at which the notice may be given."""


def run_until(office, end_ms: int) -> list[int]:
    """Run whenever something is due, as `--follow` does, and say when anything was escalated."""
    escalated = []
    now_ms = office.story.now_ms
    while now_ms < end_ms:
        done = office.notify(now_ms)
        escalated += [now_ms] * len(done.escalated)
        now_ms = max(done.next_ms, now_ms + 1000)
    office.story.at(end_ms)
    return escalated


def notice_of(office):
    office.story.at(START_MS + 24 * HOUR_MS)
    (entry,) = (
        each for each in statement(office.story.known(), "acme", "1").entries if each.kind == "maintenance"
    )
    return entry.notices[0]


def test_a_server_that_is_away_for_26_hours_gets_the_mail_once_when_it_is_back_and_ops_heard_in_time(
    tmp_path,
):
    """Published 27 hours before the last moment; away for 26 of them."""
    port, mailroom = free_port(), Mailroom()
    office = Office(tmp_path, port, ZOE)
    office.story.at(LAST_MS - 27 * HOUR_MS).notice("m1", [PROD], TUESDAY)

    escalated = run_until(office, LAST_MS - HOUR_MS)
    attempts_away = len(office.facts(MailUnanswered))
    with listening(mailroom, port):
        run_until(office, LAST_MS + HOUR_MS)

    assert escalated == [LAST_MS - 4 * HOUR_MS]
    assert 26 < attempts_away < 40
    assert len(mailroom.arrived) == 1
    notice = notice_of(office)
    assert notice.in_time
    assert notice.escalated_at == "2026-10-04T22:00:00+02:00"
    assert notice.mails[0].attempts == attempts_away + 1
    office.store.close()


def test_a_notice_that_could_not_be_given_in_time_says_so_in_the_register(tmp_path):
    port, mailroom = free_port(), Mailroom()
    office = Office(tmp_path, port, ZOE)
    office.story.at(LAST_MS - HOUR_MS).notice("m1", [PROD], TUESDAY)
    escalated = run_until(office, LAST_MS + 2 * HOUR_MS)
    with listening(mailroom, port):
        run_until(office, LAST_MS + 4 * HOUR_MS)

    notice = notice_of(office)
    assert escalated == [LAST_MS - HOUR_MS]
    assert (notice.in_time, notice.given_at is not None, len(mailroom.arrived)) == (False, True, 1)
    office.store.close()


def test_ops_are_mailed_when_a_server_takes_mail_again_and_only_once(tmp_path):
    mailroom = Mailroom()
    mailroom.to_recipient["zoe@acme.example"] = "550 no such user"
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE, ops_email="ops@provider.example")
        office.story.notice("m1", [PROD], TUESDAY)
        office.notify()
        office.notify(ms(PUBLISHED) + 2 * HOUR_MS)

    ((recipient, message),) = mailroom.arrived
    assert recipient == "ops@provider.example"
    assert (
        message["Subject"]
        == "Nobody at acme has the notice 4 of m1 (refused); in time until 2026-10-05T00:00:00Z"
    )
    assert [fact.fact.why for fact in office.facts(NoticeEscalated)] == ["refused"]
    office.store.close()


def test_a_contract_of_which_nobody_is_an_administrator_any_more_is_escalated(tmp_path):
    office = Office(tmp_path, free_port(), ZOE)
    office.listed()
    office.story.notice("m1", [PROD], TUESDAY)

    done = office.notify()

    assert [(fact.why, fact.contract) for fact in done.escalated] == [("no-address", "acme")]
    assert office.notify(ms(PUBLISHED) + HOUR_MS).escalated == ()
    office.store.close()


def test_nothing_is_escalated_while_one_administrator_has_it(tmp_path):
    mailroom = Mailroom()
    mailroom.to_recipient["zoe@acme.example"] = "550 no such user"
    with listening(mailroom) as port:
        office = Office(tmp_path, port)
        office.story.notice("m1", [PROD], TUESDAY)
        escalated = run_until(office, LAST_MS)

    assert escalated == []
    office.store.close()


def test_a_server_that_drops_every_message_after_it_took_it_makes_doubles_with_one_id(tmp_path):
    """Duplicates are never more than the ambiguities."""
    mailroom = Mailroom()
    mailroom.drops = 5
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        run_until(office, ms(PUBLISHED) + 12 * HOUR_MS)

    unknown = [fact for fact in office.facts(MailUnanswered) if fact.fact.may_have_arrived]
    assert (len(mailroom.arrived), len(unknown), len(office.facts(MailAccepted))) == (6, 5, 1)
    assert len(set(mailroom.raw)) == 1
    office.store.close()


def test_two_who_saw_the_same_send_one_mail(tmp_path):
    """Two machines with a directory each: the ledger lets one attempt stand."""
    mailroom = Mailroom()
    with listening(mailroom) as port:
        office = Office(tmp_path, port)
        office.story.notice("m1", [PROD], TUESDAY)
        (tmp_path / "other").mkdir()
        other = Office(tmp_path / "other", port)
        other.story = office.story
        senders = [office.sender(), other.sender()]
        seen = [sender.due(sender.pending(sender.known())) for sender in senders]
        for sender, due in zip(senders, seen, strict=True):
            for message in due:
                sender._send(message)
            sender.server.close()

    assert mailroom.people == ["zoe@acme.example", "john@acme.example"]
    assert len(office.facts(MailAttempted)) == 2
    office.store.close()
    other.store.close()


def test_what_another_machine_sent_while_a_server_could_not_be_reached_is_not_sent_again(tmp_path):
    mailroom = Mailroom()
    with listening(mailroom) as port:
        office = Office(tmp_path, free_port(), ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        (tmp_path / "other").mkdir()
        other = Office(tmp_path / "other", port, ZOE)
        other.story = office.story
        sender = office.sender()
        refuse = sender.server.open

        def refuse_late() -> None:
            other.notify()
            refuse()

        sender.server.open = refuse_late
        sender.send_due()
        for each in (office, other):
            each.notify(ms(PUBLISHED) + HOUR_MS)

    assert (sender.steps, len(mailroom.arrived), len(office.facts(MailUnanswered))) == ([], 1, 0)
    office.store.close()
    other.store.close()


def test_a_mail_that_was_accepted_stays_so_whatever_was_said_of_it_beside(tmp_path):
    mailroom = Mailroom()
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        office.notify()
        said = office.facts(MailAccepted)[0].fact.model_dump(exclude={"code", "reply"})
        lost = MailUnanswered(**said | {"attempt": 2}, trouble="away", may_have_arrived=False)
        office.story.fact(f"mail:{lost.mail}", lost)
        office.notify(ms(PUBLISHED) + HOUR_MS)

    assert len(mailroom.arrived) == 1
    office.store.close()


@pytest.mark.parametrize("is_taken", [False, True], ids=["lost", "taken unknown to us"])
@pytest.mark.parametrize("reply", [None, "451 later"])
def test_a_reply_that_the_ledger_could_not_be_told_is_told_at_the_next_run_with_its_time(
    tmp_path, monkeypatch, is_taken, reply
):
    mailroom = Mailroom()
    mailroom.to_message = reply
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        append = office.story.ledger.append

        def fail(*drafts):
            if is_taken:
                append(*drafts)
            raise UnknownOutcomeError("gone")

        with monkeypatch.context() as patched:
            patched.setattr(office.story.ledger, "append", fail)
            with pytest.raises(UnknownOutcomeError):
                office.notify()
        office.notify(ms(PUBLISHED) + MINUTE_MS - 1)
        office.notify(ms(PUBLISHED) + MINUTE_MS - 1)

    (fact,) = office.facts(MailRefused if reply else MailAccepted)
    assert len(office.facts(MailAttempted)) == 1
    assert len(mailroom.arrived) == (0 if reply else 1)
    assert fact.occurred_ms == ms(PUBLISHED)
    assert office.store.replies() == []
    office.store.close()


def test_a_timeout_that_outlasts_the_claim_on_a_mail_is_no_setting():
    assert settings(25, smtp_timeout_seconds=120).smtp_timeout_seconds * 5 * 1000 < LEASE_MS
    with pytest.raises(ValidationError, match="smtp_timeout_seconds"):
        settings(25, smtp_timeout_seconds=121)


def test_an_attempt_of_another_machine_is_left_alone_until_it_cannot_be_on_its_way_any_more(tmp_path):
    mailroom = Mailroom()
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        (tmp_path / "other").mkdir()
        other = Office(tmp_path / "other", port, ZOE)
        other.story = office.story
        (message,) = other.sender().due(other.pending())
        identity = message.identity(other.sender().head) | {"attempt": 1, "sender": other.store.sender}
        other.sender()._claim(message, MailAttempted.model_validate(identity))

        office.notify(ms(PUBLISHED) + 14 * MINUTE_MS)
        before = len(mailroom.arrived)
        office.notify(ms(PUBLISHED) + 15 * MINUTE_MS)

    assert (before, len(mailroom.arrived)) == (0, 1)
    office.store.close()
    other.store.close()


def test_only_one_process_sends_from_a_directory(tmp_path):
    office = Office(tmp_path, free_port())
    answers = []

    def ask():
        with office.store.claimed() as is_ours:
            answers.append(is_ours)

    with office.store.claimed() as first:
        asked = threading.Thread(target=ask)
        asked.start()
        asked.join()
    ask()

    assert (first, answers) == (True, [False, True])
    office.store.close()
