"""Contracts: what their facts make of them, and what they refuse."""

from datetime import date

import pytest

from ledger import contracts
from ledger.contracts import ContractSigned
from ledger.errors import RefusedError
from ledger.terms import Terms
from tests.subjects import after

STANDARD = Terms()
STRICTER = Terms(notice_hours=48)


def day(text: str) -> date:
    return date.fromisoformat(text)


def signed(first_day="2026-10-01", last_day=None) -> ContractSigned:
    return ContractSigned(
        contract="acme",
        client="Acme SA",
        first_day=day(first_day),
        last_day=day(last_day) if last_day else None,
        terms=STANDARD,
    )


SIGNED = after(contracts, signed())
amended = contracts.amend(SIGNED, day("2026-11-01"), STRICTER, "asked for")
ended = contracts.end(SIGNED, day("2027-03-31"), "the client leaves")
added = contracts.add_platform(SIGNED, "acme-prod", day("2026-10-01"), "vault")
WITH_PLATFORM = after(contracts, signed(), added)
removed = contracts.remove_platform(WITH_PLATFORM, "acme-prod", day("2026-10-20"))


# ---------------------------------------------------------------- what facts make of it


def test_before_it_is_signed_it_does_not_exist():
    assert contracts.INITIAL.signed is None
    assert contracts.INITIAL.last_day is None


def test_the_signed_terms_are_version_one_and_an_amendment_is_the_next():
    state = after(contracts, signed(), amended)

    assert [(v.terms_version, v.from_day, v.terms, v.position) for v in state.versions] == [
        (1, day("2026-10-01"), STANDARD, 10),
        (2, day("2026-11-01"), STRICTER, 20),
    ]


@pytest.mark.parametrize(
    ("agreed", "said", "last"),
    [
        (None, None, None),
        ("2027-09-30", None, "2027-09-30"),
        (None, "2027-03-31", "2027-03-31"),
        ("2027-09-30", "2027-03-31", "2027-03-31"),
        ("2027-01-31", "2027-03-31", "2027-01-31"),
    ],
)
def test_the_earlier_of_the_agreed_and_the_given_last_day_counts(agreed, said, last):
    facts = [signed(last_day=agreed), *([ended] if said else [])]

    assert after(contracts, *facts).last_day == (day(last) if last else None)


def test_a_platform_belongs_from_its_day_to_its_last_and_may_come_back():
    returned = contracts.add_platform(
        after(contracts, signed(), added, removed), "acme-prod", day("2026-11-05"), "professional"
    )

    state = after(contracts, signed(), added, removed, returned)

    assert [(m.platform, m.offer, m.from_day, m.last_day) for m in state.platforms] == [
        ("acme-prod", "vault", day("2026-10-01"), day("2026-10-20")),
        ("acme-prod", "professional", day("2026-11-05"), None),
    ]


def test_an_amendment_from_the_day_of_a_version_takes_its_place():
    replaced = amended.model_copy(update={"from_day": day("2026-10-01"), "terms_version": 3})

    state = after(contracts, signed(), amended, replaced)

    assert [(v.terms_version, v.from_day) for v in state.versions] == [
        (3, day("2026-10-01")),
        (2, day("2026-11-01")),
    ]


# ---------------------------------------------------------------- what it refuses


@pytest.mark.parametrize("calendar", ["XX", "DE-XX"])
def test_terms_with_a_holiday_calendar_that_nobody_knows_are_not_signed_or_amended(calendar):
    unknown = Terms(holiday_calendar=calendar)

    with pytest.raises(
        RefusedError, match=f"there is no holiday calendar '{calendar}'; write holiday_calendar as a country"
    ):
        contracts.sign(contracts.INITIAL, signed().model_copy(update={"terms": unknown}))
    with pytest.raises(
        RefusedError, match=f"there is no holiday calendar '{calendar}'; write holiday_calendar as a country"
    ):
        contracts.amend(SIGNED, day("2026-11-01"), unknown, "asked for")


def test_terms_whose_calendar_nobody_knows_can_be_replaced_from_their_own_day():
    unknown = signed().model_copy(update={"terms": Terms(holiday_calendar="XX")})
    later = amended.model_copy(update={"terms_version": 2})

    repaired = contracts.amend(after(contracts, unknown, later), day("2026-10-01"), STANDARD, "a slip")

    assert (repaired.terms_version, repaired.from_day) == (3, day("2026-10-01"))


def test_a_platform_does_not_join_before_the_contract_begins():
    with pytest.raises(RefusedError, match="the contract begins on 2026-10-01"):
        contracts.add_platform(SIGNED, "acme-prod", day("2026-09-30"), "vault")


def test_a_contract_is_signed_once():
    with pytest.raises(
        RefusedError, match="change its terms with `constat contract amend`, or sign under another name"
    ):
        contracts.sign(SIGNED, signed())


def test_a_contract_does_not_end_before_it_begins():
    with pytest.raises(RefusedError, match="correct first_day or last_day"):
        contracts.sign(contracts.INITIAL, signed(last_day="2026-09-30"))


def test_a_contract_of_one_day_is_a_contract():
    one_day = signed(last_day="2026-10-01")

    assert contracts.sign(contracts.INITIAL, one_day) == one_day


@pytest.mark.parametrize("from_day", ["2026-09-30", "2026-10-01"])
def test_terms_change_from_a_day_after_the_version_before(from_day):
    with pytest.raises(RefusedError, match="amend from a later day"):
        contracts.amend(SIGNED, day(from_day), STRICTER, "asked for")


def test_terms_change_within_the_contract():
    with pytest.raises(RefusedError, match="the contract ends on 2026-12-31; amend from a day within it"):
        contracts.amend(after(contracts, signed(last_day="2026-12-31")), day("2027-01-01"), STRICTER, "late")


def test_an_amendment_does_not_cut_the_periods_anew():
    monthly = Terms(readings={"period": "calendar-month"})

    with pytest.raises(
        RefusedError, match="amend it with period = '30-days', or end it and sign another contract"
    ):
        contracts.amend(SIGNED, day("2026-11-01"), monthly, "asked for")


def test_a_contract_ends_once():
    with pytest.raises(RefusedError, match="already ended on 2027-03-31; nothing is left to end"):
        contracts.end(after(contracts, signed(), ended), day("2027-04-30"), "again")


def test_a_contract_ends_on_a_day_of_it():
    with pytest.raises(RefusedError, match="begins on 2026-10-01; end it on that day or later"):
        contracts.end(SIGNED, day("2026-09-30"), "never began")


@pytest.mark.parametrize("from_day", ["2026-10-01", "2026-12-01"])
def test_a_platform_belongs_once_at_a_time(from_day):
    with pytest.raises(RefusedError, match="remove it first, or choose another name"):
        contracts.add_platform(WITH_PLATFORM, "acme-prod", day(from_day), "vault")


def test_a_platform_does_not_return_before_it_left():
    with pytest.raises(RefusedError, match="remove it first, or choose another name"):
        contracts.add_platform(
            after(contracts, signed(), added, removed), "acme-prod", day("2026-10-20"), "vault"
        )


def test_a_platform_that_does_not_belong_does_not_leave():
    with pytest.raises(RefusedError, match="`constat contract show` lists those that do"):
        contracts.remove_platform(SIGNED, "acme-prod", day("2026-10-20"))


def test_a_platform_does_not_leave_twice():
    with pytest.raises(RefusedError, match="`constat contract show` lists those that do"):
        contracts.remove_platform(after(contracts, signed(), added, removed), "acme-prod", day("2026-10-25"))


def test_a_platform_does_not_leave_before_it_joined():
    with pytest.raises(
        RefusedError, match=r"joined on 2026-10-01 .* name the day before as its last if it never belonged"
    ):
        contracts.remove_platform(WITH_PLATFORM, "acme-prod", day("2026-09-29"))


def test_a_platform_that_was_added_by_mistake_leaves_on_the_day_before():
    mistaken = contracts.remove_platform(WITH_PLATFORM, "acme-prod", day("2026-09-30"))

    assert after(contracts, signed(), added, mistaken).platforms[0].last_day == day("2026-09-30")


@pytest.mark.parametrize(
    "decide",
    [
        lambda state: contracts.amend(state, day("2026-11-01"), STRICTER, "asked for"),
        lambda state: contracts.end(state, day("2026-11-01"), "over"),
        lambda state: contracts.add_platform(state, "acme-prod", day("2026-11-01"), "vault"),
        lambda state: contracts.remove_platform(state, "acme-prod", day("2026-11-01")),
    ],
)
def test_nothing_happens_to_a_contract_that_was_not_signed(decide):
    with pytest.raises(RefusedError, match="sign it first with `constat contract sign FILE`"):
        decide(contracts.INITIAL)
