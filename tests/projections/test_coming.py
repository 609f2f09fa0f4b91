"""What is announced from a moment on: to whom, in time or not, who has it, and what is of no interest any more."""

import pytest

from ledger.errors import BadInputError
from ledger.maintenance import MaintenanceFinished, MaintenanceStarted
from projections.asof import Known
from projections.coming import coming
from projections.moment import at_head
from tests.projections.attending import TUESDAY, WEDNESDAY, accepted, announced, refused
from tests.projections.promised import PROD, acme, october
from tests.spec import ms

MONDAY_NIGHT = "2026-10-05T23:00:00+02:00"


def look(story, at=MONDAY_NIGHT, contract=None):
    return coming(Known.at(story.engine, at_head(story.engine, ms(at))), contract).maintenances


def test_announced_work_is_listed_with_its_client_its_local_times_and_whether_it_came_in_time():
    (found,) = look(acme().at(october("1 12:00")).notice("m1", [PROD, "spare"], TUESDAY))

    (client,) = found.clients
    assert (found.maintenance, found.started, found.without_contract) == ("m1", False, ("spare",))
    assert (client.contract, client.zone, client.platforms) == ("acme", "Europe/Paris", (PROD,))
    assert (client.notice.announced.start, client.notice.announced.end) == tuple(TUESDAY.split("/"))
    assert (client.notice.given_at, client.notice.hours_before, client.notice.in_time) == (
        "2026-10-01T12:00:00+02:00",
        "110.00",
        True,
    )
    assert (client.latest_given_at, client.notice.mails) == ("2026-10-05T02:00:00+02:00", ())


def test_each_client_is_told_apart_with_its_own_platforms_zone_and_terms():
    story = acme().contract("rival", platforms=["rival-prod"], zone="America/New_York", notice_hours=240)
    story.at(october("1 12:00")).notice("m1", [PROD, "rival-prod"], TUESDAY)

    (both,), (one,) = look(story), look(story, contract="rival")

    assert [(each.contract, each.platforms, each.notice.in_time) for each in both.clients] == [
        ("acme", (PROD,), True),
        ("rival", ("rival-prod",), False),
    ]
    assert both.clients[1].notice.announced.start == "2026-10-05T20:00:00-04:00"
    assert [each.contract for each in one.clients] == ["rival"]
    assert look(acme().at(october("1 12:00")).notice("m1", ["spare"], TUESDAY), contract="acme") == ()


def test_who_has_the_mail_is_said_and_that_it_was_given_when_the_first_one_was_accepted():
    story = accepted(refused(announced().at(october("1 13:00"))).at(october("1 14:00")), "p-2")

    (client,) = look(story)[0].clients

    assert [(each.person, each.fate) for each in client.notice.mails] == [
        ("p-1", "refused"),
        ("p-2", "accepted"),
    ]
    assert client.notice.given_at == "2026-10-01T14:00:00+02:00"


def test_where_nobody_has_it_nothing_was_given_and_nothing_is_in_time():
    (client,) = look(refused(announced().at(october("1 13:00"))))[0].clients

    assert (client.notice.given_at, client.notice.in_time) == (None, False)


def test_what_was_withdrawn_is_over_or_was_finished_is_not_coming_and_what_goes_on_is():
    def story():
        return acme().at(october("1 12:00")).notice("m1", [PROD], TUESDAY)

    def working(*facts):
        told = story().at(october("6 02:00"))
        for fact in facts:
            told.fact("maintenance:m1", fact)
        return told

    started, finished = MaintenanceStarted(maintenance="m1"), MaintenanceFinished(maintenance="m1")

    assert look(story().withdrawn("m1")) == ()
    assert look(story(), "2026-10-06T03:59:59+02:00")
    assert look(story(), "2026-10-06T04:00:00+02:00") == ()
    assert look(working(started), "2026-10-06T03:00:00+02:00")[0].started
    assert look(working(started, finished), "2026-10-06T03:00:00+02:00") == ()


def test_what_moved_stands_where_it_was_moved_to_and_all_come_in_the_order_of_time():
    story = acme().at(october("1 12:00")).notice("later", [PROD], TUESDAY).notice("sooner", [PROD], TUESDAY)
    story.moved("later", WEDNESDAY)

    found = look(story)

    assert [each.maintenance for each in found] == ["sooner", "later"]
    assert found[1].clients[0].notice.kind == "moved"
    assert found[1].clients[0].notice.announced.start == WEDNESDAY.partition("/")[0]


def test_a_contract_that_nobody_knows_is_refused():
    with pytest.raises(BadInputError, match="no contract 'nobody' was known then"):
        look(acme(), contract="nobody")
