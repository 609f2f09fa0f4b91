"""Checkpoints: what the fold of an agent's rounds has come to at one of them, to go on from there.

A checkpoint is kept as what was added since the one before it: a *segment*. Steps are only ever added, so the
segments up to a checkpoint are the fold up to its round. That round itself is not kept: whoever goes on reads
it again from the ledger, and its hash says that it is the same. As every round names the hash of the one
before, so are all rounds before it (decision record 0090).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ledger.rounds import Round
from projections.fold import PlanInUse, Result, Run

if TYPE_CHECKING:
    from projections.steps import Steps

# ---------------------------------------------------------------- what is kept


class AddedStep(NamedTuple):
    """A step of a platform, in one of the runs into which the rounds fall."""

    run: int
    platform: str
    at_ms: int
    outcome: int


class FirstProbe(NamedTuple):
    """When a platform was first probed in a run."""

    run: int
    platform: str
    at_ms: int


class HeldResult(NamedTuple):
    """A last result that is not one of the last round: of a platform that was missing, or of an ended run."""

    run: int
    platform: str
    at_ms: int
    until_ms: int


class Segment(NamedTuple):
    """What one agent's rounds added, from the one behind the last checkpoint up to this one's."""

    number: int
    """The last round of the segment."""
    hash: str
    """Of that round's bytes."""
    recorded_ms: int
    """When that round was recorded; all before it were by then."""
    rounds: int
    """How many were folded up to here, from the first one on."""
    runs: int
    """How many runs there are up to here."""
    reach_ms: int
    """Of the last run: see `fold.Run`."""
    plans: tuple[str, ...]
    """The plans that rounds up to here name, by reference."""
    steps: Sequence[AddedStep]
    firsts: Sequence[FirstProbe]
    held: Sequence[HeldResult]
    """Of the last run all, and of each run that ended in this segment."""


# ---------------------------------------------------------------- taken from a fold


class Tracker:
    """How much of each run stands in segments already."""

    def __init__(self, runs: Sequence[Run] = ()) -> None:
        """Begin with runs of which everything does."""
        self._steps = [{name: len(steps) for name, steps in run.steps.items()} for run in runs] or [{}]
        self._firsts = [len(run.first_ms) for run in runs] or [0]

    def added(self, runs: Sequence[Run]) -> tuple[list[AddedStep], list[FirstProbe], list[HeldResult]]:
        """What the runs have that stands in no segment yet."""
        first, last = len(self._firsts) - 1, len(runs) - 1
        steps, firsts, held = [], [], []
        for index in range(first, last + 1):
            if index == len(self._firsts):
                self._steps.append({})
                self._firsts.append(0)
            steps += self._new_steps(index, runs[index])
            firsts += self._new_firsts(index, runs[index])
            results = runs[index].last() if index < last else runs[index].quiet
            held += [HeldResult(index, name, *result) for name, result in sorted(results.items())]
        return steps, firsts, held

    def _new_steps(self, index: int, run: Run) -> list[AddedStep]:
        told, found = self._steps[index], []
        for name, steps in run.steps.items():
            before = told.get(name, 0)
            if len(steps) > before:
                found += [AddedStep(index, name, *step) for step in steps[before:]]
                told[name] = len(steps)
        return sorted(found)

    def _new_firsts(self, index: int, run: Run) -> list[FirstProbe]:
        before, self._firsts[index] = self._firsts[index], len(run.first_ms)
        return sorted(FirstProbe(index, *first) for first in list(run.first_ms.items())[before:])


# ---------------------------------------------------------------- and given back


def runs_at(segments: Sequence[Segment], found: Round, plan: PlanInUse) -> list[Run]:
    """The runs at the checkpoint that the last of the segments ends with; `found` is its round.

    Steps and first probes of other platforms than those of the plan stay as they are.
    """
    steps: defaultdict[int, dict[str, Steps]] = defaultdict(dict)
    firsts: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for segment in segments:
        for run, platform, at_ms, outcome in segment.steps:
            steps[run].setdefault(platform, []).append((at_ms, outcome))
        for run, platform, at_ms in segment.firsts:
            firsts[run][platform] = at_ms
    last = segments[-1]
    held = [_held(segments, run) for run in range(last.runs)]
    *ended, current = [Run.ended(steps[run], firsts[run], held[run]) for run in range(last.runs)]
    return [*ended, current.going_on(found, plan, last.reach_ms)]


def _held(segments: Sequence[Segment], run: int) -> Mapping[str, Result]:
    """Of a run that has ended, what it held at its end; of the last one, what it holds now."""
    segment = next((each for each in segments if each.runs > run + 1), segments[-1])
    return {name: Result(at_ms, until_ms) for of, name, at_ms, until_ms in segment.held if of == run}
