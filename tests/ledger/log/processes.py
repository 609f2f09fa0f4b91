"""What the tests of this folder run in processes of their own, and how they start and end them.

Forked from a server that has everything imported already, so that a process costs milliseconds.
"""

import multiprocessing
import os
import resource
from contextlib import contextmanager
from itertools import count

from ledger.application import Ledger
from ledger.errors import ConflictError
from ledger.fact import Draft
from ledger.incidents import IncidentUpdated
from ledger.plans import Planned, PlanSet
from ledger.rounds import Round

AGENT = "paris"
PLATFORMS = ("acme-prod", "acme-test", "zenith")
BATCH = 5
TOGETHER = 3

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["pytest", "ledger.log.kafka.engine", __name__])

PLAN = PlanSet(agent=AGENT, plan_version=1, platforms=tuple(Planned(platform=name) for name in PLATFORMS))


def update(incident, text):
    """A small fact on an incident's stream."""
    return Draft(f"incident:{incident}", IncidentUpdated(incident=incident, note=text), 0)


def a_round(number, agent=AGENT, not_up=None):
    """A round of the plan above."""
    return Round(
        agent=agent,
        number=number,
        plan=f"{agent}/1",
        start_ms=number * 60_000,
        n=len(PLATFORMS),
        not_up=not_up or {},
        jitter=bytes(len(PLATFORMS)),
    )


def ledger_at(where, *, create=True):
    """The ledger at a URL, or in the file of a path."""
    return Ledger.open(where if "://" in str(where) else f"sqlite:///{where}", create=create)


def new_ledger(path):
    """A ledger that knows the agent's plan and nothing else."""
    with ledger_at(path) as ledger:
        ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))


def append_facts_for_ever(path, acknowledged):
    """Append several facts at once, on two streams, and say which positions were acknowledged."""
    with ledger_at(path) as ledger:
        for number in count():
            drafts = [update("i-1" if part else f"i-{os.getpid()}", f"{number}") for part in range(TOGETHER)]
            acknowledged.send([fact.position for fact in ledger.append(*drafts)])


def append_rounds_for_ever(path, acknowledged):
    """Append batches of rounds, and say which numbers were acknowledged."""
    with ledger_at(path) as ledger:
        while True:
            first = ledger.engine.round_head(AGENT).number + 1
            numbers = list(range(first, first + BATCH))
            ledger.append_rounds(AGENT, [a_round(number) for number in numbers])
            acknowledged.send(numbers)


def append_with_retry(path, connection, writer, times):
    """Append to one contested stream, trying again whenever another writer was first."""
    with ledger_at(path) as ledger:
        connection.send("ready")
        connection.recv()
        for number in range(times):
            while not _appended(ledger, update("contested", f"{writer} {number}")):
                pass
    connection.send("done")


def _appended(ledger, draft):
    try:
        return ledger.append(draft)
    except ConflictError:
        return None


def decide_together(path, connection, writer, times):
    """Decide on the same state as another process, each time; say which numbers were won."""
    won = []
    with ledger_at(path) as ledger:

        def decide(_state):
            connection.send("decided")
            connection.recv()
            return IncidentUpdated(incident="contested", note=writer)

        for _ in range(times):
            try:
                (fact,) = ledger.record("incident:contested", 0, lambda n, _: n + 1, decide, occurred_ms=0)
            except ConflictError:
                connection.send(None)
            else:
                won.append(fact.sequence)
                connection.send(fact.sequence)
            connection.recv()
    connection.send(won)


def raced(one, two, times):
    """Let two `decide_together` append at once; what each was told in turn, and what both have won."""
    told = []
    for _ in range(times):
        for writer in (one, two):
            assert writer.recv() == "decided"
        for writer in (one, two):
            writer.send("append")
        told.append((one.recv(), two.recv()))
        for writer in (one, two):
            writer.send("next")
    return told, one.recv() + two.recv()


def limited(function, bytes_max, *arguments):
    """Run a function in a process that may not write a file longer than this."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max))
    return function(*arguments)


def as_nobody(function, *arguments):
    """Run a function without the rights of root, which no file is closed to."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    return function(*arguments)


def append_one(path):
    """Append one fact to a ledger that exists."""
    with ledger_at(path, create=False) as ledger:
        ledger.append(update("i-1", "one more"))


def create_at(path):
    """Open a ledger, or make it."""
    ledger_at(path).close()


def length_of(path):
    """How many facts a ledger that exists holds."""
    with ledger_at(path, create=False) as ledger:
        return len(list(ledger.engine.facts()))


def append_many(path, facts):
    """Append many facts at once to a ledger that exists."""
    with ledger_at(path, create=False) as ledger:
        ledger.append(*(update("i-1", "a long story " * 50) for _ in range(facts)))


def _answer(connection, function, arguments):
    try:
        connection.send((function(*arguments), None))
    except Exception as error:  # noqa: BLE001 - the test is told
        connection.send((None, error))


def outcome_of(function, *arguments):
    """What a function returned or raised in a process of its own, as `(result, error)`."""
    with started(_answer, function, arguments) as (_, connection):
        return connection.recv()


@contextmanager
def started(target, *arguments, first=()):
    """A process running `target(*first, connection, *arguments)`, and our end of the connection.

    It is killed at the end, if it still runs.
    """
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=target, args=(*first, theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def rest_of(connection):
    """What was still acknowledged before the end."""
    try:
        while True:
            yield connection.recv()
    except EOFError:
        return
