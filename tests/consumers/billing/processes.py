"""Relays and billing in processes of their own, for the tests that kill and stop them."""

import os
import signal
import sqlite3
import time
from contextlib import closing, nullcontext, suppress

from consumers.billing.file_source import FileSource
from consumers.billing.run import Biller
from consumers.billing.store import Store
from consumers.billing.topic_source import TopicSource
from consumers.relay.file import FileSink
from consumers.relay.run import relay
from consumers.relay.topic import TopicSink
from consumers.stopping import Stop
from ledger.errors import ConstatError
from ledger.log.kafka.address import parse
from tests.consumers.billing.feeds import NOW_MS
from tests.consumers.billing.penalties import ledger_at

KILLS = 200 if os.environ.get("CONSTAT_SOAK") else 10
STOPS = 50 if os.environ.get("CONSTAT_SOAK") else 5
PATIENCE_S = 120 if os.environ.get("CONSTAT_SOAK") else 30
"""The long form makes a ledger of ten thousand events, which is read from a broker again and again."""


def source_of(feed):
    """The feed in a file, or in the topic of a ledger, which is closed behind a block."""
    return closing(TopicSource(parse(feed))) if feed.startswith("kafka://") else nullcontext(FileSource(feed))


def sink_of(feed):
    """The same as the place to which a relay publishes."""
    return TopicSink(parse(feed)) if feed.startswith("kafka://") else FileSink(feed)


def relay_all(where, feed):
    """Relay what is there, in this process."""
    with ledger_at(where, create=False) as ledger, closing(sink_of(feed)) as sink:
        return relay(ledger.engine, sink, Stop(), follow=False)


def bill_all(feed, path):
    """Bill what is there, in this process."""
    with source_of(feed) as source, closing(Store(str(path), create=True)) as store:
        return Biller(store, source, lambda: NOW_MS).run(Stop(), follow=False)


def relay_for_ever(connection, where, feed):
    """Relay until killed."""
    with ledger_at(where, create=False) as ledger, closing(sink_of(feed)) as sink:
        connection.send("ready")
        relay(ledger.engine, sink, Stop(), follow=True)


class Told:
    """A feed that says when a batch was read, and hands it on only when it is told to, once."""

    def __init__(self, source, connection):
        self._source = source
        self._connection = connection
        self.name = source.name

    def entries(self, place):
        for batch in self._source.entries(place):
            self._connection.send(("read", len(batch)))
            self._connection.recv()
            yield batch


def bill_for_ever(connection, feed, path, *, is_told=False):
    """Bill until killed, or until another process takes over: then say so."""
    try:
        with source_of(feed) as source, closing(Store(str(path), create=True)) as store:
            biller = Biller(store, source, lambda: NOW_MS)
            if is_told:
                biller._source = Told(source, connection)
            connection.send("ready")
            biller.run(Stop(), follow=True)
    except ConstatError as error:
        connection.send((type(error).__name__, str(error)))


def bill_when_told(connection, feed, path):
    """The same, with each batch on command."""
    bill_for_ever(connection, feed, path, is_told=True)


def wait_until(holds, what):
    """Wait for something that must come."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.005)


def is_free(path):
    """Whether nobody holds the lock of a store."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(path, timeout=0.05)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        return True
    return False


def stop_outside_a_transaction(process, path):
    """SIGSTOP; a process that is caught within a transaction of the store runs on a moment and is stopped again."""
    for _ in range(1000):
        os.kill(process.pid, signal.SIGSTOP)
        if is_free(path):
            return
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.002)
    raise AssertionError("it was within a transaction every time")
