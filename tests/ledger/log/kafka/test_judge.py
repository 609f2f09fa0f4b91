"""What each record of the decisions topic comes to, on its own: a list of records and a mirror, no broker."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import UnusableLedgerError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.log.arbitration import Head, objection
from ledger.log.kafka import record as records
from ledger.log.kafka.judge import Kept, Verdict, judge, verdict_on
from ledger.log.kafka.mirror import State
from tests.ledger.log.kafka.mirrors import (
    chain,
    content,
    fact,
    judged_in,
    mirror_at,
    nonce,
    topic_of,
    value,
)
from tests.ledger.log.processes import outcome_of


@pytest.fixture
def mirror(tmp_path):
    mirror = mirror_at(tmp_path / "m.mirror")
    yield mirror
    mirror.close()


def verdicts_of(mirror, kept):
    return {name: (list(said.positions), said.void) for name, said in judge(mirror, kept).verdicts.items()}


def facts_of(mirror):
    decisions, _, _ = content(mirror)
    return [(position, record, stream, sequence) for position, record, stream, sequence, *_ in decisions]


# ---------------------------------------------------------------- the rule, case by case


def test_records_that_extend_their_streams_count_and_positions_are_dense(mirror):
    a, b = chain("a", 3), chain("b", 1)

    verdicts = verdicts_of(mirror, topic_of(value(1, a[0]), value(2, a[1], b[0]), value(3, a[2])))

    assert verdicts == {nonce(1): ([1], None), nonce(2): ([2, 3], None), nonce(3): ([4], None)}
    assert facts_of(mirror) == [
        (1, 1, "incident:a", 1),
        (2, 2, "incident:a", 2),
        (3, 2, "incident:b", 1),
        (4, 4, "incident:a", 3),
    ]


def test_of_two_records_on_the_same_head_the_first_in_the_topic_wins(mirror):
    (first,) = chain("a", 1)
    one, two = (fact("a", 2, hash_of(first.value), text) for text in ("one", "two"))

    verdicts = verdicts_of(mirror, topic_of(value(1, first), value(2, two), value(3, one)))

    assert verdicts[nonce(2)] == ([2], None)
    assert verdicts[nonce(3)][0] == []
    assert "stands at 2; 2 does not follow" in verdicts[nonce(3)][1]
    assert len(facts_of(mirror)) == 2


def test_a_record_on_an_old_head_is_void_and_so_is_everything_in_it(mirror):
    a = chain("a", 3)

    verdicts = verdicts_of(mirror, topic_of(value(1, *a), value(2, chain("new", 1)[0], a[1])))

    assert verdicts[nonce(2)][0] == []
    assert {stream for _, _, stream, _ in facts_of(mirror)} == {"incident:a"}


def test_the_right_number_on_the_wrong_predecessor_is_void(mirror):
    verdicts = verdicts_of(mirror, topic_of(value(1, *chain("a", 1)), value(2, fact("a", 2, GENESIS_HASH))))

    assert "has moved on" in verdicts[nonce(2)][1]


def test_the_same_record_twice_counts_once_and_its_nonce_has_the_first_verdict(mirror):
    once = value(1, *chain("a", 1))

    verdicts = verdicts_of(mirror, topic_of(once, once))

    assert verdicts == {nonce(1): ([1], None)}
    _, kept, _ = content(mirror)
    assert kept[1] == (1, nonce(1), None, 0, "a record with its nonce was judged before")


def test_a_nonce_that_was_void_once_is_void_for_ever_even_where_it_would_extend_now(mirror):
    a = chain("a", 2)
    early = value(1, a[1])

    verdicts = verdicts_of(mirror, topic_of(early, value(2, a[0]), early))

    assert "does not start it" in verdicts[nonce(1)][1]
    assert facts_of(mirror) == [(1, 1, "incident:a", 1)]


def test_bytes_that_are_none_of_ours_are_void_and_take_their_offset(mirror):
    verdicts = verdicts_of(mirror, topic_of(b"", b"hello", value(1, *chain("a", 1)), b"{}\n"))

    assert verdicts == {nonce(1): ([1], None)}
    _, kept, _ = content(mirror)
    assert [row[4] for row in kept] == [
        "it is no record of a ledger",
        "it is no record of a ledger",
        None,
        "it is no record of a ledger",
    ]
    assert mirror.state().next_offset == 4


def test_the_recorded_clock_is_the_brokers_and_never_steps_back(mirror):
    clocks = [500, 300, 700, 100]
    values = [value(number, part) for number, part in enumerate(chain("a", 4))]

    judge(mirror, topic_of(*values, clock=lambda offset: clocks[offset]))

    decisions, _, _ = content(mirror)
    assert [row[5] for row in decisions] == [500, 500, 700, 700]


def test_a_copied_record_keeps_its_clock_until_the_ledger_has_a_record_of_its_own(mirror):
    a = chain("a", 4)
    copied = [value(1, a[0], recorded_ms=10), value(2, a[1], recorded_ms=20)]
    late = value(4, a[3], recorded_ms=30)

    verdicts = verdicts_of(mirror, topic_of(*copied, value(3, a[2]), late))

    decisions, _, _ = content(mirror)
    assert [row[5] for row in decisions] == [10, 20, 1_002]
    assert verdicts[nonce(4)] == ([], "it calls itself copied, and the copy into this ledger has ended")
    state = mirror.state()
    assert (state.copied, state.own, state.is_unfinished_copy) == (2, 1, False)


def test_a_copy_that_has_not_ended_is_seen(mirror):
    judge(mirror, topic_of(value(1, *chain("a", 1), recorded_ms=10)))

    assert mirror.state().is_unfinished_copy


# ---------------------------------------------------------------- a topic that is not what it was


def test_a_gap_in_the_topic_is_refused_and_nothing_behind_it_is_taken(mirror):
    a = chain("a", 3)
    judge(mirror, topic_of(value(1, a[0])))
    before = content(mirror)

    with pytest.raises(UnusableLedgerError, match="has no record 1, and goes on at 2: facts were deleted"):
        judge(mirror, topic_of(value(3, a[1]), first=2))

    assert content(mirror) == before


def test_another_record_where_the_last_one_was_is_another_log(mirror):
    judge(mirror, topic_of(value(1, *chain("a", 1)), value(2, *chain("b", 1))))

    with pytest.raises(UnusableLedgerError, match="is not the one that the mirror"):
        judge(mirror, topic_of(value(3, *chain("c", 1)), first=1))

    assert mirror.state() == State(2, hash_of(value(2, *chain("b", 1))), 0, 2)


def test_a_record_that_was_judged_already_is_not_judged_again_and_its_verdict_is_told(mirror):
    kept = topic_of(value(1, *chain("a", 1)), value(2, *chain("a", 1)))
    first = verdicts_of(mirror, kept)
    before = content(mirror)

    assert verdicts_of(mirror, kept) == first
    assert content(mirror) == before


def test_a_failure_midway_leaves_the_mirror_as_it_was(mirror):
    gap = [*topic_of(value(1, *chain("a", 1))), Kept(5, 0, value(2, *chain("b", 1)))]

    with pytest.raises(UnusableLedgerError):
        judge(mirror, gap)

    assert mirror.state() == State(0, "", 0, 0)
    assert facts_of(mirror) == []


def test_a_reader_in_another_process_comes_to_the_same(mirror, tmp_path):
    a = chain("a", 3)
    kept = topic_of(value(1, a[0]), b"?", value(2, a[1]), value(3, a[1]), value(2, a[1]), value(4, a[2]))

    ours = verdicts_of(mirror, kept)
    (theirs, found), error = outcome_of(judged_in, tmp_path / "other.mirror", kept)

    assert error is None
    assert theirs == ours
    assert found[:2] == content(mirror)[:2]


def test_a_second_reader_of_the_same_mirror_goes_on_where_the_first_one_stopped(mirror):
    a = chain("a", 3)
    kept = topic_of(*(value(number, part) for number, part in enumerate(a)))
    verdicts_of(mirror, kept[:2])

    (theirs, _), error = outcome_of(judged_in, mirror.path, kept)

    assert error is None
    assert theirs == {nonce(number): ([number + 1], None) for number in range(3)}
    with mirror.reading() as connection:
        assert verdict_on(connection, nonce(2)) == Verdict(range(3, 4), None, recorded_ms=1_002)
        assert verdict_on(connection, nonce(9)) is None


# ---------------------------------------------------------------- any interleaving


def expected_of(values):
    """The rule in its shortest form: the verdict on each record, and the facts, in the order of the topic."""
    heads, judged, facts, verdicts = {}, set(), [], []
    for each in values:
        record = records.decode(each)
        claims = [part.extension for part in record.parts] if record else []
        counts = record and record.nonce not in judged and objection(heads, claims) is None
        judged |= {record.nonce} if record else set()
        if counts:
            heads |= {claim.stream: Head(claim.sequence, claim.hash) for claim in claims}
            facts += record.parts
        verdicts.append(bool(counts))
    return heads, facts, verdicts


@st.composite
def contested_topics(draw):
    """Records of three writers, each on what its writer had read by then; repeats, and bytes of nobody."""
    values, numbers = [], count()
    read_up_to = dict.fromkeys(("one", "two", "three"), 0)
    for _ in range(draw(st.integers(1, 15))):
        kind = draw(st.sampled_from(["new", "new", "new", "again", "foreign"]))
        if kind == "foreign":
            values.append(draw(st.binary(max_size=5)))
        elif kind == "again" and values:
            values.append(draw(st.sampled_from(values)))
        else:
            writer = draw(st.sampled_from(sorted(read_up_to)))
            if draw(st.booleans()):
                read_up_to[writer] = len(values)
            streams = draw(st.lists(st.sampled_from("xyz"), min_size=1, max_size=3))
            values.append(proposed(next(numbers), writer, values[: read_up_to[writer]], streams))
    return values


def proposed(number, writer, seen, streams):
    heads, _, _ = expected_of(seen)
    parts = []
    for stream in streams:
        head = heads.get(f"incident:{stream}", Head(0, GENESIS_HASH))
        parts.append(fact(stream, head.sequence + 1, head.hash, f"{writer} {number}"))
        heads[f"incident:{stream}"] = Head(head.sequence + 1, hash_of(parts[-1].value))
    return value(number, *parts)


@given(contested_topics(), st.data())
def test_every_reader_comes_to_the_same_whatever_the_writers_did_and_however_much_it_takes_at_once(
    values, data
):
    kept = topic_of(*values)
    _, facts, verdicts = expected_of(values)
    contents = []
    for _ in range(2):
        mirror, at = mirror_at(), 0
        while at < len(kept):
            step = data.draw(st.integers(1, len(kept)))
            judge(mirror, kept[max(at - 1, 0) : at + step])  # a reader that goes on reads the last one again
            at += step
        contents.append(content(mirror)[:2])
        assert mirror.fault() is None
        mirror.close()

    assert contents[0] == contents[1]
    decisions, found = contents[0]
    assert [row[4] is None for row in found] == verdicts
    assert [row[8] for row in decisions] == [part.value for part in facts]
    assert [row[0] for row in decisions] == list(range(1, len(facts) + 1))
