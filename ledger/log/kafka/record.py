"""One append as one record of the decisions topic: a line that says what is in it, then the facts.

    {"constat":"record.v1","nonce":"9f…","facts":[["contract:acme",1,"constat.contract.signed.v1",812]]}
    {"specversion":"1.0",…}

A fact's bytes are cut out by their length, never parsed and written anew. Everything that decides whether the
record counts stands in its value, because only the value is hashed and kept for ever. The nonce names one
attempt: a writer that does not know whether its record arrived sends the same bytes again, and of one nonce
only the first record is judged.
"""

import secrets
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import orjson
from eventsourcing.persistence import StoredEvent
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.errors import BadInputError
from ledger.fact import hash_of
from ledger.instants import END_OF_TIME_MS, FIRST_MS, is_instant
from ledger.log import codec
from ledger.log.arbitration import Extension
from ledger.log.interface import RECORD_BYTES_MAX
from ledger.log.recorder import UNBOUNDED


class Part(NamedTuple):
    """One fact of a record, with its place in its stream."""

    stream: str
    sequence: int
    type: str
    value: bytes

    @property
    def extension(self) -> Extension:
        """What it claims."""
        return Extension(
            self.stream, self.sequence, hash_of(self.value), codec.claimed_predecessor(self.value)
        )


class Record(NamedTuple):
    """An append: all of its facts, or none."""

    nonce: str
    parts: Sequence[Part]
    recorded_ms: int | None = None
    """When the ledger that it was copied from took it down; None where this ledger says when."""


_Count = Annotated[int, Field(ge=0, le=UNBOUNDED)]


class _Head(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    constat: Literal["record.v1"]
    nonce: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    facts: Annotated[list[tuple[str, _Count, str, _Count]], Field(min_length=1)]
    recorded_ms: Annotated[int, Field(ge=FIRST_MS, lt=END_OF_TIME_MS)] | None = None


def of_events(events: Sequence[StoredEvent]) -> Record:
    """The record of an append, under a nonce that nobody else has."""
    parts = [Part(str(e.originator_id), e.originator_version, e.topic, e.state) for e in events]
    return Record(fresh_nonce(), parts)


def fresh_nonce() -> str:
    """A name for one attempt that nobody else has."""
    return secrets.token_hex(16)


def encode(record: Record) -> bytes:
    """The value of a record.

    Raises:
        BadInputError: it is longer than a broker takes; one append is one record and is never cut in two. Or
            it was recorded at no instant.
    """
    head: dict[str, object] = {
        "constat": "record.v1",
        "nonce": record.nonce,
        "facts": [[part.stream, part.sequence, part.type, len(part.value)] for part in record.parts],
    }
    if record.recorded_ms is not None:
        head["recorded_ms"] = recorded_at(record.recorded_ms)
    value = b"\n".join([orjson.dumps(head), *(part.value for part in record.parts)])
    if len(value) > RECORD_BYTES_MAX:
        raise BadInputError(
            f"{len(record.parts)} facts together are {len(value):,} bytes, and one append holds at most "
            f"{RECORD_BYTES_MAX:,}; append fewer at once"
        )
    return value


def recorded_at(recorded_ms: int) -> int:
    """The recorded clock that a copy brings along.

    Raises:
        BadInputError: it is no instant, and no ledger would take it.
    """
    if not is_instant(recorded_ms):
        raise BadInputError(
            f"it was recorded {recorded_ms} ms after 1970, which is before that year or after the year 9998"
        )
    return recorded_ms


def decode(value: bytes | None) -> Record | None:
    """Read the value of a record; None if it is none of ours."""
    line, _, rest = (value or b"").partition(b"\n")
    try:
        head = _Head.model_validate_json(line)
    except ValidationError:
        return None
    parts, at = [], -1
    for stream, sequence, type_, length in head.facts:
        if at >= 0 and rest[at : at + 1] != b"\n":
            return None
        first = at + 1
        at = first + length
        parts.append(Part(stream, sequence, type_, rest[first:at]))
    return Record(head.nonce, parts, head.recorded_ms) if at == len(rest) else None
