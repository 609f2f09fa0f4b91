"""What a reader tells another of where the rounds lie comes to the same as reading them; no broker is needed."""

import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.fact import GENESIS_HASH, hash_of
from ledger.log.kafka import spans
from ledger.log.kafka.changes import Tale
from ledger.log.kafka.copied import up_to
from ledger.log.kafka.places import Places, Probed, end_of, partition_of
from ledger.log.kafka.spans import Span, adopt, span_of, spans_in
from ledger.rounds import chained
from tests.ledger.log.kafka.mirrors import mirror_at
from tests.ledger.log.processes import a_round

AGENTS = [name for name in map("agent-{}".format, range(20)) if partition_of(name, 2) == 0][:3]


@pytest.fixture
def mirrors():
    """Two mirrors of the same topics."""
    both = mirror_at(), mirror_at()
    yield both
    for each in both:
        each.close()


@st.composite
def partitions(draw):
    """The records of a partition: rounds of several agents, some twice, and what is none."""
    heads = dict.fromkeys(AGENTS, (0, GENESIS_HASH))
    values = []
    for agent in draw(st.lists(st.sampled_from([*AGENTS, None, "again"]), max_size=40)):
        if agent is None:
            values.append(b"none of ours")
        elif agent == "again":
            values += values[-1:]
        else:
            number, head = heads[agent][0] + draw(st.integers(1, 3)), heads[agent][1]
            (value,) = chained([a_round(number, agent)], head)
            heads[agent] = number, hash_of(value)
            values.append(value)
    return [Probed(0, place, 1_000 + place // 3, value, None) for place, value in enumerate(values)]


def read(mirror, records):
    with mirror.writing() as connection:
        placing = Places(connection, up_to({}), 2)
        for each in records:
            placing.take(each)
        placing.close()


def content(mirror):
    with mirror.reading() as connection:
        return (
            connection.execute("SELECT * FROM places ORDER BY met").fetchall(),
            connection.execute("SELECT * FROM ends").fetchall(),
        )


def tell(mirror, first, until):
    """The spans from a place on, once they are bytes and read again."""
    tales = []
    while first < until:
        span = span_of(mirror, 0, first)
        tales.append(span.tale())
        first = span.until
    return spans_in(tales, 0)


@given(partitions(), st.data())
def test_who_is_told_has_what_who_read_has_however_far_he_had_come(records, data):
    reader, told = mirror_at(), mirror_at()
    read(reader, records)
    read(told, records[: data.draw(st.integers(0, len(records)))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "ROUNDS_MAX", data.draw(st.integers(1, 10)))
        found = tell(reader, 0, len(records))

    for span in data.draw(st.permutations(found)):
        adopt(told, span, 2)
    for span in found:  # whatever came too early fits now
        adopt(told, span, 2)

    assert content(told)[1] == content(reader)[1]
    assert content(told) == content(reader)


@given(partitions(), st.data())
def test_what_is_read_behind_what_was_told_fits(records, data):
    reader, told = mirror_at(), mirror_at()
    cut = data.draw(st.integers(0, len(records)))
    read(reader, records[:cut])
    for span in tell(reader, 0, cut):
        adopt(told, span, 2)

    read(reader, records[cut:])
    read(told, records[cut:])

    assert content(told) == content(reader)


def some(count=4, agent=AGENTS[0]):
    values = chained([a_round(number, agent) for number in range(1, count + 1)], GENESIS_HASH)
    return [Probed(0, place, 1_000, value, None) for place, value in enumerate(values)]


def test_nothing_is_taken_of_a_span_that_leaves_a_gap(mirrors):
    reader, told = mirrors
    read(reader, some())

    assert not adopt(told, span_of(reader, 0, 2), 2)
    assert content(told) == ([], [])


def test_nothing_is_taken_of_a_span_whose_rounds_do_not_come_after_those_that_are_there(mirrors):
    reader, told = mirrors
    read(reader, some(4))
    read(told, some(2))
    forged = msgspec.structs.replace(span_of(reader, 0, 0), number=[1, 2, 2, 4])
    before = content(told)

    assert not adopt(told, forged, 2)
    assert content(told) == before


def test_nothing_is_taken_of_rounds_that_do_not_belong_into_the_partition(mirrors):
    reader, told = mirrors
    read(reader, some())
    other = next(name for name in map("other-{}".format, range(20)) if partition_of(name, 2) == 1)

    assert not adopt(told, msgspec.structs.replace(span_of(reader, 0, 0), agents=[other]), 2)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"v": 2},
        {"place": [0, 1, 2]},
        {"place": [0, 2, 1, 3]},
        {"place": [0, 1, 2, 4]},
        {"agent": [0, 0, 0, 1]},
        {"hashes": "no base64"},
        {"number": [1, 2, 3, -4]},
    ],
)
def test_what_is_no_whole_span_is_none(mirrors, spoiled):
    reader, _ = mirrors
    read(reader, some())
    told = msgspec.to_builtins(span_of(reader, 0, 0)) | spoiled

    assert Span.decode(zlib.compress(msgspec.json.encode(told))) is None


def test_bytes_of_others_and_of_other_partitions_are_no_spans_of_this_one(mirrors):
    reader, _ = mirrors
    read(reader, some())
    whole = span_of(reader, 0, 0).tale()
    tales = [whole, Tale(whole.key, b"nothing"), Tale(b"fold/x", whole.value), whole._replace(value=b"")]

    assert [span.until for span in spans_in(tales, 0)] == [4]
    assert spans_in(tales, 1) == []


def test_a_span_takes_a_fraction_of_what_it_spares(mirrors):
    reader, _ = mirrors
    records = some(2_000)
    read(reader, records)

    told = sum(len(span.tale().value) for span in tell(reader, 0, 2_000))

    assert told < 60 * 2_000
    with reader.reading() as connection:
        assert end_of(connection, 0).next_place == 2_000
