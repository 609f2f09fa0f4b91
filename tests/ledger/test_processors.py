"""Sub-processors: engaged, changed and dismissed by days, which may lie ahead."""

from datetime import date

import pytest
from pydantic import ValidationError

from ledger import processors
from ledger.errors import RefusedError
from ledger.processors import Processor, ProcessorChanged, ProcessorDismissed, ProcessorEngaged
from tests.subjects import after

FIRST, NEW_YEAR = date(2026, 10, 1), date(2027, 1, 1)

engaged = ProcessorEngaged(
    processor="ovh", name="OVHcloud", address="Roubaix", registration="SIRET 1", role="hosts", from_day=FIRST
)
moved = ProcessorChanged(processor="ovh", address="Lille", from_day=NEW_YEAR, reason="it moves")
dismissed = ProcessorDismissed(processor="ovh", last_day=date(2027, 6, 30), reason="replaced")


def days(state: Processor):
    return [
        (each.address, str(each.from_day), str(each.last_day), each.positions) for each in state.engagements
    ]


def test_a_change_ends_what_was_the_day_before_and_leaves_what_it_does_not_name():
    state = after(processors, engaged, moved)

    assert days(state) == [
        ("Roubaix", "2026-10-01", "2026-12-31", (10, 20)),
        ("Lille", "2027-01-01", "None", (20,)),
    ]
    assert state.current.registration == "SIRET 1"


def test_a_dismissed_company_was_engaged_until_its_last_day_and_may_be_engaged_anew():
    state = after(processors, engaged, dismissed)
    again = engaged.model_copy(update={"from_day": date(2027, 7, 1)})

    assert days(state) == [("Roubaix", "2026-10-01", "2027-06-30", (10, 20))]
    assert processors.engage(state, again) == again
    with pytest.raises(RefusedError, match="until 2027-06-30"):
        processors.engage(state, again.model_copy(update={"from_day": date(2027, 6, 30)}))


def test_a_company_is_engaged_once_at_a_time():
    with pytest.raises(RefusedError, match="constat processor change"):
        processors.engage(after(processors, engaged), engaged)


def test_a_change_comes_from_a_later_day_than_what_it_changes():
    with pytest.raises(RefusedError, match="change it from a later day"):
        processors.change(after(processors, engaged), moved.model_copy(update={"from_day": FIRST}))


@pytest.mark.parametrize(("decide", "fact"), [(processors.change, moved), (processors.dismiss, dismissed)])
def test_only_a_company_that_is_engaged_can_be_changed_or_dismissed(decide, fact):
    with pytest.raises(RefusedError, match="engage it first"):
        decide(processors.INITIAL, fact)
    with pytest.raises(RefusedError, match="engage it anew"):
        decide(after(processors, engaged, dismissed), fact)


def test_a_company_is_not_dismissed_before_it_was_engaged():
    early = dismissed.model_copy(update={"last_day": date(2026, 9, 30)})

    with pytest.raises(RefusedError, match="dismiss it on that day or later"):
        processors.dismiss(after(processors, engaged), early)


def test_a_change_that_changes_nothing_is_none():
    with pytest.raises(ValidationError, match="nothing would change"):
        ProcessorChanged(processor="ovh", from_day=NEW_YEAR, reason="none")
