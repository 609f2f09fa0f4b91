"""The engine on Kafka: the topics are the ledger, the mirror is what this machine has made of them."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from ledger.errors import UnreachableLedgerError, UnusableLedgerError
from ledger.log.arbitration import Head
from ledger.log.behind import BEHIND, numbers
from ledger.log.interface import (
    NOTHING_READ,
    Appended,
    Fault,
    KeptFact,
    KeptRound,
    LogHead,
    NewRound,
    RoundHead,
)
from ledger.log.kafka import topics as topics_
from ledger.log.kafka.address import Address
from ledger.log.kafka.changes import ChangesTopic
from ledger.log.kafka.copied import UNFINISHED, IsCopied, copied_rounds, every_round
from ledger.log.kafka.copying import KafkaCopying
from ledger.log.kafka.mirror import Mirror, path_of
from ledger.log.kafka.places import Placed
from ledger.log.kafka.probes import ProbeLog
from ledger.log.kafka.recorder import KafkaRecorder
from ledger.log.kafka.reread import Reread, fault_of
from ledger.log.kafka.rights import Rights
from ledger.log.kafka.sender import RoundSender, Sent
from ledger.log.kafka.tail import Heard, Tail
from ledger.log.kafka.writer import Writer
from ledger.log.recorder import UNBOUNDED
from ledger.log.rows import FactRow, RoundRow
from ledger.log.stamp import intact, wall_clock

SETTLED_S = 0.02
"""How far the clocks of the brokers may differ: after so long none stamps a record before what was read."""
RECENT_MS = 60_000
"""What is older by our own clock is settled without waiting; so far ours may be wrong."""
PAGE = 1000
"""Facts fetched at a time."""


class KafkaEngine:
    """Both logs of a ledger on Kafka. See `ledger.log.interface.Engine`."""

    def __init__(
        self,
        address: Address,
        *,
        copying: bool = False,
        checking: bool = False,
        heard: Heard = lambda _done, _of: None,
        stream_type: type[UUID | str] = str,
    ) -> None:
        """Check the topics, open the mirror, and read the decisions to their end.

        What is wrong with the topics themselves is left to `fault` for those who check (`checking`).

        Raises:
            UnusableLedgerError: the topics are missing, could lose facts, or are not those of the mirror; no
                broker answers; or a copy into this ledger has not ended (`copying` is for the copy itself).
        """
        self.address = address
        self._is_a_copy = copying
        self._is_copied: IsCopied | None = None
        self._topics = topics_.look(address) if checking else topics_.check(address)
        with ExitStack() as opened:
            self._mirror = opened.enter_context(closing(Mirror(path_of(address, self._topics), self._topics)))
            self._tail = opened.enter_context(closing(Tail(address, self._mirror)))
            self._read_decisions(heard, checking=checking)
            if not copying:
                self._refuse_unfinished_copy()
            opened.pop_all()
        self._rights = Rights(address, self._topics)
        self._writer = Writer(address, self._tail, self._rights.require_decisions)
        self._decisions = KafkaRecorder(self._mirror, self._tail, self._writer, stream_type)
        partitions = self._topics.probes.partitions
        told = self.changes = ChangesTopic(address, partitions)
        self.probes = ProbeLog(address, self._mirror, partitions, self._copied_rounds, told)
        self._sender = RoundSender(address, self.probes, self._rights.require_probes)
        self._reread: Reread | None = None

    @property
    def decisions(self) -> ApplicationRecorder:
        return self._decisions

    def _read_decisions(self, heard: Heard, *, checking: bool) -> None:
        try:
            self._tail.catch_up(self.address.timeout_s, heard)
        except UnreachableLedgerError:
            raise
        except UnusableLedgerError as error:
            fault = fault_of(self.address)
            if fault is None or (not checking and self._mirror.state().next_offset):
                raise
            if not checking:  # no mirror knows of what was there
                raise UnusableLedgerError(f"{fault}; do not write, and compare with a backup") from error

    def _refuse_unfinished_copy(self) -> None:
        if self._mirror.state().is_unfinished_copy:
            raise UnusableLedgerError(UNFINISHED.format(self.address))

    def _copied_rounds(self, connection: sqlite3.Connection) -> IsCopied | None:
        if self._is_copied is None:  # once known, it stays so
            self._is_copied = copied_rounds(connection)
        if self._is_copied is None and self._is_a_copy:
            return every_round
        return self._is_copied

    def facts(self, *, after: int = 0, until: int | None = None) -> Iterator[KeptFact]:
        last = UNBOUNDED if until is None else until
        chosen = "position > ? AND position <= ? ORDER BY position LIMIT ?"
        while facts := self._kept(chosen, after, last, PAGE):
            yield from facts
            after = facts[-1].position

    def facts_of(self, stream: str) -> Iterator[KeptFact]:
        yield from self._kept("stream = ? ORDER BY sequence", stream)

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        return self._decisions.append(events)

    def heads(self, streams: Iterable[str]) -> Mapping[str, Head]:
        names = set(streams)
        known = self._tail.heads.of(names)
        return known | self._decisions.heads(names - known.keys())

    def _kept(self, chosen: str, *bounds: int | str) -> list[KeptFact]:
        query = f"SELECT position, stream, recorded_ms, value, hash FROM decisions WHERE {chosen}"
        with self._mirror.reading() as connection:
            rows = connection.execute(query, bounds).fetchall()
        for position, _, _, value, kept_hash in rows:
            intact(value, kept_hash, f"the fact at position {position} in {self._mirror.path}")
        return [KeptFact(*row[:4]) for row in rows]

    def head(self) -> LogHead:
        head = self._head(UNBOUNDED)
        if wall_clock() - head.recorded_ms < RECENT_MS:
            # A broker may still stamp a record with the same millisecond, and it must not come to be known
            # as of a moment that somebody was told (decision record 0043).
            time.sleep(SETTLED_S)
            head = self._head(head.recorded_ms)
        return head

    def head_at(self, recorded_ms: int) -> LogHead:
        return self._head(recorded_ms)

    def read_decisions(self) -> None:
        """Read them to their end, without a look at the probes."""
        self._tail.catch_up(self.address.timeout_s)

    def _head(self, recorded_ms: int) -> LogHead:
        """The rounds first: the decisions, read to their end after them, then hold all their plans."""
        self.probes.catch_up()
        rounds, round_ms = self._end("places", "count(*)", recorded_ms)
        self.read_decisions()
        position, fact_ms = self._end("decisions", "max(position)", recorded_ms)
        return LogHead(position, rounds, max(fact_ms, round_ms))

    def _end(self, table: str, last: str, recorded_ms: int) -> tuple[int, int]:
        query = f"SELECT {last}, max(recorded_ms) FROM {table} WHERE recorded_ms <= ?"
        with self._mirror.reading() as connection:
            place, last_ms = connection.execute(query, (recorded_ms,)).fetchone()
        return place or 0, last_ms or 0

    def position_at(self, recorded_ms: int) -> int:
        query = "SELECT coalesce(max(position), 0) FROM decisions WHERE recorded_ms <= ?"
        return self._number(query, recorded_ms)

    def round_offset_at(self, recorded_ms: int) -> int:
        self.probes.catch_up()
        return self._number("SELECT count(*) FROM places WHERE recorded_ms <= ?", recorded_ms)

    def _number(self, query: str, *bounds: int) -> int:
        with self._mirror.reading() as connection:
            (number,) = connection.execute(query, bounds).fetchone()
        return int(number)

    def recorded_ms_of(self, position: int) -> int:
        if position == 0:
            return 0
        query = "SELECT recorded_ms FROM decisions WHERE position = ?"
        with self._mirror.reading() as connection:
            row = connection.execute(query, (position,)).fetchone()
        if row is None:
            raise KeyError(position)
        return int(row[0])

    def require_right_to_rounds(self) -> None:
        self._rights.require_probes()

    def append_rounds(self, agent: str, rounds: Sequence[NewRound]) -> None:
        if rounds:
            self._sender.append(agent, [Sent(new) for new in rounds])

    def round_head(self, agent: str) -> RoundHead:
        return self.probes.head(agent)

    def rounds(
        self,
        *,
        recorded_until_ms: int | None = None,
        agents: Sequence[str] | None = None,
        start_from_ms: int | None = None,
        start_until_ms: int | None = None,
        after: Mapping[str, int] = NOTHING_READ,
    ) -> Iterator[KeptRound]:
        recorded_until = UNBOUNDED if recorded_until_ms is None else recorded_until_ms
        start_from = -UNBOUNDED if start_from_ms is None else start_from_ms
        start_until = UNBOUNDED if start_until_ms is None else start_until_ms

        def wanted(found: Placed) -> bool:
            return (
                found.recorded_ms <= recorded_until
                and start_from <= found.start_ms < start_until
                and (agents is None or found.agent in agents)
                and found.number > after.get(found.agent, 0)
            )

        query = "recorded_ms <= ? AND start_ms >= ? AND start_ms < ?"
        bounds: list[int | str] = [recorded_until, start_from, start_until]
        if agents is not None:
            query += f" AND agent IN ({','.join('?' * len(agents))})"
            bounds += agents
        if after:
            query += f" AND {BEHIND}"
            bounds.append(numbers(after))
        yield from self.probes.rounds(agents, wanted, query, *bounds, after=after)

    def count_behind(self, after: Mapping[str, int]) -> int:
        return self.probes.count_behind(after)

    def agents(self) -> list[str]:
        self.probes.catch_up()
        with self._mirror.reading() as connection:
            return [
                name for (name,) in connection.execute("SELECT DISTINCT agent FROM places ORDER BY agent")
            ]

    def fact_rows(self, *, until: int) -> Iterator[FactRow]:
        self._end_reread()
        self._reread = Reread(self.address, self._topics, self._mirror, self.probes.records)
        return self._reread.facts(until)

    def round_rows(self, *, until: int) -> Iterator[RoundRow]:
        if self._reread is None:
            for _ in self.fact_rows(until=0):
                pass  # they say which rounds a copy brought
        assert self._reread
        return self._reread.rounds(until)

    def _end_reread(self) -> None:
        if self._reread:
            self._reread.close()
            self._reread = None

    def void_records(self) -> int:
        query = (
            "SELECT (SELECT count(*) FROM records WHERE void NOTNULL) "
            "+ (SELECT coalesce(sum(void), 0) FROM ends)"
        )
        return self._number(query)

    def fault(self) -> Fault | None:
        if what := fault_of(self.address):
            return Fault(what, "do not write, and compare with a backup or with another mirror")
        what = self._mirror.fault()
        return Fault(f"the mirror: {what}", f"delete {self._mirror.path}, it is made anew") if what else None

    @property
    def copying(self) -> KafkaCopying:
        parts = (self._mirror, self._tail, self._writer, self.probes)
        return KafkaCopying(self.address, *parts, require_right_to_rounds=self.require_right_to_rounds)

    def close(self) -> None:
        self._end_reread()
        self._writer.close()
        self._sender.close()
        self.probes.close()
        self.changes.close()
        self._tail.close()
        self._mirror.close()
