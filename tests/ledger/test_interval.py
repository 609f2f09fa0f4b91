"""Intervals are sets of instants: every operation is held to the same one on sets of small integers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledger.interval import Interval, clip, cut_out, intersect, subtract, total_ms, union

# Small instants, so that intervals often touch, nest and repeat; some are empty or run backwards.
INSTANTS = st.integers(-3, 12)
INTERVALS = st.lists(st.builds(Interval, INSTANTS, INSTANTS), max_size=6)


def instants(intervals) -> set[int]:
    return {instant for start, end in intervals for instant in range(start, end)}


def is_normal(intervals) -> bool:
    gaps = [later.start_ms - sooner.end_ms for sooner, later in pairwise(intervals)]
    return all(interval.length_ms > 0 for interval in intervals) and all(gap > 0 for gap in gaps)


@given(INTERVALS)
def test_a_union_holds_exactly_the_instants_of_its_intervals(these):
    assert instants(union(these)) == instants(these)
    assert is_normal(union(these))


@given(INTERVALS, INTERVALS)
def test_an_intersection_holds_exactly_the_shared_instants(these, those):
    shared = intersect(these, those)

    assert instants(shared) == instants(these) & instants(those)
    assert is_normal(shared)


@given(INTERVALS, INTERVALS)
def test_a_difference_holds_exactly_the_instants_not_taken_away(these, those):
    rest = subtract(these, those)

    assert instants(rest) == instants(these) - instants(those)
    assert is_normal(rest)


@given(INTERVALS, st.builds(Interval, INSTANTS, INSTANTS))
def test_clipping_keeps_exactly_what_lies_within_the_bounds(these, bounds):
    clipped = clip(these, bounds)

    assert instants(clipped) == instants(these) & instants([bounds])
    assert is_normal(clipped)


@given(INTERVALS, st.builds(Interval, INSTANTS, INSTANTS))
def test_what_is_cut_out_of_intervals_in_normal_form_is_what_clipping_keeps(these, bounds):
    assert cut_out(union(these), bounds) == clip(these, bounds)


@given(INTERVALS)
def test_an_instant_that_lies_in_two_intervals_counts_once(these):
    assert total_ms(these) == len(instants(these))


@given(INTERVALS, INTERVALS)
def test_what_is_shared_and_what_is_not_are_the_whole(these, those):
    assert total_ms(intersect(these, those)) + total_ms(subtract(these, those)) == total_ms(these)


@given(INTERVALS)
def test_the_order_of_intervals_does_not_matter(these):
    assert union(reversed(these)) == union(these)


@given(st.builds(Interval, INSTANTS, INSTANTS), st.builds(Interval, INSTANTS, INSTANTS), INSTANTS)
def test_holding_and_overlapping_are_about_the_same_instants(this, that, instant):
    assert this.holds(instant) == (instant in instants([this]))
    assert this.overlaps(that) == bool(instants([this]) & instants([that]))
    assert this.length_ms == len(instants([this]))


def test_intervals_that_touch_become_one_and_share_nothing():
    assert union([Interval(5, 9), Interval(0, 5)]) == [Interval(0, 9)]
    assert intersect([Interval(0, 5)], [Interval(5, 9)]) == []
    assert not Interval(0, 5).overlaps(Interval(5, 9))
