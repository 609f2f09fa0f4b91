"""Assessments: what the ledger found a contract's ended periods to be worth, and the penalties that follow.

All assessments and penalties of a contract stand on one stream, so that whoever reads it sees each once, in
one order without a gap. A later assessment of the same period is a new revision, and its penalties are the
difference to the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, RecordedFact, Sha256, Span, Text, Value

# ---------------------------------------------------------------- facts


class AssessedPlatform(Value):
    """What one platform of a period is worth, after the cap."""

    platform: Name
    days_accrued: Annotated[int, Field(ge=0)]
    days_granted: Annotated[int, Field(ge=0)]


class AssessmentMade(Fact):
    """A period that had ended was judged as known at a seal; `occurred` says when it was judged."""

    TYPE: ClassVar[str] = "constat.assessment.made.v1"

    contract: Name
    period: Span
    period_number: Annotated[int, Field(ge=1)]
    revision: Annotated[int, Field(ge=1)]
    """Counts the assessments of this period."""
    seal: Name
    terms_version: Annotated[int, Field(ge=1)]
    platforms: tuple[AssessedPlatform, ...]
    """By name."""
    days_accrued: Annotated[int, Field(ge=0)]
    days_granted: Annotated[int, Field(ge=0)]
    days_left_under_cap: Annotated[int, Field(ge=0)]
    figures_digest: Sha256
    """Over what is assessed alone: another revision is made only where this differs."""
    statement_digest: Sha256
    """Of the statement of the period as known at the seal."""


class PenaltyGranted(Fact):
    """Free days were granted: the first ones of a platform's period, or more than a revision before gave."""

    TYPE: ClassVar[str] = "constat.penalty.granted.v1"

    contract: Name
    platform: Name
    period: Span
    period_number: Annotated[int, Field(ge=1)]
    revision: Annotated[int, Field(ge=1)]
    clause: Text
    days: Annotated[int, Field(ge=1)]
    seal: Name
    statement_digest: Sha256


class PenaltyReversed(Fact):
    """Free days that earlier revisions had granted were taken back, because the ledger knows better now."""

    TYPE: ClassVar[str] = "constat.penalty.reversed.v1"

    contract: Name
    platform: Name
    period: Span
    period_number: Annotated[int, Field(ge=1)]
    revision: Annotated[int, Field(ge=1)]
    clause: Text
    days: Annotated[int, Field(ge=1)]
    """How many of those that stand; never more."""
    seal: Name
    statement_digest: Sha256


PenaltyFact = PenaltyGranted | PenaltyReversed


def signed_days(fact: PenaltyFact) -> int:
    """The days by which a penalty moves what is owed: more where they were granted, less where taken back."""
    return fact.days if isinstance(fact, PenaltyGranted) else -fact.days


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Assessed:
    """A period's last assessment, where its fact lies, and the days that stand for each platform."""

    made: AssessmentMade
    position: int
    standing: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessments:
    """The assessments of a contract, the last one of each period by the period's number."""

    periods: dict[int, Assessed] = field(default_factory=dict)


INITIAL = Assessments()


def stream_of(contract: str) -> str:
    """The stream that holds a contract's assessments and penalties."""
    return f"assessment:{contract}"


# ---------------------------------------------------------------- evolve


def evolve(state: Assessments, recorded: RecordedFact) -> Assessments:
    """The assessments after one more fact."""
    match recorded.fact:
        case AssessmentMade() as fact:
            before = state.periods.get(fact.period_number)
            assessed = Assessed(fact, recorded.position, before.standing if before else {})
            return replace(state, periods={**state.periods, fact.period_number: assessed})
        case PenaltyGranted() | PenaltyReversed() as fact:
            return _moved(state, fact)
    return state


def _moved(state: Assessments, fact: PenaltyFact) -> Assessments:
    assessed = state.periods[fact.period_number]
    days = assessed.standing.get(fact.platform, 0) + signed_days(fact)
    standing = {**assessed.standing, fact.platform: days}
    return replace(state, periods={**state.periods, fact.period_number: replace(assessed, standing=standing)})


# ---------------------------------------------------------------- decide


def assess(state: Assessments, made: AssessmentMade, clause: str) -> Sequence[Fact]:
    """Take down an assessment and the penalties that it changes; nothing where it finds what stands already.

    Raises:
        RefusedError: it is not the next revision of its period: somebody else has assessed it meanwhile.
    """
    before = state.periods.get(made.period_number)
    if before and before.made.figures_digest == made.figures_digest:
        return ()
    revision = before.made.revision + 1 if before else 1
    if made.revision != revision:
        raise RefusedError(
            f"period {made.period_number} of {made.contract} stands at revision {revision - 1}, so the next "
            f"one is {revision} and not {made.revision}; read it again"
        )
    return made, *_penalties(made, before.standing if before else {}, clause)


def _penalties(made: AssessmentMade, standing: dict[str, int], clause: str) -> list[PenaltyFact]:
    granted = {each.platform: each.days_granted for each in made.platforms}
    found: list[PenaltyFact] = []
    for platform in sorted(granted.keys() | standing.keys()):
        days = granted.get(platform, 0) - standing.get(platform, 0)
        if days:
            found.append(_penalty(made, platform, days, clause))
    return found


def _penalty(made: AssessmentMade, platform: str, days: int, clause: str) -> PenaltyFact:
    shape = PenaltyGranted if days > 0 else PenaltyReversed
    return shape(
        contract=made.contract,
        platform=platform,
        period=made.period,
        period_number=made.period_number,
        revision=made.revision,
        clause=clause,
        days=abs(days),
        seal=made.seal,
        statement_digest=made.statement_digest,
    )
