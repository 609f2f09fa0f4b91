"""The register of a contract."""

import pytest

from projections.statement import statement
from tests.spec import Story

UP = "2026-10-01T00:00+02:00 up"


@pytest.fixture
def two_clients():
    """A notice, an incident's platforms and a claim that concern two clients at once."""
    story = Story().contract("acme", "2026-10-01", platforms=["acme-prod"])
    story.contract("rival", "2026-10-01", platforms=["rival-secret"])
    story.observed("paris", "acme-prod", UP).observed("paris", "rival-secret", UP)
    both = ["acme-prod", "rival-secret"]
    story.at("2026-10-05T12:00+02:00").notice("m1", both, "2026-10-06T02:00+02:00/2026-10-06T04:00+02:00")
    story.claim("c1", both, "2026-10-01T10:00+02:00/2026-10-01T11:00+02:00")
    return story.corrected(
        "k1", "paris", "rival-secret", "2026-10-02T10:00+02:00/2026-10-02T11:00+02:00", "down"
    )


def test_nobody_sees_another_clients_platform(two_clients):
    found = statement(two_clients.known(), "acme", "2026-10").model_dump_json()

    assert "acme-prod" in found
    assert "rival" not in found


def test_a_late_notice_stays_in_the_register_with_its_reason(two_clients):
    (maintenance,) = (
        entry
        for entry in statement(two_clients.known(), "acme", "2026-10").entries
        if entry.kind == "maintenance"
    )

    (exclusion,) = maintenance.exclusions
    assert maintenance.notices[0].in_time is False
    assert maintenance.notices[0].hours_before == "14.00"
    assert exclusion.excluded_ms == 0
    assert {each.why for each in exclusion.not_excluded} == {"too-late"}


def test_another_clients_statement_does_not_change_with_ours(two_clients):
    alone = Story().contract("acme", "2026-10-01", platforms=["acme-prod"]).observed("paris", "acme-prod", UP)

    together = statement(two_clients.known(), "acme", "2026-10", {"force-majeure": "accepted"})

    assert together.availability == statement(alone.known(), "acme", "2026-10").availability
