"""What a reader tells another of where the rounds lie comes to the same as reading them; no broker is needed."""

import zlib

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.fact import GENESIS_HASH, hash_of
from ledger.log.changes import Tale
from ledger.log.kafka import spans
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


def tell(mirror):
    """The spans from the first place on, once they are bytes and read again."""
    tales, first = [], 0
    while span := span_of(mirror, 0, first):
        tales.append(span.tale())
        first = span.until
    return list(spans_in(tales, 0))


few = st.integers(1, 10)


def read_by_two(mirrors, records, data):
    """Read all of it into the first mirror, and a part into the other."""
    for mirror, until in zip(mirrors, (len(records), data.draw(st.integers(0, len(records)))), strict=True):
        read(mirror, records[:until])


@pytest.fixture
def cut(monkeypatch):
    """Cut spans of so few records."""
    return lambda records: monkeypatch.setattr(spans, "RECORDS", records)


SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(partitions(), few, st.data())
def test_who_is_told_and_reads_the_rest_has_what_who_read_all_has(cut, records, length, data):
    cut(length)
    reader, told = mirror_at(), mirror_at()
    read_by_two((reader, told), records, data)
    found = tell(reader)

    for span in [*data.draw(st.permutations(found)), *found]:  # whatever came too early fits the second time
        adopt(told, span, 2)
    with told.reading() as connection:
        next_place = end_of(connection, 0).next_place
    read(told, records[next_place:])

    assert next_place >= (found[-1].until if found else 0)
    assert content(told) == content(reader)


@SHARED
@given(partitions(), few, st.data())
def test_everybody_cuts_the_same_spans_however_far_he_has_read(cut, records, length, data):
    cut(length)
    further, less = mirror_at(), mirror_at()
    read_by_two((further, less), records, data)

    assert tell(less) == tell(further)[: len(tell(less))]


@pytest.fixture
def four(cut):
    """Spans of four records."""
    cut(4)


def some(count=4, agent=AGENTS[0]):
    values = chained([a_round(number, agent) for number in range(1, count + 1)], GENESIS_HASH)
    return [Probed(0, place, 1_000, value, None) for place, value in enumerate(values)]


@pytest.mark.usefixtures("four")
def test_nothing_is_taken_of_a_span_that_leaves_a_gap(mirrors):
    reader, told = mirrors
    read(reader, some(8))

    assert not adopt(told, span_of(reader, 0, 4), 2)
    assert content(told) == ([], [])


@pytest.mark.usefixtures("four")
def test_nothing_is_taken_of_a_span_whose_rounds_do_not_come_after_those_that_are_there(mirrors):
    reader, told = mirrors
    read(reader, some(4))
    read(told, some(1))
    forged = msgspec.structs.replace(span_of(reader, 0, 0), number=[1, 2, 2, 4])
    before = content(told)

    assert not adopt(told, forged, 2)
    assert content(told) == before


@pytest.mark.usefixtures("four")
def test_nothing_is_taken_of_rounds_that_do_not_belong_into_the_partition(mirrors):
    reader, told = mirrors
    read(reader, some())
    other = next(name for name in map("other-{}".format, range(20)) if partition_of(name, 2) == 1)

    assert not adopt(told, msgspec.structs.replace(span_of(reader, 0, 0), agents=[other]), 2)


@pytest.mark.usefixtures("four")
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


@pytest.mark.usefixtures("four")
def test_bytes_of_others_and_of_other_partitions_are_no_spans_of_this_one(mirrors):
    reader, _ = mirrors
    read(reader, some())
    whole = span_of(reader, 0, 0).tale()
    tales = [whole, Tale(whole.key, b"nothing"), Tale(b"fold/x", whole.value), whole._replace(value=b"")]

    assert [span.until for span in spans_in(tales, 0)] == [4]
    assert list(spans_in(tales, 1)) == []


def test_a_span_takes_a_fraction_of_what_it_spares(mirrors):
    reader, _ = mirrors
    read(reader, some(spans.RECORDS))

    (span,) = tell(reader)

    assert len(span.tale().value) < 60 * spans.RECORDS


def test_records_none_of_which_is_a_round_are_told_with_the_next_one_that_is(mirrors, cut):
    cut(2)
    reader, _ = mirrors
    last = some(1)[0]._replace(place=5)
    read(reader, [*(Probed(0, place, 1_000, b"none of ours", None) for place in range(5)), last])

    assert [(span.first, span.until, span.place) for span in tell(reader)] == [(0, 6, [5])]
