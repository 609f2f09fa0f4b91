"""Round after round: when each begins, when each of its platforms is probed, and when it closes.

A round begins at a multiple of its period by the wall clock, and all within it happens by the monotonic one.
Rounds never overlap: what is not decided when a round closes is missing in it.
"""

import asyncio
from collections.abc import Mapping

import structlog

from consumers.agent.awareness import Awareness
from consumers.agent.clock import Clock, Distrust, Look, distrust
from consumers.agent.in_flight import Begun, InFlight
from consumers.agent.judging import Judged
from consumers.agent.prober import Prober
from consumers.agent.sentences import sentence, with_original
from consumers.agent.targets import Target
from ledger.instants import format_instant
from ledger.plans import PlanSet

LATE_MS_MAX = 1_000
"""A round that could begin only so much later than at its multiple of the period still begins."""
GLANCE_S = 1.0
"""Whoever waits looks so often whether the clock has stepped."""
GRACE_S = 3.0
"""Probes at hand may take so much longer once the end is asked for."""

_LOG = structlog.stdlib.get_logger(__name__)


class Ending:
    """Whether the end is asked for; asked twice, without any grace."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.at_once = False

    def ask(self) -> None:
        """Ask for the end."""
        self.at_once = self.is_asked
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Whether to end."""
        return self._asked.is_set()

    async def within(self, seconds: float) -> bool:
        """Wait, but no longer than until the end is asked for; whether it is."""
        if seconds <= 0:
            return self.is_asked
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            pass
        return self.is_asked


class Rounds:
    """Makes the rounds of one agent."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        prober: Prober,
        awareness: Awareness,
        clock: Clock,
        ending: Ending,
    ) -> None:
        self._targets = targets
        self._prober = prober
        self._awareness = awareness
        self._clock = clock
        self._ending = ending

    async def next_start_ms(self, period_ms: int, last_start_ms: int) -> int | None:
        """Wait until the next round begins, which is then; None if the end is asked for before.

        A clock that was put back waits until it is where it was: no two rounds of an agent speak of one time.
        """
        told_ms = None
        while True:
            now_ms = self._clock.wall_ms()
            start_ms = multiple_from(now_ms - min(LATE_MS_MAX, period_ms // 4), period_ms)
            if start_ms <= last_start_ms:
                start_ms = last_start_ms + period_ms - (last_start_ms % period_ms)
                if start_ms - now_ms > 2 * period_ms and told_ms != start_ms:
                    told_ms = start_ms
                    _LOG.error("the clock was put back: no round until then", until=format_instant(start_ms))
            if start_ms <= now_ms:
                return None if self._ending.is_asked else start_ms
            if await self._ending.within(min((start_ms - now_ms) / 1000, GLANCE_S)):
                return None

    async def made(self, plan: PlanSet, number: int, start_ms: int) -> tuple[InFlight, Distrust | None]:
        """Make a round that begins now, and say whether its clock can be trusted."""
        now = Look.at(self._clock)
        self._awareness.look(now)
        self._prober.forget_told()
        began_ms = now.monotonic_ms - (now.wall_ms - start_ms)
        in_flight = InFlight(plan, Begun(number, start_ms, began_ms))
        await self._probed(in_flight)
        self._awareness.look(Look.at(self._clock))
        found = distrust(
            self._awareness.looks_since(now.monotonic_ms), self._awareness.hour, self._prober.told
        )
        if found:
            self._awareness.forget()
        return in_flight, found

    async def _probed(self, in_flight: InFlight) -> None:
        """Begin each probe when it is due, and wait for all of them, but no longer than the round lasts."""
        at_work: set[asyncio.Task[None]] = set()
        for index, planned in enumerate(in_flight.plan.platforms):
            target = self._targets.get(planned.platform)
            if target is None:  # the plan in force is not yet the one of the file
                continue
            if await self._ending.within((in_flight.due_ms(index) - self._clock.monotonic_ms()) / 1000):
                break
            if self._clock.monotonic_ms() >= in_flight.closes_ms:
                break
            task = asyncio.create_task(self._one(in_flight, index, target))
            at_work.add(task)
            task.add_done_callback(at_work.discard)
        await self._finished(at_work, in_flight.closes_ms)

    async def _finished(self, at_work: set["asyncio.Task[None]"], closes_ms: int) -> None:
        asked_ms = None
        while at_work:
            now_ms = self._clock.monotonic_ms()
            left_ms = closes_ms - now_ms
            if self._ending.is_asked:
                asked_ms = now_ms if asked_ms is None else asked_ms
                left_ms = min(left_ms, asked_ms + int(1000 * GRACE_S) - now_ms)
            if left_ms <= 0 or self._ending.at_once:
                break
            await asyncio.wait(
                at_work, timeout=min(left_ms / 1000, GLANCE_S / 4), return_when=asyncio.ALL_COMPLETED
            )
        left = list(at_work)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _one(self, in_flight: InFlight, index: int, target: Target) -> None:
        started_ms = self._clock.monotonic_ms()
        try:
            judged = await self._prober.probe(target)
        except Exception as error:  # noqa: BLE001 - a mistake of ours is never the platform's
            judged = Judged("unknown", 0, with_original(sentence("own-mistake").text, type(error).__name__))
        in_flight.take(index, judged, started_ms)


def multiple_from(instant_ms: int, period_ms: int) -> int:
    """The first multiple of a period at an instant or later."""
    return -(-instant_ms // period_ms) * period_ms
