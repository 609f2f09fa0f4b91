"""The feed in a Kafka topic: published in order, read back where it ends, billed from the store's own place."""

import json
import time
from contextlib import closing, suppress

import pytest

from consumers.billing.account import look
from consumers.billing.store import Store, UnusableStoreError
from consumers.relay import feed
from consumers.relay.event import FeedEvent
from consumers.relay.topic import FeedTopic
from ledger.log.kafka import settings, topics
from ledger.log.kafka.address import parse
from ledger.log.kafka.clients import producer
from tests import brokers
from tests.consumers.billing.feeds import days_of
from tests.consumers.billing.penalties import assess, ledger_at, owed
from tests.consumers.billing.processes import bill_for_ever, relay_for_ever, wait_until
from tests.consumers.billing.test_bill import totals
from tests.ledger.log.processes import started

AWAY_S = 14


def events_in(url):
    """Every event of the topic, in order."""
    topic = FeedTopic(parse(url))
    try:
        _, ends = topic.bounds()
        return [FeedEvent.read(record.value) for batch in topic.records(0, ends) for record in batch]
    finally:
        topic.close()


def test_the_topic_holds_each_event_once_and_in_order_however_often_it_is_relayed(constat, kafka_url):
    with ledger_at(kafka_url) as ledger:
        assess(ledger, acme_prod=3)
        assess(ledger, "zenith", zenith_prod=1)

    assert constat("--ledger", kafka_url, "relay").code == 0
    with ledger_at(kafka_url) as ledger:
        assess(ledger, revision=2, acme_prod=1)
    again = constat("--ledger", kafka_url, "relay")

    assert again.err == "2 events relayed\n"
    found = events_in(kafka_url)
    assert [each.event_id for each in found] == [
        "assessment:acme/1",
        "assessment:acme/2",
        "assessment:zenith/1",
        "assessment:zenith/2",
        "assessment:acme/3",
        "assessment:acme/4",
    ]


def test_billing_reads_the_topic_and_owes_what_the_ledger_says(constat, kafka_url):
    with ledger_at(kafka_url) as ledger:
        assess(ledger, acme_prod=3)
        assess(ledger, revision=2, acme_prod=1)
    constat("--ledger", kafka_url, "relay")

    billed = constat("bill", "run", "--from", kafka_url)
    again = constat("bill", "run", "--from", kafka_url)

    assert (billed.code, again.code) == (0, 0)
    assert again.out.startswith("0 events read")
    assert totals(constat) == {("acme", "acme-prod", 1): 1} == owed(kafka_url)
    assert constat("--ledger", kafka_url, "bill", "reconcile").code == 0


def test_an_event_that_is_missing_in_the_middle_of_the_topic_is_published_again(constat, kafka_url, tmp_path):
    """A batch that failed while a later one did not: the end of the topic alone would not show it."""
    with ledger_at(kafka_url) as ledger:
        for number in range(1, 4):
            assess(ledger, number=number, acme_prod=number)
    constat("--ledger", kafka_url, "relay", "--to", "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_bytes().splitlines()
    publish(kafka_url, [*lines[:2], *lines[4:]])

    relayed = constat("--ledger", kafka_url, "relay")

    assert relayed.err == "4 events relayed\n"
    assert constat("bill", "run", "--from", kafka_url).code == 0
    assert totals(constat) == owed(kafka_url)


def publish(url, values):
    """Write records to the topic of the feed as somebody else might."""
    used = producer(parse(url))
    for value in values:
        used.send(parse(url).penalties, value, partition=0).get(timeout=20)
    used.close()


def test_the_topic_of_another_ledger_is_refused(constat, kafka_url, tmp_path):
    with ledger_at(tmp_path / "other.db") as other:
        assess(other, acme_prod=7)
    constat("--ledger", tmp_path / "other.db", "relay", "--to", "other.jsonl")
    publish(kafka_url, (tmp_path / "other.jsonl").read_bytes().splitlines())
    with ledger_at(kafka_url) as ledger:
        assess(ledger, acme_prod=3)

    refused = constat("--ledger", kafka_url, "relay")

    assert refused.code == 2
    assert "is the feed of another ledger" in refused.err
    assert "or its events were changed" in refused.err


def test_a_topic_of_which_the_first_event_was_changed_is_known_by_the_others(constat, kafka_url):
    with ledger_at(kafka_url) as ledger:
        assess(ledger, acme_prod=3)
        first, last = [each.value for each in feed.events(ledger.engine, 0)]
    publish(kafka_url, [first.replace(b"seal-1", b"seal-9"), last])

    refused = constat("--ledger", kafka_url, "relay")

    assert refused.code == 2
    assert "began as the feed of this ledger" in refused.err
    assert "another ledger" not in refused.err


def test_a_topic_to_which_somebody_else_wrote_is_said_to_be_that(constat, kafka_url):
    with ledger_at(kafka_url) as ledger:
        assess(ledger, acme_prod=3)
        last = [each.value for each in feed.events(ledger.engine, 0)][-1]
    constat("--ledger", kafka_url, "relay")
    publish(kafka_url, [last.replace(b'"days":3', b'"days":9')])

    refused = constat("--ledger", kafka_url, "relay")

    assert refused.code == 2
    assert "began as the feed of this ledger" in refused.err
    assert "Delete the topic, make it anew and relay again" in refused.err


def test_a_place_that_the_topic_no_longer_has_is_an_error_and_never_the_end(constat, kafka_url):
    """F21: the place is the store's own; no group has an offset, and a topic that was made anew is refused."""
    with ledger_at(kafka_url) as ledger:
        assess(ledger, acme_prod=3)
    constat("--ledger", kafka_url, "relay")
    constat("bill", "run", "--from", kafka_url)
    address = parse(kafka_url)
    assert groups(address) == []

    with topics.administrator(address) as client:
        client.delete_topics([address.penalties])
    made_again(address)
    lost = constat("bill", "run", "--from", kafka_url)

    assert lost.code == 2
    assert "ends at offset 0, and was read up to 1; nothing was applied" in lost.err
    assert totals(constat) == {("acme", "acme-prod", 1): 3}


def groups(address):
    with topics.administrator(address) as client:
        return [
            each for each in client.list_groups() if "billing" in str(each) or address.ledger in str(each)
        ]


def made_again(address):
    for _ in range(50):
        if address.penalties in topics.create(address):
            return
    raise AssertionError("the topic was not made again")


def test_the_topic_is_made_and_checked_with_the_others(constat, broker, tmp_path):
    url = f"kafka://{broker}/{brokers.fresh_name()}?mirrors={tmp_path}/mirrors"
    address = parse(url)

    made = constat("topics", "create", "--ledger", url)

    assert f"made {address.penalties}\n" in made.out
    assert f"{address.penalties}: partitions 1, replicas 1" in made.out
    found = json.loads(constat("topics", "check", "--json", "--ledger", url).out)
    assert [each["name"] for each in found["topics"]] == [
        address.decisions,
        address.probes,
        address.penalties,
        address.changes,
    ]


@pytest.mark.parametrize(("setting", "value"), [("cleanup.policy", "compact"), ("retention.ms", "1000")])
def test_a_setting_of_the_topic_that_could_lose_events_is_named(constat, broker, tmp_path, setting, value):
    url = f"kafka://{broker}/{brokers.fresh_name()}?mirrors={tmp_path}/mirrors"
    address = parse(url)
    configs = settings.SETTINGS | {"min.insync.replicas": "1", setting: value}
    with topics.administrator(address) as client:
        wanted = {"num_partitions": 1, "replication_factor": 1, "configs": configs}
        client.create_topics({address.penalties: wanted}, wait_for_metadata=True)

    answer = constat("topics", "create", "--ledger", url)

    assert answer.code == 1
    assert f"{address.penalties}: {setting} is {value} and must be " in answer.out


def test_a_topic_that_is_not_there_is_said_with_how_to_make_it(constat, kafka_url):
    with ledger_at(kafka_url) as ledger:
        assess(ledger, acme_prod=3)
    address = parse(kafka_url)
    with topics.administrator(address) as client:
        client.delete_topics([address.penalties])

    relayed = constat("--ledger", kafka_url, "relay")
    billed = constat("bill", "run", "--from", kafka_url)

    for answer in (relayed, billed):
        assert answer.code == 2
        assert f"{address.penalties} is not there, or is closed to you" in answer.err
        assert f"constat --ledger {address} topics create" in answer.err


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_relay_and_billing_go_on_by_themselves_after_the_broker_was_away(own_broker, tmp_path):
    """Longer than the clients wait for an answer, so that both have failed and begun again."""
    url = f"kafka://{own_broker.address}/away?mirrors={tmp_path}/mirrors"
    topics.create(parse(url), probe_partitions=2)
    with ledger_at(url) as ledger:
        assess(ledger, acme_prod=3)
    store = tmp_path / "billing.db"
    with (
        started(relay_for_ever, url, url) as (relaying, _),
        started(bill_for_ever, url, store) as (billing, _),
    ):
        wait_until(lambda: billed(store) == owed(url), "nothing was billed before")
        container = own_broker.get_wrapped_container()

        container.pause()
        time.sleep(AWAY_S)
        container.unpause()
        with ledger_at(url) as ledger:
            assess(ledger, number=2, acme_prod=1)

        wait_until(lambda: billed(store) == owed(url), "nothing was billed after")
        assert relaying.is_alive()
        assert billing.is_alive()


def billed(path):
    """What a store owes; nothing as long as it is not made."""
    if not path.exists():
        return None
    with suppress(UnusableStoreError), closing(Store(str(path))) as store:
        return days_of(look(store))
    return None
