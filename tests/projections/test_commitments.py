"""The promises beside availability: kept, broken, or without a fact to judge them by (record 0032)."""

from datetime import date

import pytest

from ledger.directory import DirectorySynchronised
from ledger.incidents import (
    Browser,
    BrowserReported,
    DataLossAlertSent,
    IncidentOpened,
    IncidentResolved,
    IncidentUpdated,
)
from ledger.support import SupportAnswered, SupportRequested
from projections.statement import statement
from tests.projections.promised import PROD, acme, amended, october, of, whats
from tests.spec import Story

# ---------------------------------------------------------------- all of them


def test_every_commitment_is_always_listed_with_its_clause_and_silence_is_neither_kept_nor_broken():
    entries = statement(acme().known(), "acme", "1").commitments

    assert {each.state for each in entries} == {"nothing-recorded"}
    assert [(each.commitment, each.clause) for each in entries] == [
        ("support-answer", "Gestion d'incidents"),
        ("backup-daily", "Gestion des données et Backups"),
        ("backup-off-site", "Gestion des données et Backups"),
        ("backup-kept", "Gestion des données et Backups"),
        ("operators", "Architecture du service"),
        ("storage", "Espace de stockage"),
        ("maintenance-quarter", "Qualité de Services"),
        ("browsers", "Architecture du service"),
        ("data-loss-alert", "Règlement général sur la protection des données (RGPD)"),
    ]


# ---------------------------------------------------------------- support


def requested(story: Story, at: str, name="r1", contract="acme") -> Story:
    filed = SupportRequested(request=name, contract=contract, subject="a question", by="client-1")
    return story.fact(f"support:{name}", filed, at)


def answered(story: Story, at: str, name="r1") -> Story:
    return story.fact(f"support:{name}", SupportAnswered(request=name, by="support-1"), at)


def test_an_answer_at_the_forty_eighth_hour_is_in_time_and_a_millisecond_later_is_late():
    in_time = answered(requested(acme(), october("6 10:00")), october("8 10:00"))
    late = answered(requested(acme(), october("6 10:00")), "2026-10-08T10:00:00.001+02:00")

    assert of(in_time, "support-answer").state == "kept"
    (found,) = of(late, "support-answer").findings
    assert (found.subject, found.what, found.measured, found.promised) == ("r1", "late", "48.00 h", "48 h")
    assert (found.start, found.end) == ("2026-10-06T10:00:00+02:00", "2026-10-08T10:00:00.001+02:00")
    assert found.positions == (3, 4)


def test_the_hours_of_an_answer_are_those_of_the_calendar_over_a_weekend_and_a_night_of_25_hours():
    filed = "2026-10-24T10:00:00+02:00"
    in_time = answered(requested(acme(), filed), "2026-10-26T09:00:00+01:00")
    late = answered(requested(acme(), filed), "2026-10-26T10:00:00+01:00")

    assert of(in_time, "support-answer").state == "kept"
    assert of(late, "support-answer").findings[0].measured == "49.00 h"


def test_without_an_answer_a_request_is_found_once_its_hours_are_over():
    story = requested(acme(), october("6 10:00"))

    waiting = of(story, "support-answer", as_of=october("8 10:00"))
    unanswered = of(story, "support-answer", as_of="2026-10-08T10:00:00.001+02:00")

    assert (waiting.state, waiting.examined) == ("kept", 1)
    assert unanswered.state == "broken"
    assert whats(unanswered) == [("r1", "unanswered")]
    assert (unanswered.findings[0].end, unanswered.findings[0].measured) == (None, None)


def test_a_request_belongs_to_the_period_in_which_it_was_filed():
    story = answered(requested(acme(), "2026-10-30T23:59:59+01:00"), "2026-11-05T10:00:00+01:00")

    first, second = of(story, "support-answer", "1"), of(story, "support-answer", "2")

    assert (first.state, first.examined) == ("broken", 1)
    assert (second.state, second.examined) == ("nothing-recorded", 0)


def test_the_terms_say_how_many_hours_and_another_contracts_request_is_not_ours():
    quick = answered(requested(acme(support_answer_hours=4), october("6 10:00")), october("6 15:00"))
    rival = requested(acme().contract("rival", platforms=["rival-prod"]), october("6 10:00"), "r9", "rival")

    assert of(quick, "support-answer").findings[0].promised == "4 h"
    assert of(rival, "support-answer").state == "nothing-recorded"


def test_a_request_is_answered_by_the_terms_of_its_own_day():
    story = amended(acme(), date(2026, 10, 6), support_answer_hours=4)
    story = answered(requested(story, october("6 10:00")), october("6 15:00"))
    story = answered(requested(story, october("5 10:00"), "r2"), october("5 15:00"), "r2")

    assert whats(of(story, "support-answer")) == [("r1", "late")]


# ---------------------------------------------------------------- a day of maintenance a quarter

QUARTER = "2026-10-01T00:00:00+02:00/2027-01-01T00:00:00+01:00"


def test_less_than_a_day_of_announced_work_in_a_quarter_informs_and_breaks_nothing():
    story = acme().notice("m1", [PROD], "2026-11-07T00:00+01:00/2026-11-07T23:59:59.999+01:00")

    entry = of(story, "maintenance-quarter", QUARTER)

    assert (entry.state, entry.examined) == ("kept", 1)
    (found,) = entry.findings
    assert (found.subject, found.what) == (PROD, "too-little-maintenance")
    assert (found.measured, found.promised, found.positions) == ("23.99 h", "24 h", (3,))
    assert (found.start, found.end) == ("2026-10-01T00:00:00+02:00", "2027-01-01T00:00:00+01:00")


def test_a_day_of_announced_work_is_enough_and_what_was_withdrawn_does_not_count():
    day = "2026-11-07T00:00+01:00/2026-11-08T00:00+01:00"

    enough = acme().notice("m1", [PROD], day)
    withdrawn = acme().notice("m1", [PROD], day).withdrawn("m1")

    assert of(enough, "maintenance-quarter", QUARTER).findings == ()
    assert of(withdrawn, "maintenance-quarter", QUARTER).findings[0].measured == "0.00 h"


def test_where_no_quarter_ended_or_none_had_any_work_nobody_says_that_the_day_of_maintenance_was_kept():
    story = acme().notice("m1", [PROD], "2026-11-07T00:00+01:00/2026-11-08T00:00+01:00")

    no_end = of(story, "maintenance-quarter", "1")
    no_work = of(story, "maintenance-quarter", "2027-01-01T00:00:00+01:00/2027-04-01T00:00:00+02:00")

    assert (no_end.state, no_end.examined, no_end.findings) == ("nothing-recorded", 0, ())
    assert (no_work.state, no_work.examined) == ("nothing-recorded", 0)
    assert whats(no_work) == [(PROD, "too-little-maintenance")]


def test_two_works_at_one_time_count_once():
    half = "2026-11-07T00:00+01:00/2026-11-07T12:00+01:00"
    story = acme().notice("m1", [PROD], half).notice("m2", [PROD], half)

    assert of(story, "maintenance-quarter", QUARTER).findings[0].measured == "12.00 h"


def test_a_quarter_is_judged_where_it_ended_and_on_platforms_that_were_there_all_through_it():
    hour = "2026-11-07T00:00+01:00/2026-11-07T01:00+01:00"
    whole = acme().notice("m1", [PROD], hour)
    late = acme(first_day="2026-10-02").notice("m1", [PROD], hour)

    assert of(whole, "maintenance-quarter", "1").findings == ()
    assert of(whole, "maintenance-quarter", "2026-12-31T00:00+01:00/2027-01-01T00:00+01:00").findings
    assert of(late, "maintenance-quarter", "2026-12-31T00:00+01:00/2027-01-01T00:00+01:00").findings == ()


# ---------------------------------------------------------------- browsers and loss of data


def opened(story: Story, at: str, platforms=(PROD,), **incident) -> Story:
    fact = IncidentOpened(incident="i1", platforms=platforms, summary="no answer", **incident)
    return story.fact("incident:i1", fact, at)


@pytest.mark.parametrize(
    ("name", "version", "promised"),
    [
        ("Firefox", 78, None),
        ("firefox", 79, None),
        ("Firefox", 77, "Firefox 78"),
        ("Lynx", 900, "nothing"),
    ],
)
def test_an_incident_from_a_browser_that_is_not_supported_is_shown_and_is_no_breach(name, version, promised):
    story = opened(acme(), october("6 10:00"), browser=Browser(name=name, major_version=version))
    story.fact("incident:i1", IncidentResolved(incident="i1", cause="a disk"), october("6 11:00"))

    entry = of(story, "browsers")

    assert (entry.state, entry.examined) == ("kept", 1)
    assert [each.promised or "nothing" for each in entry.findings] == ([promised] if promised else [])
    for found in entry.findings:
        assert (found.subject, found.what, found.measured) == (
            "i1",
            "unsupported-browser",
            f"{name} {version}",
        )
        assert (found.start[8:13], found.end[8:13]) == ("06T10", "06T11")


def test_an_incident_that_was_not_reported_from_a_browser_says_nothing_of_browsers():
    assert of(opened(acme(), october("6 10:00")), "browsers").state == "nothing-recorded"


def alerted(story: Story, at: str, *platforms: str) -> Story:
    return story.fact("incident:i1", DataLossAlertSent(incident="i1", platforms=platforms), at)


def test_after_a_loss_of_data_every_platform_that_it_concerned_needs_an_alert():
    both = (PROD, "acme-test")
    story = opened(acme(platforms=both), october("6 10:00"), both, data_loss=True)

    none, one = of(story, "data-loss-alert"), of(alerted(story, october("6 11:00"), PROD), "data-loss-alert")
    every = of(alerted(story, october("20 11:00"), "acme-test"), "data-loss-alert")

    assert whats(none) == [(f"i1/{PROD}", "not-alerted"), ("i1/acme-test", "not-alerted")]
    assert whats(one) == [("i1/acme-test", "not-alerted")]
    assert (one.state, one.findings[0].start, one.findings[0].end) == (
        "broken",
        "2026-10-06T10:00:00+02:00",
        None,
    )
    assert every.state == "kept"  # at any time: the contract names no delay


def test_a_loss_that_became_known_later_counts_and_other_incidents_need_no_alert():
    story = opened(acme(), october("6 10:00"))
    without = of(story, "data-loss-alert")

    story.fact("incident:i1", IncidentUpdated(incident="i1", note="files are gone", data_loss=True))

    assert without.state == "nothing-recorded"
    assert of(story, "data-loss-alert").state == "broken"


def test_an_alert_to_another_client_is_not_one_to_ours_and_their_platform_is_not_named():
    story = acme().contract("rival", platforms=["rival-secret"])
    story = opened(story, october("6 10:00"), (PROD, "rival-secret"), data_loss=True)
    story = alerted(story, october("6 11:00"), "rival-secret")

    assert whats(of(story, "data-loss-alert")) == [(f"i1/{PROD}", "not-alerted")]


def test_an_incident_concerns_the_platforms_that_belonged_to_the_contract_when_it_was_opened():
    story = acme(first_day="2026-10-05")
    story = opened(story, october("4 10:00"), data_loss=True, browser=Browser(name="Lynx", major_version=1))

    assert of(story, "data-loss-alert").state == "nothing-recorded"
    assert of(story, "browsers").state == "nothing-recorded"


def test_an_incident_belongs_to_the_period_in_which_it_was_opened():
    story = opened(acme(), "2026-11-02T10:00+01:00", data_loss=True)

    first, second = of(story, "data-loss-alert", "1"), of(story, "data-loss-alert", "2")

    assert (first.state, first.examined) == ("nothing-recorded", 0)
    assert (second.state, second.examined) == ("broken", 1)


# ---------------------------------------------------------------- browsers reported later


def reported(story: Story, at: str, browser: Browser, platform=PROD) -> Story:
    fact = BrowserReported(incident="i1", platform=platform, browser=browser)
    return story.fact("incident:i1", fact, at)


LYNX = Browser(name="Lynx", major_version=2)


def test_a_browser_that_was_reported_later_is_found_from_its_report_on_and_told_in_the_register():
    story = reported(opened(acme(), october("6 10:00")), october("6 11:00"), LYNX)

    (found,) = of(story, "browsers").findings
    (entry,) = statement(story.known(), "acme", "1").entries

    assert (found.subject, found.what, found.measured, found.start[11:16]) == (
        "i1",
        "unsupported-browser",
        "Lynx 2",
        "11:00",
    )
    assert [(step.kind, step.text) for step in entry.story] == [
        ("opened", "no answer"),
        ("reported", "Lynx 2"),
    ]


def test_a_report_from_another_clients_platform_is_not_ours():
    story = acme().contract("rival", platforms=["rival-secret"])
    story = opened(story, october("6 10:00"), (PROD, "rival-secret"))
    story = reported(story, october("6 11:00"), LYNX, "rival-secret")

    ours = statement(story.known(), "acme", "1")

    assert of(story, "browsers").state == "nothing-recorded"
    assert "Lynx" not in ours.model_dump_json()


def test_a_report_after_the_incident_was_over_ends_when_it_begins():
    story = opened(acme(), october("6 10:00"))
    story.fact("incident:i1", IncidentResolved(incident="i1", cause="a disk"), october("6 11:00"))

    (found,) = of(reported(story, october("6 12:00"), LYNX), "browsers").findings

    assert (found.start, found.end) == ("2026-10-06T12:00:00+02:00", "2026-10-06T12:00:00+02:00")


# ---------------------------------------------------------------- the list of administrators


def synchronised(story, at: str, *people: str):
    fact = DirectorySynchronised(contract="acme", administrators=people, count=len(people))
    return story.at(at).fact("directory:acme", fact)


def test_a_list_that_is_synchronised_each_week_is_kept():
    story = synchronised(acme(last_day="2026-10-31"), october("1 00:00"), "p-1")
    for day in ("8", "15", "22", "29"):
        synchronised(story, october(f"{day} 00:00"), "p-1")

    assert of(story, "administrators-list").state == "kept"


def test_a_list_that_was_made_before_and_is_not_too_old_is_kept_and_one_that_came_later_is_not_examined():
    story = synchronised(synchronised(acme(), october("1 00:00"), "p-1"), october("10 00:00"), "p-1")
    third = "2026-10-03T00:00:00+02:00/2026-10-04T00:00:00+02:00"

    entry = of(story, "administrators-list", third)
    before_any = of(synchronised(acme(), october("9 00:00"), "p-1"), "administrators-list", third)

    assert (entry.state, entry.examined, entry.findings) == ("kept", 1, ())
    assert (before_any.state, before_any.examined) == ("nothing-recorded", 0)


def test_a_list_is_out_of_date_from_the_hour_on_that_the_terms_allow_until_the_next_one():
    story = synchronised(acme(), october("1 00:00"), "p-1")
    synchronised(story, october("9 12:00"), "p-1")
    synchronised(story, october("14 12:00"), "p-1")
    for day in ("20", "26", "30"):
        synchronised(story, october(f"{day} 12:00"), "p-1")

    entry = of(story, "administrators-list")

    (found,) = entry.findings
    assert entry.state == "broken"
    assert entry.clause == "Règlement général sur la protection des données (RGPD)"
    assert (found.what, found.start, found.end) == (
        "not-synchronised",
        "2026-10-08T00:00:00+02:00",
        "2026-10-09T12:00:00+02:00",
    )
    assert (found.measured, found.promised) == ("204.00 h", "168 h")


def test_a_list_that_was_never_synchronised_again_is_out_of_date_until_now():
    entry = of(synchronised(acme(), october("1 00:00"), "p-1"), "administrators-list")

    (found,) = entry.findings
    assert (found.start, found.end, found.measured) == ("2026-10-08T00:00:00+02:00", None, None)


def test_the_terms_say_how_old_a_list_may_become():
    story = synchronised(acme(directory_sync_hours_max=24), october("1 00:00"), "p-1")

    assert of(story, "administrators-list").findings[0].start == "2026-10-02T00:00:00+02:00"


def test_a_contract_without_a_list_has_no_such_commitment():
    entries = statement(acme().known(), "acme", "1").commitments

    assert "administrators-list" not in [entry.commitment for entry in entries]
