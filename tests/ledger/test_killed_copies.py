"""`kill -9` of a copy, at any point: the same copy run again goes on, and nothing is lost or doubled."""

import random

import pytest

from ledger.verify import verify
from tests.ledger.copying import copied, everything, fill, is_closed, killed_copy, opened

KILLS = 20
STEPS_MAX = 16
"""How many steps a copy of this source reports, and one more."""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('killed')}/source.db"
    fill(url, appends=60, batches=10, batch=25)
    return url


@pytest.fixture
def fresh_kafka(broker, tmp_path):
    """Makes a ledger on the broker, as often as it is asked."""
    from ledger.log.kafka import address, topics  # noqa: PLC0415 - only with a broker
    from tests import brokers  # noqa: PLC0415

    def fresh():
        url = f"kafka://{broker}/{brokers.fresh_name()}?mirrors={tmp_path}/mirrors"
        topics.create(address.parse(url), probe_partitions=2)
        return url

    return fresh


def killed_until_the_end(source, fresh, chance):
    """Copies into fresh targets, each killed until it has ended; how many kills fell into the middle of one."""
    kills, halfway, target = 0, 0, fresh()
    while kills < KILLS:
        heard = killed_copy(source, target, chance, STEPS_MAX)
        kills += "done" not in heard
        halfway += "done" not in heard and len(heard) > 1
        if is_closed(target):
            check(source, target)
            target = fresh()
    copied(source, target)
    check(source, target)
    return halfway


def check(source, target):
    """A finished copy: byte for byte the source and its closing fact, and it verifies."""
    done = copied(source, target)
    assert (done.had_ended, done.added) == (True, 0)
    found, rounds = everything(target)
    assert len(found) == done.closing.position + 1
    assert (found[:-1], rounds) == everything(source)
    with opened(source, target) as (_, engine):
        assert verify(engine).misfit is None


@pytest.mark.timeout(300)
def test_a_copy_to_a_file_goes_on_where_it_was_killed(source, tmp_path):
    names = (f"sqlite:///{tmp_path}/{number}.db" for number in range(2 * KILLS))

    assert killed_until_the_end(source, lambda: next(names), random.Random(20261127)) > KILLS // 4


@pytest.mark.timeout(300)
def test_a_copy_onto_kafka_goes_on_where_it_was_killed(source, fresh_kafka):
    assert killed_until_the_end(source, fresh_kafka, random.Random(20261128)) > KILLS // 4


@pytest.mark.timeout(300)
def test_a_copy_from_kafka_goes_on_where_it_was_killed(source, fresh_kafka, tmp_path):
    on_kafka = fresh_kafka()
    copied(source, on_kafka)
    names = (f"sqlite:///{tmp_path}/{number}.db" for number in range(2 * KILLS))

    assert killed_until_the_end(on_kafka, lambda: next(names), random.Random(20261129)) > KILLS // 4
