"""The worked examples of the rules, from facts in a ledger to days granted."""

import pytest

from ledger.interval import Interval
from projections import judgement
from projections.judgement import judge
from projections.periods import period_between, period_named, with_readings
from tests.spec import LATER, Story, ms

ALWAYS = {"service-hours": "24/7"}
HOUR_MS = 3_600_000


def observed(readings=None, *, down="", **options) -> Story:
    """One platform, one agent that logs its changes; up from the first day on but for some intervals."""
    story = Story().contract(readings=readings, **options)
    changes = ["2026-09-30T00:00+02:00 up"]
    for outage in down.split():
        start, end = outage.split("/")
        changes += [f"{start} down", f"{end} up"]
    return story.observed("paris", "acme-prod", ", ".join(changes))


def judged(story: Story, period="1", readings=None, as_of: str | int = LATER):
    """The judgement of the story's contract under some readings."""
    known = story.known(as_of)
    contract = with_readings(known.contract("acme"), readings or {})
    known_ms = known.as_of.moment_ms
    if "/" in period:
        start, end = period.split("/")
        asked = period_between(contract, Interval(ms(start), ms(end)), known_ms)
    else:
        asked = period_named(contract, period, known_ms)
    return judge(known, contract, asked)


def figures(judgement) -> tuple[str | None, bool, int, int]:
    """Percent, whether the target is met, counted down time and days of the one platform."""
    [available], [penalty] = judgement.availability.platforms, judgement.penalties.platforms
    return available.percent, available.target_met, penalty.counted_down_ms, penalty.days


OFFICE_MS = 712_800_000
"""22 days of 9 hours: 1 to 30 October 2026."""

# ---------------------------------------------------------------- the worked examples


def test_example_a_an_hour_down_in_office_hours_misses_the_target_by_half_a_minute():
    found = judged(observed(down="2026-10-06T08:30+02:00/2026-10-06T10:00+02:00"))

    assert figures(found) == ("99.49", False, 3_600_000, 1)
    classes = found.availability.platforms[0].classes_ms
    assert (classes.up, classes.down) == (709_200_000, 3_600_000)
    assert classes.up + classes.down == OFFICE_MS
    assert classes.outside == 721 * HOUR_MS - OFFICE_MS
    assert found.penalties.platforms[0].tranches == 1
    assert (found.penalties.days_accrued, found.penalties.days_granted) == (1, 1)
    assert found.penalties.days_left_under_cap == 364


def test_example_b_a_second_less_misses_the_target_and_completes_no_tranche():
    story = observed(down="2026-10-06T08:30+02:00/2026-10-06T09:59:59+02:00")

    assert figures(judged(story)) == ("99.49", False, 3_599_000, 0)
    assert figures(judged(story, readings={"tranche": "started"})) == ("99.49", False, 3_599_000, 1)


def test_example_c_beyond_the_allowance_there_are_thirty_six_seconds():
    story = observed(down="2026-10-06T08:30+02:00/2026-10-06T10:00+02:00")

    found = judged(story, readings={"penalised": "beyond-allowance"})

    assert figures(found) == ("99.49", False, 3_600_000, 0)
    assert found.penalties.platforms[0].penalised_ms == "36000"


def test_example_d_the_night_with_two_hours_of_two_is_in_the_base_twice():
    story = observed(ALWAYS, down="2026-10-06T08:30+02:00/2026-10-06T10:00+02:00")

    found = judged(story)

    assert figures(found) == ("99.79", True, 5_400_000, 0)
    classes = found.availability.platforms[0].classes_ms
    assert classes.up + classes.down == 2_595_600_000
    assert figures(judged(story, readings={"target": "daily"})) == ("99.79", False, 5_400_000, 1)


def worked(announced_at: str) -> Story:
    story = observed(ALWAYS, down="2026-10-06T02:00+02:00/2026-10-06T04:30+02:00")
    work = "2026-10-06T02:00+02:00/2026-10-06T04:00+02:00"
    return story.at(announced_at).notice("m1", ["acme-prod"], work)


def test_example_e_work_announced_fourteen_hours_before_counts():
    story = worked("2026-10-05T12:00+02:00")

    assert figures(judged(story))[2] == 9_000_000
    assert figures(judged(story, readings={"notice": "best-effort"}))[2] == 1_800_000


def test_example_f_of_work_announced_in_time_only_the_overrun_counts():
    found = judged(worked("2026-10-05T01:59+02:00"))

    assert figures(found)[2] == 1_800_000
    assert found.availability.platforms[0].classes_ms.excluded_maintenance == 7_200_000


def test_example_h_an_agent_that_falls_silent_leaves_the_time_unknown():
    story = Story().contract(readings=ALWAYS)
    story.every_minute("paris", ["acme-prod"], "2026-10-06T09:00+02:00/2026-10-06T10:01+02:00")
    story.every_minute("paris", ["acme-prod"], "2026-10-06T11:00+02:00/2026-10-06T12:00+02:00")

    found = judged(story, "2026-10-06T09:00+02:00/2026-10-06T12:00+02:00")

    [available] = found.availability.platforms
    assert (available.classes_ms.unknown, available.classes_ms.up) == (3_450_000, 7_350_000)
    assert available.percent == "100.00"
    assert available.percent_bounds == ("68.05", "100.00")
    assert available.coverage_percent == "68.05"


def test_unknown_time_that_counts_as_down_is_penalised_and_stays_unknown():
    story = observed(ALWAYS)
    story.corrected("c1", "paris", "acme-prod", "2026-10-06T08:00+02:00/2026-10-06T12:00+02:00")

    found = judged(story, readings={"unknown-time": "as-down"})

    assert figures(found) == ("99.44", False, 4 * HOUR_MS, 4)
    assert found.availability.platforms[0].classes_ms.unknown == 4 * HOUR_MS
    assert found.availability.platforms[0].classes_ms.down == 0


# ---------------------------------------------------------------- the days of a period


def test_the_days_of_a_period_are_its_local_days_and_sum_to_it():
    [available] = judged(observed(ALWAYS)).availability.platforms

    assert [day.day for day in available.days][::29] == ["2026-10-01", "2026-10-30"]
    assert [day.classes_ms.up for day in available.days if day.day == "2026-10-25"] == [25 * HOUR_MS]
    assert sum(day.classes_ms.up for day in available.days) == available.classes_ms.up == 721 * HOUR_MS


def test_the_target_is_shown_as_it_was_agreed():
    assert judged(observed(target_percent="99.50")).availability.target_percent == "99.5"
    assert judged(observed(target_percent="100")).availability.target_percent == "100"


def test_a_running_period_is_judged_as_far_as_it_is_known():
    story = observed(down="2026-10-06T08:30+02:00/2026-10-06T11:30+02:00")

    # On that Tuesday at eleven two hours of service were down.
    found = judged(story, as_of="2026-10-06T11:00+02:00")

    assert figures(found)[2:] == (2 * HOUR_MS, 2)
    assert found.penalties.days_accrued == 2


# ---------------------------------------------------------------- the cap

TWO_OUTAGES = "2026-10-06T09:00+02:00/2026-10-06T12:00+02:00 2026-11-10T09:00+01:00/2026-11-10T13:00+01:00"


def granted(found) -> tuple[int, int, int]:
    return found.penalties.days_accrued, found.penalties.days_granted, found.penalties.days_left_under_cap


def test_the_cap_is_what_earlier_periods_have_left():
    story = observed(down=TWO_OUTAGES, cap_days=5)

    assert granted(judged(story, "1")) == (3, 3, 2)
    assert granted(judged(story, "2")) == (4, 2, 0)
    assert granted(judged(story, "3")) == (0, 0, 0)


def test_if_an_earlier_period_changes_the_later_one_is_granted_anew():
    story = observed(down=TWO_OUTAGES, cap_days=5)
    before = judged(story, "2")
    story.corrected("c1", "paris", "acme-prod", "2026-10-06T00:00+02:00/2026-10-07T00:00+02:00", "up")

    assert granted(before) == (4, 2, 0)
    assert granted(judged(story, "2")) == (4, 4, 1)


def test_each_year_of_the_contract_has_its_own_cap():
    down = "2026-10-06T09:00+02:00/2026-10-06T12:00+02:00 2027-11-09T09:00+01:00/2027-11-09T13:00+01:00"
    story = observed({"cap": "contract-year"}, down=down, cap_days=5)

    assert granted(judged(story, "1")) == (3, 3, 2)
    assert granted(judged(story, "2027-11-09")) == (4, 4, 1)
    assert granted(judged(story, "2027-11-09", readings={"cap": "contract"})) == (4, 2, 0)


def test_an_interval_that_was_asked_for_is_granted_what_the_periods_before_it_have_left():
    story = observed(down=TWO_OUTAGES, cap_days=5)
    day = "2026-11-10T00:00+01:00/2026-11-11T00:00+01:00"
    october = "2026-10-06T00:00+02:00/2026-10-07T00:00+02:00"

    assert granted(judged(story, day)) == (4, 2, 0)
    # The first period had not ended when this day began.
    assert granted(judged(story, october)) == (3, 3, 2)


def test_the_rounds_are_folded_once_however_many_periods_went_before(monkeypatch):
    asked = []

    def counting(known, platforms, parts):
        asked.append(parts)
        return folded(known, platforms, parts)

    folded = judgement.verdicts_over
    monkeypatch.setattr(judgement, "verdicts_over", counting)
    judged(observed(down=TWO_OUTAGES), "9")

    assert len(asked) == 1
    assert len(asked[0]) == 1


# ---------------------------------------------------------------- rolling

THREE_HOURS_TWICE = (
    "2026-10-26T10:00+01:00/2026-10-26T13:00+01:00 2026-11-04T10:00+01:00/2026-11-04T13:00+01:00"
)


@pytest.mark.parametrize(
    ("reading", "first", "second"),
    [("30-days", (True, 0), (True, 0)), ("rolling-30-days", (True, 0), (False, 6))],
)
def test_rolling_windows_see_across_the_ends_of_periods(reading, first, second):
    story = observed(ALWAYS, down=THREE_HOURS_TWICE)
    found = [judged(story, number, {"period": reading}) for number in "12"]

    assert [figures(each)[1::2] for each in found] == [first, second]
    assert [each.penalties.days_accrued for each in found] == [first[1], second[1]]


def test_an_interval_that_was_asked_for_is_judged_as_one_even_where_windows_roll():
    story = observed({**ALWAYS, "period": "rolling-30-days"}, down=THREE_HOURS_TWICE)

    both = judged(story, "2026-10-26T00:00+01:00/2026-11-05T00:00+01:00")
    november = judged(story, "2026-11-01T00:00+01:00/2026-12-01T00:00+01:00")

    assert figures(both)[1::2] == (False, 6)
    assert figures(november)[1::2] == (True, 0)


def test_a_platform_of_another_contract_is_not_judged():
    story = observed()
    story.contract("other", platforms=["other-prod"])

    assert list(judged(story).timelines) == ["acme-prod"]
