"""How a contract is cut into periods, what of them is known, and how they are asked for."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contracts import (
    ContractEnded,
)
from ledger.errors import BadInputError
from ledger.instants import HOUR_MS
from ledger.interval import Interval
from projections.calendar import END_OF_TIME_MS, day_interval
from projections.periods import (
    period_between,
    period_named,
    periods_of,
    term_of,
)
from tests.projections.agreed import CUTS, DAYS, LONG_AFTER, OCTOBER, ZONES, between, signed
from tests.spec import ms

# ---------------------------------------------------------------- how a contract is cut


def test_the_first_thirty_days_end_after_721_hours_because_an_hour_occurs_twice():
    first, second = periods_of(signed(), ms("2026-12-01T00:00:00+01:00"))[:2]

    assert first.interval == OCTOBER
    assert first.interval.length_ms == 721 * HOUR_MS
    assert second.interval == between("2026-10-31T00:00:00+01:00", "2026-11-30T00:00:00+01:00")
    assert (first.number, second.number) == (1, 2)


def test_thirty_days_with_a_spring_night_are_719_hours():
    assert periods_of(signed("2026-03-01"), LONG_AFTER)[0].interval.length_ms == 719 * HOUR_MS


def test_calendar_months_are_cut_by_the_term_at_both_ends():
    contract = signed("2026-10-15", "2026-12-10", cut="calendar-month")

    assert [period.interval for period in periods_of(contract, LONG_AFTER)] == [
        between("2026-10-15T00:00:00+02:00", "2026-11-01T00:00:00+01:00"),
        between("2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"),
        between("2026-12-01T00:00:00+01:00", "2026-12-11T00:00:00+01:00"),
    ]


def test_under_the_rolling_reading_statements_are_of_the_same_thirty_days():
    rolling, plain = (periods_of(signed(cut=cut), LONG_AFTER) for cut in ("rolling-30-days", "30-days"))

    assert [period.interval for period in rolling] == [period.interval for period in plain]


@given(DAYS, st.integers(0, 200), ZONES, CUTS)
def test_the_periods_of_a_contract_cover_its_term_once(first_day, days, zone, cut):
    last_day = first_day + timedelta(days=days)
    contract = signed(first_day.isoformat(), last_day.isoformat(), zone, cut)

    periods = periods_of(contract, LONG_AFTER)

    intervals = [period.interval for period in periods]
    assert all(sooner.end_ms == later.start_ms for sooner, later in pairwise(intervals))
    assert (intervals[0].start_ms, intervals[-1].end_ms) == term_of(contract)
    assert all(interval.length_ms for interval in intervals)
    assert [period.number for period in periods] == list(range(1, len(periods) + 1))
    assert all(period.complete for period in periods)


@given(DAYS, ZONES, st.integers(1, 12))
def test_the_k_th_period_runs_over_thirty_local_days(first_day, zone, k):
    period = periods_of(signed(first_day.isoformat(), zone=zone), LONG_AFTER)[k - 1]

    assert period.interval.start_ms == day_interval(period.zone, first_day + timedelta(30 * (k - 1))).start_ms
    assert period.interval.end_ms == day_interval(period.zone, first_day + timedelta(30 * k)).start_ms


# ---------------------------------------------------------------- the term


def test_a_contract_without_a_last_day_holds_until_the_end_of_time():
    assert term_of(signed()) == Interval(ms("2026-10-01T00:00:00+02:00"), END_OF_TIME_MS)
    assert term_of(signed(last_day="9999-12-31")).end_ms == END_OF_TIME_MS


def test_periods_can_be_asked_for_as_known_at_the_end_of_time():
    periods = periods_of(signed("9990-01-01", cut="calendar-month"), ms("9999-12-31T00:00:00Z"))

    assert len(periods) == 9 * 12
    assert periods[-1].interval.end_ms == END_OF_TIME_MS


@pytest.mark.parametrize(
    ("agreed", "ended", "end"),
    [
        ("2026-10-31", None, "2026-11-01T00:00:00+01:00"),
        (None, "2026-10-20", "2026-10-21T00:00:00+02:00"),
        ("2026-10-31", "2026-10-20", "2026-10-21T00:00:00+02:00"),
        ("2026-10-31", "2026-12-31", "2026-11-01T00:00:00+01:00"),
    ],
)
def test_a_contract_ends_after_the_earlier_of_its_last_days(agreed, ended, end):
    fact = (
        ContractEnded(contract="acme", last_day=date.fromisoformat(ended), reason="left") if ended else None
    )
    contract = signed(last_day=agreed, ended=fact)

    assert term_of(contract).end_ms == ms(end)
    assert periods_of(contract, LONG_AFTER)[-1].interval.end_ms == ms(end)


# ---------------------------------------------------------------- as known at a moment


def test_a_period_that_had_not_ended_runs_to_the_moment_known_and_says_so():
    known_ms = ms("2026-10-10T12:00:00Z")

    (period,) = periods_of(signed(), known_ms)

    assert period.interval == Interval(OCTOBER.start_ms, known_ms)
    assert not period.complete
    assert period.parts[-1].interval.end_ms == known_ms


def test_a_period_is_complete_from_its_end_on():
    (first,) = periods_of(signed(), OCTOBER.end_ms)

    assert first.complete
    assert first.interval == OCTOBER


def test_a_period_that_had_not_begun_does_not_exist():
    assert periods_of(signed(), OCTOBER.start_ms) == []
    assert len(periods_of(signed(), OCTOBER.end_ms + 1)) == 2


# ---------------------------------------------------------------- asked for by name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("3", 3),
        ("2026-10-01", 1),
        ("2026-10-30", 1),
        ("2026-10-31", 2),
    ],
)
def test_a_period_is_named_by_its_number_or_by_a_day_of_it(text, number):
    assert period_named(signed(), text, ms("2027-06-01T00:00:00Z")).number == number


@pytest.mark.parametrize(
    ("first_day", "text", "number"),
    [
        ("2026-10-01", "2026-10", 1),
        ("2026-10-01", "2026-11", 2),
        ("2026-10-15", "2026-10", 1),
        ("2026-10-15", "2026-11", 2),
    ],
)
def test_a_month_names_the_period_that_holds_more_than_half_of_it_or_alone_has_days_of_it(
    first_day, text, number
):
    assert period_named(signed(first_day=first_day), text, ms("2027-06-01T00:00:00Z")).number == number


def test_a_month_of_which_no_period_holds_more_than_half_is_refused_by_listing_those_that_have_days_of_it():
    halved = signed(first_day="2026-10-17")

    with pytest.raises(
        BadInputError,
        match=r"2026-11 is not the month of one period; it has days of 1 \(2026-10-17 to 2026-11-15\), "
        r"2 \(2026-11-16 to 2026-12-15\):",
    ):
        period_named(halved, "2026-11", ms("2027-06-01T00:00:00Z"))


def test_a_day_that_is_not_over_names_the_period_that_will_hold_it():
    period = period_named(signed(), "2026-10-20", ms("2026-10-10T00:00:00Z"))

    assert (period.number, period.complete) == (1, False)


@pytest.mark.parametrize(
    "text",
    ["0", "4", "-1", "1.0", "2026-09-30", "2027-01-20", "2026-09", "2027-01", "2026-13-45", "", "last"],
)
def test_a_period_that_does_not_exist_is_refused_by_naming_those_that_do(text):
    with pytest.raises(BadInputError, match=r"periods 1 \(from 2026-10-01\) to 3 \(from 2026-11-30\) exist"):
        period_named(signed(), text, ms("2026-12-15T00:00:00Z"))


def test_the_only_period_is_named_as_such():
    with pytest.raises(BadInputError, match="only period 1 exists, from 2026-10-01"):
        period_named(signed(), "2", ms("2026-10-15T00:00:00Z"))


def test_before_the_contract_begins_the_refusal_says_when_it_does():
    with pytest.raises(BadInputError, match="the contract begins on 2026-10-01"):
        period_named(signed(), "1", ms("2026-09-15T00:00:00Z"))


# ---------------------------------------------------------------- asked for by two instants


def test_any_interval_is_a_period_that_has_no_number():
    asked = between("2026-10-06T00:00:00+02:00", "2026-11-07T12:00:00+01:00")

    period = period_between(signed(), asked, LONG_AFTER)

    assert period.interval == asked
    assert period.number is None
    assert period.complete


def test_an_interval_is_cut_to_the_term_and_to_the_moment_known():
    contract = signed(last_day="2026-10-20")
    asked = between("2026-09-01T00:00:00Z", "2026-12-01T00:00:00Z")
    known_ms = ms("2026-10-10T00:00:00Z")

    assert period_between(contract, asked, LONG_AFTER).interval == term_of(contract)
    assert period_between(contract, asked, LONG_AFTER).complete
    assert period_between(contract, asked, known_ms).interval == Interval(OCTOBER.start_ms, known_ms)
    assert not period_between(contract, asked, known_ms).complete


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00+02:00"),
        ("2026-10-15T00:00:00Z", "2026-10-16T00:00:00Z"),
        ("2026-10-20T00:00:00Z", "2026-10-21T00:00:00Z"),
    ],
)
def test_an_interval_of_which_nothing_is_known_is_refused_by_naming_the_periods_that_exist(start, end):
    with pytest.raises(BadInputError, match="only period 1 exists, from 2026-10-01"):
        period_between(signed(), between(start, end), ms("2026-10-15T00:00:00Z"))
