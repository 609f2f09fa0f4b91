"""Rounds folded from the last checkpoint on that is known to be of them; new checkpoints are kept."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from consumers.cache.files import CacheFile, PlanHashes, plan_hashes
from consumers.cache.telling import take_over
from ledger.errors import UnusableLedgerError
from ledger.log.interface import KeptRound
from ledger.progress import Progress, reported
from projections.asof import Known, StepsByAgent
from projections.checkpoint import Place
from projections.segments import Segments
from projections.steps import Steps
from projections.stream import Stream

if TYPE_CHECKING:
    from projections.checkpoint import Segment

SPACING = 720
"""Rounds from one checkpoint to the next: at most so many of each agent are folded for any past moment."""
WORTH_KEEPING = 720
"""Fewer new rounds are folded again in less time than it takes to write a file."""
WORTH_ASKING = 10_000
"""Fewer are folded in less time than it takes to hear what others came to."""


class CachedFold:
    """Folds as `observed.fold_agents` does, and gives what that gives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def behind(self, known: Known, agents: Sequence[str], stale_after_ms: int) -> int:
        """At most how many of the known rounds would have to be folded, as far as their number tells."""
        plans, after, kept = plan_hashes(known), {}, 0
        for agent in agents:
            places = CacheFile(self._folder, agent, stale_after_ms).places(plans)
            mark = _last_known(places, known, agent)
            after[agent] = 0 if mark is None else places[mark].number
            kept += 0 if mark is None else places[mark].rounds
        return min(known.round_offset - kept, known.engine.count_behind(after))

    def __call__(
        self,
        known: Known,
        agents: Sequence[str],
        platforms: frozenset[str],
        stale_after_ms: int,
        progress: Progress = lambda _: None,
    ) -> StepsByAgent:
        """The steps of each platform that each of the agents has probed; `progress` hears of the rounds.

        Raises:
            DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
        """
        if known.engine.changes and self.behind(known, agents, stale_after_ms) >= WORTH_ASKING:
            self.take_over(known, agents, stale_after_ms)
        folds = self._folds(known, agents, stale_after_ms)
        try:
            for _ in _taken(known, folds, progress, progress):
                pass
            for fold in folds.values():
                fold.mark()
        finally:  # who is interrupted keeps the checkpoints that were made
            _keep(folds)
        return {agent: fold.steps(platforms) for agent, fold in folds.items()}

    def in_parts(
        self, known: Known, agents: Sequence[str], stale_after_ms: int, rounds: int, progress: Progress
    ) -> Iterator[None]:
        """Fold the known rounds, to be told; after each so many it pauses, and their checkpoints are kept.

        Only such checkpoints are kept as everybody makes who folds the same rounds; so of each agent the last
        rounds wait for more. `progress` hears of what is read, and of nothing that was folded before.

        Raises:
            DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
        """
        folds = self._folds(known, agents, stale_after_ms)
        try:
            for read, _ in enumerate(_taken(known, folds, progress, lambda _: None), start=1):
                if read % rounds == 0:
                    _keep(folds)
                    yield
        finally:
            _keep(folds)

    def _folds(self, known: Known, agents: Sequence[str], stale_after_ms: int) -> "_Folds":
        plans = plan_hashes(known)
        return {agent: _AgentFold(known, agent, stale_after_ms, self._folder, plans) for agent in agents}

    def take_over(self, known: Known, agents: Sequence[str], stale_after_ms: int) -> None:
        """Keep what others tell of these agents."""
        if changes := known.engine.changes:
            with suppress(UnusableLedgerError, OSError):  # whoever is told nothing folds
                take_over(changes, self._folder, agents, stale_after_ms, plan_hashes(known))


_Folds = dict[str, "_AgentFold"]
"""By agent."""


def _taken(known: Known, folds: _Folds, progress: Progress, skipped: Progress) -> Iterator[None]:
    """Fold the known rounds, and come back after each that was read.

    `progress` hears of those, and `skipped` how many need not be read because a checkpoint is behind them.
    """
    yield from _taken_behind(known, folds, progress, skipped)
    # What does not go on from its checkpoint: that is of other rounds than the ledger has.
    anew = {agent: fold for agent, fold in folds.items() if fold.begins_anew()}
    yield from _taken_behind(known, anew, progress, skipped)


def _taken_behind(known: Known, folds: _Folds, progress: Progress, skipped: Progress) -> Iterator[None]:
    after = {agent: fold.after for agent, fold in folds.items()}
    rounds = known.rounds(agents=list(folds), after=after) if folds else iter(())
    for kept in reported(rounds, progress):
        if not folds[kept.agent].take(kept):
            skipped(folds[kept.agent].skipped)
        yield


def _keep(folds: _Folds) -> None:
    for fold in folds.values():
        fold.keep()


class _AgentFold:
    """The fold of an agent, from its last checkpoint or from its first round on."""

    def __init__(
        self, known: Known, agent: str, stale_after_ms: int, folder: Path, plans: PlanHashes
    ) -> None:
        self._known = known
        self._agent = agent
        self._stale_after_ms = stale_after_ms
        self._every = _every_platform(known, agent)
        self._file = CacheFile(folder, agent, stale_after_ms)
        self._plans = plans
        self._kept, self._goes_further = self._file.read(plans)
        self._mark = _last_known(self._kept.places, known, agent)
        self._added: list[Segment] = []
        self._stream: Stream | None = None
        if self._mark is None:
            self._goes_further |= bool(self._kept.places)
            self._begin()

    def _begin(self) -> None:
        self._kept, self._mark = Segments(), None
        self._stream = Stream(self._known, self._agent, self._every, self._stale_after_ms)

    @property
    def _place(self) -> Place | None:
        """Where the checkpoint stands from which the fold goes on; None if it begins at the first round."""
        return None if self._mark is None else self._kept.places[self._mark]

    @property
    def _begun_at(self) -> int:
        return self._place.rounds if self._place else 0

    @property
    def after(self) -> int:
        """The number behind which rounds are read: the round of the checkpoint is read once more."""
        return self._place.number - 1 if self._place else 0

    @property
    def skipped(self) -> int:
        """How many rounds need not be read."""
        return self._place.rounds - 1 if self._place else 0

    def begins_anew(self) -> bool:
        """Whether the checkpoint's round was not found; it is forgotten then."""
        if self._stream is not None:
            return False
        self._begin()
        self._goes_further = False
        return True

    def take(self, kept: KeptRound) -> bool:
        """Fold the next round; False if it is the checkpoint's own, behind which the fold goes on.

        The first round that is read is to be that one; where it is another one, none is folded.
        """
        if self._stream is not None:
            self._stream.take(kept)
            if self._stream.rounds % SPACING == 0:
                self.mark()
            return True
        return not self._find(kept)

    def _find(self, kept: KeptRound) -> bool:
        if self._place is None or (kept.number, kept.hash) != (self._place.number, self._place.hash):
            return False
        assert self._mark is not None
        self._stream = Stream(self._known, self._agent, self._every, self._stale_after_ms)
        self._stream.go_on(self._kept.at(self._mark), kept)
        return True

    def mark(self) -> None:
        """Make a checkpoint here, unless the last one is."""
        if self._stream is None or self._stream.rounds == self._marked_at:
            return
        if segment := self._stream.segment():
            self._added.append(segment)

    @property
    def _marked_at(self) -> int:
        return self._added[-1].place.rounds if self._added else self._begun_at

    def keep(self) -> None:
        """Write the new checkpoints behind those that were kept, if that is worth it."""
        is_at_end = self._mark in {None, len(self._kept.places) - 1} and not self._goes_further
        if self._added and is_at_end and self._marked_at - self._begun_at >= WORTH_KEEPING:
            self._kept, self._added = self._kept.extended(self._added), []
            self._mark = len(self._kept.places) - 1
            self._file.write(self._kept, self._plans)

    def steps(self, platforms: frozenset[str]) -> dict[str, Steps]:
        """The steps of some of the platforms."""
        assert self._stream is not None
        return self._stream.steps(platforms)


def _last_known(places: Sequence[Place], known: Known, agent: str) -> int | None:
    """The last checkpoint of which every round was known."""
    as_of = known.as_of
    number = None if as_of.numbers is None else dict(as_of.numbers).get(agent, 0)
    return max(
        (
            index
            for index, place in enumerate(places)
            if place.recorded_ms <= as_of.recorded_ms and (number is None or place.number <= number)
        ),
        default=None,
    )


def _every_platform(known: Known, agent: str) -> frozenset[str]:
    return frozenset(
        planned.platform for plan in known.plans.values() if plan.agent == agent for planned in plan.platforms
    )
