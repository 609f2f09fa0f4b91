"""Claims of force majeure and their rulings. Only a ruling decides; a second one revises the first."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ledger.errors import RefusedError
from ledger.fact import Evidence, Fact, Name, Person, RecordedFact, Span, Text
from ledger.interval import Interval, subtract

Decision = Literal["accepted", "rejected", "in-part"]

# ---------------------------------------------------------------- facts


class ClaimFiled(Fact):
    """The provider says that an interruption was force majeure [Qualité de Services]."""

    TYPE: ClassVar[str] = "constat.claim.filed.v1"

    claim: Name
    platforms: Annotated[tuple[Name, ...], Field(min_length=1)]
    claimed: Span
    event: Text
    evidence: tuple[Evidence, ...] = ()
    by: Person = "ops"


class ClaimRuled(Fact):
    """A named person decided on a claim; `accepted` is what is excluded."""

    TYPE: ClassVar[str] = "constat.claim.ruled.v1"

    claim: Name
    decision: Decision
    accepted: tuple[Span, ...]
    reason: Text
    evidence: tuple[Evidence, ...] = ()
    by: Person
    revises: Annotated[int, Field(ge=1)] | None = None
    """The number, in the claim's stream, of the ruling that this one replaces."""

    @model_validator(mode="after")
    def _accepts_what_it_says(self) -> Self:
        if (self.decision == "rejected") != (not self.accepted):
            raise ValueError("a rejected claim accepts no interval, any other accepts at least one")
        return self


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision on a claim."""

    decision: Decision
    accepted: tuple[Interval, ...]
    reason: str
    by: str
    occurred_ms: int
    recorded_ms: int
    position: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as its facts leave it. Without `filed` it does not exist."""

    filed: ClaimFiled | None = None
    filed_ms: int = 0
    position: int = 0
    rulings: tuple[Ruling, ...] = ()

    @property
    def ruling(self) -> Ruling | None:
        """The ruling in force: the last one."""
        return self.rulings[-1] if self.rulings else None


INITIAL = Claim()


def stream_of(claim: str) -> str:
    """The stream that holds a claim's facts."""
    return f"claim:{claim}"


# ---------------------------------------------------------------- evolve


def evolve(state: Claim, recorded: RecordedFact) -> Claim:
    """The claim after one more of its facts."""
    match recorded.fact:
        case ClaimFiled() as fact:
            return replace(state, filed=fact, filed_ms=recorded.occurred_ms, position=recorded.position)
        case ClaimRuled() as fact:
            ruling = Ruling(
                decision=fact.decision,
                accepted=tuple(span.interval for span in fact.accepted),
                reason=fact.reason,
                by=fact.by,
                occurred_ms=recorded.occurred_ms,
                recorded_ms=recorded.recorded_ms,
                position=recorded.position,
                sequence=recorded.sequence,
            )
            return replace(state, rulings=(*state.rulings, ruling))
    return state


# ---------------------------------------------------------------- decide


def file(state: Claim, filed: ClaimFiled) -> ClaimFiled:
    """File a claim under a new name."""
    if state.filed:
        raise RefusedError(f"claim {filed.claim} was already filed; file another interval under another name")
    return filed


def rule(state: Claim, ruled: ClaimRuled) -> ClaimRuled:
    """Decide on a claim; a second decision names the one that it revises."""
    filed = require_filed(state, ruled.claim)
    before = state.ruling
    if before and ruled.revises != before.sequence:
        raise RefusedError(
            f"claim {ruled.claim} was already ruled ({before.decision}); to change that, name the ruling in "
            "force with --revises and its position, as the register shows it"
        )
    if ruled.revises is not None and before is None:
        raise RefusedError(f"claim {ruled.claim} was never ruled; rule it without --revises")
    outside = subtract([span.interval for span in ruled.accepted], [filed.claimed.interval])
    if outside:
        raise RefusedError("a ruling accepts only what was claimed; file another claim for the rest")
    return ruled


def require_filed(state: Claim, claim: str) -> ClaimFiled:
    """The claim itself, without which nothing can be ruled."""
    if state.filed is None:
        raise RefusedError(f"no claim {claim}; file it first with `constat claim file`")
    return state.filed
