"""Folding without end: partition by partition, as far as they are ours, whoever else comes or goes."""

import logging
import time
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
from projections.asof import Known
from projections.moment import AsOf

if TYPE_CHECKING:
    from ledger.fact import RecordedFact

_LOG = logging.getLogger(__name__)

ASKED_FOR = ("plan", "contract")
"""The subjects whose facts say what is to be folded."""


class Members(Protocol):
    """Who says which partitions are ours."""

    @property
    def is_in(self) -> bool:
        """Whether that is known now."""

    def look(self, within_s: float = 0.0) -> frozenset[int]:
        """Those that are."""


class Ended(Exception):  # noqa: N818 - nothing went wrong
    """Somebody has asked for the end while rounds were folded."""


class Folder:
    """Folds the partitions that are ours, and tells what they come to."""

    def __init__(self, engine: KafkaEngine, members: Members, folder: Path) -> None:
        self._engine = engine
        self._members = members
        self._folder = folder
        self._facts: list[RecordedFact] = []
        self._position = 0
        self._partitions: dict[int, Partition] = {}
        """All that were ours at any time."""
        self._own: frozenset[int] = frozenset()
        self.damage: dict[int, DamagedLedgerError] = {}
        """Why partitions are not folded any further."""
        self.rounds = 0
        """How many were folded so far."""
        self.heard: Callable[[int, int], None] = lambda _done, _of: None
        """Hears how many rounds are folded, of how many there are."""
        self.is_ended: Callable[[], bool] = lambda: False
        """Is asked whether to end at once."""

    def look(self, within_s: float) -> frozenset[int]:
        """The partitions that are ours.

        Raises:
            UnusableLedgerError: this user may not be of the group, or no broker answers.
        """
        self._own = self._members.look(within_s)
        for number in self._own - self._partitions.keys():
            self._partitions[number] = Partition(self._engine, number, self._folder)
        return self._own

    def rounds_to_fold(self) -> Mapping[int, int]:
        """How many there are of each partition that is ours and has grown."""
        found = {
            number: self._partitions[number].rounds_to_fold()
            for number in sorted(self._own - self.damage.keys())
        }
        return {number: rounds for number, rounds in found.items() if rounds}

    def until_done(self, look_s: float, others_s: float) -> Iterator[int]:
        """Take turns until the group has said what is ours, and nothing of that is left. See `turn`.

        Of a group of several one may be dead, and what was its own comes to us only when it is missed. So
        while others have partitions, this goes on until for `others_s` nothing more came to us.
        """
        latest_s = 0.0
        own: frozenset[int] | None = None
        while True:
            yield from self.turn(look_s)
            if not self._members.is_in or self.rounds_to_fold() or self._own != own:
                latest_s, own = time.monotonic() + others_s, self._own
            elif len(self._own) == self._engine.changes.partitions or time.monotonic() > latest_s:
                return

    def turn(self, look_s: float) -> Iterator[int]:
        """Go once through what is ours and has grown; of each batch that was told, how many tales it was.

        What is damaged is said, and left: it stops nothing else.

        Raises:
            UnusableLedgerError: the brokers do not answer, or refuse.
            Ended: somebody has asked for the end.
        """
        self.look(look_s)
        yield 0
        to_fold = self.rounds_to_fold()
        progress = self._progress(self.rounds + sum(to_fold.values()))
        for number in to_fold:
            for told in self._go_on(number, progress):
                yield told
                if number not in self.look(0):
                    break  # another one goes on

    def _progress(self, of: int) -> Progress:
        def tell(rounds: int) -> None:
            if self.is_ended():
                raise Ended
            self.rounds += rounds
            self.heard(self.rounds, max(of, self.rounds))

        return tell

    def _go_on(self, number: int, progress: Progress) -> Iterator[int]:
        try:
            yield from self._fold(number, progress)
        except DamagedLedgerError:
            try:  # again: a round may name a plan that was set only meanwhile
                yield from self._fold(number, progress)
            except DamagedLedgerError as error:
                self.damage[number] = error
                _LOG.warning("constat: partition %d is folded no further: %s", number, error)

    def _fold(self, number: int, progress: Progress) -> Iterator[int]:
        known = self._known()
        yield from self._partitions[number].go_on(known, _stale_afters_ms(known.contracts), progress)

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
