"""What the rest of Constat knows of a ledger's engine; SQLite and Kafka both answer to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from eventsourcing.persistence import ApplicationRecorder

from ledger.log.rows import FactRow, RoundRow


class KeptFact(NamedTuple):
    """One record of the decision log, as bytes."""

    position: int
    recorded_ms: int
    value: bytes


class KeptRound(NamedTuple):
    """One record of the probe log, as bytes; `offset` is its place in that log, from 1.

    On Kafka, where agents are spread over partitions, that is the order in which this machine met the rounds.
    `hash` is over its bytes: whoever keeps the record has checked it.
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


class Engine(Protocol):
    """A ledger's two logs. Every reader sees each log in one order that never changes."""

    @property
    def decisions(self) -> ApplicationRecorder:
        """The decision log, as a recorder of the `eventsourcing` library; positions are notification ids."""

    def facts(self, *, after: int = 0, until: int | None = None) -> Iterator[KeptFact]:
        """The decision log in order of position, from the one after `after` up to `until`, both optional."""

    def facts_of(self, stream: str) -> Iterator[KeptFact]:
        """The facts of one stream in order."""

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

    def append_rounds(self, agent: str, rounds: Sequence[NewRound]) -> None:
        """Append rounds of one agent, all or none of those that could be refused.

        On Kafka each is a record of its own: where a writer or the brokers fail midway, the first of them are
        there and the rest are not.

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
    ) -> Iterator[KeptRound]:
        """The probe log in its order, whole or cut; on Kafka each agent's rounds are in order, not agents.

        Cut to what was recorded until a moment (included), to some agents, or to the rounds that start
        within `[start_from_ms, start_until_ms)`.
        """

    def agents(self) -> list[str]:
        """Every agent that has rounds, by name."""

    def fact_rows(self, *, until: int) -> Iterator[FactRow]:
        """Everything that is stored of each fact up to a position, for those who check it.

        Raises:
            DamagedLedgerError: the next row cannot be read.
        """

    def round_rows(self, *, until: int) -> Iterator[RoundRow]:
        """Everything that is stored of each round up to an offset, for those who check it.

        Raises:
            DamagedLedgerError: the next row cannot be read.
        """

    def fault(self) -> str | None:
        """What is wrong with the storage beneath the records; None if nothing is."""

    def close(self) -> None:
        """Give back files and connections."""
