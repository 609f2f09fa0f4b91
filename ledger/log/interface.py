"""What the rest of Constat knows of a ledger's engine; SQLite and Kafka both answer to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from ledger.log.arbitration import Head
from ledger.log.changes import Changes
from ledger.log.rows import FactRow, RoundRow

CLOCKS_DIFFER_MS = 60_000
"""Two logs may be stamped by different machines; only what differs by more shows that something is wrong."""


RECORD_BYTES_MAX = 1_000_000
"""The longest record that every engine takes: brokers and clients of Kafka take 1 MiB as they come, and the
frame around it needs a little."""


NOTHING_READ: Mapping[str, int] = MappingProxyType({})
"""Of no agent a round."""


class KeptFact(NamedTuple):
    """One record of the decision log, as bytes."""

    position: int
    stream: str
    recorded_ms: int
    value: bytes


class KeptRound(NamedTuple):
    """One record of the probe log, as bytes.

    `offset` is its place, from 1, in the engine's own order: another engine, or another mirror of the same
    topics, may give it another one. `hash` is over its bytes: whoever keeps the record has checked it.
    """

    offset: int
    agent: str
    number: int
    start_ms: int
    recorded_ms: int
    value: bytes
    hash: str


class NewRound(NamedTuple):
    """A round to append: its place in its agent's stream, and its bytes."""

    number: int
    start_ms: int
    value: bytes


class RoundHead(NamedTuple):
    """The last round of an agent; number 0 and the genesis hash if it has none."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class LogHead:
    """How far the two logs have come; `recorded_ms` is the later of their recorded clocks, 0 if empty."""

    position: int
    round_offset: int
    recorded_ms: int


class Appended(NamedTuple):
    """A record that counts: the positions of its facts, and the recorded clock of all of them."""

    positions: Sequence[int]
    recorded_ms: int


class RoundsEnd(NamedTuple):
    """The rounds of an agent up to one of them: its number, how many there are, the hash of all of them."""

    number: int
    records: int
    running_hash: bytes
    recorded_ms: int


class Ends(NamedTuple):
    """How far both logs go, and the hashes of everything in them."""

    position: int
    running_hash: bytes
    rounds: Mapping[str, RoundsEnd]
    """By agent."""


class Copying(Protocol):
    """What an engine offers to a copy: its records as stored, and a way in that keeps their clocks."""

    def ends(self) -> Ends:
        """How far the logs go. Every plan that a round among these names is among these facts."""

    def running_hash_at(self, position: int) -> bytes | None:
        """The running hash of the decisions up to a position; None if they do not go so far."""

    def rounds_end_at(self, agent: str, number: int) -> RoundsEnd | None:
        """The rounds of an agent up to a number; None if it has no round of that number."""

    def facts(self, *, after: int, until: int) -> Iterator[FactRow]:
        """The rows of the decisions behind a position up to another, by position."""

    def rounds(self, *, after: Mapping[str, int], until: Mapping[str, int]) -> Iterator[RoundRow]:
        """The rows of each agent behind one of its numbers up to another, by their recorded clock."""

    @property
    def is_unfinished(self) -> bool:
        """Whether a copy into this ledger has begun and not ended."""

    def begin(self) -> None:
        """Mark the ledger as the target of a copy that has not ended: no other command opens it.

        Raises:
            ConflictError: it holds something that cannot have come from a copy.
        """

    def restore_facts(self, rows: Iterable[FactRow]) -> None:
        """Add rows as they are behind the last one; where this breaks off, some of them may be there.

        Raises:
            ConflictError: somebody else has written to this ledger.
        """

    def restore_rounds(self, rows: Iterable[RoundRow]) -> None:
        """Add rows as they are behind the last one of their agents. See `restore_facts`."""

    def end(self, closing: StoredEvent) -> None:
        """Append the fact that closes the copy and open the ledger to all commands, both or neither."""


class Fault(NamedTuple):
    """What is wrong with the storage beneath the records, and what to do if that is not the usual."""

    what: str
    advice: str | None = None


class Engine(Protocol):
    """A ledger's two logs.

    Every reader of every engine sees the decisions in one order that never changes. Of the probes only the
    order of each agent's rounds is the same for all; how the rounds of several agents lie between each other
    is the engine's own.
    """

    @property
    def changes(self) -> Changes | None:
        """Where it is told what others made of the rounds; None where nobody else could."""

    @property
    def decisions(self) -> ApplicationRecorder:
        """The decision log, as a recorder of the `eventsourcing` library; positions are notification ids."""

    def facts(self, *, after: int = 0, until: int | None = None) -> Iterator[KeptFact]:
        """The decision log in order of position, from the one after `after` up to `until`, both optional."""

    def facts_of(self, stream: str) -> Iterator[KeptFact]:
        """The facts of one stream in order."""

    def read_decisions(self) -> None:
        """Take in the facts that others recorded since the ledger was opened; no look at the probes."""

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        """Append facts as one record, all of them or none; there is at least one.

        Raises:
            IntegrityError: the record does not extend its streams; another writer was first.
        """

    def heads(self, streams: Iterable[str]) -> Mapping[str, Head]:
        """The last fact of each of these streams; a stream that has none is not there."""

    def head(self) -> LogHead:
        """How far the logs have come."""

    def head_at(self, recorded_ms: int) -> LogHead:
        """How far the logs had come at a moment; a later append never changes it once a record is later."""

    def position_at(self, recorded_ms: int) -> int:
        """The last position recorded at or before a moment; 0 if none was."""

    def round_offset_at(self, recorded_ms: int) -> int:
        """The last offset of the probe log recorded at or before a moment; 0 if none was."""

    def recorded_ms_of(self, position: int) -> int:
        """When a position was recorded; 0 for position 0. KeyError if the log is not that long."""

    def require_right_to_rounds(self) -> None:
        """Refuse who may not append rounds, before anything that goes with them is written.

        Raises:
            UnusableLedgerError: it says whom to ask for the right.
        """

    def append_rounds(self, agent: str, rounds: Sequence[NewRound]) -> None:
        """Append rounds of one agent, all or none of those that could be refused.

        On an engine of several machines a prefix of them may stay where the brokers fail in the middle; never
        one round without those before it.

        Raises:
            ConflictError: a number is not above the agent's last one, or a predecessor is not its head.
        """

    def round_head(self, agent: str) -> RoundHead:
        """The last round of an agent."""

    def rounds(
        self,
        *,
        recorded_until_ms: int | None = None,
        agents: Sequence[str] | None = None,
        start_from_ms: int | None = None,
        start_until_ms: int | None = None,
        after: Mapping[str, int] = NOTHING_READ,
    ) -> Iterator[KeptRound]:
        """The probe log in the engine's order, each agent's rounds by number, whole or cut.

        Cut to what was recorded until a moment (included), to some agents, to the rounds that start within
        `[start_from_ms, start_until_ms)`, or to those of an agent behind one of its numbers (`after`).
        """

    def count_behind(self, after: Mapping[str, int]) -> int:
        """How many rounds of agents come behind a number of each, as far as is known without reading on."""

    def agents(self) -> list[str]:
        """Every agent that has rounds, by name."""

    def fact_rows(self, *, until: int) -> Iterator[FactRow]:
        """Everything that is stored of each fact up to a position, for those who check it.

        Raises:
            DamagedLedgerError: the next row cannot be read.
        """

    def round_rows(self, *, until: int) -> Iterator[RoundRow]:
        """Everything that is stored of each round up to an offset, for those who check it.

        Each agent's by number.

        Raises:
            DamagedLedgerError: the next row cannot be read.
        """

    def void_records(self) -> int:
        """How many records were read and take no effect; none on an engine that refuses them in time."""

    def fault(self) -> Fault | None:
        """What is wrong with the storage beneath the records; None if nothing is."""

    @property
    def copying(self) -> Copying:
        """What the engine offers to a copy."""

    def close(self) -> None:
        """Give back files and connections."""
