"""The same results as one JSON event each, through the same table and client.

The grain differs: each event is an envelope like a round's, names its predecessor, is hashed as it is read,
decoded as strictly, its predecessor's hash checked, and folded by the steps that rounds are folded to. A
round is checked against its plan as well; this has nothing of that.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import orjson
from msgspec import Struct
from msgspec.json import Decoder

from consumers.bench.part import Part, made
from consumers.bench.rounds import plan_of, rounds_of
from consumers.bench.sums import Sums, within
from consumers.bench.write import TERMS
from ledger.application import open_engine
from ledger.errors import DamagedLedgerError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.log.interface import Engine, NewRound
from ledger.log.sqlite import SQLiteEngine
from ledger.plans import PlanSet
from ledger.rounds import Outcome, Round, attributes
from projections.changes import frame
from projections.steps import CODES, UNKNOWN, Steps, hear, say
from projections.verdicts import verdicts

TYPE = "bench.result-observed.v1"


class ResultData(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What an agent saw of one platform."""

    platform: str
    at: int
    outcome: Outcome
    status: int
    error: str
    latency_ms: int


class StoredResult(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The shape of a result on the wire: that of a round, of one platform."""

    specversion: Literal["1.0"]
    type: Literal["bench.result-observed.v1"]
    source: str
    id: str
    subject: str
    time: str
    sequence: str
    previoushash: str
    data: ResultData


_validated = Decoder(StoredResult).decode


# ---------------------------------------------------------------- written


def write(part: Part) -> Path:
    """A table with one row for each result of the part, if it is not there."""
    return made(part.ledger.with_suffix(".each.db"), lambda begun: _write(part, begun))


def _write(part: Part, path: Path) -> None:
    engine = SQLiteEngine(str(path), clock=lambda: part.bounds.end_ms)
    for agent in part.month.agents:
        _append(engine, part, *agent)
    engine.close()


def _append(engine: SQLiteEngine, part: Part, stream: int, witness: int) -> None:
    plan, number, previous_hash = plan_of(part.month, stream, witness), 0, GENESIS_HASH
    for found in rounds_of(part.month, stream, witness, part.minutes):
        records = []
        for data in results_of(found, plan):
            number += 1
            value = _encoded(plan.agent, number, previous_hash, data)
            previous_hash = hash_of(value)
            records.append(NewRound(number, data.at, value))
        engine.append_rounds(plan.agent, records)


def results_of(found: Round, plan: PlanSet) -> Iterator[ResultData]:
    """Every result of a round."""
    for index, planned in enumerate(plan.platforms):
        outcome = found.outcome(index)
        if outcome is not None:
            _, status, error = found.not_up.get(index, (outcome, planned.usual_status, ""))
            at_ms = found.start_ms + planned.offset_ms + found.deviation_ms(index)
            yield ResultData(planned.platform, at_ms, outcome, status, error, found.latency_ms(index))  # type: ignore[arg-type]


def _encoded(agent: str, number: int, previous_hash: str, data: ResultData) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "type": TYPE,
            **attributes(agent, number, data.at),
            "previoushash": previous_hash,
            "data": {name: getattr(data, name) for name in ResultData.__struct_fields__},
        }
    )


# ---------------------------------------------------------------- and read


def replay(part: Part, path: Path) -> Sums:
    """From the first event to the sums."""
    engine = open_engine(str(path), create=False)
    try:
        changes = frame(_folded(engine, TERMS.stale_after_ms), part.bounds.end_ms)
    finally:
        engine.close()
    return within(verdicts(changes, part.month.names, part.bounds, TERMS), part.windows)


class Said:
    """What one agent says of one platform, and until when the last of it holds."""

    __slots__ = ("steps", "until_ms")

    def __init__(self) -> None:
        self.steps: Steps = []
        self.until_ms = 0


def _folded(engine: Engine, stale_after_ms: int) -> dict[tuple[str, str], Steps]:
    said: defaultdict[tuple[str, str], Said] = defaultdict(Said)
    heads: dict[str, str] = {}
    for kept in engine.rounds():
        event = _validated(kept.value)
        if event.previoushash != heads.get(kept.agent, GENESIS_HASH):
            raise DamagedLedgerError(f"result {kept.number} of agent {kept.agent} is no successor")
        heads[kept.agent] = kept.hash
        data = event.data
        found = said[data.platform, kept.agent]
        hear(found.steps, found.until_ms or data.at, data.at, CODES[data.outcome])
        found.until_ms = data.at + stale_after_ms
    return steps_of(said)


def steps_of(said: Mapping[tuple[str, str], Said]) -> dict[tuple[str, str], Steps]:
    """The steps of each platform and agent; nothing holds behind the last of what was said."""
    for found in said.values():
        say(found.steps, found.until_ms, UNKNOWN)
    return {key: found.steps for key, found in said.items()}
