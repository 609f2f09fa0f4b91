"""The heads that a reader keeps beside its mirror: those that the mirror has, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.fact import hash_of
from ledger.log.arbitration import Head
from ledger.log.kafka.heads import RecentHeads
from ledger.log.kafka.judge import judge
from ledger.log.recorder import head_of
from tests.ledger.log.kafka.mirrors import chain, mirror_at, topic_of, value

STREAMS = "abc"
NAMES = [f"incident:{each}" for each in STREAMS]


class Reader:
    """One of several processes that read a topic into one mirror."""

    def __init__(self, mirror, streams_max=100):
        self._mirror = mirror
        self._next = 0
        self.heads = RecentHeads(streams_max)

    def read(self, kept, until):
        """Go on reading as the tail does: the last record is read again."""
        judged = judge(self._mirror, kept[max(self._next - 1, 0) : until])
        self._next = until
        self.heads.forget(judged.passed_over)
        self.heads.move(judged.heads)


@pytest.fixture
def mirror(tmp_path):
    mirror = mirror_at(tmp_path / "m.mirror")
    yield mirror
    mirror.close()


def head(part):
    return Head(part.sequence, hash_of(part.value))


def test_the_reader_that_judges_a_record_knows_where_its_streams_end(mirror):
    a, b = chain("a", 2), chain("b", 1)
    reader = Reader(mirror)

    reader.read(topic_of(value(1, a[0], b[0]), value(2, a[1])), until=2)

    assert reader.heads.of(NAMES) == {"incident:a": head(a[1]), "incident:b": head(b[0])}


def test_a_void_record_moves_no_head(mirror):
    a = chain("a", 3)
    reader = Reader(mirror)

    reader.read(topic_of(value(1, a[0]), value(2, a[2])), until=2)

    assert reader.heads.of(NAMES) == {"incident:a": head(a[0])}


def test_a_stream_that_another_process_extended_is_not_known_any_longer(mirror):
    a = chain("a", 2)
    kept = topic_of(value(1, a[0]), value(2, a[1]))
    reader, other = Reader(mirror), Reader(mirror)
    reader.read(kept, until=1)
    other.read(kept, until=2)

    reader.read(kept, until=2)

    assert reader.heads.of(NAMES) == {}
    assert other.heads.of(NAMES) == {"incident:a": head(a[1])}


def test_of_many_streams_not_all_are_kept(mirror):
    kept = topic_of(*(value(number, *chain(str(number), 1)) for number in range(1, 8)))
    reader = Reader(mirror, streams_max=3)

    for until in range(1, 8):
        reader.read(kept, until)

    known = reader.heads.of([f"incident:{number}" for number in range(1, 8)])
    assert 0 < len(known) <= 3
    assert "incident:7" in known


RECORDS = st.lists(st.tuples(st.sampled_from(STREAMS), st.booleans()), min_size=1, max_size=12)
"""Streams that are extended in turn; and whether the record is behind an old head, and void."""
READINGS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=12)
"""Which of three readers goes on, and by how many records."""


@given(RECORDS, READINGS)
def test_who_has_read_to_the_end_knows_of_a_stream_what_the_mirror_has_or_nothing(written, readings):
    chains = {each: chain(each, len(written) + 1) for each in STREAMS}
    ends = dict.fromkeys(STREAMS, 0)
    values = []
    for number, (stream, is_void) in enumerate(written, 1):
        place = ends[stream] + (1 if is_void else 0)
        values.append(value(number, chains[stream][place]))
        ends[stream] += not is_void
    kept, mirror = topic_of(*values), mirror_at()
    readers = [Reader(mirror, streams_max=2) for _ in range(3)]
    at = [0, 0, 0]

    for who, step in [*readings, *((who, len(kept)) for who in range(3))]:
        until = min(at[who] + step, len(kept))
        if until > at[who]:
            readers[who].read(kept, until)
            at[who] = until
        if max(at) == until:
            with mirror.reading() as connection:
                stands = {name: found for name in NAMES if (found := head_of(connection, name))}
            assert readers[who].heads.of(NAMES).items() <= stands.items()
    mirror.close()
