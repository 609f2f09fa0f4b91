"""Read a whole ledger again, hash everything anew, and name the first record that does not fit.

Each record must have the hash of its bytes, say in its columns what its bytes say, follow its predecessor in
its stream, never run the recorded clock backwards, decode, and fit its plan if it is a round; and the running
hash of each log must come out again.

What no ledger can show from within: that its newest records were cut off, or that somebody with the file
wrote all of it anew. Both are found by the running hash that an earlier check printed, if it was kept
elsewhere: give it as `saved`. (A tail that was deleted through SQL is noticed also without it, because SQLite
remembers the highest place given; whoever knows that can edit it too.)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import orjson

from ledger import rounds
from ledger.errors import BadInputError, DamagedLedgerError, UnusableLedgerError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.facts import stream_of
from ledger.instants import format_instant
from ledger.log import codec
from ledger.log.arbitration import Head
from ledger.log.interface import Engine
from ledger.log.rows import FactRow, RoundRow
from ledger.log.stamp import GENESIS_RUNNING_HASH, running_hash
from ledger.plans import PlanSet
from ledger.rounds import Round

Log = Literal["decisions", "probes", "file"]
Row = TypeVar("Row", FactRow, RoundRow)
Progress = Callable[[int], None]
"""Hears how many records each step checked."""

REPORT_EVERY = 256
_START = Head(0, GENESIS_HASH)
_ADVICE = "take this ledger out of use, keep the file as evidence, and restore it from a copy that verifies"


@dataclass(frozen=True, slots=True)
class LogEnd:
    """How long a log is, and the hash of all of it."""

    records: int = 0
    running_hash: str = "sha256:" + GENESIS_RUNNING_HASH.hex()


@dataclass(frozen=True, slots=True)
class Heads:
    """The ends of both logs: what is worth keeping elsewhere."""

    decisions: LogEnd = LogEnd()
    probes: LogEnd = LogEnd()


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first thing that does not fit. In the log `file` it is no record, and has no place."""

    log: Log
    place: int | None
    """Position or offset."""
    stream: str | None
    """The stream of a fact, the agent of a round; None if not even that can be read."""
    number: int | None
    what: str
    advice: str = _ADVICE

    def __str__(self) -> str:
        """A sentence: where, what, and what to do."""
        where = {
            "decisions": f"decision log, position {self.place}",
            "probes": f"probe log, offset {self.place}",
            "file": "the file itself",
        }[self.log]
        record = f" ({self.stream}, number {self.number})" if self.stream else ""
        return f"{where}{record}: {self.what}; {self.advice}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read and found to fit: everything, if there is no misfit, else what came before it."""

    heads: Heads
    streams: int
    agents: int
    misfit: Misfit | None


@dataclass(slots=True)
class _Walked:
    """A log as far as it was walked: its last record's place, clock and append, its streams' heads."""

    saved: LogEnd
    place: int = 0
    recorded_ms: int = 0
    record: int = 0
    running: bytes = GENESIS_RUNNING_HASH
    heads: dict[str, Head] = field(default_factory=dict)

    @property
    def end(self) -> LogEnd:
        return LogEnd(self.place, "sha256:" + self.running.hex())


@dataclass(frozen=True, slots=True)
class _KnownPlan:
    plan: PlanSet
    recorded_ms: int


def verify(engine: Engine, saved: Heads | None = None, progress: Progress | None = None) -> Verification:
    """Check everything that a ledger holds; also against its own earlier ends, if they were saved.

    Raises:
        UnusableLedgerError: it cannot be read, though nothing is known to be wrong with it.
    """
    saved = saved or Heads()
    decisions, probes = _Walked(saved.decisions), _Walked(saved.probes)
    fault = _fault(engine)
    try:
        misfit = _walk_both(engine, decisions, probes, progress or (lambda _: None))
    except UnusableLedgerError:
        if fault is None:
            raise
        misfit = None
    if misfit is None and fault:
        misfit = Misfit("file", None, None, None, fault)
    return Verification(Heads(decisions.end, probes.end), len(decisions.heads), len(probes.heads), misfit)


def _fault(engine: Engine) -> str | None:
    try:
        return engine.fault()
    except DamagedLedgerError as error:
        return str(error)


def _walk_both(engine: Engine, decisions: _Walked, probes: _Walked, progress: Progress) -> Misfit | None:
    plans: dict[str, _KnownPlan] = {}
    try:
        head = engine.head()
    except DamagedLedgerError as error:
        return Misfit("file", None, None, None, str(error))
    facts = _reported(engine.fact_rows(until=head.position), progress)
    found = _reported(engine.round_rows(until=head.round_offset), progress)

    def check_fact(row: FactRow) -> None:
        _check_fact(row, decisions, plans)

    def check_round(row: RoundRow) -> None:
        _check_round(row, probes, plans)

    misfit = _walk("decisions", facts, check_fact, decisions, head.position)
    return misfit or _walk("probes", found, check_round, probes, head.round_offset)


def _reported(rows: Iterable[Row], progress: Progress) -> Iterator[Row]:
    unreported = 0
    for row in rows:
        yield row
        unreported += 1
        if unreported == REPORT_EVERY:
            progress(unreported)
            unreported = 0
    progress(unreported)


def _walk(
    log: Log, rows: Iterable[Row], check: Callable[[Row], None], walked: _Walked, until: int
) -> Misfit | None:
    stream = number = None
    try:
        _check_saved(walked)
        for row in rows:
            stream, number = row.place_in_stream
            check(row)
            stream = number = None
            _check_saved(walked)
        _require(walked.place == until, f"it is missing, though the log goes up to {until}")
        saved = walked.saved.records
        _require(saved <= until, f"the log went up to {saved} when its end was saved: its tail was cut off")
    except DamagedLedgerError as error:
        return Misfit(log, walked.place + 1, stream, number, str(error))
    return None


def _check_saved(walked: _Walked) -> None:
    _require(
        walked.place != walked.saved.records or walked.end == walked.saved,
        "the log before it is not the one whose end was saved: it was written anew",
    )


def _check_fact(row: FactRow, walked: _Walked, plans: dict[str, _KnownPlan]) -> None:
    _require(row.position == walked.place + 1, f"position {row.position} stands in its place")
    _check_alone(row, walked)
    envelope = codec.decode(row.value)
    said = (envelope.stream, envelope.sequence, orjson.loads(row.value)["type"])
    _require(said == (row.stream, row.sequence, row.type), "its columns do not say what its bytes say")
    own = stream_of(envelope.fact)
    _require(row.stream == own, f"it stands on {row.stream}, and belongs on {own}")
    head = walked.heads.get(row.stream, _START)
    _require(row.sequence == head.sequence + 1, f"number {head.sequence + 1} of its stream is missing")
    _check_predecessor(envelope.previous_hash, head)
    together = (row.record, row.recorded_ms) == (walked.record, walked.recorded_ms)
    pinned = (row.record, row.position, row.recorded_ms, row.hash)
    _take(row, walked, running_hash(walked.running, *pinned))
    _require(row.record == row.position or together, "it does not belong to the append that it names")
    walked.place, walked.record = row.position, row.record
    walked.heads[row.stream] = Head(row.sequence, row.hash)
    if isinstance(envelope.fact, PlanSet):
        plans[envelope.fact.reference] = _KnownPlan(envelope.fact, row.recorded_ms)


def _check_round(row: RoundRow, walked: _Walked, plans: Mapping[str, _KnownPlan]) -> None:
    _require(row.offset == walked.place + 1, f"offset {row.offset} stands in its place")
    _check_alone(row, walked)
    found, previous_hash = rounds.decode(row.value)
    said = (found.agent, found.number, found.start_ms)
    _require(said == (row.agent, row.number, row.start_ms), "its columns do not say what its bytes say")
    _check_attributes(row.value, found)
    head = walked.heads.get(row.agent, _START)
    _require(row.number > head.sequence, f"round {head.sequence} of its agent comes before it")
    _check_predecessor(previous_hash, head)
    _check_plan(found, row.recorded_ms, plans.get(found.plan))
    _take(row, walked, running_hash(walked.running, row.offset, row.recorded_ms, row.hash))
    walked.place = row.offset
    walked.heads[row.agent] = Head(row.number, row.hash)


def _check_attributes(value: bytes, found: Round) -> None:
    event = orjson.loads(value)
    expected = {
        "source": f"/agents/{found.agent}",
        "id": f"{found.agent}/{found.number}",
        "subject": f"agent:{found.agent}",
        "time": format_instant(found.start_ms),
        "sequence": f"{found.number:012}",
    }
    _require(expected.items() <= event.items(), "its attributes do not say what its data say")


def _check_plan(found: Round, recorded_ms: int, known: _KnownPlan | None) -> None:
    if known is None or known.recorded_ms > recorded_ms:
        raise DamagedLedgerError(f"it names plan {found.plan}, which was not recorded before it")
    _require(known.plan.agent == found.agent, f"plan {found.plan} is another agent's")
    try:
        rounds.check(found, known.plan)
    except BadInputError as error:
        raise DamagedLedgerError(str(error)) from error


def _check_alone(row: FactRow | RoundRow, walked: _Walked) -> None:
    _require(hash_of(row.value) == row.hash, "its bytes do not have the hash that was recorded")
    _require(row.recorded_ms >= walked.recorded_ms, "its recorded clock runs backwards")


def _check_predecessor(named: str, head: Head) -> None:
    _require(named == head.hash, "it names another predecessor than the one before it in its stream")


def _take(row: FactRow | RoundRow, walked: _Walked, running: bytes) -> None:
    _require(
        row.running_hash == running,
        "the running hash does not come out: its recorded clock, its place or the log before it was changed",
    )
    walked.recorded_ms, walked.running = row.recorded_ms, running


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise DamagedLedgerError(otherwise)
