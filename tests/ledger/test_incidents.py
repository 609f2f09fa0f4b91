"""Incidents: what their facts make of them, and what they refuse."""

import pytest

from ledger import incidents
from ledger.errors import RefusedError
from ledger.incidents import (
    Browser,
    BrowserReported,
    DataLossAlertSent,
    IncidentOpened,
    IncidentResolved,
    IncidentUpdated,
)
from tests.spec import ms
from tests.subjects import LATER_MS, after

NOON = "2026-10-06T12:00:00Z"
ONE = "2026-10-06T13:00:00Z"

opened = IncidentOpened(incident="i1", platforms=("acme-prod", "acme-test"), summary="it answers 503")
updated = IncidentUpdated(incident="i1", note="the pool is empty", cause="a health check", data_loss=True)
resolved = IncidentResolved(incident="i1", cause="a wrong health check was deployed")
alerted = DataLossAlertSent(incident="i1", platforms=("acme-test",), administrators=("admin-7",))

OPEN = after(incidents, (opened, NOON))
RESOLVED = after(incidents, (opened, NOON), (resolved, ONE))


# ---------------------------------------------------------------- what facts make of it


def test_before_it_is_opened_it_does_not_exist():
    assert incidents.INITIAL.story == ()


def test_an_open_incident_has_no_end():
    assert OPEN.opened_ms == ms(NOON)
    assert OPEN.resolved_ms is None
    assert OPEN.platforms == ("acme-prod", "acme-test")


def test_the_story_keeps_every_step_with_both_clocks():
    state = after(incidents, (opened, NOON), updated, (resolved, ONE))

    assert [(step.kind, step.text) for step in state.story] == [
        ("opened", "it answers 503"),
        ("updated", "the pool is empty"),
        ("resolved", "a wrong health check was deployed"),
    ]
    assert [step.position for step in state.story] == [10, 20, 30]
    assert state.story[0].recorded_ms == state.story[0].occurred_ms + LATER_MS == ms(NOON) + LATER_MS


def test_the_cause_said_last_counts():
    assert after(incidents, opened, updated).cause == "a health check"
    assert after(incidents, opened, updated, resolved).cause == "a wrong health check was deployed"
    assert (
        after(incidents, opened, updated, IncidentUpdated(incident="i1", note="more")).cause
        == "a health check"
    )


@pytest.mark.parametrize(("said", "so"), [(None, True), (True, True), (False, False)])
def test_a_loss_of_data_stays_so_until_an_update_denies_it(said, so):
    later = IncidentUpdated(incident="i1", note="looked again", data_loss=said)

    assert after(incidents, opened, updated, later).data_loss is so


def test_an_alert_says_which_platforms_were_told_and_when():
    state = after(incidents, opened, (alerted, ONE))

    assert state.alerted == (("acme-test", ms(ONE)),)
    assert state.story[-1].platforms == ("acme-test",)
    assert state.story[0].platforms == ("acme-prod", "acme-test")


# ---------------------------------------------------------------- what it allows and refuses


def test_a_resolved_incident_can_still_be_explained_and_alerted():
    assert incidents.update(RESOLVED, updated) == updated
    assert incidents.alert(RESOLVED, alerted) == alerted


def test_an_incident_can_be_over_at_once():
    assert incidents.open_incident(incidents.INITIAL, opened) == opened
    assert incidents.resolve(OPEN, resolved, ms(NOON)) == resolved


def test_a_name_is_opened_once():
    with pytest.raises(RefusedError, match="add to it with `constat incident update`, or open another name"):
        incidents.open_incident(OPEN, opened)


@pytest.mark.parametrize(
    "decide",
    [
        lambda state: incidents.update(state, updated),
        lambda state: incidents.resolve(state, resolved, ms(ONE)),
        lambda state: incidents.alert(state, alerted),
    ],
)
def test_nothing_happens_to_an_incident_that_was_not_opened(decide):
    with pytest.raises(RefusedError, match="no incident i1; open it first with `constat incident open`"):
        decide(incidents.INITIAL)


def test_an_incident_is_resolved_once():
    with pytest.raises(
        RefusedError, match="`constat incident update`, or open a new incident if it came back"
    ):
        incidents.resolve(RESOLVED, resolved, ms(ONE))


def test_an_incident_is_not_over_before_it_began():
    with pytest.raises(RefusedError, match="correct the time"):
        incidents.resolve(OPEN, resolved, ms(NOON) - 1)


def test_an_alert_concerns_platforms_of_its_incident():
    with pytest.raises(RefusedError, match="i1 does not concern other-prod; name only its platforms"):
        incidents.alert(OPEN, DataLossAlertSent(incident="i1", platforms=("acme-prod", "other-prod")))


# ---------------------------------------------------------------- browsers reported later


def test_a_browser_is_reported_of_an_incident_and_of_one_of_its_platforms():
    opening = IncidentOpened(incident="i7", platforms=("acme-prod",), summary="no answer")
    old = Browser(name="Firefox", major_version=72)
    report = BrowserReported(incident="i7", platform="acme-prod", browser=old)
    state = after(incidents, opening)

    assert incidents.report(state, report) == report
    (found,) = after(incidents, opening, (report, "2026-10-06T11:00:00Z")).reports
    assert (found.platform, found.browser.text, found.reported_ms) == (
        "acme-prod",
        "Firefox 72",
        ms("2026-10-06T11:00:00Z"),
    )
    with pytest.raises(RefusedError, match="does not concern rival-prod; its platforms: acme-prod"):
        incidents.report(state, report.model_copy(update={"platform": "rival-prod"}))
    with pytest.raises(RefusedError, match="open it first"):
        incidents.report(incidents.INITIAL, report)


@pytest.mark.parametrize("text", ["Firefox", "/72", "Firefox/", "Firefox/72.1", "Firefox/seven", "Firefox/७"])
def test_a_browser_is_written_by_its_name_and_major_version(text):
    with pytest.raises(ValueError, match="write its name and major version"):
        Browser.parse(text)
    assert Browser.parse("Samsung Internet/23") == Browser(name="Samsung Internet", major_version=23)
