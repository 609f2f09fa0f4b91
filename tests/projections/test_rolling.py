"""Every local day ends a window of thirty; time down is penalised once, and a day earned is not lost."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contracts import Contract, ContractSigned, Membership, TermsVersion
from ledger.growing import Growing
from ledger.instants import HOUR_MS, MINUTE_MS
from ledger.interval import Interval
from projections.calendar import day_interval
from projections.classes import ClassSpan
from projections.figures import CLASSES
from projections.periods import Part, parts_between, periods_of
from projections.rolling import Day, History, _standings, accrued_in_blocks
from tests.projections.lines import PARIS, by_hand, of_days, terms
from tests.spec import ms

FIRST = date(2026, 11, 1)
"""From here no clock is set until the end of March: 147 days of 24 hours."""
HOUR = 60
DAY = 24 * HOUR


def signed(agreed, first_day=FIRST):
    """A contract of one platform."""
    return Contract(
        signed=ContractSigned(contract="acme", client="acme SA", first_day=first_day, terms=agreed),
        versions=(TermsVersion(1, first_day, agreed, 1),),
        platforms=Growing([Membership("p", "enterprise", first_day, None, 2)]),
    )


def rolling(readings=None, **clauses):
    return terms(readings={"period": "rolling-30-days"} | (readings or {}), **clauses)


def blocks_of(*outages, readings=None, until=120, contract=None, **clauses):
    """What each block earns; an outage is the day on which it begins, from 1, and its minutes."""
    contract = contract or signed(rolling(readings, **clauses))
    known_ms = day_interval(PARIS, FIRST + timedelta(days=until)).start_ms
    blocks = periods_of(contract, known_ms)
    lines = []
    for number, block in enumerate(blocks):
        starts = [((day - 1 - 30 * number) * DAY, minutes) for day, minutes in outages]
        marks = [(start, start + minutes, "down") for start, minutes in starts]
        lines.append({"p": by_hand(block, marks)})
    return accrued_in_blocks(contract, blocks, lines)


def days_by_block(*outages, **options):
    return [accrual.days for accrual in blocks_of(*outages, **options)]


# ---------------------------------------------------------------- windows


def test_two_outages_within_thirty_days_are_seen_together_though_a_period_ended_between_them():
    # Three hours are allowed in thirty days, six are not.
    found = blocks_of((25, 180), (35, 180), until=60)

    assert [(each.platforms[0].target_met, each.days) for each in found] == [(True, 0), (False, 6)]


def test_two_outages_further_apart_are_not():
    assert days_by_block((25, 180), (55, 180), until=90) == [0, 0, 0]


def test_a_window_begins_with_the_contract():
    """The first day alone is a window: sixty minutes of it are more than its share allows."""
    assert days_by_block((1, 60), until=30) == [1]
    assert days_by_block((15, 60), until=30) == [0]


def test_a_day_ends_a_window_only_once_it_has_ended():
    contract = signed(rolling())
    noon_ms = day_interval(PARIS, FIRST).start_ms + 12 * HOUR_MS
    running = periods_of(contract, noon_ms)
    ended = periods_of(contract, noon_ms + 12 * HOUR_MS)
    marks = [(0, 60, "down")]

    first = accrued_in_blocks(contract, running, [{"p": by_hand(running[0], marks)}])[0]
    then = accrued_in_blocks(contract, ended, [{"p": by_hand(ended[0], marks)}])[0]

    assert (first.days, then.days) == (0, 1)
    assert first.platforms[0].counted_down_ms == 60 * MINUTE_MS


def test_time_down_is_penalised_once_though_thirty_windows_hold_it():
    found = blocks_of((40, 300), until=90)

    assert [each.days for each in found] == [0, 5, 0]
    # Days 61 to 69 still end windows that hold the outage.
    assert [each.platforms[0].target_met for each in found] == [True, False, False]


def test_a_later_run_does_not_take_again_what_an_earlier_one_has_taken():
    # Days 30 to 59 are in breach, and so are days 62 to 88: their windows hold the hour of day 59 too.
    found = blocks_of((30, 240), (59, 60), (62, 180), until=90)

    assert [each.days for each in found] == [4, 1, 3]
    assert [each.platforms[0].penalised_ms for each in found] == [each.days * HOUR_MS for each in found]


def test_an_outage_in_two_blocks_is_one_where_each_outage_is_counted():
    contract = signed(rolling({"tranche-over": "outage"}))
    blocks = periods_of(contract, day_interval(PARIS, FIRST + timedelta(days=60)).start_ms)

    # From half past ten in the evening for five hours; cut at midnight it would make one tranche and three.
    lines = [
        {"p": by_hand(blocks[0], [(30 * DAY - 90, 30 * DAY, "down")])},
        {"p": by_hand(blocks[1], [(0, 210, "down")])},
    ]

    assert [each.days for each in accrued_in_blocks(contract, blocks, lines)] == [0, 5]


def test_windows_are_judged_by_the_terms_of_their_first_day():
    strict, lenient = rolling(), rolling(target_percent="90")
    contract = replace(
        signed(strict),
        versions=(
            TermsVersion(1, FIRST, strict, 1),
            TermsVersion(2, FIRST + timedelta(days=30), lenient, 3),
        ),
    )

    assert days_by_block((59, 300), contract=contract) == [0, 5, 0, 0]
    assert days_by_block((60, 300), contract=contract) == [0, 0, 0, 0]


def test_a_platform_that_left_keeps_what_it_had_earned():
    contract = signed(rolling())
    blocks = periods_of(contract, day_interval(PARIS, FIRST + timedelta(days=90)).start_ms)
    gone = [(0, 30 * DAY, "outside/unknown")]
    lines = [
        {"p": by_hand(blocks[0], [(29 * DAY, 29 * DAY + 240, "down")]), "q": by_hand(blocks[0], (), "q")},
        {"q": by_hand(blocks[1], gone, "q")},
        {"p": by_hand(blocks[2]), "q": by_hand(blocks[2], gone, "q")},
    ]

    found = accrued_in_blocks(contract, blocks, lines)

    assert [[(each.platform, each.days) for each in accrual.platforms] for accrual in found] == [
        [("p", 4), ("q", 0)],
        [("q", 0)],
        [("p", 0), ("q", 0)],
    ]


@pytest.mark.parametrize(("several", "days"), [("each", 9), ("worst", 5)])
def test_the_days_of_several_platforms_are_put_together_block_by_block(several, days):
    contract = signed(rolling({"several-platforms": several}))
    blocks = periods_of(contract, day_interval(PARIS, FIRST + timedelta(days=30)).start_ms)
    marks = {"p": [(29 * DAY, 29 * DAY + 240, "down")], "q": [(29 * DAY, 29 * DAY + 300, "down")]}
    lines = [{name: by_hand(blocks[0], painted, name) for name, painted in marks.items()}]

    assert accrued_in_blocks(contract, blocks, lines)[0].days == days


# ---------------------------------------------------------------- nothing earned is lost


def test_a_day_earned_is_not_lost_when_later_days_bring_more_allowance():
    """Decision record 0020: five hours against the 3 h 36 min of thirty days, not against 7 h 4.8 min of 59."""
    found = blocks_of((30, 300), readings={"penalised": "beyond-allowance"}, until=90)

    assert [each.days for each in found] == [1, 0, 0]
    assert found[0].platforms[0].penalised_ms == 84 * MINUTE_MS
    assert found[1].platforms[0].penalised_ms == 0
    assert not found[1].platforms[0].target_met


READINGS = [
    {"target": target, "penalised": penalised, "tranche": tranche, "tranche-over": over}
    for target, penalised, tranche, over in product(
        ("share", "daily", "both"), ("all", "beyond-allowance"), ("complete", "started"), ("period", "outage")
    )
]

downtimes = st.lists(st.sampled_from([0, 0, 0, 0, 5, 8, 30, 60, 61, 200, 400]), min_size=1, max_size=75)


def history(minutes_down, agreed):
    """One platform that was down for some minutes from each local midnight on."""
    days, spans = [], []
    for index, down in enumerate(minutes_down):
        whole = day_interval(PARIS, FIRST + timedelta(days=index))
        turn_ms = whole.start_ms + down * MINUTE_MS
        sums = dict.fromkeys(CLASSES, 0) | {"down": turn_ms - whole.start_ms, "up": whole.end_ms - turn_ms}
        days.append(Day(whole, sums, agreed))
        spans += [ClassSpan(whole.start_ms, turn_ms, "down", "down")] if down else []
        spans.append(ClassSpan(turn_ms, whole.end_ms, "up", "up"))
    bounds = Interval(days[0].interval.start_ms, days[-1].interval.end_ms)
    return History(days, spans, [Part(bounds, agreed, 1)])


@given(downtimes, st.sampled_from(READINGS))
def test_what_is_earned_never_becomes_less(minutes_down, readings):
    standings = list(_standings(history(minutes_down, rolling(readings))))

    earned = [(each.earned.penalised_ms, each.earned.tranches, each.earned.days) for each in standings]
    for before, after in pairwise(earned):
        assert all(one <= other for one, other in zip(before, after, strict=True))


@given(downtimes, st.sampled_from(READINGS))
def test_no_more_is_penalised_than_was_down(minutes_down, readings):
    standings = list(_standings(history(minutes_down, rolling(readings))))

    assert standings[-1].earned.penalised_ms <= sum(minutes_down) * MINUTE_MS


@given(downtimes, st.sampled_from(READINGS), st.data())
def test_a_later_day_changes_nothing_of_what_was_earned_before_it(minutes_down, readings, data):
    cut = data.draw(st.integers(1, len(minutes_down)))
    whole = list(_standings(history(minutes_down, rolling(readings))))

    assert list(_standings(history(minutes_down[:cut], rolling(readings)))) == whole[:cut]


@given(downtimes)
def test_a_day_is_in_breach_if_its_thirty_days_miss_the_target_and_each_minute_in_its_windows_counts_once(
    minutes_down,
):
    """A minute a tranche, so that the days are the minutes themselves."""
    standings = list(_standings(history(minutes_down, rolling(tranche_minutes=1))))

    windows = [range(max(0, last - 29), last + 1) for last in range(len(minutes_down))]
    breaches = [
        Fraction(sum(minutes_down[day] for day in window), len(window) * DAY) > Fraction(5, 1000)
        for window in windows
    ]
    penalised = {day for window, breach in zip(windows, breaches, strict=True) if breach for day in window}
    assert [standing.in_breach for standing in standings] == breaches
    assert standings[-1].earned.days == sum(minutes_down[day] for day in penalised)


def test_the_blocks_of_a_contract_are_whole_local_days():
    """So a day's sums are never cut by the end of a block, not even where the clock is set."""
    contract = signed(rolling(), date(2026, 10, 1))
    first = periods_of(contract, ms("2026-12-24T00:00+01:00"))[0]

    assert first.interval.length_ms == 721 * HOUR_MS
    assert parts_between(contract, first.interval)[0].interval == first.interval


# ---------------------------------------------------------------- more downtime, fewer days


@pytest.mark.parametrize(
    ("readings", "outages", "day", "days"),
    [
        # Day 31 is in breach of its own, takes half an hour alone and leaves the other to the run after it.
        ({}, {1: 240, 2: 10, 10: 176, 31: 30, 33: 30}, 2, (8, 7)),
        # From day 40 on eight minutes are a breach; its thirty windows end before the day that had all of it.
        ({"target": "daily"}, {40: 7, **dict.fromkeys(range(64, 70), 7), 71: 18}, 40, (1, 0)),
        # Two runs become one, whose most is less than the most of each together.
        ({"penalised": "beyond-allowance"}, {1: 300, 20: 216, 33: 100}, 20, (7, 6)),
    ],
    ids=["a run takes part of another's days", "the same by the day", "two runs are joined"],
)
def test_with_rolling_windows_a_minute_more_can_take_a_day_back(readings, outages, day, days):
    """Decision record 0021."""
    more = outages | {day: outages[day] + 1}

    before, after = (
        sum(days_by_block(*each.items(), readings=readings, until=147)) for each in (outages, more)
    )

    assert (before, after) == days


@given(
    st.lists(st.integers(0, 90), min_size=1, max_size=45),
    st.data(),
    st.sampled_from(["disputed", "as-down", "as-up"]),
)
def test_any_stretch_of_days_is_measured_as_if_its_days_were_summed(minutes_down, data, unknown_time):
    agreed = rolling({"unknown-time": unknown_time, "target": "both"})
    told = history(minutes_down, agreed)
    first = data.draw(st.integers(0, len(minutes_down) - 1))
    stop = data.draw(st.integers(first + 1, len(minutes_down)))

    sums = [day.sums_ms for day in told.days[first:stop]]
    totals = {name: sum(each[name] for each in sums) for name in CLASSES}

    assert told.measured(slice(first, stop), agreed) == of_days(totals, sums, agreed)
