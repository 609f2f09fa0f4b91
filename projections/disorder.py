"""Rounds that go back in time: an older history imported later, or an import that adds what was missing.

An agent's rounds fall into runs, each in order of time for itself. Where the runs of a platform do not
overlap, their steps are put one behind the other; where they do, its results are sorted one by one. Either
way the steps are those that the same results would have given in order of instant.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

from ledger.rounds import Round
from projections.fold import FOR_EVER_MS, PlanInUse, Result, Run, outcome_of
from projections.steps import UNKNOWN, Steps, hear, pairs, say

RESULTS_AT_ONCE = 4_000_000
"""How many results are sorted at a time; each takes eight bytes."""


# ---------------------------------------------------------------- runs that follow each other


def joined(
    runs: Sequence[Run], platforms: frozenset[str] | None = None
) -> tuple[dict[str, Steps], list[str]]:
    """The steps of each platform, or of some, over all runs; and, by name, those whose runs overlap."""
    ends = [run.last() for run in runs]
    steps: dict[str, Steps] = {}
    tangled = []
    probed = {name for run in runs for name in run.first_ms}
    for name in sorted(probed if platforms is None else probed & platforms):
        parts = sorted(
            (run.first_ms[name], end[name], run.steps[name])
            for run, end in zip(runs, ends, strict=True)
            if name in end
        )
        if any(before.at_ms >= first_ms for (_, before, _), (first_ms, _, _) in pairwise(parts)):
            tangled.append(name)
        else:
            steps[name] = _one_behind_the_other(parts)
    return steps, tangled


def _one_behind_the_other(parts: Sequence[tuple[int, Result, Steps]]) -> Steps:
    whole: Steps = []
    until_ms = FOR_EVER_MS
    for first_ms, last, steps in parts:
        # Unless it was unknown, the first result of a run is its first step.
        first = next(pairs(steps), None)
        is_a_step = first is not None and first[0] == first_ms
        hear(whole, until_ms, first_ms, first[1] if first and is_a_step else UNKNOWN)
        whole += steps[1:] if is_a_step else steps
        until_ms = last.until_ms
    say(whole, until_ms, UNKNOWN)
    return whole


# ---------------------------------------------------------------- runs that overlap


def batches(tangled: Sequence[str], rounds: int) -> Iterator[frozenset[str]]:
    """The platforms, as many at a time as may be sorted together."""
    remaining = iter(tangled)
    while batch := frozenset(islice(remaining, max(1, RESULTS_AT_ONCE // max(1, rounds)))):
        yield batch


def sorted_out(rounds: Iterable[tuple[Round, PlanInUse]], stale_after_ms: int) -> dict[str, Steps]:
    """The steps of each platform from its results one by one, whatever their order.

    Of two results at one instant the one recorded first counts; the door refuses a second one that differs.
    """
    results: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
    for found, plan in rounds:
        for index in plan.probed(found):
            at_ms, outcome = plan.instant_ms(found, index), outcome_of(found, index)
            results[plan.names[index]].append(_packed(at_ms, outcome, for_ever=plan.plan.transitions))
    return {name: _steps(packed, stale_after_ms) for name, packed in results.items()}


def _steps(results: "array[int]", stale_after_ms: int) -> Steps:
    steps: Steps = []
    last_ms, until_ms = -FOR_EVER_MS, FOR_EVER_MS
    # A stable sort by instant alone: what was recorded first comes first.
    for at_ms, outcome, for_ever in map(_unpacked, sorted(results, key=_instant_ms)):
        if at_ms > last_ms:
            hear(steps, until_ms, at_ms, outcome)
            last_ms, until_ms = at_ms, at_ms + (FOR_EVER_MS if for_ever else stale_after_ms)
    say(steps, until_ms, UNKNOWN)
    return steps


def _packed(at_ms: int, outcome: int, *, for_ever: bool) -> int:
    """A result in one integer: its instant, whether it holds for ever (one bit), its outcome (two)."""
    return at_ms << 3 | for_ever << 2 | outcome


def _unpacked(result: int) -> tuple[int, int, bool]:
    return result >> 3, result & 3, bool(result & 4)


def _instant_ms(result: int) -> int:
    return result >> 3
