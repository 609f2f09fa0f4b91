"""What one partition comes to: its rounds folded from the last checkpoint that is told, and told further."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from consumers.cache.files import CacheFile, plan_hashes
from consumers.cache.folding import SPACING, CachedFold
from consumers.cache.telling import tales_of
from ledger.log.changes import Tale
from ledger.log.kafka.engine import KafkaEngine
from ledger.log.kafka.spans import spans_in
from ledger.progress import Progress
from projections.asof import Known

TOLD_AT_ONCE = 200
"""Tales; some megabytes."""


class Partition:
    """A partition while it is ours. Its folds are kept in a folder, so that each round is folded once."""

    def __init__(self, engine: KafkaEngine, number: int, folder: Path) -> None:
        self._engine = engine
        self._number = number
        self._folder = folder
        self._keys: set[bytes] = set()
        """Of what is told already, by whomever."""
        self._next_offset = 0
        self._next_span = 0
        self._folded_until = -SPACING

    def rounds_to_fold(self) -> int:
        """How many records are new since the last fold; 0 while they cannot have made a checkpoint."""
        new = self._engine.probes.end(self._number) - max(self._folded_until, 0)
        return new if new >= SPACING else 0

    def go_on(self, known: Known, stale_afters_ms: Sequence[int], progress: Progress) -> Iterator[int]:
        """Fold what is new and tell what is not told; of each batch, how many tales it was.

        Raises:
            DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
            UnusableLedgerError: the brokers do not answer, or refuse.
        """
        until = self._engine.probes.end(self._number)
        agents = [
            agent for agent in _agents(known) if self._engine.probes.partition_of(agent) == self._number
        ]
        for stale_after_ms in stale_afters_ms:
            fold = CachedFold(self._folder, to_tell=True)
            fold(known, agents, frozenset(), stale_after_ms, progress)
        self._hear()
        batch: list[Tale] = []
        for tale in self._untold(known, agents, stale_afters_ms):
            batch.append(tale)
            if len(batch) == TOLD_AT_ONCE:
                yield self._tell(batch)
                batch = []
        yield self._tell(batch)
        self._folded_until = until

    def _hear(self) -> None:
        """What is told by now."""
        tales, self._next_offset = self._engine.changes.records(self._number, self._next_offset)
        self._keys |= {tale.key for tale in tales}
        for span in spans_in(tales, self._number):
            if span.first == self._next_span:
                self._next_span = span.until

    def _untold(self, known: Known, agents: Sequence[str], stale_afters_ms: Sequence[int]) -> Iterator[Tale]:
        while span := self._engine.probes.span(self._number, self._next_span):
            self._next_span = span.until
            yield span.tale()
        plans = plan_hashes(known)
        for agent in agents:
            for stale_after_ms in stale_afters_ms:
                found = CacheFile(self._folder, agent, stale_after_ms).read(plans).segments
                yield from tales_of(agent, stale_after_ms, found, plans, self._keys)

    def _tell(self, batch: Sequence[Tale]) -> int:
        self._engine.changes.publish(self._number, batch)
        self._keys |= {tale.key for tale in batch}
        return len(batch)


def _agents(known: Known) -> list[str]:
    return sorted({plan.agent for plan in known.plans.values()})
