"""The AsyncAPI document of the penalty feed, from the models; `docs.generate` writes it."""

import copy
import json
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from consumers.relay.event import FEED_FACTS, MEDIA_TYPE, FeedFact
from ledger.log.kafka.settings import SETTINGS

REF = "#/components/schemas/{model}"
ABOUT = (
    "Everything that a ledger assesses and grants, for whoever bills: each event once in effect, in order within its "
    "contract and without a gap. The rules are in docs/spec/10-penalty-feed.md."
)
READING = (
    "Read from the first record on. `sequence` counts the events of a contract from 1 without a gap; an event with an "
    "id that was seen before and the same bytes is a repeat, with other bytes a conflict."
)


def document() -> str:
    """The document as JSON."""
    schemas = _schemas()
    names = {fact.TYPE: fact.__name__ for fact in FEED_FACTS}
    found = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Constat: the penalty feed",
            "version": version("constat"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": MEDIA_TYPE,
        "channels": {"penalties": _channel(names)},
        "operations": {
            "relay": {
                "action": "send",
                "channel": {"$ref": "#/channels/penalties"},
                "summary": "`constat relay` publishes every event at least once, in the order of the ledger.",
            },
            "bill": {
                "action": "receive",
                "channel": {"$ref": "#/channels/penalties"},
                "summary": "`constat bill` lets each event take effect once.",
            },
        },
        "components": {
            "messages": {name: _message(type_, name) for type_, name in names.items()},
            "schemas": schemas,
        },
    }
    return json.dumps(found, indent=2) + "\n"


def _channel(names: dict[str, str]) -> dict[str, Any]:
    kept = {"cleanup.policy": [SETTINGS["cleanup.policy"]]} | {
        name: int(SETTINGS[name]) for name in ("retention.ms", "retention.bytes", "max.message.bytes")
    }
    return {
        "address": "{ledger}.penalties",
        "title": "The topic of the feed",
        "description": READING,
        "parameters": {"ledger": {"description": "The name of the ledger on Kafka.", "default": "constat"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names.values()},
        "bindings": {"kafka": {"partitions": 1, "topicConfiguration": kept, "bindingVersion": "0.5.0"}},
    }


def _message(type_: str, name: str) -> dict[str, Any]:
    return {
        "name": type_,
        "contentType": MEDIA_TYPE,
        "payload": {"$ref": REF.format(model=f"{name}Event")},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The contract."},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _schemas() -> dict[str, Any]:
    models = [(model, "serialization") for model in (FeedFact, *FEED_FACTS)]
    _, found = models_json_schema(models, by_alias=True, ref_template=REF)  # type: ignore[arg-type]
    schemas: dict[str, Any] = found["$defs"]
    envelope = schemas.pop(FeedFact.__name__)
    for fact in FEED_FACTS:
        schemas[f"{fact.__name__}Event"] = _event(envelope, fact.TYPE, fact.__name__)
    return dict(sorted(schemas.items()))


def _event(envelope: dict[str, Any], type_: str, name: str) -> dict[str, Any]:
    event = copy.deepcopy(envelope)
    event["title"] = f"{name}Event"
    event["description"] = "A stored fact as a CloudEvent, with when and where the ledger recorded it."
    event["properties"]["type"] = {"const": type_, "type": "string"}
    event["properties"]["data"] = {"$ref": REF.format(model=name)}
    for time in ("time", "recordedtime"):
        event["properties"][time]["format"] = "date-time"
    return event
