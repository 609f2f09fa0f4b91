"""The same results as facts of the decision log, kept and read as this ledger does every other fact.

Each is a CloudEvent in its agent's stream that names its predecessor, arbitrated as it is appended. It is
read by the engine's page, hashed, decoded by the ledger's own codec to a closed fact, its predecessor's hash
checked, and folded by the steps that rounds are folded to. When it was is the time of its envelope.
"""

from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any, ClassVar

from eventsourcing.persistence import StoredEvent
from pydantic import Field

from consumers.bench.part import Part, made
from consumers.bench.peers.one_event_each import Said, results_of, steps_of
from consumers.bench.rounds import plan_of, rounds_of
from consumers.bench.sums import Sums, within
from consumers.bench.write import TERMS
from ledger.application import open_engine
from ledger.errors import DamagedLedgerError
from ledger.fact import GENESIS_HASH, Draft, Fact, Name, hash_of
from ledger.log import codec
from ledger.log.codec import Envelope
from ledger.log.interface import Engine
from ledger.log.sqlite import SQLiteEngine
from ledger.rounds import LATENCY_MS_MAX, Outcome
from projections.changes import frame
from projections.steps import CODES, Steps, hear
from projections.verdicts import verdicts


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
    return made(part.ledger.with_suffix(".facts.db"), lambda begun: _write(part, begun))


def _write(part: Part, path: Path) -> None:
    engine = SQLiteEngine(str(path), clock=lambda: part.bounds.end_ms)
    for agent in part.month.agents:
        _append(engine, part, *agent)
    engine.close()


def _append(engine: SQLiteEngine, part: Part, stream: int, witness: int) -> None:
    """What an agent saw in one round is one record."""
    plan, sequence, previous_hash = plan_of(part.month, stream, witness), 0, GENESIS_HASH
    for found in rounds_of(part.month, stream, witness, part.minutes):
        record = []
        for data in results_of(found, plan):
            sequence += 1
            fact = ResultSeen(**{name: getattr(data, name) for name in ResultSeen.model_fields})
            draft = Draft(f"result:{plan.agent}", fact, data.at, f"/agents/{plan.agent}")
            value = codec.encode(Envelope.of(draft, sequence, previous_hash))
            previous_hash = hash_of(value)
            record.append(StoredEvent(draft.stream, sequence, fact.TYPE, value))
        engine.append(record)


# ---------------------------------------------------------------- and read


def replay(part: Part, path: Path) -> Sums:
    """From the first fact to the sums."""
    engine = open_engine(str(path), create=False)
    try:
        changes = frame(_folded(engine, TERMS.stale_after_ms), part.bounds.end_ms)
    finally:
        engine.close()
    return within(verdicts(changes, part.month.names, part.bounds, TERMS), part.windows)


def _folded(engine: Engine, stale_after_ms: int) -> dict[tuple[str, str], Steps]:
    said: defaultdict[tuple[str, str], Said] = defaultdict(Said)
    heads: dict[str, str] = {}
    for kept in engine.facts():
        recorded = codec.recorded(kept, _read)
        if recorded.previous_hash != heads.get(recorded.stream, GENESIS_HASH):
            raise DamagedLedgerError(f"result {recorded.fact_id} is no successor")
        heads[recorded.stream] = recorded.hash
        assert isinstance(recorded.fact, ResultSeen)
        found, at_ms = said[recorded.fact.platform, recorded.stream], recorded.occurred_ms
        hear(found.steps, found.until_ms or at_ms, at_ms, CODES[recorded.fact.outcome])
        found.until_ms = at_ms + stale_after_ms
    return steps_of(said)
