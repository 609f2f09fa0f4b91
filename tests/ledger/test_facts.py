"""All facts: closed, frozen, named for ever, the same after any journey through bytes."""

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ledger import facts
from ledger.errors import BadInputError, DamagedLedgerError
from ledger.fact import GENESIS_HASH, Draft, Fact, hash_of
from ledger.log import codec
from ledger.log.codec import Envelope
from ledger.operations import StorageMeasured
from ledger.support import SupportAnswered
from projections.asof import SUBJECTS
from tests.spec import Story
from tests.strategies import FACTS, LARGEST, instants

TYPE_NAME = re.compile(r"constat\.[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*")
PAST_TENSE = ("ed", "made", "set", "sent", "taken", "withdrawn")
each_type = pytest.mark.parametrize("kind", facts.ALL_FACTS, ids=lambda kind: kind.TYPE)


def stored(fact: Fact, occurred_ms: int = 0) -> bytes:
    return codec.encode(Envelope.of(Draft("a:stream", fact, occurred_ms), 7, GENESIS_HASH))


def example(kind: type[Fact]) -> Fact:
    """One fact of a type; which one does not matter."""
    found: list[Fact] = []

    @settings(max_examples=1)
    @given(FACTS[kind])
    def draw(fact):
        found.append(fact)

    draw()
    return found[0]


# ---------------------------------------------------------------- names


def test_every_fact_is_tested():
    assert set(FACTS) == set(facts.ALL_FACTS)


def test_type_names_are_unique():
    assert len(facts.BY_TYPE) == len(facts.ALL_FACTS) == len(set(facts.ALL_FACTS))


@each_type
def test_a_type_name_says_what_happened_to_what_in_which_version(kind):
    assert TYPE_NAME.fullmatch(kind.TYPE)
    assert kind.TYPE.rsplit(".", 1)[0].endswith(PAST_TENSE)


# ---------------------------------------------------------------- closed and frozen


@each_type
def test_a_fact_is_closed(kind):
    data = orjson.loads(stored(example(kind)))["data"]

    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        facts.read(kind.TYPE, data | {"something": "more"})


@each_type
def test_a_fact_is_frozen(kind):
    fact = example(kind)
    field = next(iter(kind.model_fields))

    with pytest.raises(ValidationError, match="frozen"):
        setattr(fact, field, getattr(fact, field))


# ---------------------------------------------------------------- through bytes and back


@each_type
@given(data=st.data(), occurred_ms=instants)
def test_a_fact_is_the_same_after_a_journey_through_bytes(kind, data, occurred_ms):
    fact = data.draw(FACTS[kind])

    value = stored(fact, occurred_ms)
    read = codec.decode(value)

    assert read.fact == fact
    assert read.occurred_ms == occurred_ms
    assert codec.encode(read) == value


@each_type
def test_the_bytes_say_the_type(kind):
    event = orjson.loads(stored(example(kind)))

    assert event["type"] == kind.TYPE
    assert facts.read(event["type"], event["data"]).TYPE == kind.TYPE


@pytest.mark.parametrize("used_bytes", [LARGEST + 1, 2**64])
def test_a_number_that_a_reader_of_json_would_round_is_refused(used_bytes):
    with pytest.raises(BadInputError, match=r"write its numbers between -2\^53 and 2\^53"):
        stored(StorageMeasured(platform="acme-prod", used_bytes=used_bytes))

    assert stored(StorageMeasured(platform="acme-prod", used_bytes=LARGEST))


# ---------------------------------------------------------------- old and unknown shapes


@pytest.fixture
def an_older_shape(monkeypatch) -> Callable[[SupportAnswered], dict[str, Any]]:
    """Answers were once called replies, and before that they had the number of their request."""
    upcasters = {
        "constat.support.replied.v1": lambda data: (
            "constat.support.replied.v2",
            {"request": data["number"], "who": data["who"]},
        ),
        "constat.support.replied.v2": lambda data: (
            SupportAnswered.TYPE,
            {"request": data["request"], "by": data["who"]},
        ),
    }
    monkeypatch.setattr(facts, "UPCASTERS", MappingProxyType(upcasters))
    return lambda fact: {"number": fact.request, "who": fact.by}


def test_an_old_shape_is_read_as_the_present_one_step_by_step(an_older_shape):
    answered = SupportAnswered(request="r1", by="support-3")

    assert facts.read("constat.support.replied.v1", an_older_shape(answered)) == answered


def test_an_old_shape_is_read_from_a_ledger_whose_bytes_stay_as_they_were_written(an_older_shape):
    answered = SupportAnswered(request="r1", by="support-3")
    story = Story().fact("support:r1", answered)
    (kept,) = story.engine.facts()
    event = orjson.loads(kept.value)
    event |= {"type": "constat.support.replied.v1", "data": an_older_shape(answered)}
    old = orjson.dumps(event)

    recorded = codec.recorded(kept._replace(value=old))

    assert recorded.fact == answered
    assert recorded.hash == hash_of(old) != hash_of(kept.value)


def test_reading_does_not_change_the_data_that_were_read(an_older_shape):
    data = an_older_shape(SupportAnswered(request="r1", by="support-3"))
    before = dict(data)

    facts.read("constat.support.replied.v1", data)

    assert data == before


def test_a_type_that_this_version_does_not_know_says_what_to_do():
    event = orjson.loads(stored(SupportAnswered(request="r1", by="support-3")))
    event["type"] = "constat.support.escalated.v1"

    with pytest.raises(
        DamagedLedgerError,
        match=r"constat\.support\.escalated\.v1.* if a newer Constat wrote it, use that version",
    ):
        codec.decode(orjson.dumps(event))


def test_a_fact_whose_data_do_not_fit_its_type_is_named():
    event = orjson.loads(stored(SupportAnswered(request="r1", by="support-3")))
    del event["data"]["by"]

    with pytest.raises(DamagedLedgerError, match="by: Field required"):
        codec.decode(orjson.dumps(event))


@each_type
@given(data=st.data())
def test_every_fact_has_one_stream_whose_subject_folds_it(kind, data):
    fact = data.draw(FACTS[kind])

    subject, _, name = facts.stream_of(fact).partition(":")

    assert [each for each, kinds in facts.BY_SUBJECT.items() if kind in kinds] == [subject]
    assert SUBJECTS[subject].stream_of(name) == facts.stream_of(fact)
