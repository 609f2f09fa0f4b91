"""What moved a figure between two moments of knowledge, fact by fact in the order of the ledger.

The facts and rounds recorded between the two moments are added one after the other; each is shown with what
the figures were before it and after it. What a fact changes may depend on those before it: the order of the
ledger is the order of the argument.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ledger.errors import BadInputError
from ledger.fact import RecordedFact
from ledger.interval import Interval
from projections.asof import Known
from projections.judgement import Judgement, judge
from projections.moment import AsOf
from projections.selection import select


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure before and after; `name` is its path in a statement's JSON."""

    name: str
    before: str | int | None
    after: str | int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One fact that moved figures, or the rounds (and the time) that came between two facts."""

    kind: Literal["fact", "rounds"]
    position: int
    recorded_ms: int
    fact: RecordedFact | None
    moved: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two moments, and the steps that led from one to the other."""

    moved: tuple[Figure, ...]
    steps: tuple[Step, ...]


def difference(
    earlier: Known,
    later: Known,
    contract_name: str,
    period: str | Interval,
    readings: Mapping[str, str] | None = None,
) -> Difference:
    """Name the facts between two moments that moved a figure of a period, and by how much.

    Raises:
        BadInputError: the second moment is before the first, or the period was not known at the first.
    """
    if _is_before(later.as_of, earlier.as_of):
        raise BadInputError("the second moment is before the first; exchange --as-of and --and")
    steps = []
    before = _figures(earlier, contract_name, period, readings)
    first = before
    for as_of, fact in _moments(earlier, later):
        known = Known(as_of, later.facts[: as_of.position], later.engine, later.memo)
        after = _figures(known, contract_name, period, readings)
        if moved := _moved(before, after):
            steps.append(_step(as_of, fact, moved))
        before = after
    return Difference(_moved(first, before), tuple(steps))


def _is_before(one: AsOf, other: AsOf) -> bool:
    return one.position < other.position or one.moment_ms < other.moment_ms


def _step(as_of: AsOf, fact: RecordedFact | None, moved: tuple[Figure, ...]) -> Step:
    if fact is None:
        return Step("rounds", as_of.position, as_of.moment_ms, None, moved)
    return Step("fact", as_of.position, fact.recorded_ms, fact, moved)


def _moments(earlier: Known, later: Known) -> Iterator[tuple[AsOf, RecordedFact | None]]:
    at = earlier.as_of
    for fact in later.facts[at.position :]:
        if fact.recorded_ms > at.recorded_ms:
            at = AsOf(at.position, fact.recorded_ms, max(fact.recorded_ms, at.moment_ms), later.as_of.numbers)
            yield at, None
        at = replace(at, position=fact.position)
        yield at, fact
    if later.as_of != at:
        yield later.as_of, None


def _figures(
    known: Known, contract_name: str, period: str | Interval, readings: Mapping[str, str] | None
) -> dict[str, str | int | None]:
    contract, asked = select(known, contract_name, period, readings)
    return dict(_named(judge(known, contract, asked)))


def _named(judged: Judgement) -> Iterator[tuple[str, str | int | None]]:
    penalties = judged.penalties
    yield "penalties.days_accrued", penalties.days_accrued
    yield "penalties.days_granted", penalties.days_granted
    yield "penalties.days_left_under_cap", penalties.days_left_under_cap
    for each in judged.availability.platforms:
        path = f"availability.{each.platform}"
        yield f"{path}.percent", each.percent
        yield f"{path}.coverage_percent", each.coverage_percent
        for name, length_ms in each.classes_ms.model_dump(by_alias=True).items():
            yield f"{path}.classes_ms.{name}", length_ms
    for penalty in penalties.platforms:
        yield f"penalties.{penalty.platform}.tranches", penalty.tranches
        yield f"penalties.{penalty.platform}.days", penalty.days


def _moved(
    before: Mapping[str, str | int | None], after: Mapping[str, str | int | None]
) -> tuple[Figure, ...]:
    names = list(dict.fromkeys((*before, *after)))
    return tuple(
        Figure(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )
