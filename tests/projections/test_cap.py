"""The cap: days are granted in order of period until it is reached."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.cap import Accrued, contract_year, granted
from tests.projections.lines import terms

SIGNED = date(2026, 10, 1)


def periods(days, cap="contract", cap_days=365, first_day=SIGNED):
    agreed = terms(readings={"cap": cap}, cap_days=cap_days)
    return [Accrued(first_day + timedelta(days=30 * index), agreed, each) for index, each in enumerate(days)]


accruals = st.lists(st.integers(0, 60), max_size=30)
caps = st.integers(0, 400)


@given(accruals, caps)
def test_all_that_is_granted_is_what_accrued_up_to_the_cap(days, cap_days):
    grants = granted(SIGNED, periods(days, cap_days=cap_days))

    assert sum(grant.granted for grant in grants) == min(cap_days, sum(days))
    assert [grant.accrued for grant in grants] == days
    assert all(0 <= grant.granted <= grant.accrued for grant in grants)


@given(accruals, caps)
def test_what_is_left_is_the_cap_less_what_was_granted_so_far(days, cap_days):
    grants = granted(SIGNED, periods(days, cap_days=cap_days))

    for index, grant in enumerate(grants):
        assert grant.left == cap_days - sum(earlier.granted for earlier in grants[: index + 1])


@given(accruals, caps)
def test_each_year_of_the_contract_grants_what_accrued_in_it_up_to_the_cap(days, cap_days):
    of_contract = periods(days, "contract-year", cap_days)
    grants = granted(SIGNED, of_contract)

    for year in range(1, 4):
        own = [
            (period.days, grant.granted)
            for period, grant in zip(of_contract, grants, strict=True)
            if contract_year(SIGNED, period.first_day) == year
        ]
        assert sum(given for _, given in own) == min(cap_days, sum(accrued for accrued, _ in own))


def test_a_period_belongs_to_the_year_in_which_it_begins():
    # The thirteenth period begins on 26 September 2027, the fourteenth on 26 October.
    grants = granted(SIGNED, periods([0] * 12 + [10, 10], "contract-year", cap_days=12))

    assert [grant.granted for grant in grants[-2:]] == [10, 10]
    assert [grant.left for grant in grants[-2:]] == [2, 2]


def test_if_an_earlier_period_changes_the_later_ones_are_granted_anew():
    before = granted(SIGNED, periods([5, 5, 5], cap_days=10))
    after = granted(SIGNED, periods([0, 5, 5], cap_days=10))

    assert [grant.granted for grant in before] == [5, 5, 0]
    assert [grant.granted for grant in after] == [0, 5, 5]


def test_amended_terms_cap_what_all_periods_were_granted():
    high, low = periods([8], cap_days=10), periods([8, 8], cap_days=5)[1:]

    grants = granted(SIGNED, [*high, *low])

    assert [(grant.granted, grant.left) for grant in grants] == [(8, 2), (0, 0)]


@pytest.mark.parametrize(
    ("signed", "day", "year"),
    [
        ("2026-10-01", "2026-10-01", 1),
        ("2026-10-01", "2027-09-30", 1),
        ("2026-10-01", "2027-10-01", 2),
        ("2028-02-29", "2029-02-27", 1),
        ("2028-02-29", "2029-02-28", 2),
        ("2028-02-29", "2032-02-28", 4),
        ("2028-02-29", "2032-02-29", 5),
    ],
)
def test_a_year_of_the_contract_begins_on_its_anniversary(signed, day, year):
    assert contract_year(date.fromisoformat(signed), date.fromisoformat(day)) == year
