"""A share of the rounds that are to be folded: some agents, whose log a process reads itself."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from consumers.counting import done_here
from ledger.application import open_engine
from ledger.fact import RecordedFact
from ledger.progress import Progress
from projections.asof import Known, StepsByAgent
from projections.moment import AsOf
from projections.observed import fold_agents

Folding = Callable[[Known, Sequence[str], frozenset[str], int, Progress], StepsByAgent]
"""`fold_agents`, or what gives the same."""


class Share(NamedTuple):
    """What one process folds: some agents of a ledger, as known at a moment."""

    url: str
    as_of: AsOf
    plans: Sequence[RecordedFact]
    """The facts that the rounds name their plans by."""
    agents: Sequence[str]
    platforms: frozenset[str]
    stale_after_ms: int
    cache: Path | None
    """Where folds are kept; None if nowhere."""

    def fold(self, known: Known, progress: Progress) -> StepsByAgent:
        """The steps of its agents, of what is known of the ledger; `progress` hears of the rounds.

        Raises:
            DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
        """
        folding = _folding(self.cache)
        return folding(known, self.agents, self.platforms, self.stale_after_ms, progress)

    def behind(self, known: Known) -> int:
        """How many rounds are to be folded."""
        if self.cache is None:
            return known.round_offset
        from consumers.cache.folding import CachedFold  # noqa: PLC0415 - as below

        return CachedFold(self.cache).behind(known, self.agents, self.stale_after_ms)


def fold_share(share: Share) -> StepsByAgent:
    """Fold a share through an engine of one's own; its rounds are counted where all processes see it.

    Raises:
        DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
        UnusableLedgerError: the ledger cannot be opened.
    """
    engine = open_engine(share.url, create=False)
    try:
        return share.fold(Known(share.as_of, share.plans, engine), done_here.add)
    finally:
        engine.close()


def _folding(cache: Path | None) -> Folding:
    if cache is None:
        return fold_agents
    # Polars has threads of its own, and while there are any no process is split off.
    from consumers.cache.folding import CachedFold  # noqa: PLC0415

    return CachedFold(cache)
