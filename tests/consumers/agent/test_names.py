"""Names are asked anew: what a name server said a while ago says nothing of whether it is there."""

import asyncio
import gc
import os
import threading

import pytest

from consumers.agent import names
from consumers.agent.failures import NameFailureError
from consumers.agent.names import Names
from tests.consumers.agent.services import name_server


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Every answer is too old at once."""
    monkeypatch.setattr(names, "ANEW_S", 0.0)


async def addresses(found, host):
    return sorted(each["host"] for each in await found.resolve(host, 80))


def test_a_name_server_that_died_is_noticed_though_its_answer_could_be_kept():
    async def story():
        with name_server() as port:
            found = Names([f"127.0.0.1:{port}"])
            before = await addresses(found, "acme.test")
        with pytest.raises((NameFailureError, TimeoutError)):
            async with asyncio.timeout(1):
                await addresses(found, "acme.test")
        await found.close()
        return before

    assert asyncio.run(story()) == ["192.0.2.1", "192.0.2.2"]


def test_who_waits_for_a_name_is_not_cut_off_when_others_ask_anew():
    async def story():
        with name_server() as port:
            found = Names([f"127.0.0.1:{port}"])
            waiting = asyncio.create_task(addresses(found, "late.test"))
            await asyncio.sleep(0)
            others = [await addresses(found, "acme.test") for _ in range(3)]
            answer = await waiting
            await found.close()
        return others, answer

    others, answer = asyncio.run(story())

    assert others == 3 * [["192.0.2.1", "192.0.2.2"]]
    assert answer == ["192.0.2.1", "192.0.2.2"]


def test_asking_anew_for_a_long_time_leaves_no_file_and_no_thread_behind():
    def held():
        gc.collect()
        return len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208

    async def story():
        with name_server() as port:
            found = Names([f"127.0.0.1:{port}"])
            await addresses(found, "acme.test")
            await asyncio.sleep(0.3)
            before = held()
            for _ in range(40):
                await addresses(found, "acme.test")
            await asyncio.sleep(0.3)
            after = held()
            await found.close()
        return before, after

    (files, threads), (files_later, threads_later) = asyncio.run(story())

    assert files_later <= files + 4
    assert threads_later <= threads + 1
