"""Corrections of probe results: an interval of one agent's outcomes on one platform, annulled or restated.

The originals stay. From the moment at which a correction is recorded, the agent counts as not having
observed the platform during the interval (annulled), or as having seen another outcome wherever it had seen
one (restated). Silence stays silence.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from ledger.errors import RefusedError
from ledger.fact import Evidence, Fact, Name, Person, RecordedFact, Span, Text
from ledger.instants import format_instant

# ---------------------------------------------------------------- facts


class ResultsCorrected(Fact):
    """A named person corrected what an agent says of a platform during an interval, and why."""

    TYPE: ClassVar[str] = "constat.results.corrected.v1"

    correction: Name
    agent: Name
    platform: Name
    interval: Span
    action: Literal["annulled", "restated"]
    outcome: Literal["up", "degraded", "down"] | None = None
    reason: Text
    evidence: tuple[Evidence, ...] = ()
    by: Person

    @model_validator(mode="after")
    def _restates_an_outcome(self) -> Self:
        if (self.action == "restated") != (self.outcome is not None):
            raise ValueError("a restated interval has an outcome, an annulled one has none")
        return self


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction, if it was made."""

    corrected: ResultsCorrected | None = None
    recorded_ms: int = 0
    position: int = 0


INITIAL = Correction()


def stream_of(correction: str) -> str:
    """The stream that holds a correction."""
    return f"correction:{correction}"


# ---------------------------------------------------------------- evolve


def evolve(state: Correction, recorded: RecordedFact) -> Correction:
    """The correction after one more fact of its stream."""
    match recorded.fact:
        case ResultsCorrected() as fact:
            return Correction(fact, recorded.recorded_ms, recorded.position)
    return state


# ---------------------------------------------------------------- decide


def correct(state: Correction, corrected: ResultsCorrected, now_ms: int) -> ResultsCorrected:
    """Correct under a new name; a correction is itself corrected by a later one over the same interval."""
    if state.corrected:
        raise RefusedError(
            f"correction {corrected.correction} was already made; correct the same interval again under "
            "another name, the later one counts"
        )
    if corrected.interval.end_ms > now_ms:
        raise RefusedError(
            "a correction speaks of results that were seen, and its interval ends in the future; let it end "
            f"at {format_instant(now_ms)} or before, and correct the rest once it was seen"
        )
    return corrected
