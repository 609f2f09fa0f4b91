"""`kill -9` of an agent at any point of putting and sending: every round that was kept arrives, and arrives once."""

import random
import time

import pytest

from ledger.outbox import chain
from ledger.outbox.outbox import Outbox
from ledger.verify import verify
from tests.ledger.log.processes import ledger_at, new_ledger, rest_of, started
from tests.ledger.log.test_killed_writers import wait_for
from tests.ledger.outbox.agents import an_agent, begun, put_for_ever, send_for_ever, stored

KILLS = {"sqlite": 60, "kafka": 15}
MESSAGES_MAX = 6
A_PUT_SECONDS = 0.004
WITHIN_A_COMMIT = 0.5
"""How many of the kills wait until a transaction of the outbox has begun; the others come when they come."""
RESTARTS = 10
AWAY_SECONDS_MAX = 1.5
BACK_SECONDS_MAX = 90


def killed_while(target, chance, path, *arguments):
    """What an agent said before it was killed somewhere within a put or a sending."""
    with started(target, path, *arguments) as (process, connection):
        said = [connection.recv() for _ in range(chance.randint(1, MESSAGES_MAX))]
        if chance.random() < WITHIN_A_COMMIT:
            while is_sending(said[-1]):
                said.append(connection.recv())
            wait_for(path.with_name(f"{path.name}-journal"))
        else:
            connection.poll(chance.random() * A_PUT_SECONDS)
        process.kill()
        process.join()
        return [*said, *rest_of(connection)]


def is_sending(word):
    """Whether the agent said that it has sent: the next commit of its outbox is that of a put."""
    return isinstance(word, tuple) and word[0] == "sent"


def numbers_in(path):
    """The rounds that wait in an outbox, each of them checked."""
    with Outbox.open(str(path)) as outbox:
        return [each.number for each, _ in chain.walk(outbox._file)]


@pytest.mark.timeout(120)
def test_a_killed_put_loses_no_round_that_was_kept(tmp_path):
    new_ledger(tmp_path / "ledger.db")
    path = begun(tmp_path / "outbox.db", tmp_path / "ledger.db")
    chance = random.Random(20261125)
    kept, journals = [], 0

    for _ in range(KILLS["sqlite"]):
        kept += killed_while(put_for_ever, chance, path)
        journals += path.with_name("outbox.db-journal").exists()

        numbers = numbers_in(path)
        assert numbers == list(range(1, len(numbers) + 1))
        assert set(kept) <= set(numbers)

    assert len(kept) == len(set(kept)) >= KILLS["sqlite"]
    assert journals, "no kill fell into a commit, so this test showed nothing"
    with Outbox.open(str(path)) as outbox, ledger_at(tmp_path / "ledger.db") as ledger:
        outbox.send(ledger)
        assert stored(ledger) == numbers


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_agent_that_is_killed_while_it_sends_sends_everything_once(each_url, tmp_path):
    """Fails where a round is taken out before it is sent, and where nobody looks what has arrived already."""
    new_ledger(each_url)
    path = begun(tmp_path / "outbox.db", each_url)
    chance = random.Random(20261126)
    kept, between = [], 0

    for _ in range(KILLS[each_url.partition(":")[0]]):
        said = killed_while(send_for_ever, chance, path, each_url)
        kept += [number for what, numbers in said if what == "put" for number in numbers]
        with ledger_at(each_url, create=False) as ledger:
            arrived, waits = stored(ledger), numbers_in(path)
            between += bool(set(arrived) & set(waits))
            assert arrived == list(range(1, len(arrived) + 1))
            assert set(kept) <= {*arrived, *waits}

    with Outbox.open(str(path)) as outbox, ledger_at(each_url, create=False) as ledger:
        outbox.send(ledger)
        numbers = stored(ledger)
        assert numbers == list(range(1, len(numbers) + 1))
        assert set(kept) <= set(numbers)
        assert verify(ledger.engine).misfit is None
    assert len(kept) == len(set(kept))
    assert between, "no kill fell between the ledger's answer and taking a round out, so this showed nothing"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_while_the_broker_is_away_and_the_agent_restarts_ten_times_nothing_is_lost(own_broker, tmp_path):
    """An agent probes on, its ledger does not answer, it is killed again and again; then the broker is back."""
    where = f"kafka://{own_broker.address}/away?mirrors={tmp_path}/mirrors&timeout_s=20"
    make_topics(where)
    path = begun(tmp_path / "outbox.db", where)
    container = own_broker.get_wrapped_container()
    chance = random.Random(20261127)
    said = run_until_sent(path, where, 1)

    container.pause()
    for _ in range(RESTARTS):
        found = run_for(0.3 + chance.random() * AWAY_SECONDS_MAX, path, where)
        assert not any(what == "sent" for what, _ in found)
        said += found
    waited = numbers_in(path)
    container.unpause()
    said += run_until_sent(path, where, waited[-1])

    kept = [number for what, number in said if what == "put"]
    assert len(waited) > RESTARTS
    with Outbox.open(str(path)) as outbox, ledger_at(where, create=False) as ledger:
        outbox.send(ledger)
        numbers = stored(ledger)
        assert numbers == list(range(1, len(numbers) + 1))
        assert kept == sorted(set(kept))
        assert set(kept) <= set(numbers)
        assert verify(ledger.engine).misfit is None


def make_topics(where):
    from ledger.log.kafka import address, topics  # noqa: PLC0415 - only this test makes its own

    topics.create(address.parse(where), probe_partitions=2)
    new_ledger(where)


def run_for(seconds, path, where):
    """What an agent says until it is killed."""
    with started(an_agent, path, where) as (process, connection):
        until_s = time.monotonic() + seconds
        said = []
        while (left_s := until_s - time.monotonic()) > 0:
            if connection.poll(left_s):
                said.append(connection.recv())
        process.kill()
        process.join()
        return [*said, *rest_of(connection)]


def run_until_sent(path, where, number):
    """What an agent says until the ledger has a round."""
    with started(an_agent, path, where) as (process, connection):
        deadline_s = time.monotonic() + BACK_SECONDS_MAX
        said = []
        while not any(what == "sent" and so_far >= number for what, so_far in said[-1:]):
            assert time.monotonic() < deadline_s, "nothing arrived after the broker was back"
            if connection.poll(1):
                said.append(connection.recv())
        process.kill()
        process.join()
        return [*said, *rest_of(connection)]
