"""Which announced time is excluded, and why the rest is not: stories of one maintenance."""

import pytest

from ledger.instants import HOUR_MS
from ledger.interval import total_ms
from tests.projections.excluded import (
    ALWAYS,
    IN_TIME,
    LATE,
    PROD,
    TUESDAY,
    WEDNESDAY,
    acme,
    at,
    judged,
    only,
    tuesday,
    why,
)
from tests.spec import Story, ms

# ---------------------------------------------------------------- given in time


def test_a_notice_given_too_late_does_not_exclude_the_work():
    """Worked example e."""
    story = acme().at(LATE).notice("m1", [PROD], TUESDAY)

    assert only(story) == ((), why(too_late=TUESDAY))


def test_as_far_as_possible_a_notice_before_the_work_is_enough():
    """Worked example e, the other reading."""
    story = acme().at(LATE).notice("m1", [PROD], TUESDAY)

    assert only(story, readings={"notice": "best-effort"}) == (at(TUESDAY), ())


def test_a_notice_given_a_day_before_excludes_what_it_announces_and_not_the_overrun():
    """Worked example f."""
    story = acme().at(IN_TIME).notice("m1", [PROD], TUESDAY)
    story.at("2026-10-06T04:30:00+02:00").worked("m1", *tuesday("02:00", "04:30").split("/"))

    assert only(story) == (at(TUESDAY), why(overrun=tuesday("04:00", "04:30")))


@pytest.mark.parametrize(("seconds_late", "excluded"), [(0, at(TUESDAY)), (1, ())])
def test_twenty_four_hours_are_enough_and_a_second_less_is_not(seconds_late, excluded):
    given_ms = ms("2026-10-05T02:00:00+02:00") + seconds_late * 1000
    story = acme().at(given_ms).notice("m1", [PROD], TUESDAY)

    assert only(story)[0] == excluded


def test_the_terms_say_how_long_before():
    story = acme(notice_hours=48).at(IN_TIME).notice("m1", [PROD], TUESDAY)

    assert only(story) == ((), why(too_late=TUESDAY))


def test_a_day_before_is_twenty_four_hours_even_over_the_night_on_which_clocks_are_set():
    sunday = "2026-10-25T12:00:00+01:00/2026-10-25T13:00:00+01:00"
    same_wall_clock = acme().at("2026-10-24T12:00:00+02:00").notice("m1", [PROD], sunday)
    an_hour_later = acme().at("2026-10-24T13:00:01+02:00").notice("m1", [PROD], sunday)

    assert only(same_wall_clock)[0] == at(sunday)
    assert only(an_hour_later) == ((), why(too_late=sunday))


def test_two_to_three_on_the_october_night_excludes_two_hours():
    """Worked example g."""
    night = "2026-10-25T02:00:00+02:00/2026-10-25T03:00:00+01:00"
    story = acme().at("2026-10-20T00:00:00Z").notice("m1", [PROD], night)

    excluded, not_excluded = only(story)

    assert (total_ms(excluded), not_excluded) == (2 * HOUR_MS, ())


def test_work_announced_while_it_goes_on_is_excluded_from_then_on_at_best():
    story = acme().at("2026-10-06T03:00:00+02:00").notice("m1", [PROD], TUESDAY)

    assert only(story) == ((), why(too_late=TUESDAY))
    assert only(story, readings={"notice": "best-effort"}) == (
        at(tuesday("03:00", "04:00")),
        why(too_late=tuesday("02:00", "03:00")),
    )


def test_work_announced_when_it_was_over_is_never_excluded():
    story = acme().at("2026-10-06T09:00:00+02:00").notice("m1", [PROD], TUESDAY)

    assert only(story, readings={"notice": "best-effort"}) == ((), why(too_late=TUESDAY))


# ---------------------------------------------------------------- two clocks


def test_a_notice_recorded_after_the_work_counts_as_given_when_its_mail_was_accepted():
    story = acme().at("2026-10-08T09:00:00+02:00").notice("m1", [PROD], TUESDAY, given_at=IN_TIME)

    assert only(story) == (at(TUESDAY), ())
    assert only(story, readings={"notice-clock": "recorded"}) == ((), why(too_late=TUESDAY))


def test_a_notice_that_was_not_yet_recorded_does_not_exist():
    story = acme().at("2026-10-08T09:00:00+02:00").notice("m1", [PROD], TUESDAY, given_at=IN_TIME)

    assert judged(story, as_of="2026-10-08T06:59:59Z") == []
    assert only(story, as_of="2026-10-08T07:00:00Z") == (at(TUESDAY), ())


def test_notices_count_in_the_order_in_which_they_were_given_not_recorded():
    story = acme().at(IN_TIME).notice("m1", [PROD], TUESDAY, given_at="2026-10-04T12:00:00+02:00")
    story.moved("m1", WEDNESDAY, given_at="2026-10-04T10:00:00+02:00")

    assert only(story) == (at(TUESDAY), why(moved=WEDNESDAY))
    assert only(story, readings={"notice-clock": "recorded"}) == (at(WEDNESDAY), why(moved=TUESDAY))


def test_of_two_notices_given_at_one_instant_the_later_in_the_ledger_is_in_force():
    story = acme().at(IN_TIME).notice("m1", [PROD], TUESDAY).moved("m1", WEDNESDAY)

    assert only(story) == (at(WEDNESDAY), why(moved=TUESDAY))


# ---------------------------------------------------------------- moved and withdrawn


def test_moved_in_time_the_new_interval_is_excluded_and_the_old_one_is_not():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.at(IN_TIME).moved("m1", WEDNESDAY)

    assert only(story) == (at(WEDNESDAY), why(moved=TUESDAY))


def test_moved_too_late_only_what_was_announced_in_time_before_stays_excluded():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.at("2026-10-06T00:30:00+02:00").moved("m1", tuesday("03:00", "05:00"))

    assert only(story) == (
        at(tuesday("03:00", "04:00")),
        why(moved=tuesday("02:00", "03:00"), too_late=tuesday("04:00", "05:00")),
    )


def test_moved_while_the_work_goes_on_what_lay_before_stays_excluded():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.at("2026-10-06T03:30:00+02:00").moved("m1", WEDNESDAY)

    assert only(story, readings={"notice": "best-effort"}) == (
        at(tuesday("02:00", "03:30"), WEDNESDAY),
        why(moved=tuesday("03:30", "04:00")),
    )


def test_moved_away_and_back_too_late_the_first_notice_was_in_time():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.at(IN_TIME).moved("m1", WEDNESDAY)
    story.at(LATE).moved("m1", TUESDAY)

    assert only(story) == (at(TUESDAY), why(moved=WEDNESDAY))


def test_extended_while_the_work_goes_on_the_extension_is_too_late():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.at("2026-10-06T03:45:00+02:00").moved("m1", tuesday("02:00", "06:00"))

    assert only(story) == (at(TUESDAY), why(too_late=tuesday("04:00", "06:00")))
    assert only(story, readings={"notice": "best-effort"}) == (at(tuesday("02:00", "06:00")), ())


def test_withdrawn_before_it_came_nothing_is_excluded():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.at(LATE).withdrawn("m1")

    assert only(story) == ((), why(withdrawn=TUESDAY))


def test_withdrawn_while_it_lasts_the_rest_is_not_excluded():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.at("2026-10-06T03:00:00+02:00").withdrawn("m1")

    assert only(story) == (at(tuesday("02:00", "03:00")), why(withdrawn=tuesday("03:00", "04:00")))


def test_what_was_moved_away_and_then_withdrawn_was_withdrawn():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.moved("m1", WEDNESDAY).withdrawn("m1")

    assert only(story) == ((), ((at(TUESDAY)[0], "withdrawn"), (at(WEDNESDAY)[0], "withdrawn")))


def test_a_notice_before_a_withdrawal_makes_nothing_after_it_timely():
    story = acme().at("2026-10-03T00:00:00Z").notice("m1", [PROD], TUESDAY)
    story.at("2026-10-04T00:00:00Z").withdrawn("m1")
    story.at(LATE).moved("m1", TUESDAY)

    assert only(story) == ((), why(too_late=TUESDAY))


# ---------------------------------------------------------------- allowed windows


def test_announced_work_outside_the_allowed_windows_is_not_excluded():
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], tuesday("06:00", "08:00"))

    assert only(story) == (at(tuesday("06:00", "07:00")), why(outside_window=tuesday("07:00", "08:00")))
    assert only(story, readings={"maintenance-hours": "anywhere"}) == (at(tuesday("06:00", "08:00")), ())


def test_a_weekend_is_a_window_until_monday_at_seven():
    weekend = "2026-10-10T00:00:00+02:00/2026-10-12T08:00:00+02:00"
    story = acme().at("2026-10-04T00:00:00Z").notice("m1", [PROD], weekend)

    assert only(story) == (
        at("2026-10-10T00:00:00+02:00/2026-10-12T07:00:00+02:00"),
        why(outside_window="2026-10-12T07:00:00+02:00/2026-10-12T08:00:00+02:00"),
    )


def test_windows_are_of_the_contracts_zone():
    story = Story().contract("acme", zone="America/Montreal", readings=ALWAYS)
    story.at("2026-10-04T00:00:00Z").notice("m1", [PROD], "2026-10-06T06:00:00Z/2026-10-06T12:00:00Z")

    assert only(story) == (
        at("2026-10-06T06:00:00Z/2026-10-06T11:00:00Z"),
        why(outside_window="2026-10-06T11:00:00Z/2026-10-06T12:00:00Z"),
    )


# ---------------------------------------------------------------- the work really done

WORK = {"maintenance-extent": "work"}


def test_only_the_work_really_done_is_excluded_where_the_terms_say_so():
    story = acme(WORK).at(IN_TIME).notice("m1", [PROD], TUESDAY)
    story.at("2026-10-07T00:00:00Z").worked("m1", *tuesday("02:20", "03:10").split("/"))

    excluded, not_excluded = only(story)

    assert excluded == at(tuesday("02:20", "03:10"))
    assert not_excluded == (
        (at(tuesday("02:00", "02:20"))[0], "no-work"),
        (at(tuesday("03:10", "04:00"))[0], "no-work"),
    )


def test_without_a_start_no_work_was_done():
    story = acme(WORK).at(IN_TIME).notice("m1", [PROD], TUESDAY)

    assert only(story) == ((), why(no_work=TUESDAY))


def test_work_begun_early_and_ended_late_is_excluded_within_what_was_announced():
    story = acme(WORK).at(IN_TIME).notice("m1", [PROD], TUESDAY)
    story.at("2026-10-07T00:00:00Z").worked("m1", *tuesday("01:30", "05:00").split("/"))

    assert only(story) == (at(TUESDAY), why(overrun=tuesday("04:00", "05:00")))


def test_work_that_was_not_finished_goes_on_until_the_moment_known():
    story = acme(WORK).at(IN_TIME).notice("m1", [PROD], TUESDAY)
    story.at("2026-10-06T02:30:00+02:00").worked("m1", "2026-10-06T02:30:00+02:00")

    assert only(story, as_of="2026-10-06T03:00:00+02:00") == (
        at(tuesday("02:30", "03:00")),
        why(no_work=tuesday("02:00", "02:30")),
    )
    assert only(story, as_of="2026-10-06T04:45:00+02:00") == (
        at(tuesday("02:30", "04:00")),
        why(no_work=tuesday("02:00", "02:30"), overrun=tuesday("04:00", "04:45")),
    )


def test_work_announced_too_late_is_too_late_and_not_idle():
    story = acme(WORK).at(LATE).notice("m1", [PROD], TUESDAY)

    assert only(story) == ((), why(too_late=TUESDAY))
