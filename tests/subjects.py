"""A subject by itself: its facts folded one after the other, without a ledger.

given = after(maintenance, (NoticePublished(…), "2026-10-05T12:00Z"), (MaintenanceStarted(…), "2026-10-06T00:00Z"))
"""

from typing import Any

from ledger.fact import GENESIS_HASH, Fact, RecordedFact
from tests.spec import ms

ANY_TIME = "2026-10-01T00:00:00Z"
LATER_MS = 20_000
"""How much later than it occurred a fact is recorded, so that the two clocks are never mistaken."""


def recorded(fact: Fact, occurred_at: str = ANY_TIME, number: int = 1) -> RecordedFact:
    """A fact as the ledger keeps it: the number-th of its stream, at ten times that position."""
    occurred_ms = ms(occurred_at)
    return RecordedFact(
        position=10 * number,
        stream="a:stream",
        sequence=number,
        fact_id=f"a:stream/{number}",
        occurred_ms=occurred_ms,
        recorded_ms=occurred_ms + LATER_MS,
        source="/constat",
        previous_hash=GENESIS_HASH,
        hash=GENESIS_HASH,
        fact=fact,
    )


def after(subject: Any, *facts: Fact | tuple[Fact, str]) -> Any:
    """The state of a subject after facts, each with the moment at which it occurred if that matters."""
    state = subject.INITIAL
    for number, each in enumerate(facts, start=1):
        fact, occurred_at = each if isinstance(each, tuple) else (each, ANY_TIME)
        state = subject.evolve(state, recorded(fact, occurred_at, number))
    return state
