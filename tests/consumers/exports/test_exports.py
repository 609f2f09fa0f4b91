"""A contract's register and figures as others read them: what a reader of theirs makes of ours."""

import json
import re
from email import message_from_bytes
from email.policy import SMTP

import pytest
from icalendar import Calendar
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from consumers.directory.store import Entry
from consumers.exports import openmetrics, statuspage
from consumers.exports.calendar import work_of
from consumers.exports.grafana import dashboard
from consumers.notices.calendar import feed
from consumers.notices.letter import Letterhead, letter
from consumers.notices.occasions import last_notices
from ledger import incidents
from ledger.fact import hash_of
from ledger.intake.maintnote import read_file
from ledger.intake.statuspage import import_statuspage, of_file
from ledger.interval import Interval
from tests.spec import Story, ms


@pytest.fixture
def story():
    """Two clients; work for both, an incident of the first, in October."""
    told = Story("2026-10-01T08:00:00Z").contract("acme", platforms=["acme-prod", "acme-test"])
    told.contract("zenith", platforms=["zenith-prod"])
    work = "2026-10-06T00:00+02:00/2026-10-06T02:00+02:00"
    told.notice("m1", ["acme-prod", "zenith-prod"], work)
    told.at("2026-10-06T09:00:00Z")
    opened = incidents.IncidentOpened(
        incident="i1", platforms=("acme-prod", "zenith-prod"), summary="No answer", by="ops"
    )
    told.fact("incident:i1", opened, "2026-10-06T08:30:00Z")
    told.at("2026-10-06T09:30:00Z")
    updated = incidents.IncidentUpdated(incident="i1", note="A disk is full", cause="a full disk")
    told.fact("incident:i1", updated, "2026-10-06T09:20:00Z")
    return told


def of(story, contract="acme", at="2026-10-07T00:00:00Z"):
    known = story.known(at)
    return known, known.contract(contract)


def resolved(story):
    story.at("2026-10-06T10:00:00Z")
    return story.fact("incident:i1", incidents.IncidentResolved(incident="i1", cause="a full disk"))


# ---------------------------------------------------------------- a status page


def test_an_importer_of_status_pages_reads_ours_with_both_clocks(story, tmp_path):
    (tmp_path / "page.json").write_text(json.dumps(statuspage.whole(*of(resolved(story)), "")))
    reader = Story()

    import_statuspage(
        reader.ledger, of_file(tmp_path / "page.json"), "constat", ms("2026-11-01T00:00:00Z"), hash_of
    )

    bulletins = reader.known().bulletins
    incident, work = bulletins["constat.i1"].current.fact, bulletins["constat.m1"].current.fact
    assert (incident.title, incident.status) == ("No answer", "resolved")
    assert incident.concerned == ("acme-prod",)
    assert incident.since_ms == ms("2026-10-06T08:30:00Z")
    assert [each.status for each in incident.statements] == ["investigating", "identified", "resolved"]
    assert incident.statements[0].displayed_ms == ms("2026-10-06T08:30:00Z")
    assert incident.statements[0].created_ms >= ms("2026-10-06T09:00:00Z")
    assert (work.since_ms, work.until_ms) == (ms("2026-10-05T22:00:00Z"), ms("2026-10-06T00:00:00Z"))


@pytest.mark.parametrize(("contract", "other"), [("acme", b"zenith"), ("zenith", b"acme")])
def test_nobody_reads_of_another_clients_platforms(story, contract, other):
    known, chosen = of(resolved(story), contract)
    sent = incidents.DataLossAlertSent(incident="i1", platforms=("acme-prod", "zenith-prod"))
    story.fact("incident:i1", sent)

    said = json.dumps(statuspage.whole(*of(story, contract), "")).encode()
    calendar = feed(((each, "work") for each in last_notices(known, chosen)), "ops@x.example", "x", "works")

    assert other not in said
    assert other not in calendar


def test_a_component_is_what_the_register_says_of_it_now(story):
    states = {}
    for at in ("2026-10-05T20:00:00Z", "2026-10-05T23:00:00Z", "2026-10-06T09:45:00Z"):
        page = statuspage.whole(*of(story, at=at), "")
        states[at] = page["components"][0]["status"], page["status"]["indicator"]
    page = statuspage.whole(*of(resolved(story)), "")

    assert list(states.values()) == [
        ("operational", "none"),
        ("under_maintenance", "maintenance"),
        ("major_outage", "major"),
    ]
    assert page["components"][0]["status"] == "operational"


def test_a_withdrawn_work_is_not_shown_as_one_that_was_done(story):
    story.withdrawn("m1")

    assert statuspage.whole(*of(story), "")["scheduled_maintenances"] == []


def test_the_files_of_a_page_tell_what_is_open_from_what_is_over(story):
    before = statuspage.files(*of(story, at="2026-10-06T09:45:00Z"), "https://status.example")
    after = statuspage.files(*of(resolved(story)), "https://status.example")

    assert len(before["incidents/unresolved.json"]["incidents"]) == 1
    assert after["incidents/unresolved.json"]["incidents"] == after["summary.json"]["incidents"] == []
    assert len(after["incidents.json"]["incidents"]) == 1
    assert after["summary.json"]["page"]["url"] == "https://status.example"


def test_what_is_open_or_to_come_is_shown_however_much_came_after_it(story):
    for number in range(statuspage.LATEST + 5):
        day = f"2026-{11 + number // 30:02}-{number % 30 + 1:02}"
        story.notice(f"w{number}", ["acme-prod"], f"{day}T00:00+01:00/{day}T01:00+01:00")
        name = f"later{number}"
        opened = incidents.IncidentOpened(incident=name, platforms=("acme-prod",), summary="Slow", by="ops")
        story.fact(f"incident:{name}", opened, f"2026-10-06T09:{number:02}:00Z")
        story.fact(f"incident:{name}", incidents.IncidentResolved(incident=name, cause="a load"))

    page = statuspage.files(*of(story), "")

    assert len(page["incidents.json"]["incidents"]) == statuspage.LATEST
    assert [each["id"] for each in page["incidents/unresolved.json"]["incidents"]] == ["i1"]
    assert len(page["scheduled-maintenances.json"]["scheduled_maintenances"]) == statuspage.LATEST
    upcoming = page["scheduled-maintenances/upcoming.json"]["scheduled_maintenances"]
    assert len(upcoming) == len(page["summary.json"]["scheduled_maintenances"]) == statuspage.LATEST + 5


def test_when_a_page_was_changed_tells_nothing_of_another_client(story):
    before = statuspage.whole(*of(story), "")["incidents"][0]
    story.at("2026-10-06T11:00:00Z")
    sent = incidents.DataLossAlertSent(incident="i1", platforms=("zenith-prod",))

    after = statuspage.whole(*of(story.fact("incident:i1", sent)), "")["incidents"][0]

    assert after == before


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "Tous les systèmes sont opérationnels"), ("en", "All Systems Operational")]
)
def test_a_page_speaks_the_language_of_its_contract(language, said):
    story = Story("2026-10-01T08:00:00Z").contract("acme", language=language)

    assert statuspage.whole(*of(story), "")["status"]["description"] == said


# ---------------------------------------------------------------- a calendar


@pytest.mark.parametrize(
    ("language", "name", "said"),
    [
        ("fr", "acme SA : maintenances", "Maintenance programmée m1 :"),
        ("en", "acme SA: maintenance", "Scheduled maintenance m1:"),
    ],
)
def test_a_calendar_says_what_was_mailed_in_the_language_of_its_contract(language, name, said):
    story = Story("2026-10-01T08:00:00Z").contract("acme", language=language)
    story.notice("m1", ["acme-prod"], "2026-10-06T00:00+02:00/2026-10-06T02:00+02:00")
    known, contract = of(story)
    (told,) = last_notices(known, contract)
    head = Letterhead("ops@constat.example", "Constat", b"secret")
    to = Entry("acme", "p-1", "Ada", "ada@acme.example", None, "administrator")
    (mailed,) = events(attached(letter(told, to, head, "m")))

    feed = Calendar.from_ical(work_of(known, contract, "ops@constat.example", "Constat"))
    (subscribed,) = events(feed)

    assert feed["x-wr-calname"] == name
    assert subscribed["summary"].startswith(said)
    assert subscribed.to_ical() == mailed.to_ical()


def attached(message):
    (found,) = message_from_bytes(message, policy=SMTP).iter_attachments()
    return Calendar.from_ical(found.get_payload(decode=True))


def events(calendar):
    return calendar.walk("VEVENT")


def test_a_calendar_is_read_back_with_the_last_notice_of_each_work(story, tmp_path):
    story.moved("m1", "2026-10-25T02:00+02:00/2026-10-25T02:30+01:00")
    story.notice("m2", ["acme-test"], "2026-10-27T00:00+01:00/2026-10-27T01:00+01:00").withdrawn("m2")
    known, contract = of(story, at="2026-10-20T00:00:00Z")
    told = [(each, f"work {each.name}") for each in last_notices(known, contract)]

    (tmp_path / "feed.ics").write_bytes(feed(told, "ops@constat.example", "Constat", "Acme: maintenance"))
    read = {
        each.work: each.read.fact
        for each in read_file(tmp_path / "feed.ics", None, ms("2026-11-01T00:00:00Z"))
    }

    assert Interval(read["m1"].since_ms, read["m1"].until_ms) == Interval(
        ms("2026-10-25T00:00:00Z"), ms("2026-10-25T01:30:00Z")
    )
    assert (read["m1"].sequence, read["m1"].key) == (1, "m1.acme@constat.example")
    assert read["m2"].status == "CANCELLED"


# ---------------------------------------------------------------- metrics


def metrics(story, at):
    known = story.known(at)
    figures, _ = openmetrics.all_running(known, [known.contract("acme"), known.contract("zenith")])
    families = text_string_to_metric_families(openmetrics.text(figures))
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_availability_of_the_running_period_is_text_that_a_scraper_reads(story):
    story.every_minute("paris", ["acme-prod"], "2026-10-06T07:00:00Z/2026-10-06T09:00:00Z")
    story.every_minute("paris", ["acme-prod"], "2026-10-06T09:00:00Z/2026-10-06T10:00:00Z", "down")

    found = metrics(story, "2026-10-06T10:00:00Z")

    assert found[openmetrics.CLASS, "acme", "acme-prod", "down"] == 3600
    assert found[openmetrics.CLASS, "acme", "acme-prod", "up"] == 7200
    assert found[openmetrics.PERCENT, "acme", "acme-prod"] == 66.66
    assert (
        found[openmetrics.LEAST, "acme", "acme-prod"] < 66.66 < found[openmetrics.MOST, "acme", "acme-prod"]
    )
    assert found[openmetrics.MET, "acme", "acme-prod"] == 0
    assert found[openmetrics.TARGET, "acme"] == 99.5


def test_of_a_platform_that_nobody_observed_there_is_no_percent(story):
    found = metrics(story, "2026-10-06T10:00:00Z")

    assert (openmetrics.PERCENT, "zenith", "zenith-prod") not in found
    assert found[openmetrics.CLASS, "unknown", "zenith", "zenith-prod"] > 0


def test_a_contract_whose_period_has_not_begun_has_no_metrics(story):
    story.contract("later", first_day="2027-01-01", platforms=["later-prod"])

    known = story.known("2026-12-31T00:00:00Z")

    assert openmetrics.running(known, known.contract("later")) is None


def test_a_contract_that_cannot_be_judged_hides_no_other_and_is_told_of(story):
    story.contract("odd", platforms=["odd-prod"], holiday_calendar="XX")
    known = story.known("2026-10-06T10:00:00Z")

    figures, unjudged = openmetrics.all_running(known, [known.contract("odd"), known.contract("acme")])

    assert [each.contract for each in figures] == ["acme"]
    assert list(unjudged) == ["odd"]
    assert "XX" in unjudged["odd"]


# ---------------------------------------------------------------- a dashboard


def test_every_metric_of_the_dashboard_is_one_that_is_told():
    asked = {
        name
        for panel in dashboard()["panels"]
        for target in panel["targets"]
        for name in re.findall(r"constat_\w+", target["expr"])
    }

    assert asked <= {*openmetrics.HELP, "constat_agent_last_round_timestamp_seconds"}
    assert openmetrics.PERCENT in asked


def test_a_kept_promise_is_green_and_a_free_day_is_red():
    colors = {
        panel["title"]: [step["color"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        for panel in dashboard()["panels"]
        if panel["type"] == "stat"
    }

    assert colors == {"Promise kept so far": ["red", "green"], "Free days so far": ["green", "red"]}
