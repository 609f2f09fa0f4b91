"""Looks at the references: who shares them, how long they are remembered, and what they cost."""

import asyncio
import time

from consumers.agent.clock import SystemClock
from consumers.agent.judging import Attempt
from consumers.agent.references import APART_S, References
from consumers.agent.sentences import sentence

REFUSED = Attempt(0, 0, sentence("refused"))
ANSWERED = Attempt(0, 0)


class AtWill:
    """What a reference does next, by its port: it answers, refuses, or takes its time before it does."""

    def __init__(self, **waits_s):
        self.answers = True
        self.waits_s = waits_s
        self.asked = 0

    async def __call__(self, found, _timeout_ms):
        self.asked += 1
        await asyncio.sleep(self.waits_s.get(f"port_{found.port}", 0))
        return ANSWERED if self.answers else REFUSED


def looking(attempt, *ports):
    addresses = [f"tcp://127.0.0.1:{port}" for port in ports or (1,)]
    return References(addresses, attempt, 3_000, SystemClock())


def test_a_reference_that_is_waited_for_costs_nothing_while_another_one_has_refused():
    attempt = AtWill(port_2=1.0)
    attempt.answers = False

    before_s = time.process_time()
    asyncio.run(looking(attempt, 1, 2).looked_after(0))

    assert time.process_time() - before_s < 0.3


def test_a_look_without_an_answer_is_remembered_however_many_follow_it():
    """When a thousand platforms fail, looks come thick; what was seen a moment ago counts all the same."""
    attempt = AtWill()
    clock = SystemClock()

    async def story():
        references = looking(attempt)
        started_ms = clock.monotonic_ms()
        attempt.answers = False
        await references.looked_after(started_ms)
        attempt.answers = True
        for _ in range(4):
            await references.looked_after(clock.monotonic_ms() + 1)
        return references.since(started_ms)

    assert [each.answered for each in asyncio.run(story())] == [False, True, True, True, True]


def test_however_many_must_know_references_are_asked_a_few_times_a_second():
    attempt = AtWill()
    clock = SystemClock()

    async def one(references):
        latest_ms = clock.monotonic_ms() + 1_000
        while (now_ms := clock.monotonic_ms()) < latest_ms:
            await references.looked_after(now_ms)
            assert references.last.started_ms >= now_ms

    async def story():
        references = looking(attempt)
        await asyncio.gather(*(one(references) for _ in range(100)))

    asyncio.run(story())

    assert 2 <= attempt.asked <= 1 / APART_S + 2


def test_only_looks_that_go_back_so_far_are_given():
    attempt = AtWill()
    clock = SystemClock()

    async def story():
        references = looking(attempt)
        await references.looked_after(0)
        later_ms = clock.monotonic_ms() + 1
        await references.looked_after(later_ms)
        return references.since(later_ms), references.since(0)

    late, every = asyncio.run(story())

    assert (len(late), len(every)) == (1, 2)
