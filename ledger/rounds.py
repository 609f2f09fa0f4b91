"""A round: one pass of one agent over its plan, to and from the bytes of one record in the probe log.

What is not up stands in clear text; a platform in neither `not_up` nor `missing` was up. The instant of
platform i is `start + plan.platforms[i].offset_ms + deviation(i)`, where the deviation is one byte of
`jitter_ms_u8`, or exact in `late_ms` where that byte is 255. Latencies decide nothing.
"""

import zlib
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import orjson
from msgspec import Meta, Struct, field
from msgspec.json import Decoder

from ledger.errors import BadInputError, DamagedLedgerError
from ledger.fact import hash_of
from ledger.instants import END_OF_TIME_MS, FIRST_MS, format_instant, is_instant
from ledger.plans import PlanSet

TYPE = "constat.agent.round-finished.v1"
OUTCOMES = ("up", "degraded", "down", "unknown")
LATE = 255
LATENCY_MS_MAX = 65_535

Outcome = Literal["up", "degraded", "down", "unknown"]
Value = TypeVar("Value")
NotUp = tuple[str, int, str]
"""Outcome, status (0 if there was none) and error (empty if none) of a platform that was not up."""


_NONE: Mapping[int, Any] = MappingProxyType({})
"""No platform by its index; a round shares it, so it cannot be written to."""


class Round(Struct, frozen=True, gc=False):
    """A decoded round. Indexes are those of its plan; a missing platform has no result in this round.

    A structure of msgspec: a month has some hundred thousand, and each is made in a quarter of the time
    of a named tuple, and read in half of it.
    """

    agent: str
    number: int
    plan: str
    start_ms: int
    n: int
    not_up: Mapping[int, NotUp] = _NONE
    missing: Sequence[int] = ()
    odd_status: Mapping[int, int] = _NONE
    jitter: bytes = b""
    late_ms: Mapping[int, int] = _NONE
    latencies: bytes = b""
    """Low bytes of every platform's latency, then high bytes (`latency_ms_u16`), uncompressed."""

    def deviation_ms(self, index: int) -> int:
        """How much later than planned (earlier if negative) a platform was probed."""
        jitter_ms = self.jitter[index]
        return self.late_ms[index] if jitter_ms == LATE else jitter_ms

    def latency_ms(self, index: int) -> int:
        """How long the answer took; 0 where missing or not measured."""
        return self.latencies[index] | self.latencies[self.n + index] << 8 if self.latencies else 0

    def outcome(self, index: int) -> str | None:
        """The outcome of a platform; None where it is missing."""
        if index in self.missing:
            return None
        not_up = self.not_up.get(index)
        return not_up[0] if not_up else "up"


Index = Annotated[int, Meta(ge=0)]
"""A platform's place in the plan; a key of JSON is text."""

_BASE64 = {"contentEncoding": "base64"}
_INDEXED = {"propertyNames": {"pattern": r"^(0|[1-9]\d*)$"}}
ByIndex = Annotated[dict[Index, Value], Meta(extra_json_schema=_INDEXED)]
"""What some platforms have, by their index."""


class RoundData(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What an agent saw in a round; indexes are those of the plan, `start` is UTC milliseconds since 1970."""

    plan: str
    round: Annotated[int, Meta(ge=1)]
    start: Annotated[int, Meta(ge=FIRST_MS, lt=END_OF_TIME_MS)]
    n: Annotated[int, Meta(ge=1)]
    jitter_ms_u8: bytes
    """One byte for each platform of the plan."""
    not_up: ByIndex[tuple[Literal["degraded", "down", "unknown"], int, str]] = field(default_factory=dict)
    missing: list[Index] = field(default_factory=list)
    odd_status: ByIndex[int] = field(default_factory=dict)
    late_ms: ByIndex[int] = field(default_factory=dict)
    latency_ms_u16_zlib: Annotated[str, Meta(extra_json_schema=_BASE64)] = ""
    """Compressed, and left as it is until someone asks for it."""


class StoredRound(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The shape of a round on the wire: closed, CloudEvents attributes beside its data."""

    specversion: Literal["1.0"]
    type: Literal["constat.agent.round-finished.v1"]
    source: str
    id: str
    subject: str
    time: str
    sequence: str
    previoushash: str
    data: RoundData


_validated = Decoder(StoredRound).decode


def encode(found: Round, previous_hash: str) -> bytes:
    """The record of a round. The same round after the same predecessor always gives the same bytes."""
    data: dict[str, Any] = {"plan": found.plan, "round": found.number, "start": found.start_ms, "n": found.n}
    if found.not_up:
        data["not_up"] = {str(index): list(not_up) for index, not_up in found.not_up.items()}
    if found.missing:
        data["missing"] = list(found.missing)
    if found.odd_status:
        data["odd_status"] = {str(index): status for index, status in found.odd_status.items()}
    if found.late_ms:
        data["late_ms"] = {str(index): late_ms for index, late_ms in found.late_ms.items()}
    data["jitter_ms_u8"] = _base64(found.jitter)
    if found.latencies:
        data["latency_ms_u16_zlib"] = _base64(_compressed(found.latencies))
    return orjson.dumps(
        {
            "specversion": "1.0",
            "type": TYPE,
            **attributes(found.agent, found.number, found.start_ms),
            "previoushash": previous_hash,
            "data": data,
        },
    )


def attributes(agent: str, number: int, occurred_ms: int) -> dict[str, str]:
    """What an agent's record says around its data, its type and its predecessor aside."""
    return {
        "source": f"/agents/{agent}",
        "id": f"{agent}/{number}",
        "subject": f"agent:{agent}",
        "time": format_instant(occurred_ms),
        "sequence": f"{number:012}",
    }


def _compressed(column: bytes) -> bytes:
    # A window of 4 KiB holds the columns of two thousand platforms; the default one of 32 KiB takes ten
    # times longer to set up than a small column takes to compress.
    compressor = zlib.compressobj(wbits=12, memLevel=4)
    return compressor.compress(column) + compressor.flush()


def _base64(column: bytes) -> str:
    return b2a_base64(column, newline=False).decode()


def decode(value: bytes, *, with_latencies: bool = True) -> tuple[Round, str]:
    """Read a record: the round, and the hash of the predecessor that it names.

    Latencies decide nothing, so who folds rounds leaves them packed.

    Raises:
        DamagedLedgerError: the bytes are no round.
    """
    try:
        stored = _decoded(value)
        return _round(stored, with_latencies=with_latencies), stored.previoushash
    except (ValueError, zlib.error) as error:
        raise DamagedLedgerError(f"a stored round cannot be read ({error}); run `constat verify`") from error


def _decoded(value: bytes) -> StoredRound:
    stored = _validated(value)
    data = stored.data
    if 0 in data.not_up or 0 in data.odd_status or 0 in data.late_ms:
        _require_plain_zero(value)
    return stored


def _require_plain_zero(value: bytes) -> None:
    if b'"-0"' in value:  # the decoder takes it for index 0, beside which it may stand
        raise ValueError("an index is written -0")


def _round(stored: StoredRound, *, with_latencies: bool) -> Round:
    data = stored.data
    packed = data.latency_ms_u16_zlib if with_latencies else ""
    # By position, in the order of the fields: by name it takes twice as long.
    return Round(
        stored.subject.removeprefix("agent:"),
        data.round,
        data.plan,
        data.start,
        data.n,
        data.not_up,
        data.missing,
        data.odd_status,
        data.jitter_ms_u8,
        data.late_ms,
        _decompressed(a2b_base64(packed), 2 * len(data.jitter_ms_u8)) if packed else b"",
    )


def _decompressed(packed: bytes, length: int) -> bytes:
    # One byte more than a column has tells a longer one; a small record that swells to gigabytes stops there.
    unpacking = zlib.decompressobj()
    column = unpacking.decompress(packed, length + 1)
    if not unpacking.eof:
        raise zlib.error("a packed column is longer than its round, or cut short")
    return column


def check(found: Round, plan: PlanSet) -> None:
    """Refuse a round that does not fit its plan.

    Raises:
        BadInputError: another plan or length, an index out of range or in two places, a lateness without
            its mark, or a deviation of a whole round or more.
    """
    # Each relies on those before it.
    if fault := _other_plan(found, plan) or _misplaced(found) or _mistimed(found, plan.period_ms):
        raise BadInputError(f"round {found.number} of agent {found.agent} does not fit its plan: {fault}")


def _other_plan(found: Round, plan: PlanSet) -> str | None:
    n = len(plan.platforms)
    if found.plan != plan.reference:
        return f"it names plan {found.plan}, not {plan.reference}"
    if not is_instant(found.start_ms):
        return "it starts before 1970 or after the year 9998"
    if found.n != n:
        return f"it has {found.n} platforms, the plan {n}"
    if len(found.jitter) != n or (found.latencies and len(found.latencies) != 2 * n):
        return "a column has another length than the plan"
    return None


def _misplaced(found: Round) -> str | None:
    every = _indexes(found.n)
    for indexes in (found.not_up, found.missing, found.odd_status, found.late_ms):
        if indexes and not every.issuperset(indexes):
            return "an index is out of range"
    if (found.missing or found.odd_status) and not _disjoint(found):
        return "an index stands in two places"
    return None


@lru_cache
def _indexes(n: int) -> frozenset[int]:
    return frozenset(range(n))


def _mistimed(found: Round, period_ms: int) -> str | None:
    jitter, late_ms = found.jitter, found.late_ms
    # To look for a byte that is not there is much quicker than to count none.
    named = jitter.count(LATE) == len(late_ms) if late_ms else LATE not in jitter
    if not named or any(jitter[index] != LATE for index in late_ms):
        return "a jitter of 255 and `late_ms` do not name the same platforms"
    if late_ms and not -period_ms < min(late_ms.values()) <= max(late_ms.values()) < period_ms:
        return "a deviation is a whole round or more"
    return None


def _disjoint(found: Round) -> bool:
    not_up, missing, odd_status = found.not_up.keys(), found.missing, found.odd_status.keys()
    if len(set(missing)) != len(missing) or not not_up.isdisjoint(missing):
        return False
    return odd_status.isdisjoint(missing) and odd_status.isdisjoint(not_up)


def chained(rounds: Sequence[Round], previous_hash: str) -> list[bytes]:
    """The records of consecutive rounds of one agent, each naming its predecessor."""
    values = []
    for found in rounds:
        values.append(encode(found, previous_hash))
        previous_hash = hash_of(values[-1])
    return values
