"""A ledger on Kafka read again from its topics: what they lost, and where the mirror says something else."""

import re
import sqlite3
import threading

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from ledger.application import Ledger
from ledger.errors import UnusableLedgerError
from ledger.fact import Draft
from ledger.log.kafka.address import parse
from ledger.log.kafka.clients import producer
from ledger.verify import verify
from tests.ledger.log.processes import AGENT, PLAN, a_round, update

FACTS, ROUNDS = 7, 20


def fill(ledger):
    """A plan, some facts in appends of two, and rounds."""
    ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))
    for number in range(3):
        ledger.append(update("i-1", f"{number}"), update(f"i-{number + 2}", f"{number}"))
    ledger.append_rounds(AGENT, [a_round(number) for number in range(1, ROUNDS + 1)])


@pytest.fixture
def url(kafka_url):
    with Ledger.open(kafka_url) as ledger:
        fill(ledger)
    return kafka_url


def verified(url, saved=None):
    with Ledger.open(url) as ledger:
        return verify(ledger.engine, saved)


def mirror_of(url):
    (path,) = parse(url).mirrors.glob("*.mirror")
    return sqlite3.connect(path, isolation_level=None)


def administrator(url):
    return KafkaAdminClient(**parse(url).client)


def test_an_untouched_ledger_fits_and_is_counted(url):
    found = verified(url)

    assert found.misfit is None
    assert (found.heads.decisions.records, found.streams, found.rounds, found.void) == (FACTS, 5, ROUNDS, 0)


def test_what_was_saved_earlier_is_passed_through(url):
    saved = verified(url).heads
    with Ledger.open(url) as ledger:
        ledger.append(update("i-1", "one more"))

    assert verified(url, saved).misfit is None


def test_a_plan_and_its_round_that_come_while_the_ends_are_read_are_no_misfit(url, monkeypatch):
    meanwhile, asked = [url.replace("/mirrors", "/other-mirrors")], threading.Event()

    def first_this_then_others(part, catch_up):
        def caught_up(*args):
            asked.set() if part is tail else None
            catch_up(*args)
            asked.clear()
            while meanwhile:
                with Ledger.open(meanwhile.pop()) as other:
                    other.append(Draft("plan:lyon", PLAN.model_copy(update={"agent": "lyon"}), 0))
                    other.append_rounds("lyon", [a_round(1, "lyon")])

        return caught_up

    def only_when_asked(take):
        return lambda kept: asked.wait(30) and take(kept)

    with Ledger.open(url) as ledger:
        tail, probes = ledger.engine._tail, ledger.engine.probes
        monkeypatch.setattr(tail, "_take", only_when_asked(tail._take))
        for part in (tail, probes):
            monkeypatch.setattr(part, "catch_up", first_this_then_others(part, part.catch_up))
        assert verify(ledger.engine).misfit is None
        asked.set()
    assert verified(url).rounds == ROUNDS + 1


def test_records_that_take_no_effect_are_counted_and_do_no_harm(url):
    address = parse(url)
    sending = producer(address)
    sending.send(address.decisions, b"no record of a ledger", partition=0)
    sending.send(address.probes, b"no round", partition=0)
    sending.flush()
    sending.close()

    found = verified(url)

    assert (found.misfit, found.void, found.rounds) == (None, 2, ROUNDS)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE records SET void = 'forged' WHERE offset = 2",
        "UPDATE places SET recorded_ms = recorded_ms + 1 WHERE number = 12",
        "DELETE FROM places WHERE number = 12",
        f"DELETE FROM places WHERE number = {ROUNDS}",
        "UPDATE ends SET last_hash = 'forged' WHERE next_place > 0",
        "UPDATE ends SET void = void + 1 WHERE next_place > 0",
        "UPDATE state SET copied = 1, own = own - 1",
    ],
)
def test_a_mirror_that_says_something_else_than_the_topics_is_at_fault_and_not_the_ledger(url, change):
    with mirror_of(url) as mirror:
        mirror.execute(change)
    mirror.close()

    misfit = verified(url).misfit

    assert misfit.log == "file"
    assert "does not say" in misfit.what
    assert "delete it, it is made anew" in misfit.what
    assert "no record is at fault" in str(misfit)


def test_a_mirror_whose_facts_were_changed_is_found(url):
    with mirror_of(url) as mirror:
        mirror.execute("UPDATE decisions SET recorded_ms = recorded_ms + 1 WHERE position = 3")
    mirror.close()

    assert verified(url).misfit.log == "file"


@pytest.mark.parametrize("has_a_mirror", [True, False])
@pytest.mark.parametrize("topic", ["decisions", "probes"])
def test_a_topic_whose_first_records_were_deleted_is_found_and_is_no_error_of_the_check(
    url, topic, has_a_mirror, constat
):
    if not has_a_mirror:
        url = url.replace("/mirrors", "/other-mirrors")
    admin, name = administrator(url), getattr(parse(url), topic)
    for partition in range(1 if topic == "decisions" else 2):
        try:
            admin.delete_records({TopicPartition(name, partition): 2})
        except Exception:  # noqa: BLE001 - the partition without rounds has nothing to delete
            assert topic == "probes"
    admin.close()

    answer = constat("--ledger", url, "verify")

    assert answer.code == 1
    assert re.search(rf"partition \d of {name} begins at 2 and must begin at 0: records were", answer.out)
    assert "do not write, and compare with a backup" in answer.out
    with pytest.raises(UnusableLedgerError), Ledger.open(url) as ledger:  # only who checks may open it
        ledger.engine.head()


def test_a_setting_that_could_lose_facts_is_found_and_all_that_is_there_is_counted(url, constat):
    admin = administrator(url)
    name = parse(url).decisions
    admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name, configs={"retention.ms": "1000000000"})]
    )
    admin.close()

    answer = constat("--ledger", url, "verify")

    assert answer.code == 1
    assert f"{FACTS} facts in 5 streams, {ROUNDS} rounds" in answer.out
    assert f"the storage itself: {name}: retention.ms is 1000000000 and must be -1" in answer.out
    with pytest.raises(UnusableLedgerError, match=r"retention\.ms is 1000000000 and must be -1"):
        verified(url)
