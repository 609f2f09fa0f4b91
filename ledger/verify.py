"""Read a whole ledger again, hash everything anew, and name the first record that does not fit.

Each record must have the hash of its bytes, say in its columns what its bytes say, follow its predecessor in
its stream, never run the recorded clock backwards, decode, and fit its plan if it is a round; and the running
hashes must come out again: one of the decisions, and one of the rounds of each agent. Each seal must say what
the hashes are of that which it sealed.

What no ledger can show from within: that its newest records were cut off, or that somebody with the file
wrote all of it anew. Both are found by the running hash that an earlier check printed, if it was kept
elsewhere: give it as `saved`. (A tail that was deleted through SQL is noticed also without it, because SQLite
remembers the highest place given; whoever knows that can edit it too.)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import orjson

from ledger import rounds
from ledger.errors import BadInputError, DamagedIndexError, DamagedLedgerError, UnusableLedgerError
from ledger.fact import GENESIS_HASH, hash_of
from ledger.facts import stream_of
from ledger.instants import format_instant
from ledger.log import codec
from ledger.log.arbitration import Head
from ledger.log.interface import CLOCKS_DIFFER_MS, Engine, Fault
from ledger.log.rows import FactRow, RoundRow
from ledger.log.stamp import GENESIS_RUNNING_HASH, running_hash, shown
from ledger.plans import PlanSet
from ledger.progress import Progress, reported
from ledger.rounds import Round
from ledger.seals import SealedRounds, SealMade
from ledger.seals import stream_of as stream_of_seal
from ledger.verification import ADVICE, Heads, Log, LogEnd, Misfit, Verification

Row = TypeVar("Row", FactRow, RoundRow)

_START = Head(0, GENESIS_HASH)


@dataclass(slots=True)
class _Chain:
    """The decisions, or the rounds of one agent, as far as they were walked."""

    saved: LogEnd
    what: str
    records: int = 0
    recorded_ms: int = 0
    running: bytes = GENESIS_RUNNING_HASH

    @property
    def end(self) -> LogEnd:
        return LogEnd(self.records, shown(self.running))


@dataclass(frozen=True, slots=True)
class _KnownPlan:
    plan: PlanSet
    recorded_ms: int


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What a seal says of the rounds of one agent, and where the seal stands."""

    rounds: SealedRounds
    seal: str
    position: int
    sequence: int


class _Walked:
    """Both logs as far as they were walked: chains, streams' heads, the last append, plans."""

    def __init__(self, saved: Heads) -> None:
        self.saved = saved
        self.decisions = _Chain(saved.decisions, "the log")
        self.probes: dict[str, _Chain] = {}
        self.places = 0
        self.record = 0
        self.streams: dict[str, Head] = {}
        self.agents: dict[str, Head] = {}
        self.plans: dict[str, _KnownPlan] = {}
        self.running = bytearray(GENESIS_RUNNING_HASH)
        """The running hash of the decisions up to each position, from 0 on, one behind the other."""
        self.sealed: dict[tuple[str, int], list[_Sealed]] = {}
        """What seals say of the rounds of an agent up to a number."""

    def chain_of(self, agent: str) -> _Chain:
        if agent not in self.probes:
            self.probes[agent] = _Chain(self.saved.probes.get(agent, LogEnd()), f"agent {agent}")
        return self.probes[agent]

    @property
    def heads(self) -> Heads:
        return Heads(self.decisions.end, {agent: self.probes[agent].end for agent in sorted(self.probes)})


def verify(engine: Engine, saved: Heads | None = None, progress: Progress | None = None) -> Verification:
    """Check everything that a ledger holds; also against its own earlier ends, if they were saved.

    Raises:
        UnusableLedgerError: it cannot be read, though nothing is known to be wrong with it.
    """
    walked = _Walked(saved or Heads())
    fault = _fault(engine)
    try:
        misfit = _walk_both(engine, walked, progress or (lambda _: None))
    except UnusableLedgerError:
        if fault is None:
            raise
        misfit = None
    if misfit is None and fault:
        misfit = Misfit("file", None, None, None, fault.what, fault.advice or ADVICE)
    return Verification(walked.heads, len(walked.streams), _void(engine), misfit)


def _void(engine: Engine) -> int:
    try:
        return engine.void_records()
    except DamagedLedgerError:
        return 0  # what is wrong has been said


def _fault(engine: Engine) -> Fault | None:
    try:
        return engine.fault()
    except DamagedIndexError as error:
        return Fault(str(error), "no record is at fault")
    except DamagedLedgerError as error:
        return Fault(str(error))


def _walk_both(engine: Engine, walked: _Walked, progress: Progress) -> Misfit | None:
    try:
        head = engine.head()
    except DamagedLedgerError as error:
        return Misfit("file", None, None, None, str(error))
    facts = reported(engine.fact_rows(until=head.position), progress)
    found = reported(engine.round_rows(until=head.round_offset), progress)
    misfit = _walk("decisions", facts, lambda row: _take_fact(row, walked), head.position)
    misfit = misfit or _walk("probes", found, lambda row: _take_round(row, walked), head.round_offset)
    return misfit or _not_as_sealed(walked) or _cut_off(walked)


def _walk(log: Log, rows: Iterable[Row], take: Callable[[Row], None], until: int) -> Misfit | None:
    place, log_place = 0, "position" if log == "decisions" else "offset"
    stream: str | None = None
    number: int | None = None
    try:
        for row in rows:
            stream, number = row.place_in_stream
            _require(row.place == place + 1, f"{log_place} {row.place} stands in its place")
            take(row)
            stream = number = None
            place += 1
        _require(place == until, f"it is missing, though the log goes up to {until}")
    except DamagedIndexError as error:
        return Misfit("file", None, None, None, str(error), "no record is at fault")
    except DamagedLedgerError as error:
        return Misfit(log, place + 1, stream, number, str(error))
    return None


def _not_as_sealed(walked: _Walked) -> Misfit | None:
    """A seal of rounds that are not there."""
    if not walked.sealed:
        return None
    agent, number = min(walked.sealed)
    first = walked.sealed[agent, number][0]
    what = f"it seals the rounds of agent {agent} up to number {number}, and there is no such round"
    return Misfit("decisions", first.position, stream_of_seal(first.seal), first.sequence, what)


def _cut_off(walked: _Walked) -> Misfit | None:
    """A log, or an agent, that went further when its end was saved."""
    for named in walked.saved.probes:
        walked.chain_of(named)
    chains: list[tuple[Log, _Chain, str | None]] = [("decisions", walked.decisions, None)]
    chains += [("probes", chain, agent) for agent, chain in sorted(walked.probes.items())]
    for log, chain, agent in chains:
        if chain.records < chain.saved.records:
            what = (
                f"{chain.what} went up to {chain.saved.records} records when its end was saved, and has "
                f"{chain.records}: its tail was cut off"
            )
            place = (walked.places if agent else walked.decisions.records) + 1
            return Misfit(log, place, agent, None, what)
    return None


def _take_fact(row: FactRow, walked: _Walked) -> None:
    chain = walked.decisions
    _check_alone(row, chain)
    envelope = codec.decode(row.value)
    said = (envelope.stream, envelope.sequence, orjson.loads(row.value)["type"])
    _require(said == (row.stream, row.sequence, row.type), "its columns do not say what its bytes say")
    own = stream_of(envelope.fact)
    _require(row.stream == own, f"it stands on {row.stream}, and belongs on {own}")
    head = walked.streams.get(row.stream, _START)
    _require(row.sequence == head.sequence + 1, f"number {head.sequence + 1} of its stream is missing")
    _check_predecessor(envelope.previous_hash, head)
    together = (row.record, row.recorded_ms) == (walked.record, chain.recorded_ms)
    _extend(chain, row, row.record, row.position)
    _require(row.record == row.position or together, "it does not belong to the append that it names")
    walked.record = row.record
    walked.streams[row.stream] = Head(row.sequence, row.hash)
    walked.running += chain.running
    if isinstance(envelope.fact, SealMade):
        _check_seal(envelope.fact, row, walked)
    if isinstance(envelope.fact, PlanSet):
        walked.plans[envelope.fact.reference] = _KnownPlan(envelope.fact, row.recorded_ms)


def _check_seal(made: SealMade, row: FactRow, walked: _Walked) -> None:
    size = len(GENESIS_RUNNING_HASH)
    _require(made.position < row.position, "it seals decisions that come after it")
    running = bytes(walked.running[made.position * size : (made.position + 1) * size])
    _require(
        made.running_hash == shown(running),
        f"the decisions up to position {made.position} are not those that it sealed",
    )
    for each in made.rounds:
        sealed = _Sealed(each, made.seal, row.position, row.sequence)
        walked.sealed.setdefault((each.agent, each.number), []).append(sealed)


def _take_round(row: RoundRow, walked: _Walked) -> None:
    chain = walked.chain_of(row.agent)
    _check_alone(row, chain)
    found, previous_hash = rounds.decode(row.value)
    said = (found.agent, found.number, found.start_ms)
    _require(said == (row.agent, row.number, row.start_ms), "its columns do not say what its bytes say")
    _check_attributes(row.value, found)
    head = walked.agents.get(row.agent, _START)
    _require(row.number > head.sequence, f"round {head.sequence} of its agent comes before it")
    _check_predecessor(previous_hash, head)
    _check_plan(found, row.recorded_ms, walked.plans.get(found.plan))
    _extend(chain, row, row.number)
    for sealed in walked.sealed.pop((row.agent, row.number), ()):
        expected = LogEnd(sealed.rounds.records, sealed.rounds.running_hash)
        _require(
            chain.end == expected,
            f"the rounds of agent {row.agent} up to it are not those of seal {sealed.seal}",
        )
    walked.places = row.offset
    walked.agents[row.agent] = Head(row.number, row.hash)


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
    if known is None or known.recorded_ms > recorded_ms + CLOCKS_DIFFER_MS:
        raise DamagedLedgerError(f"it names plan {found.plan}, which was not recorded before it")
    _require(known.plan.agent == found.agent, f"plan {found.plan} is another agent's")
    try:
        rounds.check(found, known.plan)
    except BadInputError as error:
        raise DamagedLedgerError(str(error)) from error


def _check_alone(row: FactRow | RoundRow, chain: _Chain) -> None:
    _require(hash_of(row.value) == row.hash, "its bytes do not have the hash that was recorded")
    _require(row.recorded_ms >= chain.recorded_ms, "its recorded clock runs backwards")


def _check_predecessor(named: str, head: Head) -> None:
    _require(named == head.hash, "it names another predecessor than the one before it in its stream")


def _extend(chain: _Chain, row: FactRow | RoundRow, *place: int) -> None:
    running = running_hash(chain.running, *place, row.recorded_ms, row.hash)
    _require(
        row.running_hash == running,
        "the running hash does not come out: its recorded clock, its place or what is before it was changed",
    )
    chain.records, chain.recorded_ms, chain.running = chain.records + 1, row.recorded_ms, running
    _require(
        chain.records != chain.saved.records or chain.end == chain.saved,
        f"up to it {chain.what} is not the one whose end was saved: it was written anew",
    )


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise DamagedLedgerError(otherwise)
