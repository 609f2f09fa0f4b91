"""The rule by which a record counts, on its own: no engine, no file."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.fact import GENESIS_HASH, hash_of
from ledger.log.arbitration import Extension, Head, objection

A, B, C = (f"sha256:{digit * 64}" for digit in "abc")


def extension(stream, sequence, previous_hash, own=A):
    return Extension(stream, sequence, own, previous_hash)


def test_a_stream_starts_at_one_behind_the_genesis_hash():
    assert objection({}, [extension("x", 1, GENESIS_HASH)]) is None
    assert "does not start it" in objection({}, [extension("x", 2, GENESIS_HASH)])
    assert "has moved on" in objection({}, [extension("x", 1, A)])


def test_the_library_may_start_a_stream_at_nought_and_name_no_predecessor():
    assert objection({}, [extension("x", 0, None)]) is None
    assert objection({"x": Head(0, A)}, [extension("x", 1, None)]) is None


def test_a_record_follows_the_head_by_number_and_by_hash():
    heads = {"x": Head(4, A)}

    assert objection(heads, [extension("x", 5, A)]) is None
    assert "stands at 4; 4 does not follow" in objection(heads, [extension("x", 4, A)])
    assert "stands at 4; 6 does not follow" in objection(heads, [extension("x", 6, A)])
    assert "has moved on" in objection(heads, [extension("x", 5, B)])


def test_the_events_of_one_record_follow_each_other():
    heads = {"x": Head(4, A)}

    assert objection(heads, [extension("x", 5, A, own=B), extension("x", 6, B, own=C)]) is None
    assert objection(heads, [extension("x", 5, A, own=B), extension("x", 5, A, own=C)]) is not None
    assert objection(heads, [extension("x", 5, A, own=B), extension("x", 6, A, own=C)]) is not None


def test_one_event_that_does_not_fit_voids_the_whole_record():
    assert objection({}, [extension("x", 1, GENESIS_HASH), extension("y", 2, GENESIS_HASH)]) is not None


def test_judging_a_record_leaves_the_heads_as_they_were():
    heads = {"x": Head(4, A)}

    objection(heads, [extension("x", 5, A, own=B)])

    assert heads == {"x": Head(4, A)}


# ---------------------------------------------------------------- any interleaving


def heads_after(log):
    """What a reader makes of a log: the heads of its streams, the records that count, by place."""
    heads, counted = {}, []
    for place, record in enumerate(log):
        if objection(heads, record) is None:
            counted.append(place)
            heads.update({event.stream: Head(event.sequence, event.hash) for event in record})
    return heads, counted


@st.composite
def contested_logs(draw):
    """Records of three writers, each proposed on what its writer had read of the log by then, perhaps long ago.

    Some records arrive twice, as after a lost acknowledgement.
    """
    log = []
    read_up_to = {"one": 0, "two": 0, "three": 0}
    for number in range(draw(st.integers(1, 25))):
        writer = draw(st.sampled_from(sorted(read_up_to)))
        if draw(st.booleans()):
            read_up_to[writer] = len(log)
        heads, _ = heads_after(log[: read_up_to[writer]])
        record = []
        for stream in draw(st.lists(st.sampled_from("xyz"), min_size=1, max_size=3)):
            head = heads.get(stream, Head(0, GENESIS_HASH))
            own = hash_of(f"{writer} {number} {len(record)}".encode())
            record.append(Extension(stream, head.sequence + 1, own, head.hash))
            heads[stream] = Head(head.sequence + 1, own)
        log.extend([record] * draw(st.sampled_from([1, 1, 1, 2])))
    return log


@given(contested_logs())
def test_however_writers_interleave_every_stream_is_one_gapless_chain(log):
    _, counted = heads_after(log)

    chains = {}
    for event in (event for place in counted for event in log[place]):
        chains.setdefault(event.stream, []).append(event)
    for chain in chains.values():
        assert [event.sequence for event in chain] == list(range(1, len(chain) + 1))
        assert [event.previous_hash for event in chain] == [GENESIS_HASH, *(e.hash for e in chain[:-1])]


@given(contested_logs(), st.data())
def test_every_reader_comes_to_the_same_wherever_it_stops_and_reads_on(log, data):
    heads, counted = heads_after(log)
    stop = data.draw(st.integers(0, len(log)))

    early_heads, early = heads_after(log[:stop])
    late = []
    for place, record in enumerate(log[stop:], stop):
        if objection(early_heads, record) is None:
            late.append(place)
            early_heads.update({event.stream: Head(event.sequence, event.hash) for event in record})

    assert early + late == counted
    assert early_heads == heads


@given(contested_logs())
def test_a_record_counts_at_most_once_and_the_first_proposal_on_a_head_wins(log):
    _, counted = heads_after(log)
    claims = [(event.stream, event.sequence) for place in counted for event in log[place]]

    assert len(claims) == len(set(claims))
    assert 0 in counted
