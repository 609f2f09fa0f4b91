"""Facts to and from bytes: CloudEvents 1.0, structured JSON, with the hash of the predecessor in the stream.

The bytes are written once and hashed as they stand; nothing is ever serialised anew to check a hash.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from ledger import facts
from ledger.errors import DamagedLedgerError
from ledger.fact import Draft, Fact, RecordedFact, hash_of
from ledger.instants import format_instant, parse_instant

SEQUENCE_DIGITS = 12
_COULD_BE_CLOUD_EVENT = b'{"specversion"'


@dataclass(frozen=True, slots=True)
class Envelope:
    """A fact with its place in its stream: what is encoded, and what decoding gives back."""

    stream: str
    sequence: int
    occurred_ms: int
    source: str
    previous_hash: str
    fact: Fact

    @classmethod
    def of(cls, draft: Draft, sequence: int, previous_hash: str) -> "Envelope":
        """A draft put at its place."""
        return cls(draft.stream, sequence, draft.occurred_ms, draft.source, previous_hash, draft.fact)

    @property
    def originator_id(self) -> str:
        """The stream, as `eventsourcing` calls it."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The sequence number, as `eventsourcing` calls it."""
        return self.sequence


def encode(envelope: Envelope) -> bytes:
    """The stored form. The same envelope always gives the same bytes."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "type": envelope.fact.TYPE,
            "source": envelope.source,
            "id": f"{envelope.stream}/{envelope.sequence}",
            "subject": envelope.stream,
            "time": format_instant(envelope.occurred_ms),
            "sequence": f"{envelope.sequence:0{SEQUENCE_DIGITS}}",
            "previoushash": envelope.previous_hash,
            "data": envelope.fact.model_dump(mode="json", by_alias=True, exclude_none=True),
        },
    )


def decode(value: bytes) -> Envelope:
    """Read a stored fact.

    Raises:
        DamagedLedgerError: the bytes are no fact that this version of Constat knows.
    """
    try:
        event: dict[str, Any] = orjson.loads(value)
        fact = facts.read(event["type"], event["data"])
        return Envelope(
            stream=event["subject"],
            sequence=int(event["sequence"]),
            occurred_ms=parse_instant(event["time"]),
            source=event["source"],
            previous_hash=event["previoushash"],
            fact=fact,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedLedgerError(
            f"a stored fact cannot be read ({error}); if a newer Constat wrote it, use that version, "
            "otherwise run `constat verify` and restore the ledger from a copy"
        ) from error


def recorded(value: bytes, position: int, recorded_ms: int) -> RecordedFact:
    """A stored fact with what the ledger knows of it."""
    envelope = decode(value)
    return RecordedFact(
        position=position,
        stream=envelope.stream,
        sequence=envelope.sequence,
        fact_id=f"{envelope.stream}/{envelope.sequence}",
        occurred_ms=envelope.occurred_ms,
        recorded_ms=recorded_ms,
        source=envelope.source,
        previous_hash=envelope.previous_hash,
        hash=hash_of(value),
        fact=envelope.fact,
    )


def claimed_predecessor(value: bytes) -> str | None:
    """The predecessor that a record's bytes name; None if they are no CloudEvent of ours."""
    if not value.startswith(_COULD_BE_CLOUD_EVENT):
        return None
    try:
        named = orjson.loads(value).get("previoushash")
    except orjson.JSONDecodeError:
        return None
    return named if isinstance(named, str) else None
