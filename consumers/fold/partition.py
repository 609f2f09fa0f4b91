"""What one partition comes to: its rounds folded from the last checkpoint that is told, and told further."""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from consumers.cache.files import CacheFile, plan_hashes
from consumers.cache.folding import SPACING, CachedFold
from consumers.cache.telling import tales_of
from ledger.log.changes import Tale
from ledger.log.kafka.engine import KafkaEngine
from ledger.log.kafka.spans import spans_in
from ledger.progress import Progress
from projections.asof import Known

AT_ONCE = 50_000
"""Rounds that are folded before what they come to is told. Whoever is killed has lost no more than these, and
of each agent those since its last checkpoint."""
TOLD_AT_ONCE = 200
"""Tales; some megabytes."""

_LOG = logging.getLogger(__name__)


class Partition:
    """A partition while it is ours. Its folds are kept in a folder, so that each round is folded once."""

    def __init__(self, engine: KafkaEngine, number: int, folder: Path) -> None:
        self._engine = engine
        self._number = number
        self._fold = CachedFold(folder)
        self._folder = folder
        self._was_asked: set[int] = set()
        """For which staleness others were asked what they have folded already."""
        self._keys: set[bytes] = set()
        """Of what is told already, by whomever, or cannot be told."""
        self._next_offset = 0
        self._next_span = 0
        self._folded_until = 0
        self._agents = 1

    def rounds_to_fold(self) -> int:
        """How many records are new since the last fold; 0 while most agents cannot have made a checkpoint.

        To fold sooner would be to fold the same rounds again and again: each agent's from its last one on.
        """
        new = self._engine.probes.end(self._number) - self._folded_until
        return new if new >= SPACING * self._agents else 0

    def go_on(self, known: Known, stale_afters_ms: Sequence[int], progress: Progress) -> Iterator[int]:
        """Fold what is new and tell what is not told; of each batch, how many tales it was.

        Raises:
            DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
            UnusableLedgerError: the brokers do not answer, or refuse.
        """
        until = self._engine.probes.end(self._number)
        agents = [name for name in _agents(known) if self._engine.probes.partition_of(name) == self._number]
        at_once = max(AT_ONCE, SPACING * len(agents))  # else there is no checkpoint yet to be told
        if not stale_afters_ms:  # nothing is folded, which would place the rounds
            self._engine.probes.catch_up([self._number])
        for stale_after_ms in stale_afters_ms:
            self._ask(known, agents, stale_after_ms)
            for _ in self._fold.in_parts(known, agents, stale_after_ms, at_once, progress):
                yield from self._tell_all(known, agents, stale_afters_ms)
        yield from self._tell_all(known, agents, stale_afters_ms)
        self._folded_until, self._agents = until, max(len(agents), 1)

    def _ask(self, known: Known, agents: Sequence[str], stale_after_ms: int) -> None:
        # Once: what somebody tells of rounds that are not there would else come back each time. And whether
        # it spares much is not asked: whoever asks how many rounds there are places those of all partitions.
        if stale_after_ms not in self._was_asked:
            self._fold.take_over(known, agents, stale_after_ms)
            self._was_asked.add(stale_after_ms)

    def _tell_all(self, known: Known, agents: Sequence[str], stale_afters_ms: Sequence[int]) -> Iterator[int]:
        self._hear()
        untold = self._untold(known, agents, stale_afters_ms)
        while batch := list(islice(untold, TOLD_AT_ONCE)):
            yield self._tell(batch)
        yield 0  # between two parts there is a look at who asks for the end, and at the group

    def _hear(self) -> None:
        """What is told by now."""
        before = self._next_offset
        tales, self._next_offset = self._engine.changes.tales(self._number, before)
        if self._next_offset < before:  # the topic was made anew
            self._keys, self._next_span = set(), 0
        self._keys |= {tale.key for tale in tales}
        end = self._engine.probes.end(self._number) if tales else 0
        for span in spans_in(tales, self._number):
            if span.first == self._next_span and span.until <= end:
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
        left = self._engine.changes.publish(self._number, batch)
        self._keys |= {tale.key for tale in batch}
        for tale in left:
            _LOG.warning(
                "constat: %s is left untold, because the topic of changes does not take its %d bytes; "
                "whoever asks folds what comes from there on himself; give the topic a larger "
                "max.message.bytes, then start `constat fold` again",
                tale.key.decode(),
                len(tale.value),
            )
        return len(batch) - len(left)


def _agents(known: Known) -> list[str]:
    return sorted({plan.agent for plan in known.plans.values()})
