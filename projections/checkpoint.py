"""Checkpoints: what the fold of an agent's rounds has come to at one of them, to go on from there.

A checkpoint is kept as what was added since the one before it: a *segment*. Steps are only ever added, so the
segments up to a checkpoint are the fold up to its round. That round itself is not kept: whoever goes on reads
it again from the ledger, and its hash says that it is the same. As every round names the hash of the one
before, so are all rounds before it (decision record 0090).
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from ledger.rounds import Round
from projections.fold import PlanInUse, Result, Run
from projections.steps import Steps


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


class Row(NamedTuple):
    """Something of a platform in one of the runs: a step, the first probe, or a result held."""

    run: int
    platform: str
    at_ms: int
    value: int
    """The outcome of a step; until when a result holds; nothing (0) of a first probe."""


class Segment(NamedTuple):
    """What one agent's rounds added, from the one behind the last checkpoint up to this one's."""

    place: Place
    steps: Sequence[Row]
    firsts: Sequence[Row]
    held: Sequence[Row]
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
    """How much of each run stands in segments already."""

    def __init__(self, runs: Sequence[Run] = ()) -> None:
        """Begin with runs of which everything does."""
        self._steps = [{name: len(steps) for name, steps in run.steps.items()} for run in runs] or [{}]
        self._firsts = [len(run.first_ms) for run in runs] or [0]

    def segment(self, place: Place, runs: Sequence[Run]) -> Segment:
        """What the runs have that stands in no segment yet."""
        found: tuple[list[Row], list[Row], list[Row]] = ([], [], [])
        for index in range(len(self._firsts) - 1, len(runs)):
            if index == len(self._firsts):
                self._steps.append({})
                self._firsts.append(0)
            run = runs[index]
            found[0].extend(self._new_steps(index, run))
            found[1].extend(self._new_firsts(index, run))
            held = run.last() if index < len(runs) - 1 else run.quiet
            found[2].extend(Row(index, name, *result) for name, result in sorted(held.items()))
        return Segment(place, *found)

    def _new_steps(self, index: int, run: Run) -> list[Row]:
        told, found = self._steps[index], []
        for name, steps in run.steps.items():
            before = told.get(name, 0)
            if len(steps) > before:
                found += [Row(index, name, *step) for step in steps[before:]]
                told[name] = len(steps)
        return sorted(found)

    def _new_firsts(self, index: int, run: Run) -> list[Row]:
        before, self._firsts[index] = self._firsts[index], len(run.first_ms)
        return sorted(Row(index, *first, 0) for first in islice(run.first_ms.items(), before, None))


# ---------------------------------------------------------------- and given back


def runs_at(checkpoint: Checkpoint, found: Round, plan: PlanInUse) -> list[Run]:
    """The runs at a checkpoint; `found` is the round at which it stands."""
    *ended, current = [Run.ended(*state) for state in checkpoint.runs]
    return [*ended, current.going_on(found, plan, checkpoint.place.reach_ms)]
