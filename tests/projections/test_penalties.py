"""From down time to tranches and days, under every reading of what is penalised and how it is counted."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.instants import HOUR_MS, MINUTE_MS
from ledger.interval import Interval
from projections.penalties import accrued
from projections.periods import Part
from tests.projections.lines import by_hand, period, terms

HOUR = 60
DAY = 24 * HOUR


def judged(days=1, readings=None, **clauses):
    """A period in November, in which no clock is set."""
    return period("2026-11-02", days=days, agreed=terms(readings=readings, **clauses))


def of(asked, *marks):
    """What one platform accrues."""
    return accrued({"p": by_hand(asked, marks)}, asked).platforms[0]


# ---------------------------------------------------------------- tranches


@pytest.mark.parametrize(
    ("down", "complete", "started"), [(59, 0, 1), (60, 1, 1), (61, 1, 2), (119, 1, 2), (120, 2, 2)]
)
def test_a_tranche_is_sixty_minutes_complete_or_begun(down, complete, started):
    assert of(judged(), (0, down, "down")).tranches == complete
    assert of(judged(readings={"tranche": "started"}), (0, down, "down")).tranches == started


@pytest.mark.parametrize("over", ["period", "outage"])
def test_a_platform_that_was_never_down_has_no_tranche_even_a_begun_one(over):
    asked = judged(readings={"tranche": "started", "tranche-over": over, "target": "both"})

    assert of(asked).tranches == 0


def test_a_target_that_is_met_penalises_nothing():
    asked = judged(days=30, readings={"tranche": "started"})

    met, missed = of(asked, (0, 216, "down")), of(asked, (0, 217, "down"))

    assert (met.target_met, met.penalised_ms, met.days) == (True, 0, 0)
    assert met.counted_down_ms == 216 * MINUTE_MS
    assert (missed.target_met, missed.penalised_ms, missed.days) == (False, 217 * MINUTE_MS, 4)


def test_each_tranche_gives_the_days_that_the_terms_give_for_it():
    assert of(judged(days_per_tranche=3), (0, 120, "down")).days == 6
    assert of(judged(tranche_minutes=30), (0, 120, "down")).days == 4


# ---------------------------------------------------------------- penalised time


def test_what_is_beyond_the_allowance_is_an_exact_fraction():
    asked = judged(readings={"penalised": "beyond-allowance"}, target_percent="99.999")

    found = of(asked, (0, 61, "down"))

    assert found.penalised_ms == 61 * MINUTE_MS - Fraction(24 * HOUR_MS, 100_000)
    assert found.tranches == 1


def test_what_is_beyond_the_daily_allowance_is_added_up_over_the_days():
    asked = judged(days=3, readings={"penalised": "beyond-allowance", "target": "daily"})

    found = of(asked, (0, 67, "down"), (DAY, DAY + 7, "down"), (2 * DAY, 2 * DAY + 10, "down"))

    assert found.penalised_ms == (60 + 0 + 3) * MINUTE_MS


def test_with_both_targets_the_larger_excess_is_penalised():
    both = judged(days=2, readings={"penalised": "beyond-allowance", "target": "both"})

    # Over two days 14.4 minutes are allowed by the share, 7 and 7 by the days.
    one_day = of(both, (0, 60, "down"))
    two_days = of(both, (0, 30, "down"), (DAY, DAY + 30, "down"))

    assert one_day.penalised_ms == 53 * MINUTE_MS
    assert two_days.penalised_ms == 46 * MINUTE_MS
    assert of(both, (0, 7, "down"), (DAY, DAY + 7, "down")).penalised_ms == 0


def test_with_both_targets_a_share_that_is_missed_while_every_day_is_kept_penalises_its_excess():
    readings = {"penalised": "beyond-allowance", "target": "both"}
    asked = judged(days=2, readings=readings, target_percent="99.9")

    found = of(asked, (0, 7, "down"), (DAY, DAY + 7, "down"))

    assert not found.target_met
    assert found.penalised_ms == 14 * MINUTE_MS - Fraction(2 * DAY * MINUTE_MS, 1000)


# ---------------------------------------------------------------- outages


def test_each_outage_counts_its_own_tranches():
    marks = [(0, 59, "down"), (100, 161, "down"), (200, 320, "down")]

    assert of(judged(), *marks).tranches == 4
    assert of(judged(readings={"tranche-over": "outage"}), *marks).tranches == 0 + 1 + 2
    assert of(judged(readings={"tranche-over": "outage", "tranche": "started"}), *marks).tranches == 1 + 2 + 2


def test_an_outage_goes_on_through_excluded_time_of_which_nothing_counts():
    asked = judged(readings={"tranche-over": "outage"})

    through = of(asked, (0, 210, "down"), (30, 180, "excluded-maintenance/down"))
    apart = of(asked, (0, 210, "down"), (30, 180, "excluded-maintenance/up"))

    assert through.counted_down_ms == apart.counted_down_ms == 60 * MINUTE_MS
    assert through.tranches == 1
    assert apart.tranches == 0


def test_an_outage_that_lasts_through_the_night_is_one():
    asked = judged(days=2, readings={"tranche-over": "outage"})

    found = of(
        asked,
        (0, 2 * DAY, "outside/up"),
        (1000, 2000, "outside/down"),
        (1000, 1030, "down"),
        (1970, 2000, "down"),
    )

    assert found.counted_down_ms == 60 * MINUTE_MS
    assert found.tranches == 1


def test_an_outage_over_the_end_of_a_period_counts_in_each_what_lies_in_it():
    asked = judged(readings={"tranche-over": "outage"})

    assert of(asked, (DAY - 59, DAY, "down")).tranches == 0
    assert of(asked, (0, 61, "down")).tranches == 1


def test_unknown_time_joins_outages_where_it_counts_as_down():
    readings = {"tranche-over": "outage", "unknown-time": "as-down"}
    marks = [(0, 20, "down"), (20, 40, "unknown"), (40, 60, "down"), (100, 150, "unknown")]

    found = of(judged(readings=readings), *marks)

    assert found.counted_down_ms == 110 * MINUTE_MS
    assert found.tranches == 1
    assert of(judged(readings=readings | {"unknown-time": "disputed"}), *marks).tranches == 0


def test_a_degraded_service_belongs_to_the_outage_where_its_part_reads_it_as_down():
    asked = judged(days=2, readings={"tranche-over": "outage"})
    noon_ms = asked.interval.start_ms + DAY * MINUTE_MS
    first = Part(Interval(asked.interval.start_ms, noon_ms), terms(readings={"degraded": "down"}), 1)
    second = Part(Interval(noon_ms, asked.interval.end_ms), terms(), 2)
    amended = replace(asked, parts=(first, second))
    marks = [
        (DAY - 60, DAY - 30, "down"),
        (DAY - 30, DAY, "down/degraded"),
        (DAY, DAY + 30, "up/degraded"),
        (DAY + 30, DAY + 89, "down"),
    ]

    found = of(amended, *marks)

    assert found.counted_down_ms == 119 * MINUTE_MS
    assert found.tranches == 1


def test_what_is_not_penalised_is_taken_from_the_earliest_outages_first():
    readings = {"tranche-over": "outage", "penalised": "beyond-allowance"}

    # 7.2 minutes of a day are allowed: all of the first outage, and 2.2 minutes of the second.
    first = of(judged(readings=readings), (0, 5, "down"), (100, 162, "down"), (200, 260, "down"))
    second = of(judged(readings=readings), (0, 60, "down"), (100, 162, "down"))

    assert first.tranches == 0 + 0 + 1
    assert second.tranches == 0 + 1


# ---------------------------------------------------------------- several platforms


def test_the_days_of_several_platforms_add_up_or_the_largest_counts():
    for several, days in (("each", 3 + 0 + 1), ("worst", 3)):
        asked = judged(readings={"several-platforms": several})
        lines = {
            name: by_hand(asked, [(0, down, "down")], name)
            for name, down in (("a", 180), ("b", 59), ("c", 60))
        }

        found = accrued(lines, asked)

        assert [each.days for each in found.platforms] == [3, 0, 1]
        assert found.days == days


def test_a_period_without_platforms_earns_nothing():
    for several in ("each", "worst"):
        assert accrued({}, judged(readings={"several-platforms": several})).days == 0


# ---------------------------------------------------------------- more downtime never means fewer days

READINGS = [
    dict(zip(("target", "penalised", "tranche", "tranche-over"), values, strict=True))
    for values in product(
        ("share", "daily", "both"), ("all", "beyond-allowance"), ("complete", "started"), ("period", "outage")
    )
]


def joins_begun_tranches(readings) -> bool:
    return readings["tranche"] == "started" and readings["tranche-over"] == "outage"


def spares_by_the_day(readings) -> bool:
    beyond = readings["penalised"] == "beyond-allowance" and readings["target"] != "share"
    return beyond and readings["tranche"] == "complete" and readings["tranche-over"] == "outage"


JOINING = [each for each in READINGS if joins_begun_tranches(each)]
SPARING = [each for each in READINGS if spares_by_the_day(each)]
LAWFUL = [each for each in READINGS if not joins_begun_tranches(each) and not spares_by_the_day(each)]

half_hours = st.sampled_from([*range(0, 300, 30), *range(DAY, DAY + 300, 30)])
spans = st.tuples(half_hours, st.sampled_from([7, 10, 30, 60, 67, 120])).map(
    lambda span: (span[0], span[0] + span[1], "down")
)


@pytest.mark.parametrize("readings", LAWFUL, ids=lambda each: "-".join(each.values()))
@given(marks=st.lists(spans, max_size=5), added=spans)
def test_more_downtime_never_means_fewer_days(readings, marks, added):
    asked = judged(days=2, readings=readings)

    assert of(asked, *marks).days <= of(asked, *marks, added).days


@cache
def small_world():
    """Every pattern of down time in five minutes of service on each of two days, and its timeline."""
    asked = judged(days=2)
    closed = [(5, DAY, "outside/up"), (DAY + 5, 2 * DAY, "outside/up")]
    places = [*range(5), *range(DAY, DAY + 5)]
    return {
        pattern: by_hand(
            asked,
            [*closed, *((at, at + 1, "down") for at, down in zip(places, pattern, strict=True) if down)],
        )
        for pattern in product((False, True), repeat=10)
    }


@pytest.mark.parametrize("readings", READINGS, ids=lambda each: "-".join(each.values()))
def test_in_a_small_world_one_more_minute_means_fewer_days_only_under_the_readings_of_record_0021(
    readings,
):
    asked = judged(
        days=2, readings=readings, target_percent="80", daily_allowance_minutes=1, tranche_minutes=3
    )
    days = {pattern: accrued({"p": line}, asked).days for pattern, line in small_world().items()}

    fewer = [
        (pattern, at)
        for pattern in days
        for at in range(10)
        if days[(*pattern[:at], True, *pattern[at + 1 :])] < days[pattern]
    ]

    assert bool(fewer) == (readings not in LAWFUL)


@pytest.mark.parametrize("readings", JOINING, ids=lambda each: "-".join(each.values()))
def test_of_begun_tranches_by_outage_a_minute_that_joins_two_outages_takes_one_back(readings):
    """Decision record 0021: two outages have two begun tranches, the one that they become has one."""
    asked = judged(readings=readings)

    apart = of(asked, (0, 10, "down"), (11, 21, "down"))
    joined = of(asked, (0, 10, "down"), (11, 21, "down"), (10, 11, "down"))

    assert (apart.days, joined.days) == (2, 1)


@pytest.mark.parametrize("readings", SPARING, ids=lambda each: "-".join(each.values()))
def test_the_allowance_of_another_day_can_spare_an_earlier_outage(readings):
    """Decision record 0021: what a second day is allowed is taken from the first day's outage."""
    asked = judged(days=2, readings=readings)

    alone = of(asked, (0, 67, "down"))
    with_another = of(asked, (0, 67, "down"), (DAY, DAY + 7, "down"))

    assert (alone.days, with_another.days) == (1, 0)
    assert alone.penalised_ms == with_another.penalised_ms == 60 * MINUTE_MS


def test_an_exclusion_of_time_that_was_up_can_miss_a_target_because_the_base_shrinks():
    """It adds no downtime (promise 3), but what it takes from the base is no longer there to be up in."""
    asked = judged(days=9)

    whole = of(asked, (0, 60, "down"))
    less = of(asked, (0, 60, "down"), (DAY, 2 * DAY, "excluded-maintenance/up"))

    assert whole.counted_down_ms == less.counted_down_ms
    assert (whole.days, less.days) == (0, 1)
