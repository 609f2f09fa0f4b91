"""What of topics that are there already is not as somebody asked for it, and how that is changed."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ledger.log.kafka.address import Address
from ledger.log.kafka.settings import COMPRESSION, FLUSH, Topic, Topics


class Asked(NamedTuple):
    """What somebody asked for in so many words; None is what was left to us."""

    replicas: int | None = None
    min_in_sync: int | None = None
    probe_partitions: int | None = None
    flush_each: bool = False
    compression: str | None = None
    """Of the probes."""


class Difference(NamedTuple):
    """A topic that was there already, and what it is not."""

    topic: str
    what: str
    value: str
    option: str
    change: str

    def __str__(self) -> str:
        """A sentence."""
        return f"{self.topic}: {self.what} is {self.value} and not as {self.option} asks; {self.change}"


def differences(address: Address, found: Topics, asked: Asked) -> list[Difference]:
    """Everything that is not as it was asked for; nothing of a topic that was made as it was asked for."""
    both = [each for topic in (found.decisions, found.probes) for each in _of(address, topic, asked)]
    wanted, have = asked.probe_partitions, found.probes.partitions
    if wanted is not None and wanted != have:
        option = f"--probe-partitions {wanted}"
        change = "it stays so: each agent's rounds lie in one of them for ever; copy into new topics instead"
        both.append(Difference(found.probes.name, "the number of partitions", str(have), option, change))
    if asked.compression is not None:
        setting = COMPRESSION, asked.compression, f"--compression {asked.compression}"
        both += _settings(address, found.probes, [setting])
    return both


def _of(address: Address, topic: Topic, asked: Asked) -> Iterator[Difference]:
    if asked.replicas is not None and asked.replicas != topic.replicas:
        what, option = "the number of replicas", f"--replicas {asked.replicas}"
        change = "give it others with kafka-reassign-partitions.sh"
        yield Difference(topic.name, what, str(topic.replicas), option, change)
    wanted = []
    if asked.min_in_sync is not None:
        wanted.append(("min.insync.replicas", str(asked.min_in_sync), f"--min-in-sync {asked.min_in_sync}"))
    if asked.flush_each:
        wanted.append((FLUSH, "1", "--flush-each"))
    yield from _settings(address, topic, wanted)


def _settings(address: Address, topic: Topic, wanted: Iterable[tuple[str, str, str]]) -> Iterator[Difference]:
    """Settings, each with its value and the option that asks for it."""
    for setting, value, option in wanted:
        if (is_now := topic.settings.get(setting, "unset")) != value:
            change = (
                f"change it with `kafka-configs.sh --bootstrap-server {address.brokers[0]} --alter "
                f"--entity-type topics --entity-name {topic.name} --add-config {setting}={value}`"
            )
            yield Difference(topic.name, setting, is_now, option, change)
