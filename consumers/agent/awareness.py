"""What an agent notices of itself while it runs: standing still, and its two clocks side by side."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import pairwise, takewhile

from consumers.agent.clock import STEP_MS, Clock, Look, stepped_ms
from consumers.agent.judging import Standstill
from ledger.instants import HOUR_MS, MINUTE_MS

TICK_MS = 50
"""How often it looks whether it is on time."""
LATE_MS = 50
"""Who comes so much later than he wanted stood still."""
LOOK_EVERY_MS = 1_000
KEPT_MS = HOUR_MS
"""Standstills are remembered for so long: a round, and all that is decided in it, lasts no longer."""


class Awareness:
    """Notices; nobody is asked for anything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.standstills: deque[Standstill] = deque()
        self._looks: deque[Look] = deque([Look.at(clock)])

    async def keep_noticing(self) -> None:
        """Notice, until cancelled."""
        while True:
            before_ms = self._clock.monotonic_ms()
            await asyncio.sleep(TICK_MS / 1000)
            self.notice(before_ms, Look.at(self._clock))

    def notice(self, before_ms: int, now: Look) -> None:
        """Take down how it is after a rest that began at a moment of the monotonic clock."""
        wanted_ms = before_ms + TICK_MS
        if now.monotonic_ms - wanted_ms > LATE_MS:
            self.standstills.append(Standstill(wanted_ms, now.monotonic_ms))
        while self.standstills and self.standstills[0].end_ms < now.monotonic_ms - KEPT_MS:
            self.standstills.popleft()
        last = self._looks[-1]
        if now.monotonic_ms - last.monotonic_ms >= LOOK_EVERY_MS or abs(stepped_ms(last, now)) > STEP_MS:
            self.look(now)

    def standstills_since(self, monotonic_ms: int) -> Sequence[Standstill]:
        """Those that ended at a moment or later, oldest first."""
        recent = takewhile(lambda each: each.end_ms >= monotonic_ms, reversed(self.standstills))
        return list(recent)[::-1]

    def look(self, now: Look) -> None:
        """Take down both clocks."""
        self._looks.append(now)
        while self._looks[0].monotonic_ms < now.monotonic_ms - HOUR_MS - MINUTE_MS:
            self._looks.popleft()

    def looks_since(self, monotonic_ms: int) -> Sequence[Look]:
        """The looks of a while, the last one before it among them."""
        before = [each for each in self._looks if each.monotonic_ms <= monotonic_ms]
        return [*before[-1:], *(each for each in self._looks if each.monotonic_ms > monotonic_ms)]

    @property
    def hour(self) -> Look | None:
        """A look of an hour ago; None if there was none yet, or the clock has stepped since."""
        first, last = self._looks[0], self._looks[-1]
        if last.monotonic_ms - first.monotonic_ms < HOUR_MS:
            return None
        has_stepped = any(abs(stepped_ms(*each)) > STEP_MS for each in pairwise(self._looks))
        return None if has_stepped else first

    def forget(self) -> None:
        """Begin anew behind a step: what was before it is no measure any more."""
        last = self._looks[-1]
        self._looks.clear()
        self._looks.append(last)
