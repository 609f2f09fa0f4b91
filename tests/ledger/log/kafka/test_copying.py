"""What a copy reads and sends, on its own: a mirror and a list of records, no broker."""

from unittest.mock import MagicMock

import pytest

from ledger.fact import GENESIS_HASH
from ledger.log.kafka import copying
from ledger.log.kafka.copied import up_to
from ledger.log.kafka.copying import KafkaCopying
from ledger.log.kafka.places import Places, Probed, partition_of
from ledger.rounds import chained
from tests.ledger.log.kafka.mirrors import mirror_at
from tests.ledger.log.processes import a_round

PARIS = partition_of("paris", 2)
ROUNDS = 50


class Topic:
    """The probes as a reader of them would have them: each round of Paris behind one that is void."""

    partitions = 2

    def __init__(self):
        values = chained([a_round(number) for number in range(1, ROUNDS + 1)], GENESIS_HASH)
        sent = [each for value in values for each in (b"no round", value)]
        self.kept = [Probed(PARIS, place, place, value, None) for place, value in enumerate(sent)]

    def records(self, _partition, first, until):
        for place in range(first, until, 7):
            yield self.kept[place : min(place + 7, until)]


@pytest.fixture
def source():
    mirror, topic = mirror_at(), Topic()
    with mirror.writing() as connection:
        placing = Places(connection, up_to({}), 2)
        for each in topic.kept:
            placing.take(each)
        placing.close()
    yield KafkaCopying(None, mirror, None, None, topic, require_right_to_rounds=lambda: None)
    mirror.close()


@pytest.mark.parametrize("after", [0, 3])
def test_a_round_that_is_void_or_was_copied_before_is_not_kept_in_memory(source, monkeypatch, after):
    kept = []

    class Watched(copying._Ahead):
        def value(self, sought):
            found = super().value(sought)
            kept.append(len(self._passed))
            return found

    monkeypatch.setattr(copying, "_Ahead", Watched)

    found = list(source.rounds(after={"paris": after}, until={"paris": 40}))

    assert [row.number for row in found] == list(range(after + 1, 41))
    assert max(kept) == 0


def test_the_records_of_a_copy_are_sent_one_request_after_the_other_so_that_none_overtakes(monkeypatch):
    made_with = []
    monkeypatch.setattr(copying, "producer", lambda _, **settings: made_with.append(settings) or MagicMock())

    into = KafkaCopying(*(MagicMock() for _ in range(5)), require_right_to_rounds=lambda: None)
    into.restore_facts([])
    into.restore_rounds([])

    assert [each["max_in_flight_requests_per_connection"] for each in made_with] == [1, 1]
