"""What agents observed, before any correction: their rounds folded to steps. One agent needs no other."""

from collections.abc import Sequence

from ledger.progress import Progress, reported
from projections.asof import Known, StepsByAgent
from projections.stream import Stream


def fold_agents(
    known: Known,
    agents: Sequence[str],
    platforms: frozenset[str],
    stale_after_ms: int,
    progress: Progress = lambda _: None,
) -> StepsByAgent:
    """The steps of each of the platforms that each of the agents has probed; `progress` hears of the rounds.

    Raises:
        DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
    """
    streams = {agent: Stream(known, agent, platforms, stale_after_ms) for agent in agents}
    if streams:
        for kept in reported(known.rounds(agents=list(streams)), progress):
            streams[kept.agent].take(kept)
    return {agent: stream.steps() for agent, stream in streams.items()}
