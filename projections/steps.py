"""What one agent says of one platform over time, as steps: from each instant on, this outcome.

Before the first step nothing is known. Steps are *normal*: their instants increase, and none repeats the
outcome before it. So two folds that mean the same give the same steps.
"""

from bisect import bisect_right
from collections.abc import Mapping

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


def laid_over(steps: Steps, start_ms: int, end_ms: int, outcome: int) -> Steps:
    """The steps with another outcome over `[start_ms, end_ms)`; at its end, what held then holds again."""
    changed: Steps = [step for step in steps if step[0] < start_ms]
    say(changed, start_ms, outcome)
    say(changed, end_ms, outcome_at(steps, end_ms))
    for at_ms, after in steps:
        if at_ms > end_ms:
            say(changed, at_ms, after)
    return changed
