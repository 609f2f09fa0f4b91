"""What one agent says of one platform over time, as steps: from each instant on, this outcome.

Before the first step nothing is known. Steps are *normal*: their instants increase, and none repeats the
outcome before it. So two folds that mean the same give the same steps.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from ledger.interval import Interval

UNKNOWN, UP, DEGRADED, DOWN = 0, 1, 2, 3
"""Outcomes and verdicts as numbers, in the order in which `figures.Verdict` names them."""

CODES: Mapping[str, int] = {"unknown": UNKNOWN, "up": UP, "degraded": DEGRADED, "down": DOWN}

Step = int
"""An instant, and in its last two bits the outcome that holds from then on; so steps sort as instants do.

A month has some hundred thousand. As pairs they would be so many objects that each garbage collection looks
through, and a column of them would be taken apart one by one.
"""
Steps = list[Step]
OUTCOMES = 4
"""How many there are: a step is its instant times so many, and its outcome."""


def step(at_ms: int, outcome: int) -> Step:
    """From an instant on this outcome."""
    return at_ms << 2 | outcome


def pairs(steps: Iterable[Step]) -> Iterator[tuple[int, int]]:
    """The instants, each with the outcome that holds from then on."""
    return ((each >> 2, each & 3) for each in steps)


def before(steps: Steps, instant_ms: int) -> Steps:
    """The steps before an instant."""
    return steps[: bisect_left(steps, step(instant_ms, UNKNOWN))]


def say(steps: Steps, at_ms: int, outcome: int) -> None:
    """Add a step behind the last one, unless it says nothing new."""
    if outcome != (steps[-1] & 3 if steps else UNKNOWN):
        steps.append(step(at_ms, outcome))


def hear(steps: Steps, held_until_ms: int, at_ms: int, outcome: int) -> None:
    """Add a result to steps of which the last one holds no longer than until `held_until_ms`."""
    if held_until_ms < at_ms:
        say(steps, held_until_ms, UNKNOWN)
    say(steps, at_ms, outcome)


def outcome_at(steps: Steps, instant_ms: int) -> int:
    """What holds at an instant."""
    after = bisect_left(steps, step(instant_ms + 1, UNKNOWN))
    return steps[after - 1] & 3 if after else UNKNOWN


def laid_over(steps: Steps, observed: Steps, start_ms: int, end_ms: int, outcome: int) -> Steps:
    """The steps with another outcome over `[start_ms, end_ms)`, wherever something was observed there.

    Where nothing was, nothing is known: silence cannot be restated. At the end what held then holds again.
    """
    changed = before(steps, start_ms)
    say(changed, start_ms, _instead(outcome_at(observed, start_ms), outcome))
    for at_ms, was in pairs(observed):
        if start_ms < at_ms < end_ms:
            say(changed, at_ms, _instead(was, outcome))
    say(changed, end_ms, outcome_at(steps, end_ms))
    for at_ms, after in pairs(steps):
        if at_ms > end_ms:
            say(changed, at_ms, after)
    return changed


def _instead(was: int, outcome: int) -> int:
    return UNKNOWN if was == UNKNOWN else outcome


def pieces_within(steps: Steps, start_ms: int, end_ms: int) -> Iterator[tuple[Interval, int]]:
    """The pieces of `[start_ms, end_ms)` in order, each with the outcome that holds in it."""
    inner = [(at_ms, outcome) for at_ms, outcome in pairs(steps) if start_ms < at_ms < end_ms]
    turns = [(start_ms, outcome_at(steps, start_ms)), *inner, (end_ms, UNKNOWN)]
    for (at_ms, outcome), (next_ms, _) in pairwise(turns):
        yield Interval(at_ms, next_ms), outcome


def known_within(steps: Steps, start_ms: int, end_ms: int) -> Iterator[Interval]:
    """The pieces of `[start_ms, end_ms)` in which something is known, in order."""
    return (piece for piece, outcome in pieces_within(steps, start_ms, end_ms) if outcome != UNKNOWN)
