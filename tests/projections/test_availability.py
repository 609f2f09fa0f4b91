"""The share of the time that counts, its bounds and its coverage: exact, and cut only to be shown."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.instants import MINUTE_MS
from projections.availability import measured, percent
from projections.figures import CLASSES
from tests.projections.lines import by_hand, of_days, period, terms

HOUR = 60
DAY = 24 * HOUR

lengths = st.integers(0, 10_000)
sums = st.builds(
    lambda *each: dict(zip(CLASSES, each, strict=True)),
    lengths,
    lengths,
    lengths,
    lengths,
    lengths,
    lengths,
)


def of(readings=None, **minutes):
    """The measure of one day, its classes given in minutes."""
    classes = dict.fromkeys(CLASSES, 0)
    classes |= {name.replace("_", "-"): length * MINUTE_MS for name, length in minutes.items()}
    return of_days(classes, [classes], terms(readings=readings))


# ---------------------------------------------------------------- the share and its base


def test_excluded_time_leaves_the_base():
    found = of(up=90, down=10, excluded_maintenance=50, excluded_force_majeure=50, outside=500)

    assert found.share == Fraction(90, 100)
    assert found.base_ms == 100 * MINUTE_MS


def test_excluded_time_counts_as_up_where_the_terms_say_so():
    found = of(
        {"excluded-time": "counts-as-up"},
        up=90,
        down=10,
        excluded_maintenance=50,
        excluded_force_majeure=50,
        outside=500,
    )

    assert found.share == Fraction(190, 200)
    assert found.base_ms == 200 * MINUTE_MS


@pytest.mark.parametrize(
    ("worth", "share", "down"),
    [
        ("disputed", Fraction(80, 90), 10),
        ("as-up", Fraction(90, 100), 10),
        ("as-down", Fraction(80, 100), 20),
    ],
)
def test_unknown_time_counts_on_the_side_that_its_reading_names(worth, share, down):
    found = of({"unknown-time": worth}, up=80, down=10, unknown=10)

    assert found.share == share
    assert found.counted_down_ms == down * MINUTE_MS


@pytest.mark.parametrize("worth", ["disputed", "as-up", "as-down"])
def test_the_bounds_show_both_sides_of_unknown_time_under_every_reading(worth):
    found = of({"unknown-time": worth}, up=80, down=10, unknown=10)

    assert found.share_bounds == (Fraction(80, 100), Fraction(90, 100))
    assert found.coverage == Fraction(90, 100)


@given(sums, st.sampled_from(["leaves-base", "counts-as-up"]), st.data())
def test_the_bounds_hold_every_completion_of_what_is_unknown(classes, excluded, data):
    agreed = terms(readings={"excluded-time": excluded})
    found = of_days(classes, [], agreed)

    up = data.draw(st.integers(0, classes["unknown"]))
    told = classes | {
        "up": classes["up"] + up,
        "down": classes["down"] + classes["unknown"] - up,
        "unknown": 0,
    }
    completed = of_days(told, [], agreed)

    if completed.share is None:
        assert found.share_bounds is None
    else:
        worst, best = found.share_bounds
        assert 0 <= worst <= completed.share <= best <= 1


@given(sums, st.sampled_from(["disputed", "as-up", "as-down"]))
def test_the_share_itself_lies_within_its_bounds(classes, worth):
    found = of_days(classes, [], terms(readings={"unknown-time": worth}))

    if found.share is not None:
        assert found.share_bounds[0] <= found.share <= found.share_bounds[1]


@pytest.mark.parametrize("target", ["share", "daily", "both"])
def test_without_a_base_there_is_no_share_and_no_target_is_missed(target):
    found = of({"target": target}, outside=1000, excluded_maintenance=440)

    assert (found.share, found.share_bounds, found.coverage) == (None, None, None)
    assert found.target_met


def test_a_period_that_nobody_observed_has_no_share_but_the_widest_bounds():
    found = of(unknown=1440)

    assert found.share is None
    assert found.share_bounds == (0, 1)
    assert found.coverage == 0
    assert found.target_met


# ---------------------------------------------------------------- the target


def test_the_target_compares_the_fraction_and_not_what_is_shown():
    # 99.4999…: shown as 99.49, and so is 99.4950; only the fraction decides at the edge.
    assert of(up=995, down=5).target_met
    assert not of_days(
        {**dict.fromkeys(CLASSES, 0), "up": 995 * 10**9 - 1, "down": 5 * 10**9}, [], terms()
    ).share_met


def test_seven_minutes_a_day_are_allowed_and_a_millisecond_more_is_not():
    kept = {**dict.fromkeys(CLASSES, 0), "up": 1_000_000, "down": 7 * MINUTE_MS}
    missed = kept | {"down": 7 * MINUTE_MS + 1}
    agreed = terms(readings={"target": "daily"})

    assert of_days(kept, [kept, kept], agreed).target_met
    assert not of_days(kept, [kept, missed], agreed).target_met
    assert of_days(kept, [kept, missed, missed], agreed).over_daily_ms == 2


def test_the_daily_target_looks_at_local_days():
    judged = period("2026-10-24", days=3, agreed=terms(readings={"target": "daily"}))
    # The 25th has 25 hours: its last seven minutes and the next day's first seven are allowed.
    midnight = DAY + 25 * HOUR

    met = measured(by_hand(judged, [(midnight - 7, midnight + 7, "down")]), judged.terms)
    missed = measured(by_hand(judged, [(midnight - 8, midnight + 6, "down")]), judged.terms)

    assert met.target_met
    assert missed.over_daily_ms == MINUTE_MS


@pytest.mark.parametrize(
    ("down_by_day", "share_met", "daily_met"),
    [((8, 0, 0, 0, 0), True, False), ((0, 0, 0, 0, 7), True, True), ((600, 0, 0, 0, 0), False, False)],
)
def test_both_targets_are_missed_if_either_is(down_by_day, share_met, daily_met):
    judged = period("2026-11-02", days=5, agreed=terms(readings={"target": "both"}))
    marks = [(day * DAY, day * DAY + down, "down") for day, down in enumerate(down_by_day)]

    found = measured(by_hand(judged, marks), judged.terms)

    assert (found.share_met, found.daily_met) == (share_met, daily_met)
    assert found.target_met == (share_met and daily_met)


def test_unknown_time_that_counts_as_down_counts_on_its_day_too():
    agreed = terms(readings={"target": "daily", "unknown-time": "as-down"})
    judged = period(days=2, agreed=agreed)

    found = measured(by_hand(judged, [(10, 14, "down"), (30, 34, "unknown")]), agreed)

    assert not found.target_met
    assert found.over_daily_ms == MINUTE_MS


# ---------------------------------------------------------------- what is shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (Fraction(709_200_000, 712_800_000), "99.49"),
        (Fraction(709_201_000, 712_800_000), "99.49"),
        (Fraction(99_999_999, 100_000_000), "99.99"),
        (Fraction(1), "100.00"),
        (Fraction(0), "0.00"),
        (Fraction(1, 20_000), "0.00"),
        (Fraction(5, 1000), "0.50"),
    ],
)
def test_a_percentage_is_cut_and_never_rounded(share, shown):
    assert percent(share) == shown


@given(st.fractions(0, 1))
def test_what_is_shown_is_never_more_than_the_share_and_less_than_a_hundredth_below(share):
    assert 0 <= share * 100 - Fraction(percent(share)) < Fraction(1, 100)
