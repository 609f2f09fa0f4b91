"""Copies: that a ledger was copied from another one, and how far. Each copy closes with this fact.

What is in front of it came with the copy and keeps its first recorded time; what follows is the ledger's own.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, RecordedFact, Sha256, Text, Value

# ---------------------------------------------------------------- facts


class CopiedRounds(Value):
    """How far the rounds of an agent were copied."""

    agent: Name
    number: Annotated[int, Field(ge=1)]
    """The number of its last round."""
    records: Annotated[int, Field(ge=1)]
    running_hash: Sha256


class LedgerCopied(Fact):
    """This ledger was copied from another one, up to here: every fact and every round, byte for byte."""

    TYPE: ClassVar[str] = "constat.ledger.copied.v1"

    source: Text
    """The URL of the other ledger, without options."""
    position: Annotated[int, Field(ge=0)]
    """The position of the last fact that was copied; the next one is this fact."""
    running_hash: Sha256
    """Of the decisions up to it."""
    rounds: tuple[CopiedRounds, ...] = ()
    """By agent."""


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy, if it was closed."""

    closed: LedgerCopied | None = None


INITIAL = Copy()


def stream_of(position: int) -> str:
    """The stream that holds the end of a copy that goes up to a position."""
    return f"copy:{position}"


# ---------------------------------------------------------------- evolve


def evolve(state: Copy, recorded: RecordedFact) -> Copy:
    """The copy after one more fact of its stream."""
    match recorded.fact:
        case LedgerCopied() as fact:
            return Copy(fact)
    return state


# ---------------------------------------------------------------- decide


def close(state: Copy, copied: LedgerCopied) -> LedgerCopied:
    """Close a copy, once."""
    if state.closed:
        raise RefusedError(
            f"the copy up to position {copied.position} was closed already; what follows is this ledger's own"
        )
    return copied
