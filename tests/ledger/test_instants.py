"""Instants: UTC milliseconds in the code, RFC 3339 on the wire, and nothing without a zone."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.fact import Span
from ledger.instants import END_OF_TIME_MS, FIRST_MS, format_instant, from_ms, parse_instant, to_ms

INSTANTS = st.integers(FIRST_MS, END_OF_TIME_MS - 1)
ZONES = st.sampled_from(["Europe/Paris", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
PARIS = ZoneInfo("Europe/Paris")
FORM = re.compile(r"[0-9-]+T[0-9:]+(?:[+-][0-9:]+|Z)")
"""A time with its offset, as a sentence shows it."""


@given(INSTANTS)
def test_what_is_written_in_utc_is_read_back_as_the_same_instant(instant_ms):
    assert parse_instant(format_instant(instant_ms)) == instant_ms
    assert to_ms(from_ms(instant_ms)) == instant_ms


@given(INSTANTS | st.sampled_from([FIRST_MS, END_OF_TIME_MS - 1]), ZONES)
def test_what_is_written_in_a_zone_is_read_back_as_the_same_instant(instant_ms, zone):
    assert parse_instant(format_instant(instant_ms, ZoneInfo(zone))) == instant_ms


def test_the_hour_that_occurs_twice_is_told_apart_by_its_offset():
    first, second = (parse_instant(f"2026-10-25T02:30:00{offset}") for offset in ("+02:00", "+01:00"))

    assert second - first == 3_600_000
    assert format_instant(first, PARIS) == "2026-10-25T02:30:00+02:00"
    assert format_instant(second, PARIS) == "2026-10-25T02:30:00+01:00"


def test_milliseconds_are_written_only_where_there_are_any():
    assert format_instant(1_790_805_600_000) == "2026-09-30T22:00:00Z"
    assert format_instant(1_790_805_600_007) == "2026-09-30T22:00:00.007Z"


def test_what_lies_below_a_millisecond_is_cut():
    assert parse_instant("2026-10-01T00:00:00.0009999Z") == parse_instant("2026-10-01T00:00:00Z")
    assert to_ms(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


@pytest.mark.parametrize(
    ("leap", "next_minute"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60.250Z", "2017-01-01T00:00:00.250Z"),
    ],
)
def test_a_leap_second_is_the_first_instant_of_the_next_minute(leap, next_minute):
    assert parse_instant(leap) == parse_instant(next_minute)


@pytest.mark.parametrize(
    "text", ["2026-10-01T10:60:00Z", "2026-10-01T10:60Z", "2026-10-01T10:60+02:00", "2026-10-01T60:00:00Z"]
)
def test_a_minute_or_an_hour_of_sixty_is_no_leap_second(text):
    with pytest.raises(ValueError, match="is no date and time"):
        parse_instant(text)


@pytest.mark.parametrize("offset", ["+02:60", "-02:60", "+02:99", "+0260"])
def test_an_offset_of_sixty_minutes_or_more_is_refused(offset):
    with pytest.raises(ValueError, match="is no date and time"):
        parse_instant(f"2026-10-01T09:00:00{offset}")


@pytest.mark.parametrize("text", ["2030-01-01", "2030-01-01+02:00", "2030-01-01Z"])
def test_a_day_without_a_time_is_refused_by_showing_a_form_that_is_accepted(text):
    with pytest.raises(ValueError, match="is a day without a time") as refused:
        parse_instant(text)

    assert [parse_instant(shown) for shown in FORM.findall(str(refused.value))] == [
        parse_instant("2030-01-01T00:00:00+01:00"),
        parse_instant("2030-01-01T00:00:00Z"),
    ]


@pytest.mark.parametrize("text", ["2026-13-01", "2026-02-30", "2026-13-01Z"])
def test_a_day_that_no_calendar_has_is_no_date_and_is_not_shown_as_one(text):
    with pytest.raises(ValueError, match="is no date; write one as 2026-10-01T09:00:00") as refused:
        parse_instant(text)

    assert str(refused.value).count(text) == 1


@pytest.mark.parametrize("text", ["2026-10-01T09:00:00", "2026-10-01 09:00"])
def test_a_time_without_a_zone_is_refused(text):
    with pytest.raises(ValueError, match="has no zone; add its offset"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-07-27T09:00", "2026-07-27T09:00+02:00 in Europe/Paris, 2026-07-27T09:00Z in UTC"),
        ("2026-11-27T09:00", "2026-11-27T09:00+01:00 in Europe/Paris, 2026-11-27T09:00Z in UTC"),
        ("2026-10-25T02:30", "2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00 in Europe/Paris"),
        ("0001-01-01T00:00", "0001-01-01T00:00+00:09:21 in Europe/Paris"),
        ("9999-12-31T23:59:59", "9999-12-31T23:59:59+01:00 in Europe/Paris"),
    ],
)
def test_the_offset_that_is_advised_is_the_one_of_that_day(text, shown):
    with pytest.raises(ValueError, match="add its offset") as refused:
        parse_instant(text)

    assert shown in str(refused.value)


def test_a_naive_datetime_is_refused():
    with pytest.raises(ValueError, match="has no zone"):
        to_ms(datetime(2026, 10, 1, 9))  # noqa: DTZ001 - the naive value is what is refused


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z"])
def test_what_is_no_date_and_time_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write one as 2026-10-01T09:00:00"):
        parse_instant(text)


def test_a_field_takes_text_a_datetime_and_milliseconds_and_is_written_as_text():
    paris = datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    given_in_three_ways = [
        Span.model_validate({"from": start, "to": "2026-10-02T00:00:00Z"})
        for start in ("2026-10-01T02:00:00+02:00", paris, 1_790_812_800_000)
    ]

    assert len(set(given_in_three_ways)) == 1
    assert given_in_three_ways[0].model_dump(mode="json", by_alias=True)["from"] == "2026-10-01T00:00:00Z"


@pytest.mark.parametrize("start", ["2026-10-01T00:00:00", datetime(2026, 10, 1)])  # noqa: DTZ001 - refused
def test_a_field_refuses_a_naive_time(start):
    with pytest.raises(ValueError, match="zone"):
        Span.model_validate({"from": start, "to": "2026-10-02T00:00:00Z"})


# ---------------------------------------------------------------- the first and the last instant


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00Z"]
)
def test_an_instant_that_some_zone_cannot_write_is_no_instant(text):
    beyond_ms = to_ms(datetime.fromisoformat(text))

    for written in (text, beyond_ms):
        with pytest.raises(ValueError, match="before 1970 or after the year 9998"):
            Span.model_validate({"from": "2026-10-01T00:00:00Z", "to": written})
    with pytest.raises(ValueError, match="before 1970 or after the year 9998"):
        parse_instant(text)


@given(st.integers(-(2**62), 2**62), ZONES)
def test_whatever_a_ledger_holds_can_be_written_in_every_zone(instant_ms, zone):
    assert format_instant(instant_ms, ZoneInfo(zone))
