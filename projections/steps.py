"""What one agent says of one platform over time, as steps: from each instant on, this outcome.

Before the first step nothing is known. Steps are *normal*: their instants increase, and none repeats the
outcome before it. So two folds that mean the same give the same steps.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import pairwise

from ledger.interval import Interval

UNKNOWN, UP, DEGRADED, DOWN = 0, 1, 2, 3
"""Outcomes and verdicts as numbers, in the order in which `figures.Verdict` names them."""

CODES: Mapping[str, int] = {"unknown": UNKNOWN, "up": UP, "degraded": DEGRADED, "down": DOWN}

Step = tuple[int, int]
"""An instant, and the outcome that holds from then on."""
Steps = list[Step]


def say(steps: Steps, at_ms: int, outcome: int) -> None:
    """Add a step behind the last one, unless it says nothing new."""
    if outcome != (steps[-1][1] if steps else UNKNOWN):
        steps.append((at_ms, outcome))


def hear(steps: Steps, held_until_ms: int, at_ms: int, outcome: int) -> None:
    """Add a result to steps of which the last one holds no longer than until `held_until_ms`."""
    if held_until_ms < at_ms:
        say(steps, held_until_ms, UNKNOWN)
    say(steps, at_ms, outcome)


def outcome_at(steps: Steps, instant_ms: int) -> int:
    """What holds at an instant."""
    after = bisect_right(steps, instant_ms, key=lambda step: step[0])
    return steps[after - 1][1] if after else UNKNOWN


def laid_over(steps: Steps, observed: Steps, start_ms: int, end_ms: int, outcome: int) -> Steps:
    """The steps with another outcome over `[start_ms, end_ms)`, wherever something was observed there.

    Where nothing was, nothing is known: silence cannot be restated. At the end what held then holds again.
    """
    changed: Steps = [step for step in steps if step[0] < start_ms]
    say(changed, start_ms, _instead(outcome_at(observed, start_ms), outcome))
    for at_ms, was in observed:
        if start_ms < at_ms < end_ms:
            say(changed, at_ms, _instead(was, outcome))
    say(changed, end_ms, outcome_at(steps, end_ms))
    for at_ms, after in steps:
        if at_ms > end_ms:
            say(changed, at_ms, after)
    return changed


def _instead(was: int, outcome: int) -> int:
    return UNKNOWN if was == UNKNOWN else outcome


def known_within(steps: Steps, start_ms: int, end_ms: int) -> Iterator[Interval]:
    """The pieces of `[start_ms, end_ms)` in which something is known, in order."""
    inner = [step for step in steps if start_ms < step[0] < end_ms]
    turns = [(start_ms, outcome_at(steps, start_ms)), *inner, (end_ms, UNKNOWN)]
    for (at_ms, outcome), (next_ms, _) in pairwise(turns):
        if outcome != UNKNOWN:
            yield Interval(at_ms, next_ms)
