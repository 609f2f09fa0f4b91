"""The register and the commitments as sheets: every fact of an entry a line, and no cell a formula."""

import csv
import io

from consumers.pages import register_csv
from ledger.incidents import IncidentOpened
from ledger.interventions import InterventionMade
from ledger.support import SupportRequested
from projections.statement import statement
from tests.projections.promised import PROD, acme, october
from tests.spec import Story, span


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def told() -> Story:
    """Something of every kind of entry."""
    story = acme().notice("m1", [PROD], f"{october('6 02:00')}/{october('6 04:00')}")
    story.worked("m1", october("6 02:00"), october("6 03:00")).withdrawn("m1")
    story.fact(
        "incident:i1",
        IncidentOpened(incident="i1", platforms=(PROD,), summary="=1+1"),
        october("7 10:00"),
    )
    story.claim("c1", [PROD], f"{october('8 10:00')}/{october('8 12:00')}")
    story.ruling("c1", "in-part", f"{october('8 10:00')}/{october('8 11:00')}")
    story.ruling("c1", "rejected", revises=2)
    story.observed("paris", PROD, f"{october('1 00:00')} up")
    story.corrected("k1", "paris", PROD, f"{october('9 10:00')}/{october('9 11:00')}", "down")
    filed = SupportRequested(request="r1", contract="acme", subject="slow", by="a1", account="member-7")
    story.fact("support:r1", filed, october("10 09:00"))
    made = InterventionMade(
        intervention="iv1",
        request="r1",
        platform=PROD,
        during=span(f"{october('10 10:00')}/{october('10 10:20')}"),
        account="staff-2",
        summary="cleared a queue",
        by="staff-2",
    )
    return story.fact("intervention:iv1", made, october("10 10:20"))


def test_every_kind_of_entry_has_a_line_for_each_of_its_facts():
    found = lines(register_csv.register(statement(told().known(), "acme", "1")))

    assert [(each["entry"], each["what"]) for each in found] == [
        ("maintenance", "published"),
        ("maintenance", "withdrawn"),
        ("maintenance", "worked"),
        ("incident", "opened"),
        ("claim", "filed"),
        ("claim", "in-part"),
        ("claim", "rejected"),
        ("correction", "down"),
        ("intervention", "intervened"),
    ]
    assert {each["contract"] for each in found} == {"acme"}
    assert {each["platforms"] for each in found} == {PROD}


def test_an_intervention_has_who_when_for_what_and_under_which_account():
    (found,) = [
        each
        for each in lines(register_csv.register(statement(told().known(), "acme", "1")))
        if each["entry"] == "intervention"
    ]

    assert (found["by"], found["request"], found["account"], found["account_named"]) == (
        "staff-2",
        "r1",
        "staff-2",
        "member-7",
    )
    assert (found["from"], found["to"]) == ("2026-10-10T10:00:00+02:00", "2026-10-10T10:20:00+02:00")
    assert found["text"] == "cleared a queue"


def test_no_cell_can_be_taken_for_a_formula():
    found = lines(register_csv.register(statement(told().known(), "acme", "1")))

    assert [each["text"] for each in found if each["entry"] == "incident"] == ["'=1+1"]


def test_every_finding_has_a_line_with_its_clause_and_what_was_kept_has_one_too():
    found = lines(register_csv.commitments(statement(told().known(), "acme", "1")))

    account = [each for each in found if each["commitment"] == "intervention-account"]
    daily = [each for each in found if each["commitment"] == "backup-daily"]
    assert [(each["subject"], each["what"], each["measured"], each["promised"]) for each in account] == [
        ("iv1", "another-account", "staff-2", "member-7")
    ]
    assert account[0]["clause"] == "Gestion d'incidents"
    assert [(each["state"], each["what"]) for each in daily] == [("nothing-recorded", "")]
