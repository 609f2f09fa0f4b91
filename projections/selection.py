"""What was asked: a contract under some readings, and a period of it, as known at a moment."""

from collections.abc import Mapping

from ledger.contracts import Contract
from ledger.interval import Interval
from projections.asof import Known
from projections.periods import Period, period_between, period_named, with_readings


def select(
    known: Known,
    contract_name: str,
    period: str | Interval,
    readings: Mapping[str, str] | None = None,
) -> tuple[Contract, Period]:
    """The contract under the readings asked for, and the period of it, by name or as an interval.

    Raises:
        BadInputError: no such contract, period or reading was known then.
    """
    contract = known.contract(contract_name)
    if readings:
        contract = with_readings(contract, readings)
    known_ms = known.as_of.moment_ms
    if isinstance(period, Interval):
        return contract, period_between(contract, period, known_ms)
    return contract, period_named(contract, period, known_ms)
