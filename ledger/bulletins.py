"""Bulletins: what somebody published of an incident or of work, each time that it said something else.

An operator's status page, and calendars of maintenance notices. A bulletin decides nothing: it is evidence.
When it was first seen is the recorded clock of its first fact, whatever dates the page shows by now.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Evidence, Fact, Name, RecordedFact, Text, Value
from ledger.instants import Instant

Word = Annotated[str, Field(max_length=100)]
"""A state or a degree, in the words of the source."""

# ---------------------------------------------------------------- facts


class Statement(Value):
    """One of the texts that were published, and both moments that its page gives it."""

    key: Annotated[str, Field(max_length=200)]
    status: Word
    body: Text
    created_ms: Instant = Field(alias="created")
    displayed_ms: Instant | None = Field(default=None, alias="displayed")
    """What the page shows, where its author has changed it."""


class BulletinReceived(Fact):
    """A bulletin was read that was new, or said something else; `occurred` is when its source changed it."""

    TYPE: ClassVar[str] = "constat.bulletin.received.v1"

    bulletin: Name
    operator: Name
    """Whose bulletin it is."""
    kind: Literal["incident", "maintenance"]
    key: Annotated[str, Field(min_length=1, max_length=500)]
    """What its source calls it."""
    title: Text
    status: Word
    impact: Word = ""
    concerned: tuple[Text, ...] = ()
    """What is affected, in the words of the source."""
    since_ms: Instant | None = Field(default=None, alias="since")
    """When the incident began, or the work is to begin, as the source says it."""
    until_ms: Instant | None = Field(default=None, alias="until")
    sequence: Annotated[int, Field(ge=0)] | None = None
    """Of a calendar: the highest one is in force, in whichever order they come."""
    statements: tuple[Statement, ...] = ()
    evidence: tuple[Evidence, ...] = ()


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Received:
    """One reading of a bulletin, with both clocks."""

    fact: BulletinReceived
    occurred_ms: int
    recorded_ms: int
    position: int


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Everything that was read of a bulletin, in the order in which it was. Nothing: it does not exist."""

    received: tuple[Received, ...] = ()

    @property
    def first_seen_ms(self) -> int | None:
        """When the ledger first took it down; no later edit moves it."""
        return self.received[0].recorded_ms if self.received else None

    @property
    def current(self) -> Received | None:
        """What is in force: the highest sequence, of equals what was said last; else what came last."""
        return max(self.received, key=_rank, default=None)


INITIAL = Bulletin()


def _rank(received: Received) -> tuple[int, int, int]:
    sequence = received.fact.sequence
    said_ms = 0 if sequence is None else received.occurred_ms
    return (-1 if sequence is None else sequence, said_ms, received.position)


def stream_of(bulletin: str) -> str:
    """The stream that holds what was read of a bulletin."""
    return f"bulletin:{bulletin}"


# ---------------------------------------------------------------- evolve


def evolve(state: Bulletin, recorded: RecordedFact) -> Bulletin:
    """A bulletin after one more reading."""
    match recorded.fact:
        case BulletinReceived() as fact:
            clocks_ms = recorded.occurred_ms, recorded.recorded_ms
            return replace(state, received=(*state.received, Received(fact, *clocks_ms, recorded.position)))
    return state


# ---------------------------------------------------------------- decide


def receive(state: Bulletin, read: BulletinReceived) -> BulletinReceived | None:
    """What was read, if it is new; None if it says what was read before.

    Of a page that is what was read last: a text that is changed back has changed. A calendar is sent again
    and again, in any order, so there it is anything that was ever read.

    Raises:
        RefusedError: another bulletin of which the source writes the name otherwise has this one's name here.
    """
    before = [received.fact for received in state.received]
    if before and (before[0].operator, before[0].key) != (read.operator, read.key):
        raise RefusedError(
            f"{read.key!r} of {read.operator} would be kept as {read.bulletin}, as {before[0].key!r} of "
            f"{before[0].operator} is; import one of them under another --operator"
        )
    known = before[-1:] if read.sequence is None else before
    return None if any(_said(read) == _said(each) for each in known) else read


def _said(fact: BulletinReceived) -> BulletinReceived:
    """Without the document: two files may hold one event, beside others."""
    return fact.model_copy(update={"evidence": ()})
