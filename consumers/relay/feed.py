"""The feed of a ledger: its facts about assessments and penalties, in order of position."""

from collections.abc import Iterator
from itertools import islice

from consumers.relay.event import PREFIX, FeedEvent
from ledger.errors import BadInputError
from ledger.log.interface import Engine

BATCH = 500
"""Events that are sent, and acknowledged, at a time."""
_MARK = f'"subject":"{PREFIX}'.encode()


def events(engine: Engine, after: int) -> Iterator[FeedEvent]:
    """The events of the feed behind a position."""
    for kept in engine.facts(after=after):
        if _MARK in kept.value:
            event = FeedEvent.of(kept)
            if event.envelope.stream.startswith(PREFIX):
                yield event


def batches(engine: Engine, after: int, size: int = BATCH) -> Iterator[list[FeedEvent]]:
    """The same in batches that are never empty."""
    found = events(engine, after)
    while batch := list(islice(found, size)):
        yield batch


def require_same(engine: Engine, position: int, value: bytes, where: str) -> None:
    """Refuse to go on behind an event that this ledger does not have.

    Raises:
        BadInputError: it is another ledger's.
    """
    own = next(events(engine, position - 1), None)
    if own is None or own.value != value:
        raise BadInputError(
            f"{where} ends with an event that this ledger does not have at position {position}: it is the "
            "feed of another ledger; name the right --ledger, or another place for the feed"
        )
