"""A moment of knowledge: which records were known, and up to when that is looked at.

What was known is named by the last record of it, so that it can be asked for again when more has been
recorded (decision record 0043).
"""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from ledger.errors import BadInputError
from ledger.instants import format_instant
from ledger.log.interface import Engine
from ledger.sealing import require_unbroken
from ledger.seals import Seal
from projections.figures import AsOfFigures


@dataclass(frozen=True, slots=True)
class AsOf:
    """A moment of knowledge: what was known, and the moment up to which that is looked at."""

    position: int
    """The last fact that was known."""
    recorded_ms: int
    """When the last record that was known was recorded; the rounds up to then are known."""
    moment_ms: int
    """The moment asked about: a period that had not ended then runs to it. No record is known after it."""
    numbers: tuple[tuple[str, int], ...] | None = None
    """The last known round of each agent, by agent; None if only the recorded clock says what is known."""
    seal: str | None = None
    """The seal that says what is known, if one does."""

    def looked_at(self, moment_ms: int) -> "AsOf":
        """The same knowledge at a later moment, when nothing more was known.

        Raises:
            BadInputError: something of it was recorded only after that moment.
        """
        if moment_ms < self.recorded_ms:
            raise BadInputError("what was known was recorded after the moment behind the /; give a later one")
        return replace(self, moment_ms=moment_ms)


def at_position(engine: Engine, position: int) -> AsOf:
    """As known at a position of the decision log.

    Raises:
        BadInputError: the log is not that long.
    """
    last = engine.head().position
    if position > last:
        raise BadInputError(
            f"the ledger has {last} facts, so nothing is known at position {position}; ask for a position up "
            "to that"
        )
    recorded_ms = engine.recorded_ms_of(position)
    return AsOf(position, recorded_ms, recorded_ms)


def at_time(engine: Engine, recorded_ms: int) -> AsOf:
    """As known at a moment of the recorded clock."""
    head = engine.head_at(recorded_ms)
    return AsOf(head.position, head.recorded_ms, recorded_ms)


def at_head(engine: Engine, now_ms: int) -> AsOf:
    """As known now; a ledger whose recorded clock is ahead of ours is known to its end."""
    head = engine.head()
    return AsOf(head.position, head.recorded_ms, max(now_ms, head.recorded_ms))


def at_seal(engine: Engine, seal: Seal) -> AsOf:
    """As known at a seal, and at the moment at which it was made.

    Raises:
        DamagedLedgerError: the logs are not those any more that it fixed.
    """
    assert seal.made
    recorded_ms = require_unbroken(engine, seal.made)
    numbers = tuple((each.agent, each.number) for each in seal.made.rounds)
    return AsOf(seal.made.position, recorded_ms, max(recorded_ms, seal.occurred_ms), numbers, seal.made.seal)


def as_of_figures(as_of: AsOf, zone: ZoneInfo | None = None) -> AsOfFigures:
    """A moment of knowledge as figures name it, in a zone or in UTC."""
    return AsOfFigures(position=as_of.position, recorded_at=format_instant(as_of.recorded_ms, zone))
