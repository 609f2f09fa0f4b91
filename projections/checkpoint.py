"""Checkpoints: what the fold of an agent's rounds has come to at one of them, to go on from there.

A checkpoint is kept as what was added since the one before it: a *segment*. Steps are only ever added, so the
segments up to a checkpoint are the fold up to its round. That round itself is not kept: whoever goes on reads
it again from the ledger, and its hash says that it is the same. As every round names the hash of the one
before, so are all rounds before it (decision record 0090).
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Self

from ledger.rounds import Round
from projections.fold import PlanInUse, Result, Run
from projections.steps import Steps, pairs


class Place(NamedTuple):
    """Where a checkpoint stands in its agent's rounds."""

    number: int
    """The last round that was folded."""
    hash: str
    """Of that round's bytes."""
    recorded_ms: int
    """When that round was recorded; all before it were by then."""
    rounds: int
    """How many were folded up to here, from the first one on."""
    runs: int
    """Into how many runs these fall."""
    reach_ms: int
    """Of the last run: see `fold.Run`."""
    plans: tuple[str, ...]
    """The plans that rounds up to here name, by reference."""


class Rows(NamedTuple):
    """Things of platforms in runs, as columns: steps, first probes, or results held.

    A month has some hundred thousand; as objects, every garbage collection would look through them.
    """

    runs: list[int]
    platforms: list[str]
    at_ms: list[int]
    values: list[int]
    """The outcome of a step; until when a result holds; nothing (0) of a first probe."""

    @classmethod
    def none(cls) -> Self:
        """No rows yet."""
        return cls([], [], [], [])

    def add(self, run: int, platform: str, pairs: Collection[tuple[int, int]]) -> None:
        """Add instants of a platform with their values."""
        self.runs.extend([run] * len(pairs))
        self.platforms.extend([platform] * len(pairs))
        self.at_ms.extend([at_ms for at_ms, _ in pairs])
        self.values.extend([value for _, value in pairs])


class Segment(NamedTuple):
    """What one agent's rounds added, from the one behind the last checkpoint up to this one's."""

    place: Place
    steps: Rows
    firsts: Rows
    held: Rows
    """The last results that are not of the last round. Of the last run all: those of platforms that were
    missing; and of each run that ended in this segment all."""


class RunState(NamedTuple):
    """A run at a checkpoint."""

    steps: Mapping[str, Steps]
    firsts_ms: Mapping[str, int]
    held: Mapping[str, Result]


class Checkpoint(NamedTuple):
    """What to go on from."""

    place: Place
    runs: Sequence[RunState]


# ---------------------------------------------------------------- taken from a fold


class Tracker:
    """How much of the last run stands in segments already; of those before it everything does."""

    def __init__(self, runs: Sequence[Run]) -> None:
        """Begin with runs of which everything does."""
        self._run = len(runs) - 1
        self._steps = {name: len(steps) for name, steps in runs[-1].steps.items()}
        self._firsts = len(runs[-1].first_ms)

    def segment(self, place: Place, runs: Sequence[Run]) -> Segment:
        """What the runs have that stands in no segment yet."""
        segment = Segment(place, Rows.none(), Rows.none(), Rows.none())
        for index, run in enumerate(runs[self._run :], start=self._run):
            if index > self._run:
                self._run, self._steps, self._firsts = index, {}, 0
            self._add_steps(segment.steps, run)
            self._add_firsts(segment.firsts, run)
            held = run.last() if index < len(runs) - 1 else run.quiet
            for name in sorted(held):
                segment.held.add(index, name, [held[name]])
        return segment

    def _add_steps(self, rows: Rows, run: Run) -> None:
        for name in sorted(run.steps):
            steps, before = run.steps[name], self._steps.get(name, 0)
            if len(steps) > before:
                rows.add(self._run, name, [*pairs(steps[before:])])
                self._steps[name] = len(steps)

    def _add_firsts(self, rows: Rows, run: Run) -> None:
        before, self._firsts = self._firsts, len(run.first_ms)
        for name, at_ms in sorted(islice(run.first_ms.items(), before, None)):
            rows.add(self._run, name, [(at_ms, 0)])


# ---------------------------------------------------------------- and given back


def runs_at(checkpoint: Checkpoint, found: Round, plan: PlanInUse) -> list[Run]:
    """The runs at a checkpoint; `found` is the round at which it stands."""
    *ended, current = [Run.kept(*state) for state in checkpoint.runs]
    return [*ended, current.going_on(found, plan, checkpoint.place.reach_ms)]
