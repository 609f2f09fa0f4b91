"""The AsyncAPI document: as its standard demands, and as the events that are relayed really are."""

import json
import re

import jsonschema
import pytest

from docs.asyncapi import document
from tests.consumers.billing.penalties import assess, ledger_at

TELLING = {"title", "summary", "description", "tags", "externalDocs", "bindings"}
FIELDS = {
    "document": {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations"}
    | {"components"},
    "info": {"title", "version", "description", "termsOfService", "contact", "license", "tags"}
    | {"externalDocs"},
    "channel": TELLING | {"address", "messages", "servers", "parameters"},
    "operation": TELLING | {"action", "channel", "messages", "reply", "security", "traits"},
    "message": TELLING | {"name", "contentType", "headers", "payload", "correlationId", "examples", "traits"},
}
"""The fields that an object of AsyncAPI 3.0.0 may have, by the specification's tables."""
REQUIRED = {
    "document": {"asyncapi", "info"},
    "info": {"title", "version"},
    "operation": {"action", "channel"},
}


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


def objects(found):
    """Every object of a document whose fields the specification lists, with its kind."""
    yield "document", found
    yield "info", found["info"]
    for kind, several in (
        ("channel", found["channels"]),
        ("operation", found["operations"]),
        ("message", found["components"]["messages"]),
    ):
        yield from ((kind, each) for each in several.values())


def faults(found):
    """The fields that an object may not have, or must have and has not."""
    for kind, each in objects(found):
        yield from (f"{kind} has {name}" for name in each.keys() - FIELDS[kind])
        yield from (f"{kind} has no {name}" for name in REQUIRED.get(kind, set()) - each.keys())


def at(found, reference):
    """What a reference of the document leads to; None if to nothing."""
    place = found
    for step in reference.removeprefix("#/").split("/"):
        place = place.get(step) if isinstance(place, dict) else None
    return place


def test_the_document_is_one_of_asyncapi_3(found):
    assert found["asyncapi"] == "3.0.0"
    assert list(faults(found)) == []
    assert {each["action"] for each in found["operations"].values()} == {"send", "receive"}
    for channel in found["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == channel["parameters"].keys()


def test_a_slip_of_the_pen_in_the_document_would_be_seen(found):
    channel = {**found["channels"]["penalties"], "adress": "x"}
    nameless = {name: value for name, value in found["info"].items() if name != "title"}

    assert list(faults({**found, "channels": {"penalties": channel}})) == ["channel has adress"]
    assert list(faults({**found, "info": nameless})) == ["info has no title"]


def test_every_reference_of_the_document_leads_somewhere(found):
    assert list(references(found))
    assert [reference for reference in references(found) if at(found, reference) is None] == []


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
