"""The two topics of a ledger: how they are made, and what their brokers say of them.

Those of the penalty feed and of what was made of the rounds are made with them, and looked at on their own
(`penalties`, `changes`).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

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
from ledger.log.kafka.settings import (
    COMPACTED,
    COMPRESSION,
    FLUSH,
    SETTINGS,
    Topic,
    Topics,
    majority_of,
)

PROBE_PARTITIONS = 6
"""How many partitions the probes are spread over if nobody says otherwise; fixed for the ledger's life."""
SPREAD_S = 1.0
"""How soon every broker knows of a topic that was just made."""


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


def seen(address: Address, name: str) -> Topic | None:
    """A topic beside the two; None if it is not there or closed to this user.

    Raises:
        UnusableLedgerError: no broker answers.
    """
    with administrator(address) as client:
        (described,) = client.describe_topics([name])
        if for_code(described["error_code"]) is not NoError:
            return None
        settings = settings_of(client, [name]).get(name)
    return topic_of(described, settings) if settings else None


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


def create(  # noqa: PLR0913 - each is a setting of its own
    address: Address,
    *,
    replicas: int = 1,
    min_in_sync: int | None = None,
    probe_partitions: int = PROBE_PARTITIONS,
    flush_each: bool = False,
    compression: str | None = None,
) -> list[str]:
    """Make the topics that are not there yet, those beside the two, too; the names of those that were made.

    `flush_each` has a broker force each record to disk before it answers: slower, and what one broker alone
    needs to keep an acknowledged fact through a power cut. `compression`, one of `COMPRESSIONS`, is what it
    keeps rounds in, whatever they were sent in; None is as they were sent.

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
    more = {"min.insync.replicas": str(in_sync)} | ({FLUSH: "1"} if flush_each else {})
    every = SETTINGS | more
    wanted = {
        address.decisions: _wanted(1, replicas, every),
        address.probes: _wanted(
            probe_partitions, replicas, every | ({COMPRESSION: compression} if compression else {})
        ),
        address.penalties: _wanted(1, replicas, every),
        address.changes: _wanted(probe_partitions, replicas, COMPACTED | more),
    }
    made: list[str] = []  # by any attempt, because the next one finds them there

    def attempt(within_ms: int) -> list[str]:
        with administrator(address, within_ms) as client:
            for name, as_wanted in wanted.items():
                if name not in made and _made(address, client, name, as_wanted):
                    made.append(name)
        return made

    return patiently(address, attempt)


def _wanted(partitions: int, replicas: int, settings: Mapping[str, str]) -> Mapping[str, Any]:
    return {"num_partitions": partitions, "replication_factor": replicas, "configs": settings}


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
