"""The AsyncAPI document: as its own standard demands, and as the events that are relayed really are."""

import json
from pathlib import Path

import jsonschema
import pytest

from docs.asyncapi import document
from tests.consumers.billing.penalties import assess, ledger_at

ROOT = Path(__file__).parents[3]
STANDARD = ROOT / "tests" / "vectors" / "asyncapi-3.0.0.schema.json"
"""AsyncAPI's own schema of a document, from the package @asyncapi/specs 6.11.1 (Apache-2.0)."""


@pytest.fixture(scope="module")
def found():
    return json.loads(document())


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """The feed of a ledger that has granted and reversed."""
    from consumers.relay import feed  # noqa: PLC0415

    with ledger_at(tmp_path_factory.mktemp("feed") / "constat.db") as ledger:
        assess(ledger, acme_prod=3, acme_test=1)
        assess(ledger, revision=2, acme_prod=1, acme_test=2)
        return [json.loads(each.value) for each in feed.events(ledger.engine, 0)]


def checker(found, event):
    """The schema of the document's message for an event's type."""
    messages = found["components"]["messages"].values()
    (payload,) = [each["payload"]["$ref"] for each in messages if each["name"] == event["type"]]
    schema = {"$ref": payload, "components": found["components"]}
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    if isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_document_is_one_of_asyncapi_3(found):
    standard = jsonschema.Draft7Validator(json.loads(STANDARD.read_text()))

    assert [error.message for error in standard.iter_errors(found)] == []
    broken = {**found, "channels": {"penalties": {**found["channels"]["penalties"], "adress": "x"}}}
    assert list(standard.iter_errors(broken)), (
        "the standard's schema refuses nothing, so this test shows nothing"
    )


def test_every_reference_of_the_document_leads_somewhere(found):
    for reference in references(found):
        place = found
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_relayed_event_fits_the_document(found, events):
    assert {event["type"] for event in events} == {
        "constat.assessment.made.v1",
        "constat.penalty.granted.v1",
        "constat.penalty.reversed.v1",
    }
    for event in events:
        assert [error.message for error in checker(found, event).iter_errors(event)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"position": 3},
        {"sequence": "1"},
        {"recordedtime": None},
        {"data": {}},
        {"unknown": "x"},
        {"previoushash": "sha256:0"},
    ],
)
def test_an_event_of_another_shape_does_not_fit(found, events, change):
    for event in events:
        assert list(checker(found, event).iter_errors(event | change))
