"""A plan beside the contracts of a ledger: what is probed for none, and rounds that last too long."""

from consumers.agent.contracted import misfits
from tests.spec import Story, ms

NOW_MS = ms("2026-10-06T12:00:00Z")


def said(story, *platforms, period_ms=60_000):
    return misfits(story.ledger, platforms, period_ms, NOW_MS)


def test_a_plan_that_fits_is_said_to_be_nothing():
    assert said(Story().contract(platforms=["acme-prod", "acme-test"]), "acme-prod") == []


def test_a_platform_that_no_contract_has_is_named_with_the_one_that_it_may_be():
    strange, likely = said(Story().contract(), "acme-prood", "acme-prod", "zenith")

    assert strange.startswith("no contract has acme-prood, zenith; what is seen of it counts in no statement")
    assert likely == "acme-prood may be acme-prod, which a contract has; if it is, write it so"


def test_without_any_contract_no_platform_has_one():
    assert said(Story(), *[f"p{number}" for number in range(12)])[0].startswith(
        "no contract has p0, p1, p2, p3, p4, p5, p6, p7, p8, p9 and 2 more;"
    )


def test_a_round_that_is_not_shorter_than_what_was_said_holds_is_told_with_both_numbers():
    story = Story().contract("acme", stale_after_seconds=100).contract("zenith", platforms=["zenith"])

    assert said(story, "acme-prod", "zenith", period_ms=99_000) == []
    (only,) = said(story, "acme-prod", "zenith", period_ms=100_000)
    assert only.startswith(
        "a round takes 100 s, and by contract acme what an agent said of acme-prod holds for 100 s "
        "(stale_after_seconds)"
    )


def test_a_contract_that_is_yet_to_begin_is_told_of_and_one_that_has_ended_is_not():
    story = Story().contract("later", "2026-12-01", platforms=["acme-prod"], stale_after_seconds=60)
    story.contract("ended", "2025-10-01", "2026-09-30", platforms=["acme-prod"], stale_after_seconds=60)

    (only,) = said(story, "acme-prod")
    assert "by contract later" in only
