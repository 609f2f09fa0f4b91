"""An event of the penalty feed: a stored fact, byte for byte, and behind it when and where it was recorded.

The two extensions are put in front of the last brace, so a reader cuts them off again and has the bytes over
which the ledger's hashes are. What is not exactly as a ledger writes it is not read.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field

from ledger import facts
from ledger.assessments import AssessmentMade, PenaltyGranted, PenaltyReversed, stream_of
from ledger.errors import ConstatError
from ledger.fact import hash_of
from ledger.instants import format_instant, read_instant
from ledger.log import codec
from ledger.log.codec import SEQUENCE_DIGITS, Envelope, StoredFact
from ledger.log.interface import RECORD_BYTES_MAX, KeptFact

MEDIA_TYPE = "application/cloudevents+json"
EVENT_BYTES_MAX = RECORD_BYTES_MAX + 1_000
"""No event is longer: a fact with its two extensions."""
FEED_FACTS = (AssessmentMade, PenaltyGranted, PenaltyReversed)
PREFIX = stream_of("")
"""How the streams of the feed begin; the contract's name follows."""

BEGINNING = b'{"specversion":"1.0","type":"constat.'
"""How every event begins."""

_ENDING = re.compile(rb',"recordedtime":"([^"\\]{1,40})","position":"([0-9]{12})"\}\Z')
_NAME = rb"([A-Za-z0-9][A-Za-z0-9._@-]{0,99})"
_TOLD = (
    re.compile(rb'"subject":\s*"' + PREFIX.encode() + _NAME + rb'"'),
    re.compile(rb'"id":\s*"' + PREFIX.encode() + _NAME + rb"/"),
    re.compile(rb'"contract":\s*"' + _NAME + rb'"'),
)


class FeedFact(StoredFact):
    """The shape of an event of the feed; its schema is part of the reference."""

    recordedtime: str
    """When the ledger took the fact down."""
    position: Annotated[str, Field(pattern=rf"^[0-9]{{{SEQUENCE_DIGITS}}}$")]
    """The place of the fact in the ledger."""


class UnreadableEventError(ConstatError):
    """Bytes that are no event of the feed; the text says why."""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event of the feed, and its bytes."""

    envelope: Envelope
    position: int
    hash: str
    """Of the stored fact: what the next event of the contract names."""
    value: bytes

    @classmethod
    def of(cls, kept: KeptFact) -> Self:
        """The event of a fact that a ledger keeps."""
        return cls(codec.decode(kept.value), kept.position, hash_of(kept.value), event_bytes(kept))

    @classmethod
    def read(cls, value: bytes) -> Self:
        """The event that bytes are.

        Raises:
            UnreadableEventError: they are none, or not as a ledger writes it.
        """
        if len(value) > EVENT_BYTES_MAX:
            raise UnreadableEventError(f"it is longer than {EVENT_BYTES_MAX:,} bytes")
        ending = _ENDING.search(value[-120:])
        if not ending:
            raise UnreadableEventError("it does not end with recordedtime and position")
        stored = value[: len(value) - len(ending[0])] + b"}"
        try:
            recorded_ms = read_instant(ending[1].decode("ascii"))
            envelope = codec.decode(stored)
            written = codec.encode(envelope), _ending(recorded_ms, int(ending[2]))
        except (ConstatError, ValueError, RecursionError, OverflowError) as error:
            raise UnreadableEventError(_why(error)) from error
        event = cls(envelope, int(ending[2]), hash_of(stored), value)
        _require_of_the_feed(event, is_as_written=written == (stored, ending[0]))
        return event

    @property
    def source(self) -> str:
        """Who says so: with the id, the event's name in all the world."""
        return self.envelope.source

    @property
    def event_id(self) -> str:
        """Its name in the ledger."""
        return self.envelope.fact_id

    @property
    def contract(self) -> str:
        """Whose assessment or penalty it is."""
        return self.envelope.stream.removeprefix(PREFIX)

    @property
    def sequence(self) -> int:
        """Its number among the contract's events, from 1 without a gap."""
        return self.envelope.sequence


def _why(error: Exception) -> str:
    """The reason, without what is advised to those who read a ledger."""
    text = " ".join(str(error).split())
    inner = re.match(r"a stored fact cannot be read \((.*)\); if a newer", text)
    return (inner[1] if inner else text)[:500] or type(error).__name__


def _require_of_the_feed(event: FeedEvent, *, is_as_written: bool) -> None:
    envelope = event.envelope
    if not isinstance(envelope.fact, FEED_FACTS):
        raise UnreadableEventError(f"{envelope.fact.TYPE} is no fact of the feed")
    if facts.stream_of(envelope.fact) != envelope.stream:
        raise UnreadableEventError(f"it stands on {envelope.stream}, and speaks of another contract")
    if not is_as_written or event.sequence < 1:
        raise UnreadableEventError("it is not written as a ledger writes it")


def event_bytes(kept: KeptFact) -> bytes:
    """The bytes of the event of a fact."""
    return kept.value[:-1] + _ending(kept.recorded_ms, kept.position)


def _ending(recorded_ms: int, position: int) -> bytes:
    recorded_at = format_instant(recorded_ms)
    return f',"recordedtime":"{recorded_at}","position":"{position:0{SEQUENCE_DIGITS}}"}}'.encode()


def contract_told(value: bytes, key: bytes | None = None) -> str | None:
    """The contract that unreadable bytes seem to speak of; None if they do not say."""
    if key and re.fullmatch(_NAME, key):
        return key.decode()
    found = next((found for pattern in _TOLD if (found := pattern.search(value))), None)
    return found[1].decode() if found else None
