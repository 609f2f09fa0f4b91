"""Notices mailed to a real server: to whom, when again, and what the ledger has of it."""

import pytest

from consumers.notices import running
from consumers.notices.occasions import occasions
from consumers.notices.smtp import NoReplyError
from consumers.stopping import Stop
from ledger.fact import hash_of
from ledger.instants import HOUR_MS, MINUTE_MS
from ledger.mails import MailAbandoned, MailAccepted, MailAttempted, MailRefused, MailUnanswered
from projections.statement import statement
from tests.consumers.notices.postoffice import (
    JOHN,
    PROD,
    PUBLISHED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    ZOE,
    Office,
    listening,
)
from tests.ports import free_port
from tests.spec import ms

A_MINUTE_LATER = ms(PUBLISHED) + MINUTE_MS
AN_HOUR_LATER = ms(PUBLISHED) + HOUR_MS


@pytest.fixture
def office(tmp_path, mailroom):
    with listening(mailroom) as port:
        office = Office(tmp_path, port)
        office.story.notice("m1", [PROD], TUESDAY)
        yield office
        office.store.close()


# ---------------------------------------------------------------- who gets what


def test_each_administrator_gets_one_mail_and_no_second_one(office, mailroom):
    office.notify()
    office.notify(AN_HOUR_LATER)

    assert mailroom.people == ["zoe@acme.example", "john@acme.example"]
    assert len(set(mailroom.ids)) == 2


def test_attempt_and_reply_are_facts_and_the_message_is_kept(office, mailroom):
    office.notify()

    first = office.facts(MailAccepted)[0].fact
    assert (first.person, first.code, first.reply) == ("p-1", 250, "2.0.0 OK queued")
    assert (first.maintenance, first.cause, first.attempt) == ("m1", 4, 1)
    assert first.message_id == mailroom.ids[0]
    assert office.evidence.read(first.sha256) == mailroom.raw[0]
    assert hash_of(mailroom.raw[0]) == first.sha256
    assert len(office.facts(MailAttempted)) == 2


def test_no_fact_holds_a_name_or_an_address(office):
    office.notify()

    stored = b"".join(kept.value for kept in office.story.engine.facts())
    for secret in (b"acme.example", b"Martin", b"John", "Zoé".encode()):
        assert secret not in stored


def test_a_moved_and_a_withdrawn_notice_are_mailed_too(office, mailroom):
    office.notify()
    office.story.moved("m1", WEDNESDAY)
    office.notify()
    office.story.withdrawn("m1")
    office.notify()

    subjects = [message["Subject"] for recipient, message in mailroom.arrived if "john" in recipient]
    assert [subject.split(":")[0] for subject in subjects] == [
        "Scheduled maintenance m1",
        "Maintenance m1 moved",
        "Maintenance m1 cancelled",
    ]


def test_a_client_reads_of_its_own_platforms_only(office, mailroom):
    office.story.contract("rival", platforms=["rival-prod"])
    office.story.notice("m2", [PROD, "rival-prod"], TUESDAY).notice("m3", ["rival-prod"], TUESDAY)

    office.notify()

    assert {
        message["Subject"].split()[2] for _, message in mailroom.arrived if "programmée" in message["Subject"]
    } == {"m1", "m2"}
    assert all(b"rival" not in raw for raw in mailroom.raw)


def test_what_was_announced_before_the_first_list_is_not_mailed(tmp_path, mailroom):
    with listening(mailroom) as port:
        office = Office(tmp_path, port)
        office.story.contract("rival", platforms=["rival-prod"]).notice("m1", ["rival-prod"], TUESDAY)
        office.notify()
        office.store.close()

    assert mailroom.arrived == []


def test_what_is_over_is_not_mailed(office, mailroom):
    office.notify("2026-10-06T04:00:00+02:00")

    assert mailroom.arrived == []
    assert not office.facts(MailAbandoned)


def test_work_before_the_first_day_has_no_terms_and_is_to_be_announced_before_it_begins(office):
    office.story.notice("m2", [PROD], "2026-09-30T23:00:00+02:00/2026-10-01T01:00:00+02:00")

    deadline_ms = occasions(office.story.known())[-1].deadline_ms

    assert deadline_ms == ms("2026-09-30T23:00:00+02:00")


def test_whoever_is_listed_later_is_told_of_what_is_still_to_come(office, mailroom):
    office.notify()
    office.listed(ZOE, JOHN, ZOE._replace(person="p-3", email="new@acme.example"))

    office.notify(AN_HOUR_LATER)

    assert mailroom.people[2:] == ["new@acme.example"]


def test_whoever_is_listed_later_is_told_of_the_announcement_in_force_only(office, mailroom):
    office.story.moved("m1", WEDNESDAY)
    office.story.notice("m2", [PROD], TUESDAY).withdrawn("m2")
    office.notify()
    before = len(mailroom.arrived)
    office.listed(ZOE, JOHN, JOHN._replace(person="p-3", email="new@acme.example"))

    office.notify(AN_HOUR_LATER)

    assert [message["Subject"].split(":")[0] for _, message in mailroom.arrived[before:]] == [
        "Maintenance m1 moved"
    ]
    assert mailroom.people[before:] == ["new@acme.example"]


def test_whoever_is_listed_later_is_told_of_the_last_one_of_two_announcements_only(office, mailroom):
    office.notify()
    office.story.moved("m1", WEDNESDAY)
    office.notify()
    before = len(mailroom.arrived)
    office.listed(ZOE, JOHN, JOHN._replace(person="p-3", email="new@acme.example"))
    office.story.moved("m1", THURSDAY)

    office.notify(AN_HOUR_LATER)

    assert sorted(mailroom.people[before:]) == ["john@acme.example", "new@acme.example", "zoe@acme.example"]
    assert [fact.fact.why for fact in office.facts(MailAbandoned)] == ["overtaken"]


def test_whoever_has_had_none_of_three_notices_is_mailed_the_last_one_and_the_others_are_not_given(
    office, mailroom
):
    office.story.moved("m1", WEDNESDAY).moved("m1", THURSDAY)

    done = office.notify(AN_HOUR_LATER)
    office.notify(AN_HOUR_LATER)

    office.story.at("2026-10-10T00:00:00Z")
    (found,) = statement(office.story.known(), "acme", "1").entries
    given = [notice.given_at for notice in found.notices]
    assert mailroom.people == ["zoe@acme.example", "john@acme.example"]
    assert (done.is_well, given[:2]) == (True, [None, None])
    assert given[2] == "2026-10-01T13:00:00+02:00"


def test_whoever_may_have_a_notice_is_sent_it_and_the_next_and_whoever_was_refused_it_the_last_alone(
    office, mailroom
):
    mailroom.drops = 1
    mailroom.to_recipient["john@acme.example"] = "451 later"
    office.notify()
    mailroom.to_recipient.clear()
    office.story.moved("m1", WEDNESDAY)

    office.notify(AN_HOUR_LATER)

    assert mailroom.people == ["zoe@acme.example"] * 2 + ["zoe@acme.example", "john@acme.example"]
    assert len(set(mailroom.ids)) == 3


def test_a_notice_that_a_later_one_replaced_is_not_escalated_beside_it(office, mailroom):
    mailroom.to_recipient = dict.fromkeys(("zoe@acme.example", "john@acme.example"), "550 nobody")
    office.story.moved("m1", WEDNESDAY)

    done = office.notify(AN_HOUR_LATER)

    (moved,) = {fact.fact.cause for fact in office.facts(MailRefused)}
    assert [fact.cause for fact in done.escalated] == [moved]


def test_a_notice_is_given_when_the_server_accepted_it(office):
    office.notify(A_MINUTE_LATER)

    office.story.at("2026-10-10T00:00:00Z")
    (found,) = statement(office.story.known(), "acme", "1").entries
    assert found.notices[0].given_at == "2026-10-01T12:01:00+02:00"
    assert [mail.fate for mail in found.notices[0].mails] == ["accepted", "accepted"]


def test_a_run_folds_the_ledger_before_it_sends_before_it_escalates_and_at_its_end(office):
    sender, folded = office.sender(), []
    known = sender.known
    sender.known = lambda: folded.append(known()) or folded[-1]

    running.run_once(sender, office.settings)

    assert len(folded) == 3


def test_what_is_recorded_while_a_run_is_told_of_is_sent_by_the_next_one(office):
    stop, runs, looks = Stop(), [], iter([False, True])
    stop.wait = lambda _: stop.ask() if next(looks) else None

    def told(done) -> None:
        runs.append(done)
        if len(runs) == 1:
            office.story.notice("m2", [PROD], TUESDAY)

    running.follow(office.sender(), office.settings, stop, told, pytest.fail)

    assert [len(done.steps) for done in runs] == [2, 2]


# ---------------------------------------------------------------- refused, and again


@pytest.mark.parametrize(
    ("reply", "again_ms"), [("451 try later", MINUTE_MS), ("550 no such user zoe@acme.example", HOUR_MS)]
)
def test_a_refused_mail_is_tried_again_later_and_a_refusal_for_good_much_later(
    office, mailroom, reply, again_ms
):
    mailroom.to_recipient["zoe@acme.example"] = reply
    done = office.notify()
    mailroom.to_recipient.clear()

    assert [fact.fact.code for fact in office.facts(MailRefused)] == [int(reply[:3])]
    assert not done.is_well
    assert done.next_ms == ms(PUBLISHED) + again_ms
    office.notify(ms(PUBLISHED) + again_ms - 1)
    assert mailroom.people == ["john@acme.example"]
    office.notify(ms(PUBLISHED) + again_ms)
    assert mailroom.people == ["john@acme.example", "zoe@acme.example"]


def test_a_refusal_keeps_no_address(office, mailroom):
    mailroom.to_recipient["zoe@acme.example"] = "550 5.1.1 <zoe@acme.example>: user Zoe unknown"

    office.notify()

    assert office.facts(MailRefused)[0].fact.reply == "5.1.1 <address>: user <person> unknown"


def test_a_refused_message_is_a_refusal_and_the_next_one_goes_on(office, mailroom):
    mailroom.to_message = "554 looks like spam"
    office.notify()
    mailroom.to_message = None
    office.notify(AN_HOUR_LATER)

    assert [fact.fact.code for fact in office.facts(MailRefused)] == [554, 554]
    assert len(mailroom.arrived) == 2


def test_a_message_that_the_server_took_and_did_not_answer_is_sent_again_under_the_same_id(office, mailroom):
    mailroom.drops = 1
    office.notify()
    office.notify(A_MINUTE_LATER)

    (lost,) = office.facts(MailUnanswered)
    assert lost.fact.may_have_arrived
    assert mailroom.people == ["zoe@acme.example", "john@acme.example", "zoe@acme.example"]
    assert mailroom.ids[0] == mailroom.ids[2]
    assert mailroom.raw[0] == mailroom.raw[2]


def test_a_server_that_is_away_is_asked_once_for_all_and_every_mail_says_so(tmp_path):
    office = Office(tmp_path, free_port())
    office.story.notice("m1", [PROD], TUESDAY)

    done = office.notify()

    assert [fact.fact.person for fact in office.facts(MailUnanswered)] == ["p-1", "p-2"]
    assert not any(fact.fact.may_have_arrived for fact in office.facts(MailUnanswered))
    assert "ConnectionRefusedError" in office.facts(MailUnanswered)[0].fact.trouble
    assert done.next_ms == A_MINUTE_LATER
    office.store.close()


# ---------------------------------------------------------------- given up


def test_a_notice_is_given_up_once_the_person_has_a_later_one(office, mailroom):
    mailroom.to_recipient["zoe@acme.example"] = "451 later"
    office.notify()
    mailroom.to_recipient.clear()
    office.story.moved("m1", WEDNESDAY)
    office.story.at(ms(PUBLISHED) + 1000)
    office.notify()
    done = office.notify(A_MINUTE_LATER)

    assert done.is_well, "whoever has the later notice lacks nothing"
    assert [fact.fact.why for fact in office.facts(MailAbandoned)] == ["overtaken"]
    assert mailroom.people.count("zoe@acme.example") == 1


def test_a_mail_is_given_up_when_what_it_announces_is_over(office, mailroom):
    mailroom.to_recipient = dict.fromkeys(("zoe@acme.example", "john@acme.example"), "451 later")
    office.notify()
    done = office.notify("2026-10-06T04:00:00+02:00")

    assert done.is_well, "nothing can be done any more"
    assert [fact.fact.why for fact in office.facts(MailAbandoned)] == ["over", "over"]


def test_a_person_without_an_address_is_said_once_and_mailed_when_there_is_one(office, mailroom):
    office.store.erase("p-1")
    office.notify()
    office.notify(A_MINUTE_LATER)
    assert [fact.fact.why for fact in office.facts(MailAbandoned)] == ["no-address"]

    office.store.replace({"acme": [ZOE, JOHN]})
    office.notify(AN_HOUR_LATER)

    assert mailroom.people == ["john@acme.example", "zoe@acme.example"]


def test_an_address_that_cannot_be_written_stops_no_other_mail_and_counts_as_none(office, mailroom):
    office.store.replace({"acme": [ZOE._replace(email="zoe..martin@acme.example"), JOHN]})

    done = office.notify()

    assert mailroom.people == ["john@acme.example"]
    assert [(fact.fact.person, fact.fact.why) for fact in office.facts(MailAbandoned)] == [
        ("p-1", "no-address")
    ]
    assert not done.is_well


def test_a_kept_message_that_was_altered_stops_no_other_mail_and_names_nobody(office, mailroom, caplog):
    mailroom.drops = 1
    office.notify()
    office.evidence.path_of(office.facts(MailUnanswered)[0].fact.sha256).write_bytes(b"altered")
    office.story.notice("m2", [PROD], WEDNESDAY)

    done = office.notify(A_MINUTE_LATER)

    assert mailroom.people == ["zoe@acme.example", "john@acme.example"] * 2
    assert len(office.facts(MailAttempted)) == 4
    assert not done.is_well
    assert "cannot be written" in caplog.text
    assert "zoe" not in caplog.text.lower()


def test_whoever_is_erased_while_a_run_goes_on_gets_nothing_more_of_it(office, mailroom):
    office.story.notice("m2", [PROD], WEDNESDAY)
    sender = office.sender()
    send = sender.server.send

    def erase_then_send(*arguments):
        if not mailroom.arrived:
            office.store.erase("p-2")
        return send(*arguments)

    sender.server.send = erase_then_send
    sender.send_due()

    assert mailroom.people == ["zoe@acme.example"] * 2
    assert {fact.fact.person for fact in office.facts(MailAttempted)} == {"p-1"}
    assert len(office.evidence.hashes()) == 2


def test_of_whoever_is_erased_while_a_server_is_waited_for_no_message_is_kept(office):
    sender = office.sender()

    def erase_then_fail() -> None:
        office.store.erase("p-2")
        raise NoReplyError("away", may_have_arrived=False)

    sender.server.open = erase_then_fail
    sender.send_due()

    assert [fact.fact.person for fact in office.facts(MailUnanswered)] == ["p-1"]
    assert len(office.evidence.hashes()) == 1


def test_a_corrected_address_is_written_into_the_message_and_the_id_stays(office, mailroom):
    mailroom.to_recipient["zoe@acme.example"] = "550 no such user"
    office.notify()
    office.store.replace({"acme": [ZOE._replace(email="zoe.martin@acme.example"), JOHN]})
    office.notify(AN_HOUR_LATER)

    recipient, message = mailroom.arrived[1]
    assert (recipient, message["To"]) == ("zoe.martin@acme.example", "Zoé Martin <zoe.martin@acme.example>")
    assert message["Message-ID"] == office.facts(MailRefused)[0].fact.message_id
