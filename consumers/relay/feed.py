"""The feed of a ledger: its facts about assessments and penalties, in order of position."""

from collections.abc import Iterable, Iterator

from consumers.relay.event import PREFIX, FeedEvent, UnreadableEventError, event_bytes
from ledger.errors import BadInputError
from ledger.fact import hash_of
from ledger.log.interface import Engine, KeptFact

BATCH = 500
"""Events that are sent and acknowledged, or read, at a time, unless a place takes only one."""
_MARK = f'"subject":"{PREFIX}'.encode()


def events(engine: Engine, after: int) -> Iterator[FeedEvent]:
    """The events of the feed behind a position."""
    for kept in engine.facts(after=after):
        if event := _event(kept):
            yield event


def _event(kept: KeptFact) -> FeedEvent | None:
    if _MARK not in kept.value:
        return None
    event = FeedEvent.of(kept)
    return event if event.envelope.stream.startswith(PREFIX) else None


class Scan:
    """Reads the feed of a ledger on and on; a fact that was looked at is not looked at again."""

    def __init__(self, engine: Engine, after: int) -> None:
        self._engine = engine
        self._position = after

    def batches(self, size: int = BATCH) -> Iterator[list[FeedEvent]]:
        """The events that are there and were not read yet, in batches that are never empty."""
        batch: list[FeedEvent] = []
        position = self._position
        for kept in self._engine.facts(after=position):
            position = kept.position
            if event := _event(kept):
                batch.append(event)
            if len(batch) >= size:
                self._position = position  # not before: what breaks off is looked at again
                yield batch
                batch = []
        self._position = position
        if batch:
            yield batch


def has(engine: Engine, position: int, value: bytes) -> bool:
    """Whether a ledger has an event at its position with these bytes."""
    own = next(events(engine, position - 1), None)
    return own is not None and own.value == value


def has_any(engine: Engine, hashes: Iterable[str]) -> bool:
    """Whether a ledger has an event of one of these hashes: then they are of its feed, changed or not."""
    own = {hash_of(event.value) for event in events(engine, 0)}
    return any(each in own for each in hashes)


def not_held(where: str, position: int, go_on: str) -> BadInputError:
    """What a person is told whose place has an event that the ledger does not have, and none that it has."""
    return BadInputError(
        f"{where} holds an event that this ledger does not have at position {position}: it is the feed "
        "of another ledger, or of this one before it was restored or begun anew, or its events were changed. "
        f"If another ledger is meant, name the right --ledger. If not: {go_on}"
    )


def changed(where: str, what: str, go_on: str) -> BadInputError:
    """The same where the place has events of this very ledger; `go_on` says what to do then."""
    return BadInputError(
        f"{where} began as the feed of this ledger, and {what}: somebody else changed it, cut it or wrote to "
        f"it. {go_on}"
    )


# ---------------------------------------------------------------- every event of a place


def first_other(engine: Engine, until: int, values: Iterable[bytes]) -> str | None:
    """Which line of a place is not what the ledger has up to a position; None if all are.

    An event that is repeated behind itself is no other one. Facts are compared as bytes: to decode them would
    take five times as long.
    """
    lines = enumerate(values, start=1)
    number, value = next(lines, (1, None))
    for kept in engine.facts(until=until):
        if _MARK not in kept.value:
            continue
        own = event_bytes(kept)
        while value not in (None, own) and _repeats(engine, kept.position, value):
            number, value = next(lines, (number + 1, None))
        if value == own:
            number, value = next(lines, (number + 1, None))
        elif _event(kept):
            there = f"at position {kept.position}"
            return f"its line {number:,} is not the event that the ledger has there, {there}"
    while value is not None and _repeats(engine, until + 1, value):
        number, value = next(lines, (number + 1, None))
    return None if value is None else f"its line {number:,} is an event that the ledger does not have"


def _repeats(engine: Engine, position: int, value: bytes | None) -> bool:
    """Whether a line is the ledger's event at an earlier position."""
    try:
        event = FeedEvent.read(value or b"")
    except UnreadableEventError:
        return False
    return event.position < position and has(engine, event.position, event.value)
