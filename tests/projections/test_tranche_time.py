"""Where a tranche lies."""

import pytest

from ledger.errors import BadInputError
from ledger.interval import total_ms
from projections.classes import timelines
from projections.judgement import judge
from projections.periods import period_named
from projections.tranche_time import tranche_intervals
from tests.spec import Story, span

HOUR_MS = 3_600_000
TWO_OUTAGES = (
    "2026-10-01T00:00+02:00 up, 2026-10-06T09:00+02:00 down, 2026-10-06T09:40+02:00 up,"
    "2026-10-07T10:00+02:00 down, 2026-10-07T11:30+02:00 up"
)


# The unknown millisecond makes the allowance end with half a hundredth of a millisecond.
A_FRACTION_BEYOND = (
    "2026-10-01T00:00+02:00 up, 2026-10-05T09:00:00+02:00 unknown, 2026-10-05T09:00:00.001+02:00 up,"
    "2026-10-06T09:00+02:00 down, 2026-10-06T09:59:24+02:00 up"
)


def tranches(readings, observed=TWO_OUTAGES):
    known = (
        Story().contract("acme", "2026-10-01", readings=readings).observed("a", "acme-prod", observed).known()
    )
    contract = known.contract("acme")
    period = period_named(contract, "1", known.as_of.moment_ms)
    line = timelines(known, contract, period)["acme-prod"]
    number = judge(known, contract, period).penalties.platforms[0].tranches
    return line, period, number


def test_the_first_tranche_of_a_period_runs_on_into_the_second_outage():
    line, period, _ = tranches({})

    found = tranche_intervals(line, period, 1)

    assert found == [
        span("2026-10-06T09:00+02:00/2026-10-06T09:40+02:00").interval,
        span("2026-10-07T10:00+02:00/2026-10-07T10:20+02:00").interval,
    ]


def test_a_tranche_of_an_outage_lies_in_that_outage():
    line, period, _ = tranches({"tranche-over": "outage"})

    assert tranche_intervals(line, period, 1) == [
        span("2026-10-07T10:00+02:00/2026-10-07T11:00+02:00").interval
    ]


def test_the_allowance_is_taken_from_the_earliest_down_time():
    line, period, _ = tranches({"penalised": "beyond-allowance", "tranche": "started"})

    first = tranche_intervals(line, period, 1)

    assert first[0].start_ms == span("2026-10-07T10:19:24+02:00/2026-10-07T11:00+02:00").start_ms


@pytest.mark.parametrize("tranche", ["complete", "started"])
@pytest.mark.parametrize("over", ["period", "outage"])
@pytest.mark.parametrize("penalised", ["all", "beyond-allowance"])
def test_there_are_as_many_places_as_tranches(tranche, over, penalised):
    line, period, number = tranches({"tranche": tranche, "tranche-over": over, "penalised": penalised})

    for each in range(1, number + 1):
        assert 0 < total_ms(tranche_intervals(line, period, each)) <= HOUR_MS
    with pytest.raises(BadInputError, match=f"has {number} tranches"):
        tranche_intervals(line, period, number + 1)


@pytest.mark.parametrize("over", ["period", "outage"])
def test_a_tranche_that_has_begun_by_a_fraction_of_a_millisecond_has_a_place(over):
    readings = {"tranche": "started", "tranche-over": over, "penalised": "beyond-allowance"}
    line, period, number = tranches(readings, A_FRACTION_BEYOND)

    assert number == 1
    assert tranche_intervals(line, period, 1) == [
        span("2026-10-06T09:59:23.999+02:00/2026-10-06T09:59:24+02:00").interval
    ]
