"""The two topics of a ledger: how they are made, and what of their settings could lose or reorder facts.

The topic of the penalty feed is made with them, and looked at on its own (`penalties`).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from ledger.errors import BadInputError, MissingLedgerError, UnreachableLedgerError, UnusableLedgerError
from ledger.log.kafka.address import Address
from ledger.log.kafka.connecting import connected
from ledger.log.kafka.outcomes import advice_on, shown
from ledger.log.kafka.patience import PATIENCE_MS, PAUSE_S, patiently

PROBE_PARTITIONS = 6
"""How many partitions the probes are spread over if nobody says otherwise; fixed for the ledger's life."""
SPREAD_S = 1.0
"""How soon every broker knows of a topic that was just made."""
FLUSH = "flush.messages"
"""After how many records a broker forces them to disk: 1 is at once; unset, the system does when it likes."""
SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "unclean.leader.election.enable": "false",
    "compression.type": "producer",
    "max.message.bytes": "1048588",
}
"""What the topics are made with, besides `min.insync.replicas`."""


class Topic(NamedTuple):
    """A topic as its brokers describe it."""

    name: str
    topic_id: str
    partitions: int
    replicas: int
    """The fewest replicas that a partition has."""
    settings: Mapping[str, str]
    may_write: bool = True
    """Whether the user who looks may write to it."""


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
        return [*faults_of(self.decisions, one_partition=True), *faults_of(self.probes, one_partition=False)]


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
        "compression.type",
        lambda value: value in {"producer", "uncompressed", "gzip"},
        "producer",
        "the broker would store facts in a form that not every reader can read",
    ),
    (
        "max.message.bytes",
        lambda value: int(value) >= 1_048_576,  # noqa: PLR2004 - what the client sends at most
        "at least 1048576",
        "appends that the client takes would be refused",
    ),
)


def faults_of(topic: Topic, *, one_partition: bool) -> Iterator[Fault]:
    """Every setting of a topic that could lose or reorder what it holds."""
    if one_partition and topic.partitions != 1:
        why = "decisions have one total order"
        yield Fault(topic.name, "the number of partitions", str(topic.partitions), "1", why)
    for setting, holds, required, why in _RULES:
        value = topic.settings.get(setting, "unset")
        if value == "unset" or not holds(value):
            yield Fault(topic.name, setting, value, required, why)
    value = topic.settings.get("min.insync.replicas", "unset")
    if not value.isdecimal() or int(value) < majority_of(topic.replicas):
        why = f"with {topic.replicas} replicas an acknowledged fact is safe only on a majority of them"
        yield Fault(topic.name, "min.insync.replicas", value, f"at least {majority_of(topic.replicas)}", why)
    elif int(value) > topic.replicas:
        why = "no append could ever be acknowledged"
        yield Fault(topic.name, "min.insync.replicas", value, f"at most {topic.replicas}", why)


def majority_of(replicas: int) -> int:
    """How many replicas must have a fact, so that any later leader has it."""
    return replicas // 2 + 1


@contextmanager
def administrator(address: Address, within_ms: int = PATIENCE_MS) -> Iterator[KafkaAdminClient]:
    """A client that asks for and makes topics, if a broker lets it in within so long.

    Raises:
        UnusableLedgerError: no broker answers, or it refuses to.
    """
    client = connected(
        KafkaAdminClient, address, bootstrap_timeout_ms=within_ms, request_timeout_ms=PATIENCE_MS
    )
    try:
        yield client
    except (KafkaConnectionError, KafkaTimeoutError) as error:
        raise UnreachableLedgerError(
            f"a broker of {address} hung up when it was asked ({shown(error)}); check the brokers, try again"
        ) from error
    except KafkaError as error:
        raise _refusal(type(error))(f"{address}: {shown(error)}; {_advice(type(error))}") from error
    finally:
        client.close()


def _refusal(kind: type[BaseException]) -> type[UnusableLedgerError]:
    """What a broker says while it starts, or while no leader is chosen, is another thing a moment later."""
    return UnreachableLedgerError if getattr(kind, "retriable", False) else UnusableLedgerError


def _advice(kind: type[BaseException]) -> str:
    if issubclass(kind, InvalidReplicationFactorError):
        return "start as many brokers, or ask for fewer with --replicas"
    return advice_on(kind)


def describe(address: Address, client: KafkaAdminClient) -> Topics:
    """The topics as they are.

    Raises:
        MissingLedgerError: this broker knows of no such topic; another may, or the same in a moment.
        UnusableLedgerError: one of them is closed to this user.
    """
    names = [address.decisions, address.probes]
    described = {each["name"]: each for each in client.describe_topics(names)}
    _refuse_what_is_not_shown(address, {name: for_code(described[name]["error_code"]) for name in names})
    settings = settings_of(client, names)
    if closed := [name for name in names if not settings.get(name)]:
        advice = _advice(TopicAuthorizationFailedError)
        raise UnusableLedgerError(f"the settings of {' and '.join(closed)} are closed to you; {advice}")
    decisions, probes = (topic_of(described[name], settings[name]) for name in names)
    return Topics(str(client.describe_cluster()["cluster_id"]), decisions, probes)


def _refuse_what_is_not_shown(address: Address, errors: Mapping[str, type[Exception]]) -> None:
    missing = [name for name, error in errors.items() if error is UnknownTopicOrPartitionError]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise MissingLedgerError(
            f"there is no ledger at {address}: {' and '.join(missing)} {are} missing; make it with "
            f"`constat --ledger {address} topics create`"
        )
    for name, error in errors.items():
        if error is not NoError:
            raise _refusal(error)(f"topic {name} of {address} is {_state_of(error)}; {_advice(error)}")


def _state_of(error: type[Exception]) -> str:
    closed = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError)
    return "closed to you" if issubclass(error, closed) else f"not usable ({error.__name__})"


def settings_of(client: KafkaAdminClient, names: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """The settings of topics, by their names; none of those that are closed to this user."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: Mapping[str, Mapping[str, Any]] = client.describe_configs(resources, config_filter="all").get(
        "topic", {}
    )
    return found


def topic_of(described: Mapping[str, Any], settings: Mapping[str, Any]) -> Topic:
    """A topic from what its brokers say of it."""
    partitions = described["partitions"]
    return Topic(
        name=described["name"],
        topic_id=str(described["topic_id"]),
        partitions=len(partitions),
        replicas=min((len(each["replica_nodes"]) for each in partitions), default=0),
        settings={name: str(each["value"]) for name, each in settings.items()},
        may_write="WRITE" in (described.get("authorized_operations") or ["WRITE"]),
    )


def look(address: Address) -> Topics:
    """The topics as they are, whatever their settings.

    Raises:
        UnusableLedgerError: no broker answers, or one of them is not there or closed to this user.
    """
    return patiently(address, lambda within_ms: _seen(address, within_ms))


def _seen(address: Address, within_ms: int) -> Topics:
    """The topics as a broker describes them; whoever knows of none yet is asked again for a moment."""
    latest_s = None
    while True:
        try:
            with administrator(address, within_ms) as client:
                return describe(address, client)
        except MissingLedgerError:
            latest_s = latest_s or time.monotonic() + SPREAD_S
            if time.monotonic() > latest_s:
                raise
        time.sleep(PAUSE_S)


def check(address: Address) -> Topics:
    """The topics, if nothing about them could lose or reorder facts.

    Raises:
        UnusableLedgerError: something could: each setting, its value and what it must be.
    """
    topics = look(address)
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
    """Make the topics that are not there yet, that of the feed, too; the names of those that were made.

    `flush_each` has a broker force each record to disk before it answers: slower, and what one broker alone
    needs to keep an acknowledged fact through a power cut.

    Raises:
        BadInputError: so many replicas in step are no majority, or more than there are.
        UnusableLedgerError: the brokers refuse; what was made before stays.
    """
    in_sync = majority_of(replicas) if min_in_sync is None else min_in_sync
    if not majority_of(replicas) <= in_sync <= replicas:
        raise BadInputError(
            f"{in_sync} of {replicas} replicas in step: an append is safe on at least "
            f"{majority_of(replicas)} and cannot reach more than {replicas}; correct --min-in-sync"
        )
    settings = {**SETTINGS, "min.insync.replicas": str(in_sync)}
    if flush_each:
        settings[FLUSH] = "1"
    wanted = {"replication_factor": replicas, "configs": settings}
    partitions = {address.decisions: 1, address.probes: probe_partitions, address.penalties: 1}
    made: list[str] = []  # by any attempt, because the next one finds them there

    def attempt(within_ms: int) -> list[str]:
        with administrator(address, within_ms) as client:
            for name, number in partitions.items():
                if name not in made and _made(address, client, name, wanted | {"num_partitions": number}):
                    made.append(name)
        return made

    return patiently(address, attempt)


def _made(address: Address, client: KafkaAdminClient, name: str, wanted: Mapping[str, Any]) -> bool:
    """Whether the topic was made now; it may have been there already."""
    (answer,) = client.create_topics({name: wanted}, raise_errors=False)["topics"]
    error = for_code(answer["error_code"])
    if error is TopicAlreadyExistsError:
        return False
    if error is not NoError:
        why = answer.get("error_message") or error.__name__
        raise _refusal(error)(f"topic {name} of {address} was not made: {why}; {_advice(error)}")
    client.wait_for_topics([name])
    return True
