"""Whoever goes on from a checkpoint comes to what a whole fold comes to, wherever it was made."""

from hypothesis import given
from hypothesis import strategies as st

from projections.segments import Segments
from projections.stream import Stream
from tests.projections.results import PLATFORMS, STALE_AFTER_MS, ledger_of, tellings

AGENT = "paris"
EVERY = frozenset(PLATFORMS)
stops = st.sets(st.integers(1, 14))
stale_afters_ms = st.sampled_from([400, 1300, STALE_AFTER_MS, 6000])


def folded(known, stale_after_ms, until=None):
    """The steps that the first rounds come to, folded at one go."""
    stream = Stream(known, AGENT, EVERY, stale_after_ms)
    for kept in known.rounds(agents=[AGENT]):
        if until is None or kept.number <= until:
            stream.take(kept)
    return stream.steps()


def segments_of(known, stops, stale_after_ms):
    """The segments of a fold that stops for a moment behind some rounds."""
    stream, found = Stream(known, AGENT, EVERY, stale_after_ms), []
    for kept in known.rounds(agents=[AGENT]):
        stream.take(kept)
        if kept.number in stops:
            found.append(stream.segment())
    return found


def gone_on(known, segments, stale_after_ms):
    """The stream at the last checkpoint."""
    place = segments[-1].place
    kept = next(known.rounds(agents=[AGENT], after={AGENT: place.number - 1}))
    assert (kept.number, kept.hash) == (place.number, place.hash)
    checkpoint = Segments().extended(segments).at(len(segments) - 1)
    stream = Stream(known, AGENT, EVERY, stale_after_ms)
    stream.go_on(checkpoint, kept)
    return stream


@given(tellings(), stops, stale_afters_ms)
def test_from_every_checkpoint_the_rest_comes_to_the_whole(told, stops, stale_after_ms):
    known = ledger_of(told).known()
    segments = segments_of(known, stops, stale_after_ms)

    for count in range(1, len(segments) + 1):
        stream = gone_on(known, segments[:count], stale_after_ms)
        for kept in known.rounds(agents=[AGENT], after={AGENT: segments[count - 1].place.number}):
            stream.take(kept)

        assert stream.steps() == folded(known, stale_after_ms)
        assert stream.rounds == len(told.rounds)


@given(tellings(), stops, stale_afters_ms)
def test_at_every_checkpoint_it_is_what_its_rounds_come_to(told, stops, stale_after_ms):
    known = ledger_of(told).known()
    segments = segments_of(known, stops, stale_after_ms)

    for count, segment in enumerate(segments, start=1):
        assert gone_on(known, segments[:count], stale_after_ms).steps() == folded(
            known, stale_after_ms, segment.place.number
        )


@given(tellings(), stops, stale_afters_ms)
def test_segments_are_the_same_whether_a_fold_goes_on_or_is_begun_anew_at_each(told, stops, stale_after_ms):
    known = ledger_of(told).known()
    expected = segments_of(known, stops, stale_after_ms)

    found = expected[:1]
    for segment in expected[1:]:
        stream = gone_on(known, found, stale_after_ms)
        for kept in known.rounds(agents=[AGENT], after={AGENT: found[-1].place.number}):
            if kept.number <= segment.place.number:
                stream.take(kept)
        found.append(stream.segment())

    assert found == expected


@given(tellings(), stops)
def test_segments_added_one_by_one_are_the_table_of_all_of_them(told, stops):
    known = ledger_of(told).known()
    segments = segments_of(known, stops, STALE_AFTER_MS)
    whole, one_by_one = Segments().extended(segments), Segments()
    for segment in segments:
        one_by_one = one_by_one.extended([segment])

    assert one_by_one == whole
    assert one_by_one.table.equals(whole.table)
