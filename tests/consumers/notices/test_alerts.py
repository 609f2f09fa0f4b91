"""Alerts of a loss of data: mailed like notices, and taken down as sent when a server accepted them [RGPD]."""

from ledger.escalations import NoticeEscalated
from ledger.incidents import DataLossAlertSent, IncidentOpened, IncidentResolved, IncidentUpdated
from ledger.mails import MailAccepted
from projections.statement import statement
from tests.consumers.notices.postoffice import JOHN, PROD


def opened(office, *, data_loss=True, platforms=(PROD,)):
    fact = IncidentOpened(incident="i1", platforms=platforms, summary="a disk was lost", data_loss=data_loss)
    office.story.fact("incident:i1", fact)


def commitment(office):
    office.story.at("2026-10-10T00:00:00Z")
    entries = statement(office.story.known(), "acme", "1").commitments
    return next(each for each in entries if each.commitment == "data-loss-alert")


def test_a_loss_of_data_is_mailed_and_each_acceptance_is_an_alert_with_its_evidence(office, mailroom):
    opened(office)

    office.notify()

    assert [message["Subject"] for _, message in mailroom.arrived] == [
        "Alerte : perte de données, incident i1",
        "Alert: loss of data, incident i1",
    ]
    sent = [each.fact for each in office.facts(DataLossAlertSent)]
    accepted = [each.fact for each in office.facts(MailAccepted)]
    assert [each.administrators for each in sent] == [("p-1",), ("p-2",)]
    assert [each.evidence[0].sha256 for each in sent] == [each.sha256 for each in accepted]
    assert {each.incident for each in accepted} == {"i1"}
    assert commitment(office).state == "kept"


def test_a_loss_that_became_known_later_is_mailed_then(office, mailroom):
    opened(office, data_loss=False)
    office.notify()
    assert mailroom.arrived == []

    office.story.fact("incident:i1", IncidentUpdated(incident="i1", note="data are gone", data_loss=True))
    office.notify()
    office.notify()

    assert len(mailroom.arrived) == 2


def test_an_alert_that_nobody_takes_is_escalated_at_once_and_is_no_alert(office, mailroom):
    opened(office)
    mailroom.to_message = "451 later"

    office.notify()

    assert [each.fact.incident for each in office.facts(NoticeEscalated)] == ["i1"]
    assert office.facts(DataLossAlertSent) == []
    assert commitment(office).findings[0].what == "not-alerted"


def test_who_was_told_by_hand_is_not_mailed(office, mailroom):
    opened(office)
    told = DataLossAlertSent(incident="i1", platforms=(PROD,), administrators=("p-1",))
    office.story.fact("incident:i1", told)

    office.notify()

    assert mailroom.arrived == []


def test_a_client_is_alerted_for_its_own_platforms_only(office, mailroom):
    office.story.contract("rival", platforms=["rival-prod"])
    opened(office, platforms=(PROD, "rival-prod"))

    office.notify()

    assert all(each.fact.platforms == (PROD,) for each in office.facts(DataLossAlertSent))
    assert all(b"rival" not in raw for raw in mailroom.raw)


def resolved_before_a_new_administrator(office):
    office.story.fact("incident:i1", IncidentResolved(incident="i1", cause="a disk"))
    office.listed(JOHN._replace(person="p-3", email="new@acme.example"))
    office.notify("2026-10-02T12:00:00+02:00")


def test_a_new_administrator_is_not_alerted_of_what_is_resolved_and_was_told(office, mailroom):
    opened(office)
    office.notify()

    resolved_before_a_new_administrator(office)

    assert "new@acme.example" not in mailroom.people


def test_a_new_administrator_is_alerted_of_what_is_resolved_and_nobody_was_told(office, mailroom):
    opened(office)

    resolved_before_a_new_administrator(office)

    assert mailroom.people == ["new@acme.example"]
