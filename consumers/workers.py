"""Rounds folded by several processes: each takes whole agents, reads the log itself and gives back steps."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ledger.application import open_engine
from ledger.errors import BadInputError
from ledger.fact import RecordedFact
from projections.asof import AsOf, Known, StepsByAgent
from projections.observed import fold_agents

if TYPE_CHECKING:
    from concurrent.futures import Future

MANY_ROUNDS = 30_000
"""Fewer are folded here before another process has started."""
COUNT = "CONSTAT_WORKERS"
"""The environment may say how many processes fold; else one for each core that we may use."""


class Share(NamedTuple):
    """What one process folds: some agents of a ledger, as known at a moment."""

    url: str
    as_of: AsOf
    plans: Sequence[RecordedFact]
    """The facts that the rounds name their plans by."""
    agents: Sequence[str]
    platforms: frozenset[str]
    stale_after_ms: int


def fold_share(share: Share) -> StepsByAgent:
    """Fold a share through an engine of one's own.

    Raises:
        DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
        UnusableLedgerError: the ledger cannot be opened.
    """
    engine = open_engine(share.url, create=False)
    try:
        known = Known(share.as_of, share.plans, engine)
        return fold_agents(known, share.agents, share.platforms, share.stale_after_ms)
    finally:
        engine.close()


@dataclass(frozen=True)
class Workers:
    """Processes that fold the rounds of a ledger; `fold` gives what `fold_agents` gives."""

    url: str
    count: int

    @classmethod
    def of(cls, url: str) -> "Workers":
        """As many as the environment says, or as there are cores.

        Raises:
            BadInputError: it says something else than a number from 1 on.
        """
        said = os.environ.get(COUNT) or str(_cores())
        if not said.isdecimal() or not int(said):
            raise BadInputError(f"{COUNT}={said} is no number of processes; write 1 or more, or unset it")
        return cls(url, int(said))

    def fold(
        self, known: Known, agents: Sequence[str], platforms: frozenset[str], stale_after_ms: int
    ) -> StepsByAgent:
        """The steps of each agent.

        Raises:
            DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
        """
        processes = min(self.count, len(agents))
        if processes < 2 or known.round_offset < MANY_ROUNDS:  # noqa: PLR2004 - one process is this one
            return fold_agents(known, agents, platforms, stale_after_ms)
        plans = [fact for fact in known.facts if fact.stream.startswith("plan:")]
        shares = [
            Share(self.url, known.as_of, plans, agents[first::processes], platforms, stale_after_ms)
            for first in range(processes)
        ]
        return _folded(shares, known)


def _folded(shares: Sequence[Share], known: Known) -> StepsByAgent:
    """All shares folded: the first one here, each other one by a process of its own."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - few commands need them
    from multiprocessing import get_context  # noqa: PLC0415

    own, *others = shares
    # Spawned and not forked: this process has the threads of Polars and of a client of Kafka.
    spawning = get_context("spawn")
    with ProcessPoolExecutor(len(others), spawning, initializer=_end_with_the_command) as pool:
        at_work = [pool.submit(fold_share, share) for share in others]
        folded = dict(_folded_here(own, known))
        for share, work in zip(others, at_work, strict=True):
            folded.update(_outcome(work, share, known))
    return folded


def _end_with_the_command() -> None:
    """Let an interrupt, which a terminal sends to us all, end this process at once and without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _outcome(work: "Future[StepsByAgent]", share: Share, known: Known) -> StepsByAgent:
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    try:
        return work.result()
    except BrokenProcessPool:  # killed, perhaps for its memory: it is done here, which takes longer
        return _folded_here(share, known)


def _folded_here(share: Share, known: Known) -> StepsByAgent:
    return fold_agents(known, share.agents, share.platforms, share.stale_after_ms)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
