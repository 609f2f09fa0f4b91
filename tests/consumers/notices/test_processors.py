"""Changes of sub-processors: announced to the administrators by mail, each attempt a fact [RGPD]."""

from datetime import date

import pytest

from consumers.directory.store import Entry
from consumers.notices.occasions import occasions
from ledger.directory import DirectorySynchronised
from ledger.escalations import NoticeEscalated
from ledger.instants import END_OF_TIME_MS
from ledger.mails import MailAbandoned, MailAccepted, MailAttempted, MailBounced, MailFact, MailUnanswered
from ledger.processors import ProcessorChanged, ProcessorDismissed, ProcessorEngaged
from projections.statement import statement
from tests.consumers.notices.postoffice import (
    JOHN,
    PROD,
    TUESDAY,
    WEDNESDAY,
    ZOE,
    Office,
    listening,
)
from tests.spec import ms

DAY = date(2026, 12, 1)
MIDNIGHT = "2026-12-01T00:00:00+01:00"


def engaged(office, processor="scaleway", contracts=(), from_day=DAY):
    fact = ProcessorEngaged(
        processor=processor,
        name=processor.upper(),
        address="8 rue de la Ville L'Évêque, Paris",
        registration="SIRET 433 115 904 00057",
        role="redundancy",
        from_day=from_day,
        contracts=tuple(contracts),
    )
    office.story.fact(f"processor:{processor}", fact)


def changed(office, address="Lille", from_day=date(2027, 1, 1)):
    fact = ProcessorChanged(processor="scaleway", address=address, from_day=from_day, reason="it moves")
    office.story.fact("processor:scaleway", fact)


def dismissed(office, last_day=date(2027, 6, 30)):
    fact = ProcessorDismissed(processor="scaleway", last_day=last_day, reason="replaced")
    office.story.fact("processor:scaleway", fact)


def subjects(mailroom):
    return [message["Subject"].replace("\xa0", " ") for _, message in mailroom.arrived]


def text(message) -> str:
    return message.get_body(("plain",)).get_content().replace("\r", "").replace("\xa0", " ")


# ---------------------------------------------------------------- in words


def test_an_engagement_is_told_in_french_with_who_what_and_from_when(office, mailroom):
    engaged(office)

    office.notify()

    (_, message), _ = mailroom.arrived
    assert message["To"] == "Zoé Martin <zoe@acme.example>"
    assert message.get_content_type() == "text/plain", "no calendar has anything to do with it"
    assert message["Content-Language"] == "fr"
    assert text(message) == (
        "Bonjour Zoé Martin,\n\n"
        "À partir du 1er décembre 2026, la société suivante traite des données personnelles de vos plateformes.\n\n"
        "Société : SCALEWAY\n"
        "Adresse : 8 rue de la Ville L'Évêque, Paris\n"
        "Immatriculation : SIRET 433 115 904 00057\n"
        "Rôle : redundancy\n\n"
        "Vous en êtes informé en application de la section « Règlement général sur la protection des données "
        "(RGPD) » du contrat acme, où figure la liste des sous-traitants.\n\n"
        "Provider SAS\nAnnonce 4 du registre\n"
    )


def test_a_change_is_told_in_english_with_what_was_before_and_why(office, mailroom):
    engaged(office)
    changed(office)

    office.notify()

    (message,) = [
        message
        for recipient, message in mailroom.arrived
        if recipient == JOHN.email and "changed" in message["Subject"]
    ]
    assert "Company: SCALEWAY\nAddress: Lille (before: 8 rue de la Ville L'Évêque, Paris)\n" in text(message)
    assert "Registration: SIRET 433 115 904 00057\nRole: redundancy\n\nWhy: it moves\n" in text(message)


def test_each_change_is_told_to_each_administrator_in_their_language(office, mailroom):
    engaged(office)
    changed(office)
    dismissed(office)

    office.notify()

    assert subjects(mailroom) == [
        "Nouveau sous-traitant SCALEWAY, à partir du 1er décembre 2026",
        "New sub-processor SCALEWAY, from 1 December 2026",
        "Sous-traitant SCALEWAY : changement à partir du 1er janvier 2027",
        "Sub-processor SCALEWAY: changed from 1 January 2027",
        "Sous-traitant SCALEWAY : fin après le 30 juin 2027",
        "Sub-processor SCALEWAY: ends after 30 June 2027",
    ]


# ---------------------------------------------------------------- whom it concerns


def test_a_contract_is_told_of_those_who_process_its_data_and_of_no_other(office, mailroom):
    office.story.contract("rival", platforms=["rival-prod"])
    engaged(office, "niche", contracts=["rival"])

    office.notify()

    assert mailroom.arrived == []


def test_what_was_engaged_before_the_first_list_is_not_told(tmp_path):
    office = Office(tmp_path, 25)
    engaged(office, "ovh")
    office.story.contract("later", platforms=["later-prod"])
    office.story.fact(
        "directory:later", DirectorySynchronised(contract="later", administrators=("p-9",), count=1)
    )
    engaged(office)

    found = [(each.contract, each.name) for each in occasions(office.story.known())]

    assert found == [("acme", "ovh"), ("acme", "scaleway"), ("later", "scaleway")]
    office.store.close()


def test_whoever_has_a_later_change_is_still_told_of_the_earlier_one(office, mailroom):
    """Unlike a moved notice: the second change takes back nothing of what the first one says."""
    engaged(office)
    mailroom.to_message = "451 later"
    office.notify()
    changed(office)
    mailroom.to_message = None
    office.notify()
    office.notify("2026-10-01T13:00:00+02:00")

    assert len(mailroom.ids) == len(set(mailroom.ids)) == 4
    assert office.facts(MailAbandoned) == []


def test_work_of_the_same_name_does_not_take_the_place_of_an_announcement(office, mailroom):
    engaged(office, "ovh")
    mailroom.to_message = "451 later"
    office.notify()
    office.story.notice("ovh", [PROD], TUESDAY).moved("ovh", WEDNESDAY)
    mailroom.to_message = None

    office.notify()
    office.notify("2026-10-01T13:00:00+02:00")

    assert [subject for subject in subjects(mailroom) if "OVH" in subject] == [
        "Nouveau sous-traitant OVH, à partir du 1er décembre 2026",
        "New sub-processor OVH, from 1 December 2026",
    ]


def test_a_change_is_told_though_it_has_already_taken_effect(office, mailroom):
    engaged(office, from_day=date(2026, 9, 1))

    office.notify()

    assert len(mailroom.arrived) == 2


# ---------------------------------------------------------------- facts


def test_each_attempt_and_reply_is_a_fact_whose_message_is_kept(office, mailroom):
    engaged(office)

    office.notify()
    office.notify()

    kinds = [type(each.fact) for each in office.facts(MailFact)]
    accepted = [each.fact for each in office.facts(MailAccepted)]
    assert kinds == [MailAttempted, MailAccepted, MailAttempted, MailAccepted]
    assert [office.evidence.read(each.sha256) for each in accepted] == mailroom.raw
    assert {(each.cause, each.maintenance, each.incident) for each in accepted} == {(4, None, None)}


def test_a_server_that_is_lost_on_the_way_gets_the_same_message_again_under_the_same_id(office, mailroom):
    engaged(office)
    mailroom.drops = 1

    office.notify()
    office.notify("2026-10-01T13:00:00+02:00")

    assert next(each.fact.may_have_arrived for each in office.facts(MailUnanswered))
    assert mailroom.people.count(ZOE.email) == 2
    first, *_, again = [
        raw for raw, who in zip(mailroom.raw, mailroom.people, strict=True) if who == ZOE.email
    ]
    assert first == again


def test_what_nobody_has_the_day_before_it_takes_effect_is_escalated_once(office, mailroom):
    engaged(office)
    mailroom.to_message = "451 later"

    early = office.notify()
    late = [office.notify(ms(MIDNIGHT) - hours * 3_600_000) for hours in (3, 2)]

    assert early.escalated == ()
    assert [len(each.escalated) for each in late] == [1, 0]
    (fact,) = [each.fact for each in office.facts(NoticeEscalated)]
    assert (fact.cause, fact.why, fact.deadline) == (4, "refused", ms(MIDNIGHT))


def test_ops_are_told_which_announcement_nobody_has(tmp_path, mailroom):
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ops_email="ops@provider.example")
        engaged(office)
        mailroom.to_recipient = {ZOE.email: "550 never", JOHN.email: "550 never"}

        office.notify()
        office.store.close()

    (subject,) = subjects(mailroom)
    assert subject.startswith("Nobody at acme has the announcement 4 of a sub-processor (refused); ")
    assert subject.endswith("in time until 2026-11-30T23:00:00Z")
    assert "constat processor announced --contract acme" in text(mailroom.arrived[0][1])


def test_a_mail_about_a_sub_processor_moves_no_figure(office, mailroom):
    office.story.notice("m1", [PROD], TUESDAY)
    engaged(office)
    office.notify()
    before = office.story.at("2026-10-10T00:00:00Z").known()
    changed(office)
    office.notify("2026-10-10T01:00:00Z")
    assert len(mailroom.arrived) == 6

    first, second = (statement(each, "acme", "1") for each in (before, office.story.known()))

    assert first.availability == second.availability
    assert first.entries == second.entries
    assert first.penalties == second.penalties


@pytest.mark.parametrize(
    ("day", "deadline_ms"),
    [(date.max, END_OF_TIME_MS - 1), (date.min, 0), (date(1970, 1, 1), 82_800_000)],
)
def test_a_slip_in_a_year_stops_nobody_from_being_told(office, mailroom, day, deadline_ms):
    engaged(office, from_day=date.min)
    dismissed(office, last_day=day)
    mailroom.to_message = "550 never"

    office.notify()

    assert office.facts(NoticeEscalated)[-1].fact.deadline == deadline_ms
    assert office.facts(MailBounced) == []


def test_who_is_erased_takes_their_announcements_with_them(office):
    from consumers.directory.keeping import Keeper  # noqa: PLC0415 - only here

    engaged(office)
    office.notify()
    keeper = Keeper(office.story.ledger, office.story.known, office.store, office.evidence)

    _, documents = keeper.erase(ZOE.person, "asked for it", "dpo-1", office.story.now_ms)

    assert documents == 1


def test_an_administrator_of_two_contracts_is_told_for_each(tmp_path, mailroom):
    both = Entry("rival", "p-1", "Zoé Martin", ZOE.email, None, "administrator")
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.contract("rival", platforms=["rival-prod"])
        office.store.replace({"rival": [both]})
        listed = DirectorySynchronised(contract="rival", administrators=("p-1",), count=1)
        office.story.fact("directory:rival", listed)
        engaged(office)
        office.notify()
        office.store.close()

    assert len(set(mailroom.ids)) == 2
    assert "contrat acme" in text(mailroom.arrived[0][1])
    assert "contrat rival" in text(mailroom.arrived[1][1])
