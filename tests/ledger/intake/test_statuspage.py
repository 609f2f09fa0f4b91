"""An operator's status page: what it says, when it was first seen, and that an edit is another fact."""

import json

import pytest

from ledger.errors import BadInputError
from ledger.fact import hash_of
from ledger.intake.statuspage import import_statuspage, of_file
from projections.documents import documents
from projections.statement import part_of_statement
from tests.spec import Story, ms

NOW_MS = ms("2026-10-07T12:00:00Z")
UPDATE = {
    "id": "u1",
    "status": "investigating",
    "body": "We are looking at a loss of power in GRA.",
    "created_at": "2026-10-06T10:05:00.000+02:00",
    "display_at": "2026-10-06T10:05:00.000+02:00",
    "updated_at": "2026-10-06T10:05:00.000+02:00",
    "incident_id": "i1",
    "affected_components": None,
}
INCIDENT = {
    "id": "i1",
    "name": "Power failure",
    "status": "investigating",
    "impact": "major",
    "created_at": "2026-10-06T10:05:00.000+02:00",
    "started_at": "2026-10-06T10:00:00.000+02:00",
    "resolved_at": None,
    "updated_at": "2026-10-06T10:05:00.000+02:00",
    "shortlink": "https://stspg.io/i1",
    "page_id": "p",
    "incident_updates": [UPDATE],
    "components": [{"id": "c1", "name": "Instances", "group_id": "g1", "group": False}],
}
MAINTENANCE = INCIDENT | {
    "id": "m1",
    "name": "Router upgrade",
    "status": "scheduled",
    "impact": "maintenance",
    "scheduled_for": "2026-10-25T02:30:00.000+02:00",
    "scheduled_until": "2026-10-25T02:30:00.000+01:00",
    "incident_updates": [],
}
COMPONENTS = [
    {"id": "g1", "name": "GRA", "group": True, "group_id": None},
    {"id": "c1", "name": "Instances", "group": False, "group_id": "g1"},
]


@pytest.fixture
def read(tmp_path):
    """Read a page into a story's ledger."""
    kept = {}

    def keep(document):
        kept[hash_of(document)] = document
        return hash_of(document)

    def of(story, *incidents, maintenances=()):
        page = {"components": COMPONENTS, "incidents": incidents, "scheduled_maintenances": maintenances}
        (tmp_path / "summary.json").write_text(json.dumps(page))
        return import_statuspage(story.ledger, of_file(tmp_path / "summary.json"), "ovhcloud", NOW_MS, keep)

    of.kept = kept
    return of


def test_an_incident_is_kept_with_its_document_its_components_and_its_clocks(read):
    story = Story("2026-10-06T08:06:00Z")

    taken = read(story, INCIDENT)

    (bulletin,) = story.known().bulletins.values()
    fact = bulletin.current.fact
    assert (taken.read, taken.stored) == (1, 1)
    assert fact.bulletin == "ovhcloud.i1"
    assert fact.concerned == ("GRA / Instances",)
    assert (fact.since_ms, fact.until_ms) == (ms("2026-10-06T08:00:00Z"), None)
    assert bulletin.current.occurred_ms == ms("2026-10-06T08:05:00Z")
    assert bulletin.first_seen_ms == ms("2026-10-06T08:06:00Z")
    (document,) = documents(story.known())
    assert json.loads(read.kept[document.sha256]) == INCIDENT


def test_what_says_the_same_is_no_other_fact_whatever_the_page_has_touched(read):
    story = Story()
    read(story, INCIDENT)

    again = read(story, INCIDENT | {"updated_at": "2026-10-06T18:00:00.000+02:00", "page_id": "moved"})

    assert again.stored == 0


def test_an_edited_text_is_another_fact_and_the_first_one_stays(read):
    story = Story("2026-10-06T08:06:00Z")
    read(story, INCIDENT)
    milder = UPDATE | {"body": "A short disturbance.", "display_at": "2026-10-06T09:00:00.000+02:00"}
    story.at("2026-10-07T08:00:00Z")

    read(story, INCIDENT | {"incident_updates": [milder], "updated_at": "2026-10-07T09:59:00.000+02:00"})
    story.at("2026-10-08T08:00:00Z")
    read(story, INCIDENT)

    (bulletin,) = story.known().bulletins.values()
    assert [each.fact.statements[0].body for each in bulletin.received] == [
        "We are looking at a loss of power in GRA.",
        "A short disturbance.",
        "We are looking at a loss of power in GRA.",
    ]
    assert bulletin.received[1].fact.statements[0].displayed_ms == ms("2026-10-06T07:00:00Z")
    assert bulletin.received[0].fact.statements[0].displayed_ms is None
    assert bulletin.first_seen_ms == ms("2026-10-06T08:06:00Z")


def test_work_in_the_hour_that_comes_twice_takes_an_hour(read):
    story = Story()

    read(story, maintenances=[MAINTENANCE])

    fact = story.known().bulletins["ovhcloud.m1"].current.fact
    assert fact.kind == "maintenance"
    assert fact.until_ms - fact.since_ms == 3_600_000


def test_when_something_begins_is_not_when_it_was_published(read):
    """A page that does not say it leaves it open."""
    story = Story()

    read(story, INCIDENT | {"started_at": None}, maintenances=[MAINTENANCE | {"scheduled_for": None}])

    assert [each.current.fact.since_ms for each in story.known().bulletins.values()] == [None, None]


def test_nothing_of_a_page_changes_a_figure(read):
    story = Story().contract()
    story.every_minute("paris", ["acme-prod"], "2026-10-06T08:00:00Z/2026-10-06T09:00:00Z", "down")
    before = figures(story)

    read(story, INCIDENT, maintenances=[MAINTENANCE])

    known = story.known()
    assert len(known.bulletins) == 2
    assert figures(story) == before
    assert known.claims == known.maintenances == known.incidents == {}


def figures(story):
    statement = part_of_statement(story.known(), "acme", "1", None, "availability")
    return statement.availability, statement.penalties


def test_a_page_that_shows_all_it_can_may_have_forgotten_something(read):
    story = Story()

    taken = read(story, *(INCIDENT | {"id": f"i{number}"} for number in range(50)))

    assert taken.stored == 50
    assert any("read it before more have come" in note for note in taken.notes)


@pytest.mark.parametrize("said", [{}, {"page": {"id": "p"}}, [1]])
def test_what_is_no_page_is_refused_with_advice(tmp_path, said):
    (tmp_path / "page.json").write_text(json.dumps(said))

    with pytest.raises(BadInputError, match="has neither incidents nor scheduled_maintenances"):
        of_file(tmp_path / "page.json")


def test_an_incident_that_is_none_is_named(read):
    broken = {key: value for key, value in INCIDENT.items() if key != "name"}

    with pytest.raises(BadInputError, match="i1 of incidents is not as version 2 has it"):
        read(Story(), broken)
