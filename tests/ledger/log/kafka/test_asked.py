"""What of topics that are there is not as it was asked for: said of each, with how it is changed; no broker."""

import pytest

from ledger.log.kafka.address import parse
from ledger.log.kafka.asked import Asked, differences
from ledger.log.kafka.settings import Topic, Topics

ADDRESS = parse("kafka://k1:9092,k2:9092/acme", {})
SETTINGS = {"min.insync.replicas": "2", "flush.messages": "9223372036854775807"}
FOUND = Topics("c", Topic("acme.decisions", "d", 1, 3, SETTINGS), Topic("acme.probes", "p", 6, 3, SETTINGS))
WITH = (
    "change it with `kafka-configs.sh --bootstrap-server k1:9092 --alter --entity-type topics --entity-name"
)


def sentences(**asked):
    return [str(each) for each in differences(ADDRESS, FOUND, Asked(**asked))]


@pytest.mark.parametrize("asked", [{}, {"replicas": 3}, {"min_in_sync": 2}, {"probe_partitions": 6}], ids=str)
def test_what_is_as_it_was_asked_for_or_was_not_asked_for_is_not_spoken_of(asked):
    assert sentences(**asked) == []


def test_a_setting_is_changed_on_both_topics():
    assert sentences(min_in_sync=3) == [
        f"{topic}: min.insync.replicas is 2 and not as --min-in-sync 3 asks; {WITH} {topic} "
        "--add-config min.insync.replicas=3`"
        for topic in ("acme.decisions", "acme.probes")
    ]
    assert [each.rpartition(" ")[2] for each in sentences(flush_each=True)] == ["flush.messages=1`"] * 2


def test_only_rounds_are_kept_compressed():
    (probes,) = sentences(compression="zstd")

    assert probes == (
        f"acme.probes: compression.type is unset and not as --compression zstd asks; {WITH} acme.probes "
        "--add-config compression.type=zstd`"
    )


def test_replicas_are_given_by_another_tool_and_partitions_stay_for_ever():
    replicas, _, partitions = sentences(replicas=5, probe_partitions=7)

    assert replicas == (
        "acme.decisions: the number of replicas is 3 and not as --replicas 5 asks; give it others with "
        "kafka-reassign-partitions.sh"
    )
    assert partitions.startswith(
        "acme.probes: the number of partitions is 6 and not as --probe-partitions 7 asks; it stays so: "
    )
