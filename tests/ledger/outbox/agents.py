"""Agents for the tests of the outbox: what they put, and what becomes of it in the ledger."""

import resource
import threading
import time

from ledger.errors import ConstatError, FullOutboxError
from ledger.outbox.outbox import Outbox
from tests.ledger.log.processes import AGENT, a_round, ledger_at

LONG = {0: ("down", 503, "the answer was late " * 100)}
"""What makes a round long."""
ROUND_SECONDS = 0.02


def put(outbox, count=1, **changed):
    """Put the next rounds, each started at a minute of its own; their numbers."""
    numbers = []
    for _ in range(count):
        numbers.append(outbox.next_number)
        outbox.put(a_round(numbers[-1], outbox.agent, **changed))
    return numbers


def begun(path, where):
    """An outbox that knows its ledger, closed again."""
    with Outbox.open(str(path), AGENT) as outbox, ledger_at(where, create=False) as ledger:
        outbox.learn(ledger)
    return path


def stored(ledger):
    """The numbers of the agent's rounds in the ledger."""
    return [found.number for found in ledger.engine.rounds(agents=[AGENT])]


def waiting(outbox):
    """The numbers of the rounds that wait."""
    found = outbox.pending()
    return (found.rounds, found.first and found.first.number, found.last and found.last.number)


# ---------------------------------------------------------------- in processes of their own


def put_for_ever(connection, path):
    """Put one round after the other, and say which were kept."""
    with Outbox.open(str(path)) as outbox:
        while True:
            (number,) = put(outbox)
            connection.send(number)


def send_for_ever(connection, path, where):
    """Put a few rounds and send them, again and again; say what was put and what was sent."""
    with Outbox.open(str(path)) as outbox, ledger_at(where, create=False) as ledger:
        while True:
            connection.send(("put", put(outbox, 3)))
            connection.send(("sent", outbox.send(ledger).rounds))


def put_some(path, count):
    """Put rounds into an outbox that exists; their numbers."""
    with Outbox.open(str(path)) as outbox:
        return put(outbox, count, not_up=LONG)


def put_until_refused(path):
    """Put rounds until one is refused; how many were kept, and the error."""
    with Outbox.open(str(path)) as outbox:
        kept = 0
        while True:
            try:
                put(outbox, not_up=LONG)
            except ConstatError as error:
                return kept, type(error).__name__, str(error), outbox.next_number
            kept += 1


def opens(path):
    """Open an outbox for writing."""
    Outbox.open(str(path)).close()


def put_without_and_with_room(path):
    """Put a round while nothing at all can be written, and then one while there is room again."""
    with Outbox.open(str(path)) as outbox:
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, unlimited[1]))
        try:
            put(outbox)
        except FullOutboxError as error:
            text = str(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        return text, outbox.next_number, put(outbox), outbox.pending().refused


def start_and_send(path, where, bytes_max):
    """Start an agent that has learnt everything before: its plan, what sending ended with, what still waits."""
    with Outbox.open(str(path), AGENT, bytes_max=bytes_max) as outbox:
        with ledger_at(where, create=False) as ledger:
            outbox.learn(ledger)
            kind = None
            try:
                outbox.send(ledger)
            except ConstatError as error:
                kind = type(error).__name__
        return outbox.plan.reference, kind, outbox.pending().rounds


def an_agent(connection, path, where):
    """Probe for ever: put a round every few milliseconds and say so, while a thread sends what can be sent."""
    with Outbox.open(str(path)) as outbox:
        threading.Thread(
            target=_send_whenever_possible, args=(connection, outbox, where), daemon=True
        ).start()
        while True:
            (number,) = put(outbox)
            connection.send(("put", number))
            time.sleep(ROUND_SECONDS)


def _send_whenever_possible(connection, outbox, where):
    while True:
        try:
            with ledger_at(where, create=False) as ledger:
                while True:
                    if outbox.send(ledger).rounds:
                        connection.send(("sent", outbox.pending().known.number))
                    time.sleep(ROUND_SECONDS)
        except ConstatError as error:
            connection.send(("away", str(error)))
