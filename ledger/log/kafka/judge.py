"""What each record of the decisions topic comes to: the facts it adds, or why it is void.

A pure function of the records before it, applied in the order of the topic by every reader alike. What it
needs of those before it stands in the mirror, and so does its verdict.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import UnusableLedgerError
from ledger.fact import hash_of
from ledger.log.arbitration import Extension, Head, objection
from ledger.log.kafka import record as records
from ledger.log.kafka.mirror import Mirror, State, state_of
from ledger.log.kafka.record import Record
from ledger.log.recorder import head_of, insert_rows, rows_of
from ledger.log.stamp import GENESIS_RUNNING_HASH, LAST_DECISION

if TYPE_CHECKING:
    from ledger.log.rows import FactRow


class Kept(NamedTuple):
    """A record as the topic holds it; `appended_ms` is the broker's clock when it came in."""

    offset: int
    appended_ms: int
    value: bytes


class Verdict(NamedTuple):
    """What became of a record: the positions of its facts and their recorded clock, or why it is void."""

    positions: Sequence[int]
    void: str | None
    recorded_ms: int = 0


class Judged(NamedTuple):
    """What became of a run of records."""

    verdicts: Mapping[str, Verdict]
    """By nonce."""
    heads: Mapping[str, Head]
    """Where the streams end that were extended."""
    passed_over: AbstractSet[str]
    """The streams of the records that another process had judged already, whatever became of them."""


class _Judging:
    """A run of records, judged one after the other and written together."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.state: State = state_of(connection)
        query = f"SELECT position, running_hash, recorded_ms {LAST_DECISION}"
        position, running, recorded_ms = connection.execute(query).fetchone() or (0, GENESIS_RUNNING_HASH, 0)
        self._last: tuple[int, bytes] = (position, running)
        self._recorded_ms: int = recorded_ms
        self._heads: dict[str, Head] = {}
        self._extended: set[str] = set()
        self._passed_over: set[str] = set()
        self._verdicts: dict[str, Verdict] = {}
        self._facts: list[FactRow] = []
        self._records: list[tuple[object, ...]] = []

    def take(self, kept: Kept) -> tuple[str | None, Verdict | None]:
        """Judge the next record of the topic; its nonce, if it has one, and the verdict."""
        record = records.decode(kept.value)
        if record is None:
            return None, self._write(kept, None, Verdict((), "it is no record of a ledger"))
        claims = [part.extension for part in record.parts]
        void = self._objection(record, claims)
        verdict = Verdict((), void) if void else self._add(kept, record, claims)
        self._verdicts.setdefault(record.nonce, verdict)
        return record.nonce, self._write(kept, record, verdict)

    def _objection(self, record: Record, claims: Sequence[Extension]) -> str | None:
        if self.verdict_on(record.nonce):
            return "a record with its nonce was judged before"
        if record.recorded_ms is not None and self.state.own:
            return "it calls itself copied, and the copy into this ledger has ended"
        for stream in {claim.stream for claim in claims} - self._heads.keys():
            if head := head_of(self._connection, stream):
                self._heads[stream] = head
        return objection(self._heads, claims)

    def _add(self, kept: Kept, record: Record, claims: Sequence[Extension]) -> Verdict:
        if record.recorded_ms is None:
            self._recorded_ms = max(self._recorded_ms, kept.appended_ms)
        else:
            self._recorded_ms = max(self._recorded_ms, record.recorded_ms)
        contents = [(part.type, part.value) for part in record.parts]
        rows = rows_of(self._last, self._recorded_ms, claims, contents)
        self._last = (rows[-1].position, rows[-1].running_hash)
        self._facts.extend(rows)
        self._heads |= {claim.stream: Head(claim.sequence, claim.hash) for claim in claims}
        self._extended.update(claim.stream for claim in claims)
        return Verdict([row.position for row in rows], None, self._recorded_ms)

    def _write(self, kept: Kept, record: Record | None, verdict: Verdict) -> Verdict:
        first = verdict.positions[0] if verdict.positions else None
        nonce = record.nonce if record else None
        self._records.append((kept.offset, nonce, first, len(verdict.positions), verdict.void))
        counts = not verdict.void and record is not None
        is_copied = counts and record is not None and record.recorded_ms is not None
        self.state = State(
            kept.offset + 1,
            hash_of(kept.value),
            self.state.copied + (counts and is_copied),
            self.state.own + (counts and not is_copied),
        )
        return verdict

    def pass_over(self, kept: Kept) -> tuple[str | None, Verdict | None]:
        """The same of a record that was judged before."""
        record = records.decode(kept.value)
        if record is None:
            return None, None
        self._passed_over.update(part.stream for part in record.parts)
        return record.nonce, self.verdict_on(record.nonce)

    def verdict_on(self, nonce: str) -> Verdict | None:
        """The verdict on the first record of a nonce; None if there was none."""
        return self._verdicts.get(nonce) or verdict_on(self._connection, nonce)

    def close(self) -> tuple[Mapping[str, Head], AbstractSet[str]]:
        """Write what was judged; where the streams end that it extended, and the streams passed over."""
        insert_rows(self._connection, self._facts)
        self._connection.executemany("INSERT INTO records VALUES (?,?,?,?,?)", self._records)
        query = "UPDATE state SET next_offset = ?, last_hash = ?, copied = ?, own = ?"
        self._connection.execute(query, self.state)
        return {stream: self._heads[stream] for stream in self._extended}, self._passed_over


def judge(mirror: Mirror, kept: Sequence[Kept]) -> Judged:
    """Judge records in the order of the topic and write what came of them.

    Records that another process has judged already are not judged again; their verdict is in the answer too.

    Raises:
        UnusableLedgerError: the topic is not the one that was read before, or a record of it is missing.
    """
    verdicts: dict[str, Verdict] = {}
    with mirror.writing() as connection:
        judging = _Judging(connection)
        for each in kept:
            judge_it = judging.take if _is_new(mirror, judging.state, each) else judging.pass_over
            nonce, verdict = judge_it(each)
            if nonce and verdict:
                verdicts.setdefault(nonce, verdict)
        heads, passed_over = judging.close()
    return Judged(verdicts, heads, passed_over)


def _is_new(mirror: Mirror, state: State, kept: Kept) -> bool:
    """Whether a record is the next to be judged; it was judged before if not."""
    if kept.offset > state.next_offset:
        raise UnusableLedgerError(
            f"the decisions topic has no record {state.next_offset}, and goes on at {kept.offset}: facts "
            f"were deleted; do not write, keep the mirror {mirror.path}, and compare with a backup"
        )
    if kept.offset == state.next_offset - 1 and hash_of(kept.value) != state.last_hash:
        raise UnusableLedgerError(
            f"record {kept.offset} of the decisions topic is not the one that the mirror {mirror.path} was "
            "made from: the topic lost its end and was written on, or is another one; do not write, and "
            "keep the mirror: it shows what was lost"
        )
    return kept.offset == state.next_offset


def verdict_on(connection: sqlite3.Connection, nonce: str) -> Verdict | None:
    """The verdict on the first record of a nonce, as the mirror has it."""
    query = (
        "SELECT position, facts, void, (SELECT recorded_ms FROM decisions WHERE position = records.position) "
        "FROM records WHERE nonce = ? ORDER BY offset LIMIT 1"
    )
    row = connection.execute(query, (nonce,)).fetchone()
    if row is None:
        return None
    position, facts, void, recorded_ms = row
    return Verdict(range(position, position + facts) if facts else (), void, recorded_ms or 0)
