"""The references of an agent: what answers whenever its own network works. Looked at all the time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import takewhile
from urllib.parse import urlsplit

from consumers.agent.clock import Clock
from consumers.agent.judging import OF_NAMES, Attempt, Check
from consumers.agent.names import is_name
from consumers.agent.targets import Reference, TcpTarget, reference
from ledger.instants import HOUR_MS

EVERY_S = 5.0
"""How often they are looked at while nobody asks."""
APART_S = 0.25
"""So far apart two looks begin at least: when everything fails, references are not to be overrun."""
KEPT_MS = HOUR_MS
"""Looks are remembered for so long: a round, and all that is decided in it, lasts no longer."""

Try = Callable[[Reference, int], Awaitable[Attempt]]
"""Tries a reference once, within so many milliseconds."""


class References:
    """Looks at the references: now and then, and whenever somebody must know."""

    def __init__(self, addresses: Sequence[str], attempt: Try, timeout_ms: int, clock: Clock) -> None:
        self._references = [reference(address) for address in addresses]
        self._attempt = attempt
        self._timeout_ms = timeout_ms
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._checks: deque[Check] = deque()

    @property
    def last(self) -> Check:
        """What was found last."""
        return self._checks[-1]

    def since(self, moment_ms: int) -> Sequence[Check]:
        """The looks that ended at a moment or later, oldest first."""
        return list(takewhile(lambda each: each.ended_ms >= moment_ms, reversed(self._checks)))[::-1]

    async def keep_looking(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(EVERY_S)

    async def looked_after(self, moment_ms: int) -> None:
        """Wait for a look that began at a moment or later; all who wait share it."""
        while not (self._checks and self._checks[-1].started_ms >= moment_ms):
            await self._look()

    async def each(self) -> Sequence[Attempt]:
        """Try all of them to the end, also those behind the first one that answers; in their order."""
        return await asyncio.gather(*(self._attempt(each, self._timeout_ms) for each in self._references))

    async def _look(self) -> None:
        """Look, or wait for the look that goes on."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._take_a_look())
        await asyncio.shield(self._looking)

    async def _take_a_look(self) -> None:
        if self._checks:
            await asyncio.sleep(APART_S - (self._clock.monotonic_ms() - self.last.started_ms) / 1000)
        started_ms = self._clock.monotonic_ms()
        tries = [asyncio.ensure_future(self._attempt(each, self._timeout_ms)) for each in self._references]
        named = [attempt for attempt, each in zip(tries, self._references, strict=True) if is_named(each)]
        try:
            while at_work := [attempt for attempt in tries if not attempt.done()]:
                await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
                if _answered(tries) and (not named or _resolved(named)):
                    break
        finally:
            for attempt in tries:
                attempt.cancel()
        ended_ms = self._clock.monotonic_ms()
        self._checks.append(Check(started_ms, ended_ms, _answered(tries), _resolved(named)))
        while self._checks[0].ended_ms < ended_ms - KEPT_MS:
            self._checks.popleft()


def is_named(found: Reference) -> bool:
    """Whether it has a name that must be resolved."""
    return is_name(found.host if isinstance(found, TcpTarget) else urlsplit(found.url).hostname or "")


def _done(tries: Sequence["asyncio.Future[Attempt]"]) -> Iterator[Attempt]:
    for attempt in tries:
        if attempt.done() and not attempt.cancelled():
            yield attempt.result()


def _answered(tries: Sequence["asyncio.Future[Attempt]"]) -> bool:
    """Whether one answered, whatever it said."""
    return any(is_an_answer(attempt) for attempt in _done(tries))


def is_an_answer(attempt: Attempt) -> bool:
    """Whether a reference answered, whatever it said."""
    return attempt.failure is None or bool(attempt.status)


def _resolved(named: Sequence["asyncio.Future[Attempt]"]) -> bool:
    """Whether the name of one was resolved, whatever came of it."""
    return any(attempt.failure is None or attempt.failure.kind not in OF_NAMES for attempt in _done(named))
