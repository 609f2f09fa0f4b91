"""The two topics of a ledger: how they are made, and what of their settings could lose or reorder facts."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError

from ledger.errors import UnreachableLedgerError, UnusableLedgerError
from ledger.log.kafka.address import Address
from ledger.log.kafka.outcomes import meaning_of, shown

PROBE_PARTITIONS = 6
"""How many partitions the probes are spread over if nobody says otherwise; fixed for the ledger's life."""

SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "unclean.leader.election.enable": "false",
    "compression.type": "producer",
    "max.message.bytes": "1048588",
}
"""What both topics are made with, besides `min.insync.replicas`."""


class Topic(NamedTuple):
    """A topic as its brokers describe it."""

    name: str
    topic_id: str
    partitions: int
    replicas: int
    """The fewest replicas that a partition has."""
    settings: Mapping[str, str]


class Fault(NamedTuple):
    """A setting that could lose or reorder facts."""

    topic: str
    setting: str
    value: str
    required: str
    why: str

    def __str__(self) -> str:
        """A sentence."""
        return f"{self.topic}: {self.setting} is {self.value} and must be {self.required}, because {self.why}"


class Topics(NamedTuple):
    """The topics of a ledger, and the cluster that they are on."""

    cluster_id: str
    decisions: Topic
    probes: Topic

    def faults(self) -> list[Fault]:
        """Every setting of theirs that could lose or reorder facts."""
        return [*_faults(self.decisions, one_partition=True), *_faults(self.probes, one_partition=False)]


_RULES: tuple[tuple[str, Callable[[str], bool], str, str], ...] = (
    ("cleanup.policy", lambda value: value == "delete", "delete", "compaction removes facts"),
    ("retention.ms", lambda value: value == "-1", "-1", "facts would be deleted with age"),
    ("retention.bytes", lambda value: value == "-1", "-1", "facts would be deleted when the log grows"),
    (
        "message.timestamp.type",
        lambda value: value == "LogAppendTime",
        "LogAppendTime",
        "the ledger, and not the writer, says when a fact was recorded",
    ),
    (
        "unclean.leader.election.enable",
        lambda value: value == "false",
        "false",
        "a replica that fell behind could become leader, and acknowledged facts would be lost",
    ),
    (
        "max.message.bytes",
        lambda value: int(value) >= 1_048_576,  # noqa: PLR2004 - what the client sends at most
        "at least 1048576",
        "appends that the client takes would be refused",
    ),
)


def _faults(topic: Topic, *, one_partition: bool) -> Iterator[Fault]:
    if one_partition and topic.partitions != 1:
        why = "decisions have one total order"
        yield Fault(topic.name, "the number of partitions", str(topic.partitions), "1", why)
    for setting, holds, required, why in _RULES:
        value = topic.settings.get(setting, "unset")
        if value == "unset" or not holds(value):
            yield Fault(topic.name, setting, value, required, why)
    majority = topic.replicas // 2 + 1
    value = topic.settings.get("min.insync.replicas", "unset")
    if not value.isdecimal() or int(value) < majority:
        why = f"with {topic.replicas} replicas an acknowledged fact is safe only on a majority of them"
        yield Fault(topic.name, "min.insync.replicas", value, f"at least {majority}", why)


@contextmanager
def administrator(address: Address) -> Iterator[KafkaAdminClient]:
    """A client that asks for and makes topics.

    Raises:
        UnusableLedgerError: no broker answers, or it refuses to.
    """
    try:
        client = KafkaAdminClient(**address.client, bootstrap_timeout_ms=10_000, request_timeout_ms=10_000)
    except (KafkaError, OSError, ValueError) as error:
        raise unreachable(address, error) from error
    try:
        yield client
    except KafkaError as error:
        raise UnusableLedgerError(f"{address}: {shown(error)}; {meaning_of(error).advice}") from error
    finally:
        client.close()


def unreachable(address: Address, error: BaseException) -> UnreachableLedgerError:
    """What a person is told when no broker lets the client in."""
    return UnreachableLedgerError(
        f"no broker of {address} answers ({shown(error)}); check that it runs, the host and port, and "
        "whether the URL must say ?tls=yes or ?user=NAME"
    )


def describe(address: Address, client: KafkaAdminClient) -> Topics:
    """The topics as they are.

    Raises:
        UnusableLedgerError: one of them is not there.
    """
    names = [address.decisions, address.probes]
    described = {each["name"]: each for each in client.describe_topics(names)}
    missing = [name for name in names if name not in described or described[name]["error_code"]]
    if missing:
        raise UnusableLedgerError(
            f"there is no ledger at {address}: topic {' and '.join(missing)} is missing or closed to you; "
            f"make it with `constat --ledger {address} topics create`"
        )
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    settings = client.describe_configs(resources, config_filter="all")["topic"]
    decisions, probes = (_topic(described[name], settings[name]) for name in names)
    return Topics(str(client.describe_cluster()["cluster_id"]), decisions, probes)


def _topic(described: Mapping[str, Any], settings: Mapping[str, Any]) -> Topic:
    partitions = described["partitions"]
    return Topic(
        name=described["name"],
        topic_id=str(described["topic_id"]),
        partitions=len(partitions),
        replicas=min((len(each["replica_nodes"]) for each in partitions), default=0),
        settings={name: str(each["value"]) for name, each in settings.items()},
    )


def check(address: Address) -> Topics:
    """The topics, if nothing about them could lose or reorder facts.

    Raises:
        UnusableLedgerError: something could: each setting, its value and what it must be.
    """
    with administrator(address) as client:
        topics = describe(address, client)
    if faults := topics.faults():
        listed = "".join(f"\n  {fault}" for fault in faults)
        raise UnusableLedgerError(f"the topics of {address} could lose or reorder facts:{listed}")
    return topics


def create(
    address: Address,
    *,
    replicas: int = 1,
    min_in_sync: int | None = None,
    probe_partitions: int = PROBE_PARTITIONS,
    flush_each: bool = False,
) -> list[str]:
    """Make the topics that are not there yet; the names of those that were made.

    `flush_each` has a broker force each record to disk before it answers: slower, and what one broker alone
    needs to keep an acknowledged fact through a power cut.

    Raises:
        UnusableLedgerError: the brokers refuse; what was made before stays.
    """
    settings = {**SETTINGS, "min.insync.replicas": str(min_in_sync or replicas // 2 + 1)}
    if flush_each:
        settings["flush.messages"] = "1"
    made = []
    with administrator(address) as client:
        for name, partitions in ((address.decisions, 1), (address.probes, probe_partitions)):
            wanted = {"num_partitions": partitions, "replication_factor": replicas, "configs": settings}
            try:
                client.create_topics({name: wanted}, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                continue
            made.append(name)
    return made
