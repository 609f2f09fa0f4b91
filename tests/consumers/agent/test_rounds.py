"""When rounds begin, and what a clock that steps does to them; the loop and the servers are real."""

import asyncio
import time
from contextlib import ExitStack, asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from consumers.agent.awareness import Awareness
from consumers.agent.clock import SystemClock
from consumers.agent.planning import planned
from consumers.agent.prober import Prober, cancelled
from consumers.agent.rounds import Ending, Rounds, multiple_from
from ledger import plans
from tests.consumers.agent.services import loaded, serving

PERIOD_S = 2


class SteppingClock(SystemClock):
    """The machine's clock, put forward or back by a test."""

    step_ms = 0

    def wall_ms(self):
        return super().wall_ms() + self.step_ms


@asynccontextmanager
async def agent(reference, *targets, clock):
    asked = loaded(reference, *targets, period_seconds=PERIOD_S)
    awareness, ending = Awareness(clock), Ending()
    prober = Prober(asked, awareness, clock)
    plan = plans.set_plan(plans.INITIAL, "paris", planned(asked.file), period_ms=asked.file.period_ms)
    noticing = asyncio.create_task(awareness.keep_noticing())
    by_name = {target.platform: target for target in asked.file.target}
    try:
        yield Rounds(by_name, prober, awareness, clock, ending), plan, ending
    finally:
        await cancelled(noticing)
        await prober.close()


async def one_round(rounds, plan, number=1, last_start_ms=0, meanwhile=None):
    start_ms = await rounds.next_start_ms(plan.period_ms, last_start_ms)
    stepping = asyncio.create_task(meanwhile()) if meanwhile else None
    in_flight, distrust = await rounds.made(plan, number, start_ms)
    if stepping:
        await stepping
    return start_ms, in_flight.closed(distrust), distrust


@given(st.integers(0, 10**13), st.integers(1, 10**7))
def test_a_round_begins_at_a_multiple_of_its_period(instant_ms, period_ms):
    found = multiple_from(instant_ms, period_ms)

    assert found % period_ms == 0
    assert 0 <= found - instant_ms < period_ms


def stepped(step_ms, *targets):
    """A round of some targets during which the clock steps."""
    clock = SteppingClock()

    async def step():
        await asyncio.sleep(0.1)
        clock.step_ms += step_ms

    async def story():
        with serving() as server:
            urls = [{"url": server.url(target)} for target in targets]
            async with agent(server.url(), *urls, clock=clock) as (rounds, plan, _):
                return await one_round(rounds, plan, meanwhile=step)

    return asyncio.run(story())


def test_a_step_of_the_clock_makes_its_round_unknown_up_and_down_alike():
    _, found, distrust = stepped(1_500, "/slow/150", "/status/503")

    assert distrust.by_ms in range(1_490, 1_511)
    assert set(found.not_up) == {0, 1}
    for outcome, _, error in found.not_up.values():
        assert outcome == "unknown"
        assert error.startswith("the agent's clock stepped by 1.")


def test_a_step_of_a_whole_round_or_more_leaves_no_round():
    _, found, distrust = stepped(3_600_000, "/slow/150")

    assert found is None
    assert distrust.why.kind == "own-step"


def test_without_a_step_the_round_counts():
    _, found, distrust = stepped(0, "/slow/150", "/status/503")

    assert distrust is None
    assert sorted(outcome for outcome, _, _ in found.not_up.values()) == ["down"]


def test_a_clock_that_was_put_back_is_waited_for():
    """Two rounds of one agent never speak of the same time."""
    clock = SteppingClock()

    async def story():
        with serving() as server:
            async with agent(server.url(), {"url": server.url()}, clock=clock) as (rounds, plan, ending):
                first_ms, *_ = await one_round(rounds, plan)
                clock.step_ms = -60_000
                asyncio.get_running_loop().call_later(1.5 * PERIOD_S, ending.ask)
                held = await rounds.next_start_ms(plan.period_ms, first_ms)
                return first_ms, held

    _, held = asyncio.run(story())

    assert held is None


def test_a_clock_that_was_put_back_a_little_skips_what_it_has_shown_already():
    clock = SteppingClock()

    async def story():
        with serving() as server:
            async with agent(server.url(), {"url": server.url()}, clock=clock) as (rounds, plan, _):
                first_ms, *_ = await one_round(rounds, plan)
                clock.step_ms = -int(PERIOD_S * 1000 * 0.8)
                return first_ms, await rounds.next_start_ms(plan.period_ms, first_ms)

    first_ms, second_ms = asyncio.run(story())

    assert second_ms == first_ms + 1000 * PERIOD_S


def ahead(*hosts):
    """A round of targets on these hosts, whose clocks are all 20 s behind ours."""
    clock = SteppingClock()

    async def story():
        with ExitStack() as stack:
            servers = [stack.enter_context(serving(host=host)) for host in hosts]
            for server in servers:
                server.ahead_s = -20
            urls = [{"url": server.url()} for server in servers]
            async with agent(servers[0].url(), *urls, clock=clock) as (rounds, plan, _):
                return await one_round(rounds, plan)

    return asyncio.run(story())


def test_servers_that_agree_on_another_time_make_the_round_unknown():
    _, found, distrust = ahead("127.0.0.1", "127.0.0.2", "127.0.0.3")

    # 20 s are more than a whole round, so there is none.
    assert found is None
    assert distrust.why.text.endswith(" s off that of 3 of 3 servers")
    assert 18_000 <= distrust.by_ms <= 20_000


def test_three_ports_of_one_host_are_one_server():
    _, found, distrust = ahead("127.0.0.1", "127.0.0.1", "127.0.0.1")

    assert distrust is None
    assert not found.not_up


def test_a_standstill_of_the_agent_makes_a_timeout_unknown():
    """The loop is held up for most of the first try: the answer may have been there, and nobody looked."""
    clock = SystemClock()

    async def standing_still():
        await asyncio.sleep(0.05)
        time.sleep(0.6)  # noqa: ASYNC251 - that is what is tested

    async def story():
        with serving() as server:
            async with agent(server.url(), {"url": server.url("/hang")}, clock=clock) as (rounds, _, _):
                target = rounds._targets["acme-1"]
                stalled = asyncio.create_task(standing_still())
                judged = await rounds._prober.probe(target)
                await stalled
                return judged

    judged = asyncio.run(story())

    assert judged.outcome == "unknown"
    assert judged.error.startswith("the agent itself stood still for 0.")
