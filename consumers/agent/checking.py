"""Every target of an agent's file tried once, and what a round would say of it; nothing is kept."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from consumers.agent.awareness import Awareness
from consumers.agent.clock import Clock, Look, SystemClock, distrust
from consumers.agent.file import Loaded
from consumers.agent.judging import Judged
from consumers.agent.prober import Prober, Referred, cancelled
from consumers.agent.targets import Target
from ledger.progress import Progress

AT_ONCE = 100
"""So many are tried beside each other: in a round they would be further apart."""


class Tried(NamedTuple):
    """A target, and what a round would say of it."""

    target: Target
    judged: Judged


class Checked(NamedTuple):
    """What came of all targets, in the order of the file."""

    tried: Sequence[Tried]
    references: Sequence[Referred]
    references_answer: bool
    distrust: str | None
    """Why the clock is not to be trusted; None if it is."""


def check(loaded: Loaded, progress: Progress = lambda _: None, clock: Clock | None = None) -> Checked:
    """Try every target once; `progress` hears of each."""
    return asyncio.run(_checked(loaded, progress, clock or SystemClock()))


async def _checked(loaded: Loaded, progress: Progress, clock: Clock) -> Checked:
    awareness = Awareness(clock)
    prober = Prober(loaded, awareness, clock)
    noticing = asyncio.create_task(awareness.keep_noticing())
    first, turn = Look.at(clock), asyncio.Semaphore(AT_ONCE)

    async def one(target: Target) -> Tried:
        async with turn:
            tried = Tried(target, await prober.probe(target))
        progress(1)
        return tried

    try:
        answer = await prober.references_answer(first.monotonic_ms)
        references = await prober.each_reference()
        tried = await asyncio.gather(*map(one, loaded.file.target))
    finally:
        await cancelled(noticing)
        await prober.close()
    found = distrust([first, Look.at(clock)], None, prober.told)
    return Checked(tried, references, answer, found.why.text if found else None)
