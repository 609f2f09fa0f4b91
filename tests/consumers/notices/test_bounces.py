"""Mails that came back: read once, believed once, kept without addresses."""

import mailbox

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.directory.keeping import Keeper
from consumers.notices.bounces import Returns, parse, read_reports
from ledger.errors import BadInputError
from ledger.fact import hash_of
from ledger.instants import HOUR_MS, MINUTE_MS
from ledger.mails import MailBounced, MailRefused
from projections.statement import statement
from tests.consumers.notices.postoffice import PROD, PUBLISHED, TUESDAY, ZOE, Office, listening
from tests.spec import ms

REPORT = """\
From: MAILER-DAEMON@mx.example
To: maintenance@provider.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; zoe@acme.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <zoe@acme.example>: user zoe unknown

--b
{original}
--b--
"""
HEADERS = "Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-ID: {id}\n"
WHOLE = "Content-Type: message/rfc822\n\nMessage-ID: {id}\nSubject: x\n\nbody\n"


def report(message_id: str, action: str = "failed", original: str = HEADERS) -> bytes:
    return REPORT.format(action=action, original=original.format(id=message_id)).encode()


@pytest.fixture
def office(tmp_path, mailroom):
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        office.notify()
        yield office
        office.store.close()


def take_down(office, path):
    returns = Returns(office.story.ledger, office.store, office.evidence)
    known, now_ms = office.story.known(), office.story.now_ms
    return [returns.take_down(each, known, now_ms) for each in read_reports(path)]


@pytest.mark.parametrize("original", [HEADERS, WHOLE], ids=["headers", "whole"])
def test_a_report_takes_the_acceptance_back_and_keeps_no_address(office, mailroom, tmp_path, original):
    document = report(mailroom.ids[0], original=original)
    (tmp_path / "bounce.eml").write_bytes(document)

    (fact,) = take_down(office, tmp_path / "bounce.eml")

    assert (fact.person, fact.status) == ("p-1", "5.1.1")
    assert fact.diagnostic == "smtp; 550 5.1.1 <address>: user <person> unknown"
    assert office.evidence.read(fact.report) == document
    assert hash_of(document) == fact.report
    office.story.at("2026-10-10T00:00:00Z")
    (entry,) = statement(office.story.known(), "acme", "1").entries
    assert entry.notices[0].given_at is None


def test_a_mail_that_came_back_is_tried_again_and_ops_hear_of_it(office, mailroom, tmp_path):
    (tmp_path / "bounce.eml").write_bytes(report(mailroom.ids[0]))
    take_down(office, tmp_path / "bounce.eml")

    first = office.notify(ms(PUBLISHED) + MINUTE_MS)
    second = office.notify(ms(PUBLISHED) + HOUR_MS)

    assert [fact.why for fact in first.escalated] == ["bounced"]
    assert (len(first.steps), len(second.steps)) == (0, 1)
    assert len(set(mailroom.raw)) == 1


def test_a_mailbox_is_read_again_and_again_and_counts_once(office, mailroom, tmp_path):
    box = mailbox.Maildir(tmp_path / "maildir")
    box.add(report(mailroom.ids[0]))
    box.add(b"Subject: holiday\n\nI am away\n")
    box.add(report("<somebody@else.example>"))
    old = mailbox.mbox(tmp_path / "mbox")
    old.add(report(mailroom.ids[0]))
    old.close()

    found = take_down(office, tmp_path / "maildir")
    take_down(office, tmp_path / "maildir")
    take_down(office, tmp_path / "mbox")

    assert len([fact for fact in found if fact]) == 1
    assert len(office.facts(MailBounced)) == 1


def test_a_report_that_was_read_before_says_nothing_of_a_later_acceptance(office, mailroom, tmp_path):
    (tmp_path / "bounce.eml").write_bytes(report(mailroom.ids[0]))
    take_down(office, tmp_path / "bounce.eml")
    office.notify(ms(PUBLISHED) + HOUR_MS)

    assert take_down(office, tmp_path / "bounce.eml") == [None]


def test_a_report_on_an_attempt_whose_fate_was_unknown_is_read_once_too(tmp_path, mailroom):
    mailroom.drops = 1
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        office.notify()
        (tmp_path / "bounce.eml").write_bytes(report(mailroom.ids[0]))
        first = take_down(office, tmp_path / "bounce.eml")
        office.notify(ms(PUBLISHED) + HOUR_MS)

    assert [fact.person for fact in first] == ["p-1"]
    assert take_down(office, tmp_path / "bounce.eml") == [None]
    assert [mail.fate for mail in office.story.known().mails.values()] == ["accepted"]
    office.store.close()


def test_of_a_report_that_is_not_taken_down_no_document_is_kept(tmp_path, mailroom):
    mailroom.to_recipient["zoe@acme.example"] = "550 no such user"
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        office.notify()
    (refusal,) = office.facts(MailRefused)
    document = report(refusal.fact.message_id)
    (tmp_path / "bounce.eml").write_bytes(document)

    assert take_down(office, tmp_path / "bounce.eml") == [None]
    assert not office.evidence.has(hash_of(document))
    office.store.close()


def test_what_a_report_says_of_somebody_who_left_is_not_kept_in_the_ledger(office, mailroom, tmp_path):
    document = report(mailroom.ids[0])
    (tmp_path / "bounce.eml").write_bytes(document)
    office.store.erase("p-1")

    (fact,) = take_down(office, tmp_path / "bounce.eml")

    assert (fact.status, fact.diagnostic) == (
        "5.1.1",
        "not kept, because the person is in no directory here",
    )
    assert office.evidence.read(fact.report) == document


def test_a_report_on_somebody_who_was_erased_is_known_by_its_hash_and_no_document_is_kept(
    office, mailroom, tmp_path
):
    document = report(mailroom.ids[0])
    (tmp_path / "bounce.eml").write_bytes(document)
    Keeper(office.story.ledger, office.story.known, office.store, office.evidence).erase(
        "p-1", "asked for it", "ops", office.story.now_ms
    )

    (fact,) = take_down(office, tmp_path / "bounce.eml")

    assert fact.report == hash_of(document)
    assert office.evidence.hashes() == set()
    assert take_down(office, tmp_path / "bounce.eml") == [None]


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_only_a_failure_is_a_bounce(action):
    assert parse(report("<x@example.com>", action)) is None


@pytest.mark.parametrize(
    "document", [b"", b"\xff\xfe\x00", b"Subject: x\n\nhello", report("<x@y>")[:400], REPORT.encode()]
)
def test_what_is_no_report_is_passed_over(document):
    assert parse(document) is None


@pytest.mark.parametrize("original", [HEADERS, WHOLE], ids=["headers", "whole"])
@pytest.mark.parametrize(
    "message_id", ["<>", "<a@[", "", "<a@b", "=?x?q?", "<a@\N{SNOWMAN}>", "<a b@c>", '"']
)
def test_a_malformed_report_does_not_end_the_reading(office, mailroom, tmp_path, original, message_id):
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "1.eml").write_bytes(report(message_id, original=original))
    (tmp_path / "box" / "2.eml").write_bytes(report(mailroom.ids[0]))

    assert [fact.person for fact in take_down(office, tmp_path / "box") if fact] == ["p-1"]


@given(where=st.integers(0, len(REPORT)), length=st.integers(0, 60), put=st.binary(max_size=20))
@pytest.mark.parametrize("original", [HEADERS, WHOLE], ids=["headers", "whole"])
def test_no_damage_to_a_report_raises(original, where, length, put):
    document = report("<x@example.com>", original=original)

    parse(document[:where] + put + document[where + length :])


def test_a_mailbox_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInputError, match="name a file, a maildir or an mbox"):
        list(read_reports(tmp_path / "nothing"))
