"""Three real brokers, writers under load, and one fault after the other: nothing is lost, nothing comes twice.

`make faults` runs the short form of each, `make soak` the long one; a plain run skips them. Each case ends with
the oracles of `load.check`, which raise; so does every wait for progress.
"""

import os
import signal
import time

import pytest

from ledger.application import Ledger
from ledger.errors import UnknownOutcomeError, UnreachableLedgerError
from ledger.log.kafka import topics
from ledger.log.kafka.address import parse
from tests import brokers
from tests.cluster import NODES, Cluster
from tests.ledger.log.kafka import load
from tests.ledger.log.kafka.load import PROGRESS_S, Load, planned, write_facts, write_rounds
from tests.ledger.log.processes import AGENT, started, update

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.slow,
    pytest.mark.skipif(
        not load.asked(), reason="faults of three brokers are tried by `make faults` and `make soak`"
    ),
]

SOAK = load.soak()
FROZEN_S = 60 if SOAK else 15
IN_STEP_S = 180
"""How long a broker that starts again may take on a busy machine; only then does progress count."""


@pytest.fixture(scope="module")
def cluster():
    brokers.require()
    found = Cluster().start()
    yield found
    found.close()


@pytest.fixture
def loaded(cluster, tmp_path, request):
    """A ledger on three brokers with writers at work; afterwards the oracles are asked."""
    name = brokers.fresh_name("f")
    url = f"kafka://{cluster.addresses}/{name}?timeout_s=60&mirrors={tmp_path}/mirrors"
    topics.create(parse(url), replicas=3, probe_partitions=2)
    planned(url)
    found = Load(url)
    with found.running(write_facts, "anna", "bela"), found.running(write_rounds, AGENT):
        found.wait_for(20)
        yield found
        found.wait_for(20)
    load.check(found, tmp_path)
    found.write_down(request.node.name)


def leader(cluster: Cluster, loaded: Load) -> int:
    return cluster.leader(parse(loaded.url).decisions)


def healed(cluster: Cluster, loaded: Load) -> None:
    """All three are in step again, and writing has gone on."""
    cluster.wait_for(*NODES)
    deadline_s = time.monotonic() + IN_STEP_S
    while cluster.in_step(parse(loaded.url).decisions) != set(NODES):
        assert time.monotonic() < deadline_s, "a replica did not come back into step"
        time.sleep(0.5)
    loaded.wait_for(10)


@pytest.mark.parametrize("times", [5 if SOAK else 2])
def test_writing_goes_on_when_the_leader_is_killed_under_load(cluster, loaded, times):
    for _ in range(times):
        node = leader(cluster, loaded)
        killed_s = time.monotonic()
        cluster.kill(node)
        loaded.wait_for(5, since_s=killed_s)
        cluster.begin(node)
        healed(cluster, loaded)


def test_a_leader_that_was_frozen_and_goes_on_changes_nothing(cluster, loaded):
    node = leader(cluster, loaded)
    cluster.pause(node)
    try:
        time.sleep(FROZEN_S)
    finally:
        cluster.resume(node)
    healed(cluster, loaded)


def test_a_leader_cut_off_from_its_followers_acknowledges_nothing_that_is_lost(cluster, loaded):
    node = leader(cluster, loaded)
    cluster.cut_off(node)
    try:
        time.sleep(FROZEN_S)
    finally:
        cluster.join(node)
    healed(cluster, loaded)


def test_with_two_of_three_down_nothing_is_acknowledged_and_healing_brings_progress(cluster, loaded):
    node = leader(cluster, loaded)
    down = [other for other in NODES if other != node]
    for other in down:
        cluster.kill(other)
    time.sleep(8)  # what was on its way is over
    silent_s = time.monotonic()
    time.sleep(FROZEN_S)
    assert loaded.since(silent_s) == []
    for other in down:
        cluster.begin(other)
    healed(cluster, loaded)


def test_brokers_that_restart_in_turn_interrupt_nobody_for_long(cluster, loaded):
    for node in NODES:
        cluster.stop(node)
        loaded.wait_for(3)
        cluster.begin(node)
        healed(cluster, loaded)
    assert loaded.of("unknown") == []


def test_a_writer_killed_between_send_and_acknowledgement_leaves_whole_appends(loaded):
    for number in range(100 if SOAK else 10):
        name = f"mortal-{number}"
        with loaded.running(write_facts, name):
            began_s = time.monotonic()
            while not any(each.text.startswith(name) for each in loaded.since(began_s)):
                time.sleep(0.01)
            time.sleep(0.02 * (number % 7))  # SIGKILL follows, wherever the writer is


def test_a_zombie_that_wakes_after_another_took_over_is_told_and_adds_nothing(loaded):
    for number in range(20 if SOAK else 2):
        stream = f"taken-over-{number}"
        with (
            Ledger.open(loaded.url) as successor,
            started(_decide_then_sleep, loaded.url, stream) as (zombie, connection),
        ):
            assert connection.recv() == "decided"
            os.kill(zombie.pid, signal.SIGSTOP)
            successor.append(update(stream, f"successor {number}"))
            os.kill(zombie.pid, signal.SIGCONT)
            assert connection.recv() == "ConflictError"


def _decide_then_sleep(connection, url, stream):
    """Decide on an empty stream, and append only after a long sleep in which another took over."""
    with Ledger.open(url) as ledger:

        def decide(_state):
            connection.send("decided")
            time.sleep(2)
            return update(stream, "zombie").fact

        try:
            ledger.record(f"incident:{stream}", 0, lambda n, _: n + 1, decide, occurred_ms=0)
            connection.send("ok")
        except Exception as error:  # noqa: BLE001 - the test is told which
            connection.send(type(error).__name__)


def test_a_broker_whose_disk_is_full_loses_nothing(tmp_path):
    brokers.require()
    small = Cluster(tmpfs_mb=dict.fromkeys(NODES, 96)).start()
    try:
        url = f"kafka://{small.addresses}/full?timeout_s=60&mirrors={tmp_path}/mirrors"
        topics.create(parse(url), replicas=3, probe_partitions=2)
        planned(url)
        found = Load(url)
        with found.running(write_facts, "anna", "bela"), found.running(write_rounds, AGENT):
            found.wait_for(20)
            node = small.leader("full.decisions")
            small.fill_disk(node)
            found.wait_for(50, seconds=2 * PROGRESS_S)
            small.empty_disk(node)
            small.kill(node)
            small.begin(node)
            healed(small, found)
        load.check(found, tmp_path)
    finally:
        small.close()


def test_without_any_broker_an_append_ends_as_not_written_or_unknown_never_as_written(cluster, tmp_path):
    name = brokers.fresh_name("n")
    url = f"kafka://{cluster.addresses}/{name}?timeout_s=3&mirrors={tmp_path}/mirrors"
    topics.create(parse(url), replicas=3, probe_partitions=2)
    with Ledger.open(url) as ledger:
        ledger.append(update("i-1", "before"))
        for node in NODES:
            cluster.pause(node)
        try:
            with pytest.raises((UnknownOutcomeError, UnreachableLedgerError), match="broker"):
                ledger.append(update("i-1", "meanwhile"))
        finally:
            for node in NODES:
                cluster.resume(node)
