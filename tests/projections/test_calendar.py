"""Local days, quarters and schedules, against a calendar that asks the wall clock minute by minute."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.instants import DAY_MS, HOUR_MS, MINUTE_MS, from_ms
from ledger.interval import Interval, total_ms
from ledger.schedule import Schedule
from ledger.terms import Terms
from projections.calendar import (
    _public_holidays,
    day_interval,
    local_days,
    local_quarters,
    scheduled,
    service_hours,
)
from tests.spec import ms, span

PARIS = ZoneInfo("Europe/Paris")
OFFICE = Schedule.parse("Mo-Fr 09:00-18:00; PH off")
WINDOWS = Schedule.parse("Mo-Fr 00:00-07:00; Sa-Su 00:00-24:00")

TURNS = [
    ("Europe/Paris", "2026-03-29"),
    ("Europe/Paris", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-04-05"),  # half an hour back
    ("Australia/Lord_Howe", "2026-10-04"),  # half an hour forward
    ("America/Sao_Paulo", "2017-10-15"),  # midnight does not exist
    ("America/Sao_Paulo", "2018-02-18"),  # the hour before midnight occurs twice
    ("Africa/Cairo", "2024-04-26"),
    ("Africa/Cairo", "2024-11-01"),
    ("Asia/Beirut", "2022-03-27"),
    ("America/Havana", "2024-11-03"),  # midnight occurs twice
    ("America/St_Johns", "2008-11-02"),  # one minute past midnight goes back into the day before
    ("America/Toronto", "1919-03-31"),  # from half past eleven to half past midnight
    ("Pacific/Apia", "2011-12-31"),  # the 30th was left out
    ("Africa/Casablanca", "2026-03-22"),  # back for Ramadan, forward a month later
]
"""Zones and days on which their clocks were, or will be, set."""

SCHEDULES = st.sampled_from(
    [
        "24/7",
        "Mo-Fr 09:00-18:00",
        "Mo-Fr 00:00-07:00; Sa-Su 00:00-24:00",
        "Mo-Su 22:00-02:30",
        "Mo-Su 00:00-00:45; PH off",
        "Su 01:15-02:30,23:40-24:00",
    ]
)


def whole(text: str) -> Interval:
    return span(text).interval


def around(turn: tuple[str, str], days: int = 3) -> tuple[ZoneInfo, Interval]:
    zone, day = ZoneInfo(turn[0]), date.fromisoformat(turn[1])
    first = day_interval(zone, day - timedelta(days=days))
    return zone, Interval(first.start_ms, day_interval(zone, day + timedelta(days=days)).end_ms)


# ---------------------------------------------------------------- the calendar that only asks the wall clock


def on_the_wall(zone: ZoneInfo, instant_ms: int) -> datetime:
    return from_ms(instant_ms).astimezone(zone).replace(tzinfo=None)


def is_open(schedule: Schedule, zone: ZoneInfo, instant_ms: int, holidays) -> bool:
    shown = on_the_wall(zone, instant_ms)
    if schedule.holidays_closed and shown.date() in holidays:
        return False
    minute = shown.hour * 60 + shown.minute
    return any(start <= minute < end for start, end in schedule.week[shown.weekday()])


# ---------------------------------------------------------------- local days


@pytest.mark.parametrize(
    ("zone", "day", "hours", "begins"),
    [
        ("Europe/Paris", "2026-10-06", 24, "2026-10-06T00:00:00+02:00"),
        ("Europe/Paris", "2026-03-29", 23, "2026-03-29T00:00:00+01:00"),
        ("Europe/Paris", "2026-10-25", 25, "2026-10-25T00:00:00+02:00"),
        ("Australia/Lord_Howe", "2026-04-05", 24.5, "2026-04-05T00:00:00+11:00"),
        ("America/Sao_Paulo", "2017-10-15", 23, "2017-10-15T01:00:00-02:00"),
        ("America/Sao_Paulo", "2018-02-17", 25, "2018-02-17T00:00:00-02:00"),
        ("Africa/Cairo", "2024-04-26", 23, "2024-04-26T01:00:00+03:00"),
        ("Asia/Beirut", "2022-03-27", 23, "2022-03-27T01:00:00+03:00"),
        ("America/Havana", "2024-11-03", 25, "2024-11-03T00:00:00-04:00"),
        ("America/Toronto", "1919-03-31", 23.5, "1919-03-31T00:30:00-04:00"),
    ],
)
def test_a_day_runs_from_local_midnight_to_the_next(zone, day, hours, begins):
    found = day_interval(ZoneInfo(zone), date.fromisoformat(day))

    assert found.start_ms == ms(begins)
    assert found.length_ms == hours * HOUR_MS


def test_a_day_that_a_zone_left_out_is_empty():
    apia = ZoneInfo("Pacific/Apia")
    left_out = day_interval(apia, date(2011, 12, 30))

    assert left_out.length_ms == 0
    assert [day.day for day, _ in local_days(apia, Interval(left_out.start_ms - 1, left_out.end_ms + 1))] == [
        29,
        31,
    ]


@given(st.sampled_from(TURNS), st.data())
def test_local_days_cover_any_bounds_without_gap_or_overlap(turn, data):
    zone, around_turn = around(turn)
    instants = st.integers(around_turn.start_ms, around_turn.end_ms)
    bounds = Interval(*sorted((data.draw(instants), data.draw(instants))))

    days = local_days(zone, bounds)

    edges = [within.start_ms for _, within in days] + [within.end_ms for _, within in days[-1:]]
    assert edges == sorted(set(edges))
    assert all(sooner.end_ms == later.start_ms for (_, sooner), (_, later) in pairwise(days))
    assert sum(within.length_ms for _, within in days) == bounds.length_ms
    assert [day for day, _ in days] == sorted({day for day, _ in days})


@given(st.sampled_from([turn for turn in TURNS if turn[0] != "America/St_Johns"]), st.data())
def test_an_instant_belongs_to_the_day_that_the_wall_clock_shows(turn, data):
    zone, bounds = around(turn)
    instant_ms = data.draw(st.integers(bounds.start_ms, bounds.end_ms - 1))

    assert day_interval(zone, on_the_wall(zone, instant_ms).date()).holds(instant_ms)


def test_where_midnight_is_gone_back_over_the_day_begins_at_its_first_occurrence():
    newfoundland = ZoneInfo("America/St_Johns")
    first_midnight_ms = ms("2008-11-02T00:00:00-02:30")

    assert day_interval(newfoundland, date(2008, 11, 2)).start_ms == first_midnight_ms
    assert on_the_wall(newfoundland, first_midnight_ms + MINUTE_MS) == datetime(2008, 11, 1, 23, 1)  # noqa: DTZ001 - the wall clock
    days = local_days(newfoundland, Interval(first_midnight_ms + MINUTE_MS, first_midnight_ms + HOUR_MS))
    assert [day for day, _ in days] == [date(2008, 11, 2)]


# ---------------------------------------------------------------- quarters


def test_a_quarter_begins_at_local_midnight_of_its_first_month():
    quarters = local_quarters(PARIS, whole("2026-12-31T23:59:00+01:00/2027-01-01T00:01:00+01:00"))

    assert quarters == [
        (date(2026, 10, 1), whole("2026-10-01T00:00:00+02:00/2027-01-01T00:00:00+01:00")),
        (date(2027, 1, 1), whole("2027-01-01T00:00:00+01:00/2027-04-01T00:00:00+02:00")),
    ]


@given(st.dates(date(1990, 1, 1), date(2040, 12, 31)), st.integers(1, 400))
def test_quarters_follow_each_other_and_hold_the_bounds(day, days):
    start_ms = day_interval(PARIS, day).start_ms
    bounds = Interval(start_ms, start_ms + days * DAY_MS)

    quarters = local_quarters(PARIS, bounds)

    assert quarters[0][1].holds(bounds.start_ms)
    assert quarters[-1][1].holds(bounds.end_ms - 1)
    assert all(sooner.end_ms == later.start_ms for (_, sooner), (_, later) in pairwise(quarters))
    assert {first.month for first, _ in quarters} <= {1, 4, 7, 10}


# ---------------------------------------------------------------- schedules


def test_office_hours_of_the_worked_month_are_twenty_two_days_of_nine_hours():
    month = Interval(
        day_interval(PARIS, date(2026, 10, 1)).start_ms, day_interval(PARIS, date(2026, 10, 31)).start_ms
    )

    hours = scheduled(OFFICE, PARIS, month, _public_holidays("FR", frozenset({2026})))

    assert total_ms(hours) == 712_800_000
    assert hours[0] == whole("2026-10-01T09:00:00+02:00/2026-10-01T18:00:00+02:00")
    assert hours[-1] == whole("2026-10-30T09:00:00+01:00/2026-10-30T18:00:00+01:00")


def test_the_whole_of_the_worked_month_has_the_hour_that_occurs_twice():
    month = Interval(
        day_interval(PARIS, date(2026, 10, 1)).start_ms, day_interval(PARIS, date(2026, 10, 31)).start_ms
    )

    assert total_ms(scheduled(Schedule.parse("24/7"), PARIS, month, ())) == 2_595_600_000


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-06", 7), ("2026-10-10", 24)]
)
def test_the_allowed_windows_are_as_long_as_the_clock_makes_them(day, hours):
    windows = scheduled(WINDOWS, PARIS, day_interval(PARIS, date.fromisoformat(day)), ())

    assert total_ms(windows) == hours * HOUR_MS


def test_half_past_two_occurs_twice_on_the_october_night_and_never_on_the_march_night():
    night = Schedule.parse("Mo-Su 02:15-02:45")
    october, march = (day_interval(PARIS, day) for day in (date(2026, 10, 25), date(2026, 3, 29)))

    assert scheduled(night, PARIS, october, ()) == [
        whole("2026-10-25T02:15:00+02:00/2026-10-25T02:45:00+02:00"),
        whole("2026-10-25T02:15:00+01:00/2026-10-25T02:45:00+01:00"),
    ]
    assert scheduled(night, PARIS, march, ()) == []


def test_two_to_three_on_the_october_night_is_two_hours():
    """Worked example g."""
    night = scheduled(Schedule.parse("Su 02:00-03:00"), PARIS, day_interval(PARIS, date(2026, 10, 25)), ())

    assert night == [whole("2026-10-25T02:00:00+02:00/2026-10-25T03:00:00+01:00")]
    assert total_ms(night) == 2 * HOUR_MS


@given(st.sampled_from(TURNS), SCHEDULES, st.integers(0, 59_999), st.booleans())
def test_an_instant_is_scheduled_if_and_only_if_the_wall_clock_shows_a_time_of_it(
    turn, expression, shift_ms, holiday
):
    zone, around_turn = around(turn, days=2)
    bounds = Interval(around_turn.start_ms + shift_ms, around_turn.end_ms - shift_ms)
    schedule = Schedule.parse(expression)
    holidays = {date.fromisoformat(turn[1])} if holiday else frozenset()

    found = scheduled(schedule, zone, bounds, holidays)

    instants = range(bounds.start_ms, bounds.end_ms, MINUTE_MS)
    assert [any(each.holds(at_ms) for each in found) for at_ms in instants] == [
        is_open(schedule, zone, at_ms, holidays) for at_ms in instants
    ]
    assert total_ms(found) == sum(
        MINUTE_MS if edge_free else 0
        for edge_free in (is_open(schedule, zone, at_ms, holidays) for at_ms in _minutes(bounds))
    ) + _ragged_ms(schedule, zone, bounds, holidays)


def _minutes(bounds: Interval) -> range:
    """The whole minutes of the wall clock within the bounds; every offset here is whole minutes."""
    first_ms = -(-bounds.start_ms // MINUTE_MS) * MINUTE_MS
    return range(first_ms, bounds.end_ms // MINUTE_MS * MINUTE_MS, MINUTE_MS)


def _ragged_ms(schedule: Schedule, zone: ZoneInfo, bounds: Interval, holidays) -> int:
    """What is open of the two minutes that the bounds cut."""
    inner = _minutes(bounds)
    first_ms = inner.start - bounds.start_ms if is_open(schedule, zone, bounds.start_ms, holidays) else 0
    last_ms = bounds.end_ms - inner.stop if is_open(schedule, zone, inner.stop, holidays) else 0
    return first_ms + last_ms


def test_empty_bounds_hold_no_hours():
    assert scheduled(OFFICE, PARIS, Interval(5, 5), ()) == []
    assert service_hours(Terms(), PARIS, Interval(5, 5)) == []
