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

from consumers.bench.part import Part
from consumers.bench.peers import each_result
from consumers.bench.peers.each_result import Heard, Result
from consumers.bench.sums import Sums
from ledger.errors import DamagedLedgerError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.log.interface import Engine, NewRound
from ledger.log.sqlite import SQLiteEngine
from ledger.rounds import Outcome, attributes
from projections.steps import CODES, hear

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
    return each_result.write(part, "each", _append)


def _append(engine: SQLiteEngine, agent: str, rounds: Iterator[list[Result]]) -> None:
    number, previous_hash = 0, GENESIS_HASH
    for results in rounds:
        records = []
        for result in results:
            number += 1
            value = _encoded(agent, number, previous_hash, result)
            previous_hash = hash_of(value)
            records.append(NewRound(number, result.at, value))
        engine.append_rounds(agent, records)


def _encoded(agent: str, number: int, previous_hash: str, result: Result) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "type": TYPE,
            **attributes(agent, number, result.at),
            "previoushash": previous_hash,
            "data": result._asdict(),
        }
    )


# ---------------------------------------------------------------- and read


def replay(part: Part, path: Path) -> Sums:
    """From the first event to the sums."""
    return each_result.replay(part, path, _folded)


def _folded(engine: Engine, stale_after_ms: int) -> Mapping[tuple[str, str], Heard]:
    heard: defaultdict[tuple[str, str], Heard] = defaultdict(Heard)
    heads: dict[str, str] = {}
    for kept in engine.rounds():
        event = _validated(kept.value)
        if event.previoushash != heads.get(kept.agent, GENESIS_HASH):
            raise DamagedLedgerError(f"result {kept.number} of agent {kept.agent} is no successor")
        heads[kept.agent] = kept.hash
        data = event.data
        found = heard[data.platform, kept.agent]
        hear(found.steps, found.until_ms or data.at, data.at, CODES[data.outcome])
        found.until_ms = data.at + stale_after_ms
    return heard
