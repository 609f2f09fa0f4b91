"""Folding without end: partition by partition, as far as they are ours, whoever else comes or goes."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from consumers.fold.partition import Partition
from ledger.contracts import Contract
from ledger.errors import DamagedLedgerError
from ledger.instants import END_OF_TIME_MS
from ledger.log import codec
from ledger.log.kafka.engine import KafkaEngine
from ledger.progress import Progress
from projections.asof import AsOf, Known

if TYPE_CHECKING:
    from ledger.fact import RecordedFact

ASKED_FOR = ("plan", "contract")
"""The subjects whose facts say what is to be folded."""


class Members(Protocol):
    """Who says which partitions are ours."""

    @property
    def is_in(self) -> bool:
        """Whether that is known."""

    def look(self, within_s: float = 0.0) -> frozenset[int]:
        """Those that are."""


class Folder:
    """Folds the partitions that are ours, and tells what they come to."""

    def __init__(self, engine: KafkaEngine, members: Members, folder: Path) -> None:
        self._engine = engine
        self._members = members
        self._folder = folder
        self._facts: list[RecordedFact] = []
        self._position = 0
        self._own: dict[int, Partition] = {}
        self.rounds = 0
        """How many were folded so far."""
        self.heard: Callable[[int, int], None] = lambda _done, _of: None
        """Hears how many rounds are folded, of how many there are."""

    @property
    def is_in(self) -> bool:
        """Whether it is known which partitions are ours."""
        return self._members.is_in

    def look(self, within_s: float) -> frozenset[int]:
        """The partitions that are ours; what was known of others is forgotten."""
        own = self._members.look(within_s)
        self._own = {
            number: self._own.get(number) or Partition(self._engine, number, self._folder) for number in own
        }
        return own

    def turn(self) -> Iterator[int]:
        """Go once through what is ours and has grown; of each batch that was told, how many tales it was.

        Raises:
            DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
            UnusableLedgerError: the brokers do not answer, or refuse.
        """
        to_fold = {number: partition.rounds_to_fold() for number, partition in self._own.items()}
        of = self.rounds + sum(to_fold.values())
        for number, rounds in to_fold.items():
            if rounds and number in self._own:
                yield from self._go_on(self._own[number], self._progress(of))
                self.look(0)

    def _progress(self, of: int) -> Progress:
        def tell(rounds: int) -> None:
            self.rounds += rounds
            self.heard(self.rounds, max(of, self.rounds))

        return tell

    def _go_on(self, partition: Partition, progress: Progress) -> Iterator[int]:
        known = self._known()
        try:
            yield from partition.go_on(known, _stale_afters_ms(known.contracts), progress)
        except DamagedLedgerError:
            position = self._position
            known = self._known()
            if self._position == position:
                raise
            # A round may name a plan that was set only meanwhile.
            yield from partition.go_on(known, _stale_afters_ms(known.contracts), progress)

    def _known(self) -> Known:
        """All plans and contracts, and every round."""
        self._engine.read_decisions()
        for kept in self._engine.facts(after=self._position):
            self._position = kept.position
            recorded = codec.recorded(kept)
            if recorded.stream.partition(":")[0] in ASKED_FOR:
                self._facts.append(recorded)
        as_of = AsOf(self._position, END_OF_TIME_MS, END_OF_TIME_MS)
        return Known(as_of, tuple(self._facts), self._engine)


def _stale_afters_ms(contracts: Mapping[str, Contract]) -> list[int]:
    """How long an outcome may hold, by the terms of any contract that ever was."""
    every = (version.terms for contract in contracts.values() for version in contract.versions)
    return sorted({terms.stale_after_ms for terms in every})
