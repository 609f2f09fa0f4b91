"""The same results as facts of the decision log, kept and read as this ledger does every other fact.

Each is a CloudEvent in its agent's stream that names its predecessor, arbitrated as it is appended. It is
read by the engine's page, hashed, decoded by the ledger's own codec to a closed fact, its predecessor's hash
checked, and folded by the steps that rounds are folded to. When it was is the time of its envelope.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from eventsourcing.persistence import StoredEvent
from pydantic import Field

from consumers.bench.part import Part
from consumers.bench.peers import each_result
from consumers.bench.peers.each_result import Heard, Result
from consumers.bench.sums import Sums
from ledger.errors import DamagedLedgerError
from ledger.fact import GENESIS_HASH, Draft, Fact, Name, hash_of
from ledger.log import codec
from ledger.log.codec import Envelope
from ledger.log.interface import Engine
from ledger.log.sqlite import SQLiteEngine
from ledger.rounds import LATENCY_MS_MAX, Outcome
from projections.steps import CODES, hear


class ResultSeen(Fact):
    """An agent saw this of one platform."""

    TYPE: ClassVar[str] = "bench.result-seen.v1"

    platform: Name
    outcome: Outcome
    status: Annotated[int, Field(ge=0, le=999)]
    error: str
    latency_ms: Annotated[int, Field(ge=0, le=LATENCY_MS_MAX)]


_BY_TYPE = {ResultSeen.TYPE: ResultSeen}


def _read(type_name: str, data: dict[str, Any]) -> Fact:
    return _BY_TYPE[type_name].model_validate(data)


# ---------------------------------------------------------------- written


def write(part: Part) -> Path:
    """A decision log with one fact for each result of the part, if it is not there."""
    return each_result.write(part, "facts", _append)


def _append(engine: SQLiteEngine, agent: str, rounds: Iterator[list[Result]]) -> None:
    """What an agent saw in one round is one record."""
    sequence, previous_hash = 0, GENESIS_HASH
    for results in rounds:
        record = []
        for result in results:
            sequence += 1
            fact = ResultSeen(**{name: getattr(result, name) for name in ResultSeen.model_fields})
            draft = Draft(f"result:{agent}", fact, result.at, f"/agents/{agent}")
            value = codec.encode(Envelope.of(draft, sequence, previous_hash))
            previous_hash = hash_of(value)
            record.append(StoredEvent(draft.stream, sequence, fact.TYPE, value))
        engine.append(record)


# ---------------------------------------------------------------- and read


def replay(part: Part, path: Path) -> Sums:
    """From the first fact to the sums."""
    return each_result.replay(part, path, _folded)


def _folded(engine: Engine, stale_after_ms: int) -> Mapping[tuple[str, str], Heard]:
    heard: defaultdict[tuple[str, str], Heard] = defaultdict(Heard)
    heads: dict[str, str] = {}
    for kept in engine.facts():
        recorded = codec.recorded(kept, _read)
        if recorded.previous_hash != heads.get(recorded.stream, GENESIS_HASH):
            raise DamagedLedgerError(f"result {recorded.fact_id} is no successor")
        heads[recorded.stream] = recorded.hash
        assert isinstance(recorded.fact, ResultSeen)
        found, at_ms = heard[recorded.fact.platform, recorded.stream], recorded.occurred_ms
        hear(found.steps, found.until_ms or at_ms, at_ms, CODES[recorded.fact.outcome])
        found.until_ms = at_ms + stale_after_ms
    return heard
