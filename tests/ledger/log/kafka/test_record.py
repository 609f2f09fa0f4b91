"""The record of the decisions topic: what is written comes back, and anything else is none of ours."""

import json

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import BadInputError
from ledger.instants import END_OF_TIME_MS, FIRST_MS
from ledger.log.interface import RECORD_BYTES_MAX
from ledger.log.kafka.record import Part, Record, decode, encode, of_events

NONCE = "0123456789abcdef" * 2

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
PARTS = st.lists(
    st.builds(Part, TEXT, st.integers(0, 2**63 - 1), TEXT, st.binary(max_size=50)), min_size=1, max_size=5
)
RECORDS = st.builds(
    Record,
    st.binary(min_size=16, max_size=16).map(bytes.hex),
    PARTS,
    st.none() | st.integers(FIRST_MS, END_OF_TIME_MS - 1),
)


def line(**changes):
    head = {"constat": "record.v1", "nonce": NONCE, "facts": [["s", 1, "t", 3]]} | changes
    return json.dumps({name: value for name, value in head.items() if value is not ...}).encode()


@given(RECORDS)
def test_a_record_comes_back_as_it_was_written_whatever_bytes_are_in_it(record):
    assert decode(encode(record)) == record


@given(RECORDS, st.data())
def test_a_record_that_was_cut_or_grew_is_none_of_ours(record, data):
    value = encode(record)

    assert decode(value[: data.draw(st.integers(0, len(value) - 1))]) is None
    assert decode(value + data.draw(st.binary(min_size=1, max_size=9))) is None


@given(st.binary(max_size=200))
def test_bytes_that_are_no_record_are_none_of_ours(value):
    assert decode(value) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\n",
        b"[]\nabc",
        b"\xff\nabc",
        line(constat="record.v2") + b"\nabc",
        line(constat=...) + b"\nabc",
        line(nonce=NONCE[1:]) + b"\nabc",
        line(nonce=NONCE.upper()) + b"\nabc",
        line(nonce=7) + b"\nabc",
        line(facts=[]) + b"\n",
        line(facts=[["s", 1, "t", 4]]) + b"\nabc",
        line(facts=[["s", 1, "t", 2]]) + b"\nabc",
        line(facts=[["s", 1, "t", -1]]) + b"\nabc",
        line(facts=[["s", -1, "t", 3]]) + b"\nabc",
        line(facts=[["s", "1", "t", 3]]) + b"\nabc",
        line(facts=[["s", 1.0, "t", 3]]) + b"\nabc",
        line(facts=[["s", True, "t", 3]]) + b"\nabc",
        line(facts=[["s", 1, "t", 3, 0]]) + b"\nabc",
        line(facts=[["s", 1, "t", 1], ["s", 2, "t", 1]]) + b"\nabcd",
        line(recorded_ms="7") + b"\nabc",
        line(more=1) + b"\nabc",
        line(facts=[["s", 1, "t", 1], ["s", 2, "t", 1]]) + b"\na b",
        line(facts=[["s", 2**63, "t", 3]]) + b"\nabc",
        line(recorded_ms=2**63 - 1) + b"\nabc",
        line(recorded_ms=END_OF_TIME_MS) + b"\nabc",
        line(recorded_ms=-1) + b"\nabc",
        line(),
    ],
)
def test_what_is_not_exactly_the_form_is_none_of_ours(value):
    assert decode(value) is None


def test_the_form_is_that_of_the_specification():
    value = line(facts=[["s", 1, "t", 3], ["u", 2, "v", 0]]) + b"\nabc\n"

    assert decode(value) == Record(NONCE, [Part("s", 1, "t", b"abc"), Part("u", 2, "v", b"")])


def test_one_byte_more_than_a_record_holds_is_refused_and_one_less_is_not():
    frame = len(encode(Record(NONCE, [Part("s", 1, "t", bytes(100_000))]))) - 100_000
    longest = RECORD_BYTES_MAX - frame - 1  # the length itself has a digit more

    assert len(encode(Record(NONCE, [Part("s", 1, "t", bytes(longest + 1))]))) == RECORD_BYTES_MAX
    with pytest.raises(BadInputError, match="append fewer at once"):
        encode(Record(NONCE, [Part("s", 1, "t", bytes(longest + 2))]))


def test_every_append_has_a_nonce_of_its_own():
    events = [StoredEvent("s", 1, "t", b"abc")]

    first, second = of_events(events), of_events(events)

    assert first.parts == second.parts == [Part("s", 1, "t", b"abc")]
    assert first.nonce != second.nonce
    assert first.recorded_ms is None


@pytest.mark.parametrize("recorded_ms", [-1, END_OF_TIME_MS, 2**63 - 1])
def test_a_record_that_was_recorded_at_no_instant_cannot_be_copied(recorded_ms):
    with pytest.raises(BadInputError, match="before that year or after the year 9998"):
        encode(Record(NONCE, [Part("s", 1, "t", b"abc")], recorded_ms))
