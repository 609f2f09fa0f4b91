"""Seals: how far every log had come at one moment, so that a figure can name exactly what it rests on.

A seal takes part in no clock: as known at a seal are the facts up to its position, and of each agent the
rounds up to its number. Signatures come as facts of their own.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, RecordedFact, Sha256, Value

# ---------------------------------------------------------------- facts


class SealedRounds(Value):
    """The rounds of one agent: the number of the last one, how many there are, the hash of all of them."""

    agent: Name
    number: Annotated[int, Field(ge=1)]
    records: Annotated[int, Field(ge=1)]
    running_hash: Sha256


class SealMade(Fact):
    """Both logs were fixed; `occurred` says when.

    By agent and not by partition of a topic: an agent's rounds are the same on every engine and in every
    copy, a partition's offsets are not.
    """

    TYPE: ClassVar[str] = "constat.seal.made.v1"

    seal: Name
    position: Annotated[int, Field(ge=0)]
    running_hash: Sha256
    """Of the decisions up to the position."""
    rounds: tuple[SealedRounds, ...] = ()
    """By agent, each once, in order of name."""


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as its fact leaves it. Without `made` it does not exist."""

    made: SealMade | None = None
    position: int = 0
    """Of the fact itself: it lies behind everything that the seal fixes."""
    occurred_ms: int = 0


INITIAL = Seal()


def stream_of(seal: str) -> str:
    """The stream that holds a seal's facts."""
    return f"seal:{seal}"


# ---------------------------------------------------------------- evolve


def evolve(state: Seal, recorded: RecordedFact) -> Seal:
    """The seal after one more of its facts."""
    match recorded.fact:
        case SealMade() as fact:
            return Seal(fact, recorded.position, recorded.occurred_ms)
    return state


# ---------------------------------------------------------------- decide


def make(state: Seal, made: SealMade) -> SealMade:
    """Make a seal under a name that none has yet.

    Raises:
        RefusedError: there is one of that name.
    """
    if state.made:
        raise RefusedError(
            f"seal {made.seal} was already made; ask for figures as known at it, or name another"
        )
    return made
