"""The availability of the running period of each contract as OpenMetrics text.

These are a contract's figures as known at a moment; how the ledger itself is `constat metrics` says. A figure
that does not exist is not there: of a platform whose time nobody observed there is no percent.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from ledger.contracts import Contract, require_signed
from ledger.errors import BadInputError, RefusedError
from projections.asof import Known
from projections.figures import Statement
from projections.periods import periods_of
from projections.statement import part_of_statement

PERCENT = "constat_availability_percent"
LEAST = "constat_availability_least_percent"
MOST = "constat_availability_most_percent"
COVERAGE = "constat_availability_coverage_percent"
TARGET = "constat_availability_target_percent"
MET = "constat_availability_target_met"
CLASS = "constat_class_seconds"
TRANCHES = "constat_penalty_tranches"
DAYS = "constat_penalty_days"
HELP = {
    PERCENT: "The share of the time that counts in which a platform was up, in the running period so far.",
    LEAST: "The same if everything that nobody observed was down.",
    MOST: "The same if everything that nobody observed was up.",
    COVERAGE: "How much of the time that counts was observed.",
    TARGET: "What the contract promises.",
    MET: "Whether the running period keeps the promise so far.",
    CLASS: "How much of the running period so far is of each class.",
    TRANCHES: "The tranches of counted unavailability so far.",
    DAYS: "The free days so far: accrued, or granted under the cap.",
}


def running(known: Known, contract: Contract) -> Statement | None:
    """The figures of a contract's running period; None if it has none.

    Raises:
        BadInputError, RefusedError: the contract cannot be judged.
    """
    begun = periods_of(contract, known.as_of.moment_ms)
    if not begun or begun[-1].complete:
        return None
    name, period = require_signed(contract).contract, str(begun[-1].number)
    # Availability is in every part, and its days, which nothing here shows, only in its own.
    return part_of_statement(known, name, period, None, "penalties")


def all_running(known: Known, several: Sequence[Contract]) -> tuple[list[Statement], Mapping[str, str]]:
    """The same of several; and of each that cannot be judged why, since it hides no other."""
    found: list[Statement] = []
    unjudged: dict[str, str] = {}
    about = known.about(several)
    for contract in several:
        try:
            figures = running(about, contract)
        except (BadInputError, RefusedError) as error:
            unjudged[require_signed(contract).contract] = str(error)
        else:
            found += [figures] if figures else []
    return found, unjudged


def text(figures: Sequence[Statement]) -> str:
    """The exposition of some periods' figures."""

    class Told(Collector):
        def collect(self) -> Iterator[GaugeMetricFamily]:
            yield from _families(figures)

    registry = CollectorRegistry()
    registry.register(Told())
    exposition: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return exposition.decode()


def _families(figures: Sequence[Statement]) -> Iterator[GaugeMetricFamily]:
    labels: dict[str, tuple[str, ...]] = {
        CLASS: ("contract", "platform", "class"),
        DAYS: ("contract", "kind"),
        TARGET: ("contract",),
    }
    families = {
        name: GaugeMetricFamily(name, help_, labels=labels.get(name, ("contract", "platform")))
        for name, help_ in HELP.items()
    }
    for each in figures:
        for name, values, value in _samples(each):
            families[name].add_metric(values, value)
    yield from families.values()


def _samples(found: Statement) -> Iterator[tuple[str, tuple[str, ...], float]]:
    contract = found.contract
    yield TARGET, (contract,), float(Decimal(found.availability.target_percent))
    for each in found.availability.platforms:
        place = contract, each.platform
        yield MET, place, float(each.target_met)
        for name, length_ms in each.classes_ms.model_dump(by_alias=True).items():
            yield CLASS, (*place, name), length_ms / 1000
        percents = {PERCENT: each.percent, COVERAGE: each.coverage_percent}
        if each.percent_bounds:
            percents |= {LEAST: each.percent_bounds[0], MOST: each.percent_bounds[1]}
        for name, percent in percents.items():
            if percent is not None:
                yield name, place, float(Decimal(percent))
    for penalty in found.penalties.platforms:
        yield TRANCHES, (contract, penalty.platform), penalty.tranches
    yield DAYS, (contract, "accrued"), found.penalties.days_accrued
    yield DAYS, (contract, "granted"), found.penalties.days_granted
