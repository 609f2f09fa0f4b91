"""Weekly schedules as terms of a contract: what is open, and what is refused."""

import pytest

from ledger.schedule import DAY_MINUTES, Schedule

OFFICE = (9 * 60, 18 * 60)
ALL_DAY = (0, DAY_MINUTES)


def test_office_hours_are_open_on_weekdays_and_closed_on_holidays():
    schedule = Schedule.parse("Mo-Fr 09:00-18:00; PH off")

    assert schedule.week == ((OFFICE,),) * 5 + ((), ())
    assert schedule.holidays_closed


def test_without_a_word_on_holidays_a_holiday_is_a_day_like_any_other():
    assert not Schedule.parse("Mo-Fr 09:00-18:00").holidays_closed


@pytest.mark.parametrize("text", ["Mo-Fr 09:00-18:00; PH closed", "PH off; Mo-Fr 09:00-18:00"])
def test_holidays_are_closed_however_that_is_written(text):
    assert Schedule.parse(text) == Schedule.parse("Mo-Fr 09:00-18:00; PH off")


@pytest.mark.parametrize("text", ["24/7", "Mo-Su 00:00-24:00"])
def test_always_is_every_minute_of_the_week(text):
    assert Schedule.parse(text).week == ((ALL_DAY,),) * 7


def test_the_allowed_windows_of_the_contract_are_nights_and_weekends():
    schedule = Schedule.parse("Mo-Fr 00:00-07:00; Sa-Su 00:00-24:00")

    assert schedule.week == (((0, 7 * 60),),) * 5 + ((ALL_DAY,),) * 2


def test_a_night_that_runs_over_midnight_is_open_on_both_days():
    schedule = Schedule.parse("Su 22:00-02:00")

    assert schedule.week[6] == ((22 * 60, DAY_MINUTES),)
    assert schedule.week[0] == ((0, 2 * 60),)
    assert schedule.week[1:6] == ((),) * 5


def test_a_day_may_be_open_twice():
    schedule = Schedule.parse("Mo 09:00-12:00,14:00-18:00")

    assert schedule.week[0] == ((9 * 60, 12 * 60), (14 * 60, 18 * 60))


def test_days_without_hours_are_open_all_day():
    assert Schedule.parse("Mo-Fr").week == ((ALL_DAY,),) * 5 + ((), ())


def test_a_later_rule_replaces_an_earlier_one_on_its_days():
    schedule = Schedule.parse("Mo-Fr 09:00-18:00; We off")

    assert schedule.week[2] == ()
    assert schedule.week[1] == schedule.week[3] == (OFFICE,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "Mo-Fr 9-18 h",
        "Mo-Fr 25:00-26:00",
        "Jan-Mar Mo-Fr 09:00-18:00",
        "2026 Oct 06 09:00-18:00",
        "SH Mo-Fr 09:00-18:00",
        "week 1-10 Mo 09:00-18:00",
        "Mo-Fr sunrise-sunset",
        "PH 10:00-12:00",
        "PH off",
    ],
)
def test_what_does_not_repeat_every_week_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write one as 'Mo-Fr 09:00-18:00; PH off'"):
        Schedule.parse(text)
