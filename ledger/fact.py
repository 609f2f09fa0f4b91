"""What a fact is: its body, the draft that is appended, and the form in which the ledger keeps it."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ledger.instants import Instant
from ledger.interval import Interval

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$")]
"""The name of a contract, a platform, an agent, a maintenance …: it becomes part of a stream's name."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
"""A sentence for people. It never holds personal data: people are named by an opaque id."""

Person = Name
"""An opaque id of a person; who that is stands outside the ledger, where it can be erased."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class Value(BaseModel):
    """A part of a fact: closed and frozen, like the fact itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


class Fact(Value):
    """One thing that happened, in the past tense. Closed, frozen, versioned by its type's name."""

    TYPE: ClassVar[str]


class Span(Value):
    """A half-open interval in the world, as a part of a fact; `{"from": …, "to": …}` on the wire."""

    start_ms: Instant = Field(alias="from")
    end_ms: Instant = Field(alias="to")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start_ms >= self.end_ms:
            raise ValueError("an interval ends after it starts; exchange the two times or correct one")
        return self

    @classmethod
    def of(cls, start_ms: int, end_ms: int) -> Self:
        """The span of two instants."""
        return cls(start_ms=start_ms, end_ms=end_ms)

    @property
    def interval(self) -> Interval:
        """The same, to calculate with."""
        return Interval(self.start_ms, self.end_ms)


class Evidence(Value):
    """A document that supports a fact: what it is called and the hash of its bytes."""

    name: Text
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact that its writer wants appended: to which stream, when it occurred, who says so."""

    stream: str
    fact: Fact
    occurred_ms: int
    source: str = "/constat"


class RecordedFact(NamedTuple):
    """A fact as the ledger keeps it; `hash` is over its stored bytes, `previous_hash` its predecessor's."""

    position: int
    stream: str
    sequence: int
    fact_id: str
    occurred_ms: int
    recorded_ms: int
    source: str
    previous_hash: str
    hash: str
    fact: Fact


GENESIS_HASH = "sha256:" + "0" * 64
"""The predecessor of the first record of every stream."""


def hash_of(stored: bytes) -> str:
    """`sha256:` and the hash of bytes, in hex; the next record of a stream names that of the one before."""
    return "sha256:" + hashlib.sha256(stored).hexdigest()
