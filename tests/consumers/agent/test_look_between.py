"""A network that comes back: between two tries and the look behind them nothing is taken for the platform's."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from consumers.agent.awareness import Awareness
from consumers.agent.clock import SystemClock
from consumers.agent.prober import Prober
from tests.consumers.agent.services import loaded
from tests.ports import free_ports

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
COMES_BACK_S = 0.1
"""Later than two tries that are refused, and earlier than a look behind another one (`references.APART_S`)."""


@asynccontextmanager
async def answering(port):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield


@pytest.fixture
def ports():
    return free_ports(2)


def story(ports, *, comes_back):
    """What is said of a target while neither it nor the reference is there, and then one or both are."""
    reference, port = ports
    asked = loaded(f"http://127.0.0.1:{reference}/", {"url": f"http://127.0.0.1:{port}/"}, timeout_ms=1_000)
    (target,) = asked.file.target

    async def told():
        prober = Prober(asked, Awareness(clock := SystemClock()), clock)
        try:
            away = await prober.probe(target)  # with a look, so that the next one is not made at once
            await asyncio.sleep(0.02)  # and that look was before all that follows
            probing = asyncio.create_task(prober.probe(target))
            await asyncio.sleep(COMES_BACK_S)
            async with AsyncExitStack() as there:
                for each in comes_back(reference, port):
                    await there.enter_async_context(answering(each))
                return away, await probing
        finally:
            await prober.close()

    return asyncio.run(told())


def test_a_network_that_is_back_before_it_is_looked_at_makes_no_platform_down(ports):
    away, back = story(ports, comes_back=lambda reference, port: (reference, port))

    assert away.outcome == "unknown"
    assert (back.outcome, back.error.split(" [")[0]) == (
        "degraded",
        "answered only at the second try; first connection refused",
    )


def test_a_platform_that_does_not_come_back_with_the_network_is_down(ports):
    _, back = story(ports, comes_back=lambda reference, _: (reference,))

    assert (back.outcome, back.error.split(" [")[0]) == ("down", "connection refused, twice")
