"""Facts to and from bytes: CloudEvents 1.0, structured JSON, with the hash of the predecessor in the stream.

The bytes are written once and hashed as they stand; nothing is ever serialised anew to check a hash.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger import facts
from ledger.errors import BadInputError, DamagedLedgerError, in_our_words
from ledger.fact import Draft, Fact, RecordedFact, Sha256, hash_of
from ledger.instants import format_instant, is_instant, read_instant
from ledger.log.interface import KeptFact

SEQUENCE_DIGITS = 12
_COULD_BE_CLOUD_EVENT = b'{"specversion"'

Reader = Callable[[str, dict[str, Any]], Fact]
"""Makes a fact of its type's name and its data; see `facts.read` for what it raises."""


class StoredFact(BaseModel):
    """The shape of a fact on the wire: closed, CloudEvents attributes beside its data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    specversion: Literal["1.0"]
    type: str
    source: str
    id: str
    """`subject/number`, the number without leading zeros."""
    subject: str
    """The stream."""
    time: str
    """When it occurred."""
    sequence: Annotated[str, Field(pattern=rf"^[0-9]{{{SEQUENCE_DIGITS}}}$")]
    previoushash: Sha256
    data: dict[str, Any]


class Envelope(NamedTuple):
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
    def fact_id(self) -> str:
        """Its name, unique in the ledger."""
        return f"{self.stream}/{self.sequence}"

    @property
    def originator_id(self) -> str:
        """The stream, as `eventsourcing` calls it."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The sequence number, as `eventsourcing` calls it."""
        return self.sequence


def encode(envelope: Envelope) -> bytes:
    """The stored form. The same envelope always gives the same bytes.

    Raises:
        BadInputError: the fact has a number that not every reader of JSON holds exactly, or occurred at no
            instant.
    """
    if not is_instant(envelope.occurred_ms):
        raise BadInputError(
            f"{envelope.fact.TYPE} cannot be kept: it occurred before 1970 or after the year 9998; correct "
            "the time"
        )
    try:
        return orjson.dumps(_event(envelope), option=orjson.OPT_STRICT_INTEGER)
    except orjson.JSONEncodeError as error:
        raise BadInputError(
            f"{envelope.fact.TYPE} cannot be kept ({error}); write its numbers between -2^53 and 2^53"
        ) from error


def _event(envelope: Envelope) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": envelope.fact.TYPE,
        "source": envelope.source,
        "id": envelope.fact_id,
        "subject": envelope.stream,
        "time": format_instant(envelope.occurred_ms),
        "sequence": f"{envelope.sequence:0{SEQUENCE_DIGITS}}",
        "previoushash": envelope.previous_hash,
        "data": envelope.fact.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def decode(value: bytes, read: Reader = facts.read) -> Envelope:
    """Read a stored fact, of those that this version of Constat knows or that `read` does.

    Raises:
        DamagedLedgerError: the bytes are no such fact.
    """
    try:
        stored = StoredFact.model_validate_json(value)
        envelope = Envelope(
            stream=stored.subject,
            sequence=int(stored.sequence),
            occurred_ms=read_instant(stored.time),
            source=stored.source,
            previous_hash=stored.previoushash,
            fact=read(stored.type, stored.data),
        )
    except KeyError as error:
        raise _unreadable(f"its type {error} is not known to this version") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise _unreadable(f"{'.'.join(map(str, first['loc']))}: {in_our_words(first['msg'])}") from error
    except ValueError as error:
        raise _unreadable(str(error)) from error
    if stored.id != envelope.fact_id:
        raise _unreadable(f"it calls itself {stored.id}, not {envelope.fact_id}")
    return envelope


def _unreadable(why: str) -> DamagedLedgerError:
    return DamagedLedgerError(
        f"a stored fact cannot be read ({why}); if a newer Constat wrote it, use that version, otherwise run "
        "`constat verify` and restore the ledger from a copy"
    )


def recorded(kept: KeptFact, read: Reader = facts.read) -> RecordedFact:
    """A fact that a ledger keeps, with what it knows of it. See `decode`."""
    return recorded_as(decode(kept.value, read), hash_of(kept.value), kept.position, kept.recorded_ms)


def recorded_as(envelope: Envelope, kept_hash: str, position: int, recorded_ms: int) -> RecordedFact:
    """The same of a fact whose bytes have that hash, without reading them."""
    return RecordedFact(
        position=position,
        stream=envelope.stream,
        sequence=envelope.sequence,
        fact_id=envelope.fact_id,
        occurred_ms=envelope.occurred_ms,
        recorded_ms=recorded_ms,
        source=envelope.source,
        previous_hash=envelope.previous_hash,
        hash=kept_hash,
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
