"""What a notice would do, before it is given: the same as it does once it was given and the work was done."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import maintenance
from ledger.instants import HOUR_MS, MINUTE_MS, format_instant
from projections.preview import preview
from projections.statement import statement
from tests.projections.excluded import ALWAYS, EARLY, PROD, TUESDAY, acme
from tests.spec import Story, ms, span

GIVEN = "2026-10-04T10:00:00+02:00"


def publish(announced: str, *platforms: str) -> maintenance.NoticePublished:
    return maintenance.NoticePublished(
        maintenance="new", platforms=platforms or (PROD,), announced=span(announced), summary="upgrade"
    )


def previewed(story: Story, notice: maintenance.NoticeFact, given_at: str = GIVEN):
    return preview(story.at(given_at).known(given_at), notice, ms(given_at))


def only(found):
    """The one platform of the one contract that is concerned."""
    (contract,) = found.contracts
    (platform,) = contract.platforms
    return contract, platform


def test_a_notice_in_time_within_a_window_excludes_all_that_it_announces():
    contract, platform = only(previewed(acme(), publish(TUESDAY)))

    assert contract.in_time
    assert platform.excluded_ms == platform.announced_ms == span(TUESDAY).interval.length_ms
    assert platform.not_excluded == ()


def test_a_notice_too_late_excludes_nothing_and_says_until_when_it_would_have_been_in_time():
    contract, platform = only(previewed(acme(), publish(TUESDAY), "2026-10-05T12:00:00+02:00"))

    assert not contract.in_time
    assert (platform.excluded_ms, [part.why for part in platform.not_excluded]) == (0, ["too-late"])
    assert ms(contract.latest_given_at) == span(TUESDAY).start_ms - 24 * HOUR_MS


def test_what_lies_outside_the_window_is_named():
    _, platform = only(previewed(acme(), publish("2026-10-06T06:00:00+02:00/2026-10-06T08:00:00+02:00")))

    assert platform.excluded_ms == HOUR_MS
    assert [(part.start, part.why) for part in platform.not_excluded] == [
        ("2026-10-06T07:00:00+02:00", "outside-window")
    ]


def test_what_another_maintenance_excludes_already_is_not_counted_twice():
    story = acme().at(EARLY).notice("theirs", [PROD], "2026-10-06T03:00:00+02:00/2026-10-06T05:00:00+02:00")

    _, platform = only(previewed(story, publish("2026-10-06T02:00:00+02:00/2026-10-06T04:00:00+02:00")))

    assert (platform.excluded_ms, platform.counted_ms) == (2 * HOUR_MS, HOUR_MS)
    assert [(part.maintenance, part.start) for part in platform.overlaps] == [
        ("theirs", "2026-10-06T03:00:00+02:00")
    ]


def test_what_an_accepted_claim_excludes_already_is_not_counted_twice():
    storm = "2026-10-06T03:00:00+02:00/2026-10-06T05:00:00+02:00"
    story = acme().at(EARLY).claim("storm", [PROD], storm).ruling("storm", "accepted", storm)

    _, platform = only(previewed(story, publish(TUESDAY)))

    assert (platform.excluded_ms, platform.counted_ms) == (2 * HOUR_MS, HOUR_MS)
    assert platform.overlaps == ()


def test_outside_service_hours_time_may_be_excluded_and_still_change_no_figure():
    story = Story().contract("acme", platforms=[PROD])

    _, platform = only(previewed(story, publish(TUESDAY)))

    assert platform.excluded_ms > 0
    assert platform.counted_ms == 0


def test_each_client_is_shown_its_own_platforms_under_its_own_terms():
    story = acme().contract("globex", platforms=["globex-prod"], notice_hours=72, readings=ALWAYS)

    found = previewed(story, publish(TUESDAY, PROD, "globex-prod"))

    assert [
        (each.contract, each.in_time, [platform.platform for platform in each.platforms])
        for each in found.contracts
    ] == [("acme", True, [PROD]), ("globex", False, ["globex-prod"])]


def test_a_platform_that_is_in_no_contract_then_is_named():
    found = previewed(acme(), publish(TUESDAY, PROD, "nobodys"))

    assert found.without_contract == ("nobodys",)


def test_work_is_supposed_to_be_done_as_announced_where_only_work_is_excluded():
    story = Story().contract("acme", platforms=[PROD], readings={**ALWAYS, "maintenance-extent": "work"})

    contract, platform = only(previewed(story, publish(TUESDAY)))

    assert contract.assumes_work
    assert platform.excluded_ms == platform.announced_ms


def test_a_withdrawal_shows_whom_it_concerns_and_excludes_nothing():
    story = acme().at(EARLY).notice("new", [PROD], TUESDAY)

    withdrawn = maintenance.NoticeWithdrawn(maintenance="new", reason="not needed")
    _, platform = only(previewed(story, withdrawn))

    assert (platform.excluded_ms, [part.why for part in platform.not_excluded]) == (0, ["withdrawn"])


def test_a_preview_changes_nothing_that_is_known():
    known = acme().known(GIVEN)
    before = (list(known.facts), dict(known.maintenances))

    preview(known, publish(TUESDAY), ms(GIVEN))

    assert (list(known.facts), dict(known.maintenances)) == before


@pytest.mark.parametrize("readings", [{}, {"maintenance-extent": "work"}, {"notice": "best-effort"}])
@given(start_hour=st.integers(0, 140), hours=st.integers(1, 40), given_hours_before=st.integers(-3, 60))
def test_what_is_previewed_is_what_the_statement_excludes_later(
    readings, start_hour, hours, given_hours_before
):
    start_ms = ms("2026-10-05T00:00:00+02:00") + start_hour * HOUR_MS + 7 * MINUTE_MS
    end_ms = start_ms + hours * HOUR_MS
    given_at_ms = start_ms - given_hours_before * HOUR_MS
    notice = maintenance.NoticePublished(
        maintenance="new",
        platforms=(PROD,),
        announced={"from": start_ms, "to": end_ms},
        summary="upgrade",
    )
    story = Story().contract("acme", platforms=[PROD], readings={**ALWAYS, **readings})
    _, platform = only(preview(story.at(given_at_ms).known(format_instant(given_at_ms)), notice, given_at_ms))

    story.fact("maintenance:new", notice, given_at_ms)
    story.fact("maintenance:new", maintenance.MaintenanceStarted(maintenance="new"), start_ms)
    story.fact("maintenance:new", maintenance.MaintenanceFinished(maintenance="new"), end_ms)
    (entry,) = statement(story.known(), "acme", "1").entries
    assert entry.exclusions[0].excluded_ms == platform.excluded_ms
