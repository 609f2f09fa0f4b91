"""Which rounds count and where they lie, on its own: a list of records and a mirror, no broker."""

from typing import NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import UnusableLedgerError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.instants import END_OF_TIME_MS
from ledger.log.interface import RoundHead
from ledger.log.kafka.copied import up_to
from ledger.log.kafka.partitions import _probed
from ledger.log.kafka.places import Places, Probed, count_of, end_of, head_of, partition_of
from ledger.rounds import chained
from tests.ledger.log.kafka.mirrors import mirror_at
from tests.ledger.log.processes import a_round

PARIS = partition_of("paris", 2)


@pytest.fixture
def mirror():
    mirror = mirror_at()
    yield mirror
    mirror.close()


def values(*numbers, agent="paris", previous=GENESIS_HASH):
    return list(chained([a_round(number, agent) for number in numbers], previous))


def probed(*records, partition=PARIS, first=0, recorded_ms=None):
    return [
        Probed(partition, place, 1_000 + place, value, recorded_ms)
        for place, value in enumerate(records, first)
    ]


def take(mirror, records, copied=()):
    with mirror.writing() as connection:
        placing = Places(connection, up_to(dict(copied)), 2)
        found = [placing.take(each) for each in records]
        placing.close()
    return [each and each.number for each in found]


def altered(value, **changes):
    event = orjson.loads(value)
    return orjson.dumps(event | changes | {"data": event["data"] | changes.get("data", {})})


def test_rounds_count_while_each_extends_the_one_before_and_numbers_may_be_skipped(mirror):
    assert take(mirror, probed(*values(1, 2, 5))) == [1, 2, 5]
    assert head_of(mirror, "paris") == RoundHead(5, hash_of(values(1, 2, 5)[-1]))


def test_the_same_round_again_a_lower_number_and_a_stale_head_are_void(mirror):
    one, two, five = values(1, 2, 5)
    (stale,) = values(7, previous=hash_of(two))

    assert take(mirror, probed(one, two, one, two, five, stale)) == [1, 2, None, None, 5, None]
    with mirror.reading() as connection:
        assert end_of(connection, PARIS).void == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"round": 2**63}},
        {"data": {"start": 2**63}},
        {"data": {"round": "1"}},
        {"data": {"round": True}},
        {"subject": 7},
        {"previoushash": None},
        {"type": "constat.agent.round-finished.v2"},
    ],
)
def test_what_is_no_round_is_void_and_the_next_one_counts(mirror, changes):
    (one,) = values(1)

    assert take(mirror, probed(altered(one, **changes), b"", b"hello", one)) == [None, None, None, 1]


def test_a_round_of_a_copy_keeps_its_clock_and_only_as_far_as_the_copy_said(mirror):
    one, two, three = values(1, 2, 3)
    records = [
        *probed(one, recorded_ms=5),
        *probed(two, first=1),
        *probed(three, first=2, recorded_ms=7),
    ]

    assert take(mirror, records, {"paris": 2}) == [1, 2, None]
    with mirror.reading() as connection:
        clocks = connection.execute("SELECT recorded_ms FROM places ORDER BY place").fetchall()
    assert clocks == [(5,), (1_001,)]


@pytest.mark.parametrize("recorded_ms", [2**63 - 1, 10**40, END_OF_TIME_MS])
def test_a_copied_round_that_was_recorded_at_no_instant_is_void_and_the_next_one_counts(mirror, recorded_ms):
    one, two = values(1, 2)
    records = [*probed(one, recorded_ms=recorded_ms), *probed(one, two, first=1, recorded_ms=7)]

    assert take(mirror, records, {"paris": 2}) == [None, 1, 2]


def test_the_recorded_clock_of_an_agent_never_steps_back_whatever_the_brokers_say(mirror):
    clocks = (500, 300, 700, 100)
    records = [
        each._replace(appended_ms=clock)
        for each, clock in zip(probed(*values(1, 2, 3, 4)), clocks, strict=True)
    ]

    take(mirror, records[:2])
    take(mirror, records[2:])

    with mirror.reading() as connection:
        found = connection.execute("SELECT recorded_ms FROM places ORDER BY place").fetchall()
    assert found == [(500,), (500,), (700,), (700,)]


def test_a_missing_place_is_refused_and_nothing_behind_it_is_placed(mirror):
    one, two = values(1, 2)
    take(mirror, probed(one))

    with pytest.raises(UnusableLedgerError, match="has no record 1, and goes on at 2: rounds were deleted"):
        take(mirror, probed(two, first=2))

    assert head_of(mirror, "paris").number == 1


def test_a_round_in_the_partition_of_another_agent_is_void_and_stops_nobody(mirror):
    one, two = values(1, 2)

    assert take(mirror, probed(one, partition=1 - PARIS)) == [None]
    assert take(mirror, probed(one, two)) == [1, 2]


class Record(NamedTuple):
    """What the client gives."""

    headers: list[tuple[str, bytes | None]]
    value: bytes = b"x"
    partition: int = 0
    offset: int = 0
    timestamp: int = 7


@pytest.mark.parametrize("clock", [None, b"", b"9" * 5_000, b"9" * 16, "١٢".encode(), b"-5", b"soon"])
def test_a_record_whose_clock_cannot_be_read_is_void_and_stops_nobody(mirror, clock):
    (one,) = values(1)
    found = _probed(Record([("recorded_ms", clock)], one))._replace(partition=PARIS)

    assert take(mirror, [found, *probed(one, first=1)], {"paris": 9}) == [None, 1]


def test_of_several_clocks_the_last_one_is_meant():
    assert _probed(Record([("recorded_ms", b"5"), ("recorded_ms", b"6"), ("other", b"7")])).recorded_ms == 6
    assert _probed(Record([])).recorded_ms is None


def test_how_many_of_a_batch_are_there_is_seen_even_when_another_writer_went_on(mirror):
    one, two, three = values(1, 2, 3)
    batch = [(1, hash_of(one)), (2, hash_of(two))]

    assert count_of(mirror, "paris", batch) == 0
    take(mirror, probed(one))
    assert count_of(mirror, "paris", batch) == 1
    take(mirror, probed(two, three, first=1))
    assert count_of(mirror, "paris", batch) == 2
    assert count_of(mirror, "paris", [(3, hash_of(two))]) == 0


def test_the_partition_of_an_agent_is_that_of_the_specification():
    assert [partition_of(name, 6) for name in ("paris", "lyon", "oslo", "é")] == [
        int.from_bytes(bytes.fromhex(hash_of(name.encode())[7:23])) % 6
        for name in ("paris", "lyon", "oslo", "é")
    ]
    assert [partition_of(name, 6) for name in ("paris", "lyon", "oslo", "é")] == [0, 1, 4, 3]


@st.composite
def contested(draw):
    """Rounds of one agent by writers with stale views, with repeats."""
    records, heads = [], [(0, GENESIS_HASH)]
    for _ in range(draw(st.integers(1, 12))):
        number, head = draw(st.sampled_from(heads))
        (value,) = values(number + draw(st.integers(0, 3)), previous=head)
        records += [value] * draw(st.sampled_from([1, 1, 2]))
        heads.append((orjson.loads(value)["data"]["round"], hash_of(value)))
    return records


@given(contested(), st.data())
def test_every_reader_places_the_same_rounds_however_much_it_takes_at_once(records, data):
    whole, parts = mirror_at(), mirror_at()
    expected, at, found = take(whole, probed(*records)), 0, []
    while at < len(records):
        step = data.draw(st.integers(1, len(records)))
        found += take(parts, probed(*records[at : at + step], first=at))
        at += step

    assert found == expected
    numbers = [number for number in expected if number is not None]
    assert numbers == sorted(set(numbers))
    whole.close()
    parts.close()
