"""The settings of topics: those they are made with, and what of them could lose or reorder facts."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

FLUSH = "flush.messages"
"""After how many records a broker forces them to disk: 1 is at once; unset, the system does when it likes."""
COMPRESSION = "compression.type"
"""In what a broker keeps records, whatever they were sent in; `producer` is as they were sent."""
COMPRESSIONS = ("zstd", "gzip", "uncompressed")
"""What every Constat reads; for another one a reader would need a library that it may not have."""
SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "unclean.leader.election.enable": "false",
    COMPRESSION: "producer",
    "max.message.bytes": "1048588",
}
"""What the topics are made with, besides `min.insync.replicas`."""
COMPACTED = SETTINGS | {"cleanup.policy": "compact", "max.message.bytes": "8388608"}
"""What the topic of changes is made with: all of it can be made anew, and what comes twice is the same."""


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
        COMPRESSION,
        lambda value: value in {"producer", *COMPRESSIONS},
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
