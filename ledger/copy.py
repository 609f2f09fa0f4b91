"""Copy a ledger to another engine, byte for byte and in order; each record keeps its recorded time and place.

A copy is made up to where its source stood when it began. It may be killed at any moment: while it has not
ended, no other command opens its target, and the same copy run again goes on behind the last record that is
there. It ends with a fact that says from where and how far. What is copied is hashed anew on the way, and a
target that holds anything that is not the beginning of its source is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eventsourcing.persistence import StoredEvent

from ledger import copies
from ledger.copies import CopiedRounds, LedgerCopied
from ledger.errors import ConflictError, DamagedLedgerError
from ledger.fact import GENESIS_HASH, Draft, hash_of
from ledger.log import codec
from ledger.log.codec import Envelope
from ledger.log.interface import Copying, Ends, Engine, RoundsEnd
from ledger.log.rows import FactRow, RoundRow
from ledger.log.stamp import GENESIS_RUNNING_HASH, running_hash, shown
from ledger.progress import Progress, reported

_COPIES_MAX = 1000
"""Of how many copies a ledger's history is looked through for this one."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to. `added` records were copied by this run; none if it had ended before."""

    closing: LedgerCopied
    added: int
    had_ended: bool
    source_has_grown: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is still to be copied: from the ends of the target up to those of the source."""

    done: Ends
    until: Ends

    @property
    def records(self) -> int:
        """How many facts and rounds that is."""
        rounds = _rounds(self.until) - _rounds(self.done)
        return self.until.position - self.done.position + rounds


def plan(source: Engine, target: Engine) -> Plan | LedgerCopied:
    """What is to be copied; or how the same copy closed, if it ended before.

    Raises:
        ConflictError: the target holds something that is not the beginning of the source.
    """
    if closing := _closing(source, target):
        _refuse_written(target, closing)
        return closing
    until, done = source.copying.ends(), target.copying.ends()
    if why := _not_its_beginning(source.copying, done):
        raise ConflictError(
            f"the target is not empty, and no unfinished copy of this source: {why}; copy into a new ledger"
        )
    return Plan(done, until)


def copy(
    source: Engine, target: Engine, *, name: str, now_ms: int, progress: Progress = lambda _: None
) -> Copied:
    """Copy a ledger, or go on with it; `name` is what the closing fact calls the source.

    Raises:
        ConflictError: the target holds something else, or somebody else writes to it.
        DamagedLedgerError: what is stored in the source does not have its hash.
        UnusableLedgerError: one of the two cannot be read or written any longer.
    """
    planned = plan(source, target)
    if isinstance(planned, LedgerCopied):
        grown = source.copying.ends() != _ends_of(planned, source.copying)
        return Copied(planned, 0, had_ended=True, source_has_grown=grown)
    target.copying.begin()
    _restore(source.copying, target.copying, planned, progress)
    if target.copying.ends() != planned.until:
        raise _written()
    closing = _closing_fact(name, planned.until)
    target.copying.end(_stored(closing, now_ms))
    grown = source.copying.ends() != planned.until
    return Copied(closing, planned.records, had_ended=False, source_has_grown=grown)


def differences(source: Engine, target: Engine, closing: LedgerCopied) -> Iterator[str]:
    """Where a copy is not what its closing fact says, in either ledger; nothing if all hashes are equal."""
    expected = _ends_of(closing, None)
    for which, log in (("source", source.copying), ("target", target.copying)):
        if log.running_hash_at(closing.position) != expected.running_hash:
            yield f"the decisions of the {which} up to position {closing.position} have another running hash"
        for agent, end in expected.rounds.items():
            found = log.rounds_end_at(agent, end.number)
            if found is None or found[:3] != end[:3]:
                yield f"the rounds of agent {agent} in the {which} have another number or running hash"


def known_until_ms(engine: Engine, closing: LedgerCopied) -> int:
    """The recorded clock of the last thing that was copied."""
    ends = [engine.copying.rounds_end_at(each.agent, each.number) for each in closing.rounds]
    return max([engine.recorded_ms_of(closing.position), *(end.recorded_ms for end in ends if end)])


# ---------------------------------------------------------------- what the target holds


def _closing(source: Engine, target: Engine) -> LedgerCopied | None:
    """The fact that closed a copy of this source into this target."""
    found = target.decisions.select_notifications(None, _COPIES_MAX, topics=[LedgerCopied.TYPE])
    for notification in found:
        fact = codec.decode(notification.state).fact
        assert isinstance(fact, LedgerCopied)
        is_behind = notification.id == fact.position + 1
        is_in_source = source.copying.running_hash_at(notification.id) == target.copying.running_hash_at(
            notification.id
        )
        if is_behind and not is_in_source and not list(differences(source, target, fact)):
            return fact
    return None


def _refuse_written(target: Engine, closing: LedgerCopied) -> None:
    ends = target.copying.ends()
    last = {each.agent: each.number for each in closing.rounds}
    if ends.position > closing.position + 1 or {a: e.number for a, e in ends.rounds.items()} != last:
        raise ConflictError(
            f"the target was copied from this source up to position {closing.position} and has been written "
            "to since; it is a ledger of its own now, so copy into a new one"
        )


def _not_its_beginning(source: Copying, done: Ends) -> str | None:
    if source.running_hash_at(done.position) != done.running_hash:
        return f"its facts up to position {done.position} are not those of the source"
    for agent, end in done.rounds.items():
        if source.rounds_end_at(agent, end.number) != end:
            return f"its rounds of agent {agent} up to number {end.number} are not those of the source"
    return None


# ---------------------------------------------------------------- copying


def _restore(source: Copying, target: Copying, planned: Plan, progress: Progress) -> None:
    done, until = planned.done, planned.until
    facts = source.facts(after=done.position, until=until.position)
    target.restore_facts(reported(_checked_facts(facts, done.running_hash), progress))
    if target.running_hash_at(until.position) != until.running_hash:
        raise _written()
    rounds = source.rounds(after=_numbers(done.rounds), until=_numbers(until.rounds))
    target.restore_rounds(reported(_checked_rounds(rounds, done.rounds), progress))


def _checked_facts(rows: Iterator[FactRow], running: bytes) -> Iterator[FactRow]:
    for row in rows:
        running = running_hash(running, row.record, row.position, row.recorded_ms, hash_of(row.value))
        if running != row.running_hash:
            raise _damaged(f"the fact at position {row.position}")
        yield row


def _checked_rounds(rows: Iterator[RoundRow], done: Mapping[str, RoundsEnd]) -> Iterator[RoundRow]:
    running = {agent: end.running_hash for agent, end in done.items()}
    for row in rows:
        before = running.get(row.agent, GENESIS_RUNNING_HASH)
        running[row.agent] = running_hash(before, row.number, row.recorded_ms, hash_of(row.value))
        if running[row.agent] != row.running_hash:
            raise _damaged(f"round {row.number} of agent {row.agent}")
        yield row


def _written() -> ConflictError:
    return ConflictError(
        "the target does not hold what was sent to it: somebody else has written to it during the copy, or "
        "its brokers took the records in another order; make a new target and copy anew"
    )


def _damaged(what: str) -> DamagedLedgerError:
    return DamagedLedgerError(
        f"{what} in the source is not as it was recorded; run `constat verify` on it, and copy from one that "
        "verifies"
    )


# ---------------------------------------------------------------- the closing fact


def _closing_fact(name: str, ends: Ends) -> LedgerCopied:
    rounds = tuple(
        CopiedRounds(
            agent=agent, number=end.number, records=end.records, running_hash=shown(end.running_hash)
        )
        for agent, end in sorted(ends.rounds.items())
    )
    fact = LedgerCopied(
        source=name, position=ends.position, running_hash=shown(ends.running_hash), rounds=rounds
    )
    return copies.close(copies.INITIAL, fact)


def _stored(closing: LedgerCopied, now_ms: int) -> StoredEvent:
    stream = copies.stream_of(closing.position)
    value = codec.encode(Envelope.of(Draft(stream, closing, now_ms), 1, GENESIS_HASH))
    return StoredEvent(stream, 1, closing.TYPE, value)


def _ends_of(closing: LedgerCopied, log: Copying | None) -> Ends:
    """How far a copy went; with the recorded clocks of `log`, which the fact does not hold."""
    rounds = {}
    for each in closing.rounds:
        end = log.rounds_end_at(each.agent, each.number) if log else None
        recorded_ms = end.recorded_ms if end else 0
        rounds[each.agent] = RoundsEnd(each.number, each.records, _bytes(each.running_hash), recorded_ms)
    return Ends(closing.position, _bytes(closing.running_hash), rounds)


def _numbers(rounds: Mapping[str, RoundsEnd]) -> dict[str, int]:
    return {agent: end.number for agent, end in rounds.items()}


def _rounds(ends: Ends) -> int:
    return sum(end.records for end in ends.rounds.values())


def _bytes(running: str) -> bytes:
    return bytes.fromhex(running.removeprefix("sha256:"))
