"""A round: one pass of one agent over its plan, to and from the bytes of one record in the probe log.

What is not up stands in clear text; a platform in neither `not_up` nor `missing` was up. The instant of
platform i is `start + plan.platforms[i].offset_ms + deviation(i)`, where the deviation is one byte of
`jitter_ms_u8`, or exact in `late_ms` where that byte is 255. Latencies decide nothing.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ledger.errors import BadInputError, DamagedLedgerError
from ledger.fact import hash_of
from ledger.instants import format_instant
from ledger.plans import PlanSet

TYPE = "constat.agent.round-finished.v1"
OUTCOMES = ("up", "degraded", "down", "unknown")
LATE = 255
LATENCY_MS_MAX = 65_535

Outcome = Literal["up", "degraded", "down", "unknown"]
NotUp = tuple[str, int, str]
"""Outcome, status (0 if there was none) and error (empty if none) of a platform that was not up."""


@dataclass(frozen=True, slots=True)
class Round:
    """A decoded round. Indexes are those of its plan; a missing platform has no result in this round."""

    agent: str
    number: int
    plan: str
    start_ms: int
    n: int
    not_up: Mapping[int, NotUp] = field(default_factory=dict)
    missing: Sequence[int] = ()
    odd_status: Mapping[int, int] = field(default_factory=dict)
    jitter: bytes = b""
    late_ms: Mapping[int, int] = field(default_factory=dict)
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


class StoredRound(BaseModel):
    """The shape of a round on the wire: closed, CloudEvents attributes beside its data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    specversion: Literal["1.0"]
    type: Literal["constat.agent.round-finished.v1"]
    source: str
    id: str
    subject: str
    time: str
    sequence: str
    previoushash: str
    data: "RoundData"


Index = Annotated[str, Field(pattern=r"^(0|[1-9]\d*)$")]


class RoundData(BaseModel):
    """What an agent saw in a round; indexes are those of the plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: str
    round: Annotated[int, Field(ge=1)]
    start: int
    """UTC milliseconds since 1970."""
    n: Annotated[int, Field(ge=1)]
    not_up: dict[Index, tuple[Literal["degraded", "down", "unknown"], int, str]] = {}
    missing: list[Annotated[int, Field(ge=0)]] = []
    odd_status: dict[Index, int] = {}
    late_ms: dict[Index, int] = {}
    jitter_ms_u8: str
    latency_ms_u16_zlib: str = ""


_STORED = TypeAdapter(StoredRound)


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
    data["jitter_ms_u8"] = base64.b64encode(found.jitter).decode()
    if found.latencies:
        data["latency_ms_u16_zlib"] = base64.b64encode(zlib.compress(found.latencies)).decode()
    return orjson.dumps(
        {
            "specversion": "1.0",
            "type": TYPE,
            "source": f"/agents/{found.agent}",
            "id": f"{found.agent}/{found.number}",
            "subject": f"agent:{found.agent}",
            "time": format_instant(found.start_ms),
            "sequence": f"{found.number:012}",
            "previoushash": previous_hash,
            "data": data,
        },
    )


def decode(value: bytes) -> tuple[Round, str]:
    """Read a record: the round, and the hash of the predecessor that it names.

    Raises:
        DamagedLedgerError: the bytes are no round.
    """
    try:
        stored = _STORED.validate_json(value)
        data = stored.data
        found = Round(
            agent=stored.subject.removeprefix("agent:"),
            number=data.round,
            plan=data.plan,
            start_ms=data.start,
            n=data.n,
            not_up={int(index): not_up for index, not_up in data.not_up.items()},
            missing=data.missing,
            odd_status={int(index): status for index, status in data.odd_status.items()},
            late_ms={int(index): late_ms for index, late_ms in data.late_ms.items()},
            jitter=base64.b64decode(data.jitter_ms_u8),
            latencies=zlib.decompress(base64.b64decode(data.latency_ms_u16_zlib))
            if data.latency_ms_u16_zlib
            else b"",
        )
    except (ValidationError, ValueError, zlib.error) as error:
        raise DamagedLedgerError(f"a stored round cannot be read ({error}); run `constat verify`") from error
    return found, stored.previoushash


def check(found: Round, plan: PlanSet) -> None:
    """Refuse a round that does not fit its plan.

    Raises:
        BadInputError: another plan or length, an index out of range or in two places, a lateness without
            its mark, or a deviation of a whole round or more.
    """
    faults = _faults(found, plan)
    if faults:
        raise BadInputError(f"round {found.number} of agent {found.agent} does not fit its plan: {faults[0]}")


def _faults(found: Round, plan: PlanSet) -> list[str]:
    exceptions = [*found.not_up, *found.missing]
    marked = {index for index, jitter_ms in enumerate(found.jitter) if jitter_ms == LATE}
    checks = {
        f"it names plan {found.plan}, not {plan.reference}": found.plan != plan.reference,
        f"it has {found.n} platforms, the plan {len(plan.platforms)}": found.n != len(plan.platforms),
        "a column has another length than the plan": len(found.jitter) != found.n
        or len(found.latencies) not in (0, 2 * found.n),
        "an index is out of range": any(
            i >= found.n for i in (*exceptions, *found.odd_status, *found.late_ms)
        ),
        "an index stands in two places": len(set(exceptions)) < len(exceptions)
        or not set(exceptions).isdisjoint(found.odd_status),
        "a jitter of 255 and `late_ms` do not name the same platforms": marked != set(found.late_ms),
        "a deviation is a whole round or more": any(
            abs(late) >= plan.period_ms for late in found.late_ms.values()
        ),
    }
    return [fault for fault, is_so in checks.items() if is_so]


def chained(rounds: Sequence[Round], previous_hash: str) -> list[bytes]:
    """The records of consecutive rounds of one agent, each naming its predecessor."""
    values = []
    for found in rounds:
        values.append(encode(found, previous_hash))
        previous_hash = hash_of(values[-1])
    return values
