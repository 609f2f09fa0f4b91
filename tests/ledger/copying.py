"""Ledgers to copy, what two copies must have in common, and copies in processes of their own."""

import re
import time
from contextlib import contextmanager
from itertools import islice

from ledger import copy as copying
from ledger import progress as reporting
from ledger.application import Ledger, open_engine
from ledger.errors import UnusableLedgerError
from ledger.fact import Draft
from ledger.plans import Planned, PlanSet
from tests.ledger.log.processes import PLATFORMS, a_round, started, update

AGENTS = ("paris", "lyon")
NOW_MS = 1_800_000_000_000
STEP_RECORDS = 40
"""How many records the killed copies report at a time."""


class Ticking:
    """A recorded clock that goes on by a second each time, far in the past of every machine's."""

    def __init__(self):
        self.now_ms = 1_600_000_000_000

    def __call__(self):
        self.now_ms += 1000
        return self.now_ms


def fill(url, appends=40, batches=12, batch=25):
    """Facts in appends of one to three, and rounds of two agents, each append at its own moment."""
    with Ledger.open(url, clock=Ticking()) as ledger:
        for agent in AGENTS:
            platforms = tuple(Planned(platform=name) for name in PLATFORMS)
            ledger.append(
                Draft(f"plan:{agent}", PlanSet(agent=agent, plan_version=1, platforms=platforms), 0)
            )
        for number in range(appends):
            ledger.append(
                *(update(f"i-{number % 5}", f"step {number}.{part}") for part in range(number % 3 + 1))
            )
        for first in range(batches):
            for agent in AGENTS:
                numbers = range(2 * first * batch + 1, 2 * (first + 1) * batch + 1, 2)
                ledger.append_rounds(agent, [a_round(number, agent) for number in numbers])


@contextmanager
def opened(source, target):
    """Both engines of a copy."""
    from_engine = open_engine(source, create=False)
    to_engine = open_engine(target, copying=True)
    try:
        yield from_engine, to_engine
    finally:
        from_engine.close()
        to_engine.close()


def copied(source, target, **options):
    """Copy in this process."""
    with opened(source, target) as (from_engine, to_engine):
        return copying.copy(from_engine, to_engine, name="the source", now_ms=NOW_MS, **options)


def everything(url, until=None):
    """All facts, how they were appended together, and all rounds by agent: bytes, clocks and hashes."""
    engine = open_engine(url, create=False)
    try:
        ends = engine.copying.ends()
        facts = list(engine.copying.facts(after=0, until=until or ends.position))
        numbers = {agent: end.number for agent, end in ends.rounds.items()}
        rounds = [row._replace(offset=0) for row in engine.copying.rounds(after={}, until=numbers)]
        return facts, sorted(rounds, key=lambda row: (row.agent, row.number))
    finally:
        engine.close()


def is_closed(url):
    """Whether other commands open a target; what has begun and not ended is refused with what to do."""
    try:
        engine = open_engine(url, create=False)
    except UnusableLedgerError as refused:
        return not re.search("run the same `constat copy` again|there is no ledger", str(refused))
    try:
        return engine.head().position > 0
    finally:
        engine.close()


def copy_and_tell(source, target, connection):
    """Copy, and tell of every few records, so that somebody may end this process there."""
    reporting.STEP = STEP_RECORDS
    with opened(source, target) as (from_engine, to_engine):
        connection.send("opened")
        copying.copy(from_engine, to_engine, name="the source", now_ms=NOW_MS, progress=connection.send)
        connection.send("done")


def killed_copy(source, target, chance, steps_max):
    """End a copy by SIGKILL after some of its steps or within the next; what it told until then."""
    with started(copy_and_tell, first=(source, target)) as (process, connection):
        heard = list(islice(_told(connection), chance.randint(0, steps_max)))
        time.sleep(chance.random() * 0.02)
        process.kill()
        process.join()
        heard.extend(_told(connection))
    return heard


def _told(connection):
    try:
        while True:
            yield connection.recv()
    except EOFError:
        return
