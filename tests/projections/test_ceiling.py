"""Under a ceiling the first 24 hours in service hours of each calendar quarter are excluded, and no more."""

from ledger.instants import HOUR_MS
from ledger.interval import total_ms
from tests.projections.excluded import (
    ALWAYS,
    CEILING,
    EARLY,
    PROD,
    SATURDAY,
    SUNDAY,
    acme,
    at,
    judged,
    only,
    why,
)
from tests.spec import Story


def test_of_a_quarter_the_first_twenty_four_hours_are_excluded_and_the_rest_counts():
    story = acme(CEILING).at(EARLY).notice("m1", [PROD], SATURDAY).notice("m2", [PROD], SUNDAY)

    first, second = judged(story)

    assert (first.excluded, first.not_excluded) == (at(SATURDAY), ())
    assert second.excluded == at("2026-10-11T00:00:00+02:00/2026-10-11T04:00:00+02:00")
    assert second.not_excluded == why(over_ceiling="2026-10-11T04:00:00+02:00/2026-10-11T10:00:00+02:00")


def test_without_a_ceiling_all_of_it_is_excluded():
    story = acme().at(EARLY).notice("m1", [PROD], SATURDAY).notice("m2", [PROD], SUNDAY)

    assert [each.excluded for each in judged(story)] == [at(SATURDAY), at(SUNDAY)]


def test_the_quarters_day_is_used_by_periods_before_this_one():
    november = "2026-11-08T00:00:00+01:00/2026-11-08T10:00:00+01:00"
    story = acme(CEILING).at(EARLY).notice("m1", [PROD], SATURDAY).notice("m2", [PROD], november)

    (second,) = judged(story, period="2")

    assert second.name == "m2"
    assert second.excluded == at("2026-11-08T00:00:00+01:00/2026-11-08T04:00:00+01:00")
    assert second.not_excluded == why(over_ceiling="2026-11-08T04:00:00+01:00/2026-11-08T10:00:00+01:00")


def test_a_new_quarter_has_a_new_day():
    january = "2027-01-02T00:00:00+01:00/2027-01-03T06:00:00+01:00"
    story = acme(CEILING).at(EARLY).notice("m1", [PROD], SATURDAY).notice("m2", [PROD], january)

    (second,) = judged(story, period="2027-01-02")

    assert second.excluded == at("2027-01-02T00:00:00+01:00/2027-01-03T00:00:00+01:00")
    assert total_ms(span for span, _ in second.not_excluded) == 6 * HOUR_MS


def test_a_period_over_two_quarters_has_the_day_of_each():
    over_new_year = "2026-12-31T00:00:00+01:00/2027-01-01T12:00:00+01:00"
    story = acme(CEILING | {"maintenance-hours": "anywhere"}).at(EARLY)
    story.notice("m1", [PROD], SATURDAY).notice("m2", [PROD], over_new_year)

    (second,) = judged(story, period="2026-12-31")

    assert second.excluded == at(
        "2026-12-31T00:00:00+01:00/2026-12-31T04:00:00+01:00",
        "2027-01-01T00:00:00+01:00/2027-01-01T12:00:00+01:00",
    )


def test_maintenance_outside_service_hours_does_not_use_the_day():
    office = CEILING | {"service-hours": "Sa 08:00-18:00"}
    story = acme(office).at(EARLY).notice("m1", [PROD], SATURDAY).notice("m2", [PROD], SUNDAY)
    saturdays = [f"2026-10-{day}T00:00:00+02:00/2026-10-{day}T20:00:00+02:00" for day in (10, 17)]
    story.notice("m3", [PROD], saturdays[0]).notice("m4", [PROD], saturdays[1])

    first, second, third, fourth = judged(story)

    assert [each.not_excluded for each in (first, second, third)] == [(), (), ()]
    assert fourth.not_excluded == why(over_ceiling="2026-10-17T12:00:00+02:00/2026-10-17T18:00:00+02:00")
    assert fourth.excluded == at(
        "2026-10-17T00:00:00+02:00/2026-10-17T12:00:00+02:00",
        "2026-10-17T18:00:00+02:00/2026-10-17T20:00:00+02:00",
    )


def test_time_that_two_maintenances_exclude_uses_the_day_once():
    story = acme(CEILING).at(EARLY).notice("m1", [PROD], SATURDAY).notice("m2", [PROD], SATURDAY)

    first, second = judged(story)

    assert first.excluded == second.excluded == at(SATURDAY)
    assert first.not_excluded == second.not_excluded == ()


def test_each_platform_has_a_day_of_its_own():
    story = Story().contract("acme", platforms=["a", "b"], readings=ALWAYS | CEILING).at(EARLY)
    story.notice("m1", ["a"], SATURDAY).notice("m2", ["a", "b"], SUNDAY)

    assert total_ms(judged(story, platform="a")[1].excluded) == 4 * HOUR_MS
    assert judged(story, platform="b")[0].excluded == at(SUNDAY)


def test_what_was_not_excluded_does_not_use_the_day():
    story = acme(CEILING).at(EARLY).notice("m1", [PROD], SUNDAY)
    story.at("2026-10-03T00:00:00Z").notice("m2", [PROD], SATURDAY)

    assert judged(story)[0].excluded == at(SUNDAY)


def test_a_ceiling_without_any_service_hours_leaves_the_period_as_it_is():
    story = acme({"service-hours": "off"} | CEILING).at(EARLY)
    story.notice("m1", [PROD], SATURDAY).notice(
        "m2", [PROD], "2026-11-08T00:00:00+01:00/2026-11-09T05:00:00+01:00"
    )

    (second,) = judged(story, period="2")

    assert (second.name, second.not_excluded) == ("m2", ())


def test_no_ceiling_holds_for_force_majeure():
    days = "2026-10-03T00:00:00+02:00/2026-10-05T00:00:00+02:00"
    story = acme(CEILING).at("2026-10-06T00:00:00Z").claim("storm", [PROD], days)
    story.ruling("storm", "accepted", days)

    assert only(story) == (at(days), ())
