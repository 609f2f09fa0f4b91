"""Maintenances: what their facts make of them, and what they refuse."""

import pytest

from ledger import maintenance
from ledger.errors import RefusedError
from ledger.interval import Interval
from ledger.maintenance import (
    MaintenanceFinished,
    MaintenanceStarted,
    NoticeMoved,
    NoticePublished,
    NoticeWithdrawn,
)
from tests.spec import ms, span
from tests.subjects import LATER_MS, after

NIGHT = "2026-10-06T02:00+02:00/2026-10-06T04:00+02:00"
NEXT_NIGHT = "2026-10-07T02:00+02:00/2026-10-07T04:00+02:00"
MONDAY_NOON = "2026-10-05T12:00+02:00"
MONDAY_EVENING = "2026-10-05T20:00+02:00"

published = NoticePublished(
    maintenance="m1", platforms=("acme-prod",), announced=span(NIGHT), summary="disks"
)
moved = NoticeMoved(maintenance="m1", announced=span(NEXT_NIGHT), reason="the disks are late")
withdrawn = NoticeWithdrawn(maintenance="m1", reason="no disks")
started = MaintenanceStarted(maintenance="m1")
finished = MaintenanceFinished(maintenance="m1")

ANNOUNCED = after(maintenance, (published, MONDAY_NOON))
WITHDRAWN = after(maintenance, (published, MONDAY_NOON), (withdrawn, MONDAY_EVENING))
STARTED = after(maintenance, published, (started, "2026-10-06T02:05+02:00"))
FINISHED = after(
    maintenance, published, (started, "2026-10-06T02:05+02:00"), (finished, "2026-10-06T03:00+02:00")
)


# ---------------------------------------------------------------- what facts make of it


def test_without_a_notice_it_does_not_exist():
    assert maintenance.INITIAL.notices == ()
    assert maintenance.INITIAL.announced is None


def test_a_notice_keeps_both_clocks():
    (notice,) = ANNOUNCED.notices

    assert notice.given_ms == ms(MONDAY_NOON)
    assert notice.recorded_ms == ms(MONDAY_NOON) + LATER_MS
    assert notice.position == 10
    assert notice.text == "disks"


def test_the_last_notice_says_what_is_announced_and_the_ones_before_stay():
    state = after(maintenance, (published, MONDAY_NOON), (moved, MONDAY_EVENING))

    assert state.announced == span(NEXT_NIGHT).interval
    assert [(notice.kind, notice.announced) for notice in state.notices] == [
        ("published", span(NIGHT).interval),
        ("moved", span(NEXT_NIGHT).interval),
    ]


def test_withdrawn_work_is_announced_no_longer():
    assert WITHDRAWN.announced is None
    assert [notice.kind for notice in WITHDRAWN.notices] == ["published", "withdrawn"]
    assert WITHDRAWN.platforms == ("acme-prod",)


def test_the_work_lasts_from_started_to_finished():
    assert Interval(FINISHED.started_ms, FINISHED.finished_ms) == Interval(
        ms("2026-10-06T02:05+02:00"), ms("2026-10-06T03:00+02:00")
    )
    assert FINISHED.work_positions == (20, 30)


# ---------------------------------------------------------------- what it allows


def test_announced_work_can_be_moved_withdrawn_and_started():
    given_ms = ms(MONDAY_EVENING)

    assert maintenance.publish(maintenance.INITIAL, published) == published
    assert maintenance.move(ANNOUNCED, given_ms, moved) == moved
    assert maintenance.withdraw(ANNOUNCED, given_ms, withdrawn) == withdrawn
    assert maintenance.start(ANNOUNCED, "m1") == started
    assert maintenance.finish(STARTED, "m1", STARTED.started_ms) == finished


def test_work_can_start_after_its_notice_was_withdrawn_because_it_may_have_been_done_all_the_same():
    assert maintenance.start(WITHDRAWN, "m1") == started


def test_a_maintenance_knows_when_its_notice_was_withdrawn():
    assert ANNOUNCED.withdrawn_ms is None
    assert WITHDRAWN.withdrawn_ms == WITHDRAWN.notices[-1].given_ms


def test_a_notice_withdrawn_before_its_work_was_over_can_be_taken_down_later():
    assert maintenance.withdraw(FINISHED, FINISHED.finished_ms - 1, withdrawn) == withdrawn


def test_two_notices_can_be_given_at_one_moment():
    assert maintenance.move(ANNOUNCED, ms(MONDAY_NOON), moved) == moved


# ---------------------------------------------------------------- what it refuses


def test_a_notice_is_not_withdrawn_after_its_work_was_over():
    with pytest.raises(RefusedError, match="what was announced and done cannot be taken back"):
        maintenance.withdraw(FINISHED, FINISHED.finished_ms, withdrawn)


def test_work_is_not_moved_after_it_was_over():
    assert maintenance.move(FINISHED, FINISHED.finished_ms - 1, moved) == moved

    with pytest.raises(RefusedError, match="cannot be moved: if the notice was given earlier, say when"):
        maintenance.move(FINISHED, FINISHED.finished_ms, moved)


def test_work_is_not_moved_to_where_it_stands_and_may_return_to_where_it_stood():
    again = moved.model_copy(update={"announced": span(NIGHT)})
    elsewhere = after(maintenance, (published, MONDAY_NOON), (moved, MONDAY_EVENING))

    with pytest.raises(RefusedError, match=r"announced from 2026-10-06T00:00:00Z .* nothing would move; if"):
        maintenance.move(ANNOUNCED, ms(MONDAY_EVENING), again)
    assert maintenance.move(elsewhere, ms(MONDAY_EVENING), again) == again


def test_a_log_in_which_work_was_moved_to_where_it_stood_is_still_read():
    state = after(maintenance, (published, MONDAY_NOON), (moved, MONDAY_EVENING), (moved, MONDAY_EVENING))

    assert [notice.kind for notice in state.notices] == ["published", "moved", "moved"]
    assert state.announced == span(NEXT_NIGHT).interval


def test_a_name_is_announced_once():
    with pytest.raises(RefusedError, match="change its time with `constat notice move`"):
        maintenance.publish(ANNOUNCED, published)


@pytest.mark.parametrize(
    "decide",
    [
        lambda state: maintenance.move(state, ms(MONDAY_NOON), moved),
        lambda state: maintenance.withdraw(state, ms(MONDAY_NOON), withdrawn),
        lambda state: maintenance.start(state, "m1"),
    ],
)
def test_what_was_never_announced_is_announced_first(decide):
    with pytest.raises(RefusedError, match="publish its notice first"):
        decide(maintenance.INITIAL)


@pytest.mark.parametrize(
    "decide",
    [
        lambda state: maintenance.move(state, ms(MONDAY_EVENING), moved),
        lambda state: maintenance.withdraw(state, ms(MONDAY_EVENING), withdrawn),
    ],
)
def test_a_withdrawn_notice_is_not_revived(decide):
    with pytest.raises(RefusedError, match="publish a new notice under another name"):
        decide(WITHDRAWN)


@pytest.mark.parametrize(
    "decide",
    [
        lambda state: maintenance.move(state, ms(MONDAY_NOON) - 1, moved),
        lambda state: maintenance.withdraw(state, ms(MONDAY_NOON) - 1, withdrawn),
    ],
)
def test_a_notice_is_not_given_before_the_one_that_it_changes(decide):
    with pytest.raises(RefusedError, match=r"was given at 2026-10-05T10:00:00Z; .* correct the time"):
        decide(ANNOUNCED)


def test_work_starts_once():
    with pytest.raises(
        RefusedError, match="already started at 2026-10-06T00:05:00Z; announce other work under another name"
    ):
        maintenance.start(STARTED, "m1")


def test_work_that_has_not_started_does_not_finish():
    with pytest.raises(RefusedError, match="record `constat maintenance start` first"):
        maintenance.finish(ANNOUNCED, "m1", ms("2026-10-06T03:00+02:00"))


def test_work_finishes_once():
    with pytest.raises(
        RefusedError, match="already finished at 2026-10-06T01:00:00Z; announce other work under another name"
    ):
        maintenance.finish(FINISHED, "m1", FINISHED.finished_ms + 1)


def test_work_does_not_finish_before_it_starts():
    with pytest.raises(RefusedError, match="correct the time"):
        maintenance.finish(STARTED, "m1", STARTED.started_ms - 1)


def test_an_interval_runs_forward():
    with pytest.raises(ValueError, match="exchange the two times or correct one"):
        span("2026-10-06T04:00+02:00/2026-10-06T04:00+02:00")


def test_a_notice_names_a_platform():
    with pytest.raises(ValueError, match="platforms"):
        NoticePublished(maintenance="m1", platforms=(), announced=span(NIGHT), summary="disks")
