"""Whether an agent's clock can be trusted: against its monotonic clock, and against those of servers. Pure.

A clock that steps puts what was seen at another time than it was seen at; so does one that is wrong. Neither
is a platform's fault, and no outcome at such a time is one.
"""

import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median_low
from typing import NamedTuple, Protocol

from consumers.agent.sentences import Sentence, seconds, sentence

STEP_MS = 500
"""A larger difference between the two clocks within a second or so is a step."""
DRIFT_MS = 1_000
"""A larger one within an hour is a drift: a clock that is steered gently moves up to 1.8 s in one."""
SERVERS_MS = 5_000
"""A server may be so far off, and an answer so old, before it disagrees."""
SERVERS_MIN = 3
"""Fewer servers prove nothing: one of them may be wrong itself."""


class Clock(Protocol):
    """The two clocks of a machine, in milliseconds."""

    def wall_ms(self) -> int:
        """UTC since 1970; may step."""

    def monotonic_ms(self) -> int:
        """Since some moment; never steps."""


class SystemClock:
    """The clocks of this machine."""

    def wall_ms(self) -> int:
        """What the machine says the time is."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """What has passed since it was started."""
        return time.monotonic_ns() // 1_000_000


class Look(NamedTuple):
    """Both clocks at one moment."""

    wall_ms: int
    monotonic_ms: int

    @classmethod
    def at(cls, clock: Clock) -> "Look":
        """What both say now."""
        return cls(clock.wall_ms(), clock.monotonic_ms())


class Told(NamedTuple):
    """What a server said the time is: a whole second, and our own clock before and after it answered."""

    server_s: int
    asked_ms: int
    answered_ms: int

    @property
    def ahead_ms(self) -> int:
        """How far our clock is ahead of it; negative if behind, 0 as long as both may be right."""
        server_from_ms, server_to_ms = 1000 * self.server_s, 1000 * self.server_s + 999
        if self.answered_ms < server_from_ms:
            return self.answered_ms - server_from_ms
        return max(0, self.asked_ms - server_to_ms)


class Distrust(NamedTuple):
    """Why a clock is not trusted, and by how much it is off or has moved."""

    why: Sentence
    by_ms: int


def stepped_ms(before: Look, after: Look) -> int:
    """By how much the wall clock moved more than the monotonic one."""
    return (after.wall_ms - before.wall_ms) - (after.monotonic_ms - before.monotonic_ms)


def distrust(looks: Sequence[Look], hour: Look | None, told: Mapping[str, Told]) -> Distrust | None:
    """Why the clock of a round cannot be trusted; None if it can.

    `looks` are those of the round in their order, the last one before it among them; `hour` is one that is
    about an hour old; `told` is what each server said last.
    """
    return _step(looks) or _drift(looks, hour) or _against(told)


def _step(looks: Sequence[Look]) -> Distrust | None:
    steps = [stepped_ms(before, after) for before, after in pairwise(looks)]
    largest = max(steps, key=abs, default=0)
    if abs(largest) <= STEP_MS:
        return None
    return Distrust(sentence("own-step", seconds(largest)), largest)


def _drift(looks: Sequence[Look], hour: Look | None) -> Distrust | None:
    if hour is None or not looks:
        return None
    drifted_ms = stepped_ms(hour, looks[-1])
    if abs(drifted_ms) <= DRIFT_MS:
        return None
    return Distrust(sentence("own-drift", seconds(drifted_ms)), drifted_ms)


def _against(told: Mapping[str, Told]) -> Distrust | None:
    """Many servers that disagree with us in the same direction are right."""
    differences = [each.ahead_ms for each in told.values()]
    for sign in (1, -1):
        off = [each for each in differences if sign * each > SERVERS_MS]
        if len(off) >= SERVERS_MIN and 2 * len(off) > len(differences):
            by_ms = median_low(off)
            return Distrust(sentence("own-clock", seconds(by_ms), len(off), len(differences)), by_ms)
    return None
