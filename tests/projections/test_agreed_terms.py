"""Which version of the terms judges what, which readings can be tried on it, and who belongs to the contract."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger import contracts
from ledger.contracts import (
    Contract,
    ContractAmended,
    Membership,
    PlatformAdded,
    PlatformRemoved,
    TermsVersion,
)
from ledger.errors import BadInputError, RefusedError
from ledger.growing import Growing
from ledger.interval import Interval, total_ms
from ledger.terms import Terms
from projections.calendar import day_interval
from projections.periods import (
    membership_intervals,
    memberships,
    parts_between,
    periods_of,
    term_of,
    with_readings,
)
from tests.projections.agreed import DAYS, LONG_AFTER, OCTOBER, PARIS, between, signed
from tests.spec import Story, ms

# ---------------------------------------------------------------- parts and their terms


def test_an_amendment_in_mid_period_cuts_it_at_local_midnight_and_leaves_its_first_terms_to_the_whole():
    (period,) = periods_of(signed(amended=["2026-10-20"]), OCTOBER.end_ms)

    cut_ms = ms("2026-10-20T00:00:00+02:00")
    assert [(part.interval, part.terms_version) for part in period.parts] == [
        (Interval(OCTOBER.start_ms, cut_ms), 1),
        (Interval(cut_ms, OCTOBER.end_ms), 2),
    ]
    assert period.terms_version == 1
    assert period.terms is period.parts[0].terms


def test_an_amendment_on_the_first_day_of_a_period_is_its_terms():
    second = periods_of(signed(amended=["2026-10-31"]), LONG_AFTER)[1]

    assert second.terms_version == 2
    assert len(second.parts) == 1


@given(st.lists(st.dates(date(2026, 10, 2), date(2027, 6, 1)), unique=True, max_size=5), DAYS, DAYS)
def test_the_parts_of_any_interval_cover_it_in_order_each_by_the_version_then_in_force(days, start, end):
    assume(start != end)
    amended = sorted(day.isoformat() for day in days)
    contract = signed("2026-10-01", amended=amended)
    bounds = Interval(*sorted(day_interval(PARIS, day).start_ms for day in (start, end)))

    parts = parts_between(contract, bounds)

    assert total_ms(part.interval for part in parts) == bounds.length_ms - max(
        0, min(bounds.end_ms, OCTOBER.start_ms) - bounds.start_ms
    )
    assert all(sooner.interval.end_ms == later.interval.start_ms for sooner, later in pairwise(parts))
    for part in parts:
        begun = [
            v for v in contract.versions if day_interval(PARIS, v.from_day).start_ms <= part.interval.start_ms
        ]
        assert part.terms_version == begun[-1].terms_version


# ---------------------------------------------------------------- one way to cut


def test_the_first_versions_reading_cuts_the_contract_for_its_life():
    monthly = signed(cut="calendar-month").versions[0].terms
    contract = signed()
    amended = TermsVersion(2, date(2026, 11, 5), monthly, 2)
    cut_otherwise = Contract(contract.signed, 1, (*contract.versions, amended), contract.platforms)

    assert [period.interval for period in periods_of(cut_otherwise, LONG_AFTER)] == [
        period.interval for period in periods_of(contract, LONG_AFTER)
    ]


def test_an_amendment_that_cuts_periods_in_another_way_is_refused():
    with pytest.raises(RefusedError, match="cut by the reading 30-days for as long as it lasts"):
        contracts.amend(
            signed(), date(2026, 11, 1), Terms(readings={"period": "calendar-month"}), "as agreed"
        )


def test_an_amendment_of_anything_else_is_put_in_force():
    fact = contracts.amend(signed(), date(2026, 11, 1), Terms(notice_hours=48), "as agreed")

    assert isinstance(fact, ContractAmended)
    assert fact.terms_version == 2


# ---------------------------------------------------------------- readings to try


def test_a_reading_is_tried_on_every_version_of_the_terms():
    tried = with_readings(signed(amended=["2026-10-20"]), {"period": "calendar-month", "tranche": "started"})

    assert [version.terms.readings.tranche for version in tried.versions] == ["started", "started"]
    assert periods_of(tried, LONG_AFTER)[0].interval.end_ms == ms("2026-11-01T00:00:00+01:00")
    assert [version.terms.target_percent for version in tried.versions] == [Decimal("99.5"), 97]


def test_no_change_is_the_same_contract():
    assert with_readings(signed(), {}) == signed()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tranches": "started"}, "no reading 'tranches'; the readings are period, service-hours, quorum"),
        ({"tranche": "half"}, "tranche cannot be read as 'half'; choose one of complete, started"),
        ({"service-hours": "when we like"}, "'when we like' is no weekly schedule; write service-hours as"),
        ({"service_hours": "24/7"}, "no reading 'service_hours'"),
    ],
)
def test_a_reading_that_does_not_exist_is_refused_by_naming_the_valid_ones(changes, said):
    with pytest.raises(BadInputError, match=said):
        with_readings(signed(), changes)


def test_service_hours_may_be_read_as_any_weekly_schedule():
    tried = with_readings(signed(), {"service-hours": "Mo-Sa 08:00-20:00"})

    assert tried.versions[0].terms.readings.service_hours == "Mo-Sa 08:00-20:00"


# ---------------------------------------------------------------- who belongs to the contract


def test_a_platform_belongs_from_the_day_it_joins_to_local_midnight_after_its_last():
    stream = contracts.stream_of("acme")
    story = Story().contract(platforms=["stays"], last_day="2026-10-30")
    for from_day in ("2026-09-01", "2026-10-20"):
        added = PlatformAdded(
            contract="acme", platform="comes-and-goes", from_day=date.fromisoformat(from_day)
        )
        story.fact(stream, added)
        if from_day == "2026-09-01":
            removed = PlatformRemoved(contract="acme", platform="comes-and-goes", last_day=date(2026, 10, 9))
            story.fact(stream, removed)

    contract = story.known().contract("acme")

    assert membership_intervals(contract, "stays") == [term_of(contract)]
    assert membership_intervals(contract, "comes-and-goes") == [
        between("2026-10-01T00:00:00+02:00", "2026-10-10T00:00:00+02:00"),
        between("2026-10-20T00:00:00+02:00", "2026-10-31T00:00:00+01:00"),
    ]
    assert membership_intervals(contract, "another-client") == []
    assert list(memberships(contract)) == ["comes-and-goes", "stays"]


def test_days_of_membership_that_touch_are_one_interval():
    contract = signed()
    rejoined = (
        Membership("p", "enterprise", date(2026, 10, 1), date(2026, 10, 9), 2),
        Membership("p", "vault", date(2026, 10, 10), None, 3),
    )

    assert membership_intervals(Contract(contract.signed, 1, contract.versions, Growing(rejoined)), "p") == [
        term_of(contract)
    ]
