"""Load, decide, append: the one door through which facts and rounds enter a ledger."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from types import TracebackType
from typing import Self, TypeVar

from eventsourcing.application import Application
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    JSONTranscoder,
    Mapper,
    StoredEvent,
)

from ledger import facts, plans
from ledger.errors import BadInputError, ConflictError
from ledger.fact import GENESIS_HASH, Draft, Fact, RecordedFact, hash_of
from ledger.log import codec
from ledger.log.arbitration import Head
from ledger.log.codec import Envelope
from ledger.log.database import IN_MEMORY
from ledger.log.interface import Engine, NewRound, RoundHead
from ledger.log.sqlite import Clock, SQLiteEngine, wall_clock
from ledger.plans import Plans
from ledger.rounds import Round, chained, check, decode

State = TypeVar("State")

SQLITE = "sqlite:///"
KAFKA = "kafka://"
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9.+-]+:")
"""A scheme, or a host before its port: no file is meant. (One letter is a drive.)"""

_START = Head(0, GENESIS_HASH)


def _require_own_stream(draft: Draft) -> None:
    own = facts.stream_of(draft.fact)
    if draft.stream != own:
        raise BadInputError(f"{draft.fact.TYPE} belongs on {own}; append it there, and not on {draft.stream}")


Heard = Callable[[int, int], None]
"""Hears how many records have been read of how many, while a ledger is read for the first time."""


def open_engine(  # noqa: PLR0913 - each option is one way to open it
    url: str,
    *,
    clock: Clock = wall_clock,
    create: bool = True,
    copying: bool = False,
    checking: bool = False,
    heard: Heard = lambda _done, _of: None,
) -> Engine:
    """The engine that names a ledger: a file's path, or `sqlite:///relative.db`, or `kafka://host:9092/name`.

    Only a copy (`copying`) opens a ledger into which a copy has begun and not ended. Who only checks a ledger
    (`checking`) also opens one whose topics no other command takes, and hears of it from `Engine.fault`.

    Raises:
        BadInputError: the URL names no engine that this version has.
        UnusableLedgerError: the ledger cannot be opened.
    """
    if url.startswith(KAFKA):
        from ledger.log.kafka.address import parse  # noqa: PLC0415 - an embedded ledger needs no client
        from ledger.log.kafka.engine import KafkaEngine  # noqa: PLC0415

        return KafkaEngine(parse(url), copying=copying, checking=checking, heard=heard)
    path = url.removeprefix(SQLITE)
    if path == IN_MEMORY:
        raise BadInputError(f"{url!r} would be forgotten at the end; name a file, as in sqlite:///constat.db")
    is_named_as_file = url.startswith(SQLITE) or not _HAS_SCHEME.match(path)
    if path and "://" not in path and is_named_as_file:
        return SQLiteEngine(path, clock=clock, create=create, copying=copying)
    raise BadInputError(
        f"{url!r} names no ledger; write its path, as ./constat.db, or sqlite:///constat.db "
        "(sqlite:////data/constat.db from the root), or kafka://host:9092"
    )


class CloudEventsMapper(Mapper[str]):
    """Envelopes to and from the stored events of the `eventsourcing` library; the bytes are the codec's."""

    def to_stored_event(self, domain_event: Envelope) -> StoredEvent:  # type: ignore[override]
        """The stored form of a fact at its place."""
        value = codec.encode(domain_event)
        return StoredEvent(domain_event.stream, domain_event.sequence, domain_event.fact.TYPE, value)

    def to_domain_event(self, stored_event: StoredEvent) -> Envelope:
        """The fact at its place."""
        return codec.decode(stored_event.state)


class Ledger(Application[str]):
    """A ledger that can be written. `name` is part of the library's configuration and never changes."""

    name = "constat"
    # Our engine is given, not configured: nothing in the environment can put facts elsewhere.
    env = {"PERSISTENCE_MODULE": "eventsourcing.popo:POPOFactory"}  # noqa: RUF012 - the library's own form

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        super().__init__(env=self.env)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock = wall_clock,
        create: bool = True,
        heard: Heard = lambda _done, _of: None,
    ) -> Self:
        """The ledger at a URL. See `open_engine` for what is raised."""
        return cls(open_engine(url, clock=clock, create=create, heard=heard))

    def construct_recorder(self) -> ApplicationRecorder:
        """The engine's decision log."""
        return self.engine.decisions

    def construct_mapper(self) -> Mapper[str]:
        """Facts as CloudEvents."""
        return CloudEventsMapper(JSONTranscoder())

    def append(self, *drafts: Draft) -> list[RecordedFact]:
        """Append facts as one record, each at the end of its stream: all of them or none.

        Raises:
            BadInputError: a fact does not belong on its stream.
            ConflictError: another writer extended one of the streams first.
        """
        return self._append(drafts, self.engine.heads({draft.stream for draft in drafts}))

    def record(  # noqa: PLR0913 - a subject is three things, and an occurrence has a time and a source
        self,
        stream: str,
        initial: State,
        evolve: Callable[[State, RecordedFact], State],
        decide: Callable[[State], Fact | Sequence[Fact]],
        *,
        occurred_ms: int,
        source: str = "/constat",
    ) -> list[RecordedFact]:
        """Load a stream, decide on its state, append what was decided, only if the state is still that one.

        Raises:
            RefusedError: the state forbids it.
            ConflictError: another writer extended the stream meanwhile; nothing was written.
        """
        state, head = self.load(stream, initial, evolve)
        decided = decide(state)
        several = [decided] if isinstance(decided, Fact) else decided
        return self._append([Draft(stream, fact, occurred_ms, source) for fact in several], {stream: head})

    def load(
        self, stream: str, initial: State, evolve: Callable[[State, RecordedFact], State]
    ) -> tuple[State, Head]:
        """The state that a stream's facts leave, and the head behind which a decision on it is appended."""
        state, head = initial, _START
        for recorded in self.stream(stream):
            state, head = evolve(state, recorded), Head(recorded.sequence, recorded.hash)
        return state, head

    def append_behind(self, drafts: Sequence[Draft], heads: dict[str, Head]) -> list[RecordedFact]:
        """Append facts as one record behind the heads that their writer saw, and move these on.

        Raises:
            ConflictError: another writer extended one of the streams since; nothing of it was written.
        """
        appended = self._append(drafts, heads)
        heads |= {recorded.stream: Head(recorded.sequence, recorded.hash) for recorded in appended}
        return appended

    def _append(self, drafts: Sequence[Draft], heads: Mapping[str, Head]) -> list[RecordedFact]:
        placed, now = [], dict(heads)
        for draft in drafts:
            _require_own_stream(draft)
            head = now.get(draft.stream, _START)
            envelope = Envelope.of(draft, head.sequence + 1, head.hash)
            event = self.mapper.to_stored_event(envelope)
            now[draft.stream] = Head(envelope.sequence, hash_of(event.state))
            placed.append((envelope, event, now[draft.stream].hash))
        return self._save(placed)

    def stream(self, name: str) -> Iterator[RecordedFact]:
        """The facts of one stream in order."""
        for kept in self.engine.facts_of(name):
            yield codec.recorded(kept)

    def plans_of(self, agent: str) -> Plans:
        """The plans of an agent."""
        return reduce(plans.evolve, self.stream(plans.stream_of(agent)), plans.INITIAL)

    def append_rounds(self, agent: str, rounds: Sequence[Round], *, behind: RoundHead | None = None) -> None:
        """Append rounds of one agent, all or none, behind the head that their writer saw or behind its last.

        Raises:
            BadInputError: a round is another agent's, or does not fit the plan that it names.
            RefusedError: the agent was retired, and has no plan since.
            ConflictError: the agent has moved on; number the rounds anew.
        """
        self._check_rounds(agent, rounds)
        head = self.engine.round_head(agent) if behind is None else behind
        values = chained(rounds, head.hash)
        records = [NewRound(r.number, r.start_ms, value) for r, value in zip(rounds, values, strict=True)]
        self.engine.append_rounds(agent, records)

    def append_encoded_rounds(self, agent: str, values: Sequence[bytes]) -> None:
        """Append rounds that were encoded before, byte for byte: number and predecessor stand in them.

        Raises:
            BadInputError: a round is another agent's, or does not fit the plan that it names.
            RefusedError: the agent was retired, and has no plan since.
            ConflictError: they do not extend the agent's last round.
            DamagedLedgerError: the bytes are no round.
        """
        rounds = [decode(value)[0] for value in values]
        self._check_rounds(agent, rounds)
        records = [NewRound(r.number, r.start_ms, value) for r, value in zip(rounds, values, strict=True)]
        self.engine.append_rounds(agent, records)

    def _check_rounds(self, agent: str, rounds: Sequence[Round]) -> None:
        if not rounds:
            return
        state = self.plans_of(agent)
        plans.require_in_service(state, agent)
        known = {plan.reference: plan for plan in state.history}
        for found in rounds:
            plan = known.get(found.plan)
            if found.agent != agent or plan is None:
                raise BadInputError(
                    f"round {found.number} is one of {found.agent} by plan {found.plan}, which is none of "
                    f"agent {agent}'s; record its plan first, and append it as the agent that saw it"
                )
            check(found, plan)

    def _save(self, placed: Sequence[tuple[Envelope, StoredEvent, str]]) -> list[RecordedFact]:
        """Facts with their bytes and the hashes of these, which the library's `save` would make anew."""
        if not placed:
            return []
        try:
            positions, recorded_ms = self.engine.append([event for _, event, _ in placed])
        except IntegrityError as error:
            raise ConflictError(
                f"another writer was first ({error}); nothing was written: look at its fact and try again"
            ) from error
        return [
            codec.recorded_as(envelope, kept_hash, position, recorded_ms)
            for (envelope, _, kept_hash), position in zip(placed, positions, strict=True)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the application and its engine."""
        super().close()
        self.engine.close()
