"""Where the data lie and how much of them there is: two of the operators, and the quota of the offer."""

from datetime import date

import pytest

from ledger import operations
from ledger.contracts import PlatformAdded
from ledger.operations import DataPlaced, StorageMeasured
from tests.projections.promised import OUTSCALE, OVH, PROD, SCALEWAY, acme, amended, october, of
from tests.spec import Story

GB = 10**9

# ---------------------------------------------------------------- operators


def placed(story: Story, at: str, *names: str) -> Story:
    return story.fact(operations.stream_of(PROD), DataPlaced(platform=PROD, operators=names), at)


@pytest.mark.parametrize(
    ("names", "state", "found"),
    [
        ((OVH, SCALEWAY), "kept", []),
        ((OVH, SCALEWAY, OUTSCALE), "kept", []),
        ((OVH,), "broken", ["too-few-operators"]),
        ((OVH, OVH), "broken", ["too-few-operators"]),
        ((OVH, "Ailleurs"), "broken", ["too-few-operators", "unknown-operator"]),
        ((OVH, SCALEWAY, "Ailleurs"), "kept", ["unknown-operator"]),
    ],
)
def test_the_data_lie_with_two_of_the_operators_that_the_terms_name(names, state, found):
    entry = of(placed(acme(), october("1 00:00"), *names), "operators")

    assert (entry.state, [each.what for each in entry.findings]) == (state, found)


def test_a_placement_holds_until_the_next_one_and_nothing_is_judged_before_the_first():
    story = placed(acme(), october("5 12:00"), OVH)
    story = placed(story, october("6 12:00"), OVH, SCALEWAY)

    (found,) = of(story, "operators").findings

    assert (found.start, found.end) == ("2026-10-05T12:00:00+02:00", "2026-10-06T12:00:00+02:00")
    assert (found.measured, found.promised, found.positions) == ("1", "2", (3,))
    assert of(story, "operators", "2").state == "kept"
    assert of(story, "operators", "2026-10-01T00:00+02:00/2026-10-05T00:00+02:00").state == "nothing-recorded"


def test_an_amendment_that_names_the_new_operator_settles_it_from_its_day_on():
    story = placed(acme(), october("1 00:00"), OVH, "Ailleurs")
    story = amended(story, date(2026, 10, 11), operators=(OVH, "Ailleurs"))

    entry = of(story, "operators")

    assert {each.end for each in entry.findings} == {"2026-10-11T00:00:00+02:00"}
    assert entry.state == "broken"
    assert of(story, "operators", "2").state == "kept"


def test_an_amendment_that_no_longer_names_an_operator_breaks_it_from_its_day_on():
    story = placed(acme(), october("1 00:00"), OVH, SCALEWAY)
    story = amended(story, date(2026, 10, 11), operators=(OVH, OUTSCALE))

    assert {each.start for each in of(story, "operators").findings} == {"2026-10-11T00:00:00+02:00"}


# ---------------------------------------------------------------- storage


def stored(story: Story, at: str, used_bytes: int) -> Story:
    return story.fact(operations.stream_of(PROD), StorageMeasured(platform=PROD, used_bytes=used_bytes), at)


def test_a_thousand_gigabytes_are_within_the_quota_and_a_byte_more_is_not():
    full = stored(acme(), october("5 12:00"), 1000 * GB)
    more = stored(acme(), october("5 12:00"), 1000 * GB + 1)

    assert of(full, "storage").state == "kept"
    (found,) = of(more, "storage").findings
    assert (found.what, found.measured, found.promised) == (
        "quota-passed",
        "1000.000000001 GB",
        "1000 GB",
    )


def test_the_quota_is_passed_from_one_measurement_to_the_next_within_it():
    story = acme()
    for at, used in (("5 12:00", 1001), ("6 12:00", 1200), ("7 12:00", 900), ("8 12:00", 1100)):
        story = stored(story, october(at), used * GB)

    entry = of(story, "storage")

    assert (entry.state, entry.examined) == ("broken", 4)
    assert [(each.start[8:13], each.end[8:13], each.measured) for each in entry.findings] == [
        ("05T12", "07T12", "1200 GB"),
        ("08T12", "31T00", "1100 GB"),
    ]
    assert entry.findings[0].positions == (3, 4)


def test_an_amended_quota_holds_from_its_day():
    story = stored(acme(), october("5 12:00"), 1500 * GB)
    story = amended(story, date(2026, 10, 11), storage_quota_gb={"enterprise": 2000})

    (found,) = of(story, "storage").findings

    assert (found.start[8:13], found.end[8:13]) == ("05T12", "11T00")


def test_the_quota_is_that_of_the_offer_and_an_offer_without_one_has_no_limit():
    added = PlatformAdded(contract="acme", platform=PROD, from_day=date(2026, 10, 1), offer="fast-track")
    small = stored(acme(platforms=[]).fact("contract:acme", added), october("5 12:00"), 100 * GB + 1)
    free = acme(platforms=[], storage_quota_gb={"vault": 1}).fact("contract:acme", added)

    assert of(small, "storage").findings[0].promised == "100 GB"
    assert of(stored(free, october("5 12:00"), 10**15), "storage").state == "nothing-recorded"
