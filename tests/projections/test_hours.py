"""Public holidays, and the hours in which the terms measure or allow maintenance."""

from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from ledger.errors import BadInputError
from ledger.instants import HOUR_MS, from_ms
from ledger.interval import Interval, total_ms
from ledger.terms import Terms
from projections.calendar import (
    _cached_hours,
    _public_holidays,
    day_interval,
    maintenance_windows,
    service_hours,
)
from tests.spec import span

PARIS = ZoneInfo("Europe/Paris")
YEAR = frozenset({2026})


def whole(text: str) -> Interval:
    return span(text).interval


# ---------------------------------------------------------------- holidays


def test_the_public_holidays_of_france_are_those_of_the_calendar():
    assert sorted(_public_holidays("FR", YEAR)) == [
        date(2026, month, day)
        for month, day in [
            (1, 1), (4, 6), (5, 1), (5, 8), (5, 14), (5, 25), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25),
        ]
    ]  # fmt: skip


def test_a_part_of_a_country_may_have_holidays_of_its_own():
    moselle = _public_holidays("FR-57", YEAR)

    assert moselle - _public_holidays("FR", YEAR) == {date(2026, 4, 3), date(2026, 12, 26)}


def test_without_a_calendar_only_the_days_that_the_terms_name_are_closed():
    named = Terms(holiday_calendar="", extra_holidays=(date(2026, 10, 6),))
    day = day_interval(PARIS, date(2026, 10, 6))
    new_year = day_interval(PARIS, date(2026, 1, 1))

    assert service_hours(named, PARIS, day) == []
    assert service_hours(named, PARIS, new_year) != []


@pytest.mark.parametrize("calendar", ["ZZ", "FR-999"])
def test_a_calendar_that_does_not_exist_is_refused_with_what_to_write(calendar):
    with pytest.raises(BadInputError, match=r"no holiday calendar .* write holiday_calendar as a country"):
        _public_holidays(calendar, YEAR)


def test_office_hours_close_on_holidays_of_the_calendar_and_on_extra_ones():
    week = whole("2026-11-09T00:00:00+01:00/2026-11-14T00:00:00+01:00")

    def open_days(terms: Terms) -> list[int]:
        return [from_ms(hours.start_ms).day for hours in service_hours(terms, PARIS, week)]

    assert open_days(Terms()) == [9, 10, 12, 13]
    assert open_days(Terms(extra_holidays=(date(2026, 11, 13),))) == [9, 10, 12]
    assert open_days(Terms(readings={"service-hours": "Mo-Fr 09:00-18:00"})) == [9, 10, 11, 12, 13]
    assert open_days(Terms(holiday_calendar="")) == [9, 10, 11, 12, 13]


def test_holidays_on_both_sides_of_the_new_year_close_the_office():
    over_new_year = whole("2026-12-24T00:00:00+01:00/2027-01-05T00:00:00+01:00")

    days = Counter(from_ms(hours.start_ms).date() for hours in service_hours(Terms(), PARIS, over_new_year))

    assert date(2026, 12, 25) not in days
    assert date(2027, 1, 1) not in days
    assert len(days) == 6


def test_a_public_holiday_closes_no_maintenance_window():
    armistice = day_interval(PARIS, date(2026, 11, 11))

    assert total_ms(maintenance_windows(Terms(), PARIS, armistice)) == 7 * HOUR_MS


# ---------------------------------------------------------------- cost


def test_the_hours_of_a_thousand_platforms_are_laid_out_once():
    month = whole("2026-10-01T00:00:00+02:00/2026-10-31T00:00:00+01:00")
    laid_out_before = _cached_hours.cache_info().misses

    hours = [service_hours(Terms(), PARIS, month) for _ in range(1000)]

    assert all(each == hours[0] for each in hours)
    assert _cached_hours.cache_info().misses <= laid_out_before + 1


def test_hours_handed_out_can_be_changed_without_changing_those_of_the_next():
    month = whole("2026-10-01T00:00:00+02:00/2026-10-31T00:00:00+01:00")

    service_hours(Terms(), PARIS, month).clear()

    assert total_ms(service_hours(Terms(), PARIS, month)) == 712_800_000
