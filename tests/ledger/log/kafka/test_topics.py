"""Which settings of the topics could lose or reorder facts, on its own: no broker."""

import re

import pytest
from kafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaConnectionError,
    NoError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from ledger.errors import UnreachableLedgerError, UnusableLedgerError
from ledger.log.kafka import topics
from ledger.log.kafka.address import parse
from ledger.log.kafka.settings import COMPACTED, SETTINGS, Topic, Topics
from tests import brokers

ADDRESS = parse("kafka://host:9092/acme")


def topics_with(replicas=1, in_sync="1", partitions=1, **settings):
    held = SETTINGS | {"min.insync.replicas": in_sync} | settings
    held = {name: value for name, value in held.items() if value is not None}
    decisions = Topic("acme.decisions", "d", partitions, replicas, held)
    return Topics("cluster", decisions, Topic("acme.probes", "p", 6, replicas, held))


def sentences(found):
    return [str(fault) for fault in found.faults()]


@pytest.mark.parametrize(
    ("replicas", "in_sync"), [(1, "1"), (2, "2"), (3, "2"), (3, "3"), (4, "3"), (5, "3")]
)
def test_a_majority_in_step_is_enough(replicas, in_sync):
    assert topics_with(replicas, in_sync).faults() == []


@pytest.mark.parametrize(
    ("replicas", "in_sync", "required"),
    [(2, "1", "at least 2"), (3, "1", "at least 2"), (4, "2", "at least 3"), (5, "2", "at least 3")],
)
def test_fewer_in_step_than_a_majority_could_lose_an_acknowledged_fact(replicas, in_sync, required):
    assert sentences(topics_with(replicas, in_sync)) == [
        f"acme.{name}: min.insync.replicas is {in_sync} and must be {required}, because with {replicas} replicas "
        "an acknowledged fact is safe only on a majority of them"
        for name in ("decisions", "probes")
    ]


def test_more_in_step_than_there_are_could_never_acknowledge():
    (first, _) = sentences(topics_with(3, "4"))

    assert "min.insync.replicas is 4 and must be at most 3" in first


@pytest.mark.parametrize("setting", list(SETTINGS))
def test_a_setting_that_the_brokers_do_not_show_is_a_fault(setting):
    (first, _) = sentences(topics_with(**{setting: None}))

    assert f"{setting} is unset and must be " in first


@pytest.mark.parametrize("codec", ["producer", "uncompressed", "gzip", "zstd"])
def test_a_compression_that_every_reader_has_is_none(codec):
    assert sentences(topics_with(**{"compression.type": codec})) == []


@pytest.mark.parametrize("codec", ["lz4", "snappy"])
def test_a_compression_that_not_every_reader_has_is_a_fault(codec):
    (first, _) = sentences(topics_with(**{"compression.type": codec}))

    assert f"compression.type is {codec} and must be producer" in first


def test_the_probes_may_have_as_many_partitions_as_somebody_likes_and_the_decisions_one():
    (fault,) = topics_with(partitions=2).faults()

    assert (fault.topic, fault.value, fault.required) == ("acme.decisions", "2", "1")


def test_a_larger_record_than_ours_may_be_taken():
    assert topics_with(**{"max.message.bytes": "10000000"}).faults() == []
    assert topics_with(**{"max.message.bytes": "1048575"}).faults()


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ((UnknownTopicOrPartitionError, NoError), "acme.decisions is missing; "),
        ((NoError, UnknownTopicOrPartitionError), "acme.probes is missing; "),
        ((UnknownTopicOrPartitionError,) * 2, "acme.decisions and acme.probes are missing; "),
    ],
)
def test_one_topic_is_missing_and_two_are(errors, said):
    with pytest.raises(UnusableLedgerError) as refused:
        topics._refuse_what_is_not_shown(
            ADDRESS, dict(zip(["acme.decisions", "acme.probes"], errors, strict=True))
        )

    assert f"there is no ledger at {ADDRESS}: {said}" in str(refused.value)


@pytest.mark.parametrize("error", [TopicAuthorizationFailedError, ClusterAuthorizationFailedError])
def test_a_topic_that_is_closed_to_the_user_is_a_sentence_with_what_to_ask_for(error):
    with pytest.raises(UnusableLedgerError) as refused:
        topics._refuse_what_is_not_shown(ADDRESS, {"acme.decisions": NoError, "acme.probes": error})

    assert str(refused.value).startswith("topic acme.probes of kafka://host:9092/acme is closed to you; ask ")


@pytest.mark.parametrize("error", [TopicAuthorizationFailedError, ClusterAuthorizationFailedError])
def test_whoever_may_not_make_a_topic_is_told_so_in_a_sentence(error):
    class Closed:
        def create_topics(self, wanted, *, raise_errors):
            assert not raise_errors
            (name,) = wanted
            return {"topics": [{"name": name, "error_code": error.errno, "error_message": "not authorized"}]}

    with pytest.raises(UnusableLedgerError) as refused:
        topics._made(ADDRESS, Closed(), "acme.decisions", {})

    assert "topic acme.decisions of kafka://host:9092/acme was not made: not authorized; ask " in str(
        refused.value
    )


CLUSTER = "constat-cluster/compose.yaml"
COMPOSE = {
    "compose.yaml": {"min.insync.replicas": "1", "flush.messages": "1"},
    CLUSTER: {"min.insync.replicas": "2"},
}
REPLICAS = {"compose.yaml": "1", CLUSTER: "3"}


@pytest.mark.parametrize("file", COMPOSE)
def test_the_topics_of_compose_are_made_as_the_command_makes_them(file):
    text = (brokers.ROOT / file).read_text()

    configs = dict(re.findall(r"--config ([a-z.]+)=(\S+)", text))
    found = re.findall(r'"constat\.([a-z]+) ([0-9]+) ([a-z]+) ([0-9]+)"', text)
    made = {name: partitions for name, partitions, *_ in found}
    own = {name: {"cleanup.policy": policy, "max.message.bytes": length} for name, _, policy, length in found}

    assert configs | own["decisions"] == SETTINGS | COMPOSE[file]
    assert own["decisions"] == own["probes"] == own["penalties"]
    assert configs | own["changes"] == COMPACTED | COMPOSE[file]
    probes = str(topics.PROBE_PARTITIONS)
    assert made == {"decisions": "1", "probes": probes, "penalties": "1", "changes": probes}
    assert re.findall(r"--replication-factor (\d+) ", text) == [REPLICAS[file]]


@pytest.mark.parametrize("file", COMPOSE)
def test_compose_is_read_by_the_older_tool_too_and_its_brokers_are_reached_from_this_machine_only(file):
    text = (brokers.ROOT / file).read_text()

    keys = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    ports = re.findall(r"ports: (.+)", text)

    assert keys == {"services", "volumes"}
    assert len(set(ports)) == int(REPLICAS[file])
    assert all(re.fullmatch(r'\["127\.0\.0\.1:\d+:9092"\]', each) for each in ports)


def test_one_broker_and_three_are_projects_of_their_own_whatever_the_tool():
    """Both tools call a project by the folder of its file; the older one takes no `name`."""
    folders = {(brokers.ROOT / file).resolve().parent for file in COMPOSE}

    assert len({folder.name for folder in folders}) == len(COMPOSE)


@pytest.mark.parametrize("file", COMPOSE)
def test_compose_runs_the_image_that_the_tests_run(file):
    assert set(re.findall(r"image: (.+)", (brokers.ROOT / file).read_text())) == {brokers.IMAGE}


def test_a_broker_of_compose_starts_again_as_one_of_the_tests_does():
    for file in COMPOSE:
        commands = set(re.findall(r"exec bash <.+(?=\"])", (brokers.ROOT / file).read_text()))

        assert {each.replace("$$", "$") for each in commands} == {brokers.RUN[-1]}


class _HangsUp:
    """An administrator's client whose broker hangs up, or knows nothing, so many times before it answers."""

    times = 0
    error_code = None

    def __init__(self, **_settings):
        pass

    def describe_topics(self, names):
        _HangsUp.times -= 1
        if _HangsUp.times >= 0 and not self.error_code:
            raise KafkaConnectionError("socket disconnected")
        error_code = self.error_code if _HangsUp.times >= 0 else 0
        return [
            {"name": name, "topic_id": name, "error_code": error_code, "partitions": []} for name in names
        ]

    def describe_configs(self, resources, **_filter):
        return {"topic": {each.name: {"a": {"value": "b"}} for each in resources}}

    def describe_cluster(self):
        return {"cluster_id": "c"}

    def close(self):
        pass


def test_where_a_broker_that_is_about_to_start_hangs_up_the_others_are_asked(monkeypatch):
    monkeypatch.setattr(topics, "KafkaAdminClient", _HangsUp)
    _HangsUp.times = 2

    assert topics.look(ADDRESS).cluster_id == "c"


def test_topics_that_one_broker_does_not_know_yet_are_asked_for_again(monkeypatch):
    monkeypatch.setattr(topics, "KafkaAdminClient", _HangsUp)
    monkeypatch.setattr(_HangsUp, "error_code", UnknownTopicOrPartitionError.errno)
    _HangsUp.times = 2

    assert topics.look(ADDRESS).cluster_id == "c"


def test_where_every_broker_hangs_up_a_command_says_so_in_the_end(monkeypatch):
    monkeypatch.setattr(topics, "KafkaAdminClient", _HangsUp)
    _HangsUp.times = 100

    with pytest.raises(UnreachableLedgerError, match="hung up when it was asked"):
        topics.look(parse("kafka://host:9092/acme?timeout_s=1"))
