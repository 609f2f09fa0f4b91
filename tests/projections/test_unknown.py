"""Of which platforms nothing was measured: those whose time counts, and of which nobody said anything."""

import pytest

from projections.judgement import judge
from projections.periods import period_named
from projections.unknown import unmeasured
from tests.spec import Story


def unmeasured_in(story: Story, period: str = "1") -> tuple[str, ...]:
    known = story.known()
    contract = known.contract("acme")
    judged = judge(known, contract, period_named(contract, period, known.as_of.moment_ms))
    return unmeasured(judged.timelines.values())


@pytest.mark.parametrize("unknown_time", ["disputed", "as-down", "as-up"])
def test_a_platform_that_nobody_probed_is_named_however_its_time_counts(unknown_time):
    readings = {"service-hours": "24/7", "unknown-time": unknown_time}
    story = Story().contract(platforms=["acme-prod", "acme-test"], readings=readings)

    story.observed("paris", "acme-prod", "2026-10-10T00:00+02:00 up")

    assert unmeasured_in(story) == ("acme-test",)


def test_one_word_in_the_period_is_enough_and_unknown_is_none():
    story = Story().contract(platforms=["acme-prod"], readings={"service-hours": "24/7"})
    story.observed("paris", "acme-prod", "2026-10-10T00:00+02:00 unknown")
    assert unmeasured_in(story) == ("acme-prod",)

    story.observed("paris", "acme-prod", "2026-10-20T00:00+02:00 down, 2026-10-20T00:01+02:00 unknown")
    assert unmeasured_in(story) == ()


def test_a_platform_all_of_whose_time_is_excluded_has_nothing_to_be_measured():
    readings = {"service-hours": "24/7", "maintenance-hours": "anywhere"}
    story = Story().contract(platforms=["acme-prod"], readings=readings)
    story.at("2026-09-20T00:00:00Z")
    story.notice("m1", ["acme-prod"], "2026-09-30T00:00:00+02:00/2026-10-30T23:59:00+01:00")
    assert unmeasured_in(story) == ("acme-prod",)

    story.moved("m1", "2026-09-30T00:00:00+02:00/2026-12-01T00:00:00+01:00")

    assert unmeasured_in(story) == ()
