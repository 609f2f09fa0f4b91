"""A ledger moved to another engine: the same bytes, clocks and hashes, or a sentence why not."""

import sqlite3

import pytest

from ledger import copy as copying
from ledger.application import Ledger, open_engine
from ledger.copies import LedgerCopied
from ledger.errors import BadInputError, ConflictError, DamagedLedgerError, UnusableLedgerError
from ledger.fact import GENESIS_HASH
from ledger.log import codec
from ledger.log.interface import NewRound
from ledger.rounds import chained
from ledger.verify import verify
from tests.ledger.copying import AGENTS, copied, everything, fill, is_closed, opened
from tests.ledger.log.processes import a_round, update


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "source.db"
    fill(f"sqlite:///{path}")
    return path.read_bytes()


@pytest.fixture
def source(kept, tmp_path):
    (tmp_path / "source.db").write_bytes(kept)
    return f"sqlite:///{tmp_path}/source.db"


@pytest.fixture
def target(tmp_path):
    return f"sqlite:///{tmp_path}/target.db"


def verified(url):
    engine = open_engine(url, create=False)
    try:
        return verify(engine)
    finally:
        engine.close()


def is_same(source, target, closing):
    """Whether the copy holds the source byte for byte, clock for clock, and its closing fact behind it."""
    found, rounds = everything(target)
    assert codec.decode(found[closing.position].value).fact == closing
    return (found[: closing.position], rounds) == everything(source, closing.position)


# ---------------------------------------------------------------- the same on both sides


def test_a_copy_to_another_file_is_the_same_and_says_from_where_and_how_far(source, target):
    closing = copied(source, target).closing

    assert is_same(source, target, closing)
    assert (closing.source, closing.position) == ("the source", 81)
    assert [(each.agent, each.number, each.records) for each in closing.rounds] == [
        ("lyon", 599, 300),
        ("paris", 599, 300),
    ]
    assert verified(target).misfit is None


def test_a_copy_onto_kafka_and_back_is_the_same(source, kafka_url, target):
    there = copied(source, kafka_url).closing
    assert is_same(source, kafka_url, there)
    assert verified(kafka_url).misfit is None

    back = copied(kafka_url, target).closing

    assert is_same(kafka_url, target, back)
    assert back.position == there.position + 1
    assert verified(target).misfit is None
    assert verified(kafka_url).heads.probes == verified(source).heads.probes == verified(target).heads.probes


def test_a_copy_from_kafka_to_kafka_is_the_same(source, kafka_url, broker, tmp_path):
    from ledger.log.kafka import address, topics  # noqa: PLC0415 - only with a broker
    from tests import brokers  # noqa: PLC0415

    other = f"kafka://{broker}/{brokers.fresh_name()}?mirrors={tmp_path}/mirrors"
    topics.create(address.parse(other), probe_partitions=5)
    copied(source, kafka_url)

    assert is_same(kafka_url, other, copied(kafka_url, other).closing)


def test_a_ledger_on_kafka_goes_on_after_the_copy_with_its_own_clock(source, kafka_url):
    copied(source, kafka_url)

    with Ledger.open(kafka_url) as ledger:
        (fact,) = ledger.append(update("i-1", "one more"))
        ledger.append_rounds("paris", [a_round(700, "paris")])
        last = max(ledger.engine.rounds(agents=["paris"]), key=lambda kept: kept.number)

    assert fact.position == 83
    assert min(fact.recorded_ms, last.recorded_ms) > 1_700_000_000_000
    assert verified(kafka_url).misfit is None


def test_an_empty_ledger_is_copied_too(target, tmp_path):
    empty = f"sqlite:///{tmp_path}/empty.db"
    Ledger.open(empty).close()

    assert copied(empty, target).closing.position == 0
    assert is_closed(target)


def test_progress_hears_of_every_record(source, target):
    steps = []

    assert copied(source, target, progress=steps.append).added == sum(steps) == 81 + 600


def test_a_mirror_made_anew_says_the_same_of_a_copy(source, kafka_url):
    copied(source, kafka_url)
    elsewhere = kafka_url.replace("/mirrors", "/other-mirrors")

    assert everything(elsewhere) == everything(kafka_url)


# ---------------------------------------------------------------- run again


@pytest.mark.parametrize("engine", ["sqlite", "kafka"])
def test_a_copy_that_has_ended_is_compared_again_and_not_made_again(source, target, engine, request):
    target = request.getfixturevalue("kafka_url") if engine == "kafka" else target
    first = copied(source, target)

    again = copied(source, target)

    assert (first.had_ended, again.had_ended, again.added) == (False, True, 0)
    assert again.closing == first.closing


def test_a_copy_run_again_takes_no_round_that_came_after_its_end_for_copied(source, kafka_url):
    copied(source, kafka_url)
    send_as_copied(kafka_url, next_round(kafka_url, "paris"))

    assert copied(source, kafka_url).had_ended

    for mirrors in ("/mirrors", "/other-mirrors"):
        with Ledger.open(kafka_url.replace("/mirrors", mirrors)) as ledger:
            assert len(list(ledger.engine.rounds())) == 600


def next_round(url, agent):
    """The bytes of a round that would extend an agent's."""
    with Ledger.open(url) as ledger:
        head = ledger.engine.round_head(agent)
    (value,) = chained([a_round(head.number + 1, agent)], head.hash)
    return value


def send_as_copied(url, value, agent="paris"):
    """Send a round as a copy would, with a recorded clock of its own."""
    from ledger.log.kafka import address, clients, places, sender  # noqa: PLC0415 - only with a broker

    there = address.parse(url)
    sending = clients.producer(there)
    partition = places.partition_of(agent, 2)
    sending.send(there.probes, value, agent.encode(), sender.headers_of(5), partition).get(10)
    sending.close()


def test_what_the_source_gets_during_the_copy_is_not_copied_and_said(source, target):
    def append_meanwhile(_):
        with Ledger.open(source) as ledger:
            ledger.append(update("i-1", "meanwhile"))
            ledger.append_rounds("lyon", [a_round(ledger.engine.round_head("lyon").number + 1, "lyon")])

    done = copied(source, target, progress=append_meanwhile)

    assert (done.source_has_grown, done.closing.position) == (True, 81)
    with opened(source, target) as engines:
        assert list(copying.differences(*engines, done.closing)) == []
    assert copied(source, target).source_has_grown


# ---------------------------------------------------------------- refused


def test_a_copy_that_was_written_to_is_a_ledger_of_its_own(source, target):
    copied(source, target)
    with Ledger.open(target) as ledger:
        ledger.append(update("i-1", "its own"))

    with pytest.raises(ConflictError, match=r"up to position 81 and has been written to since"):
        copied(source, target)


@pytest.mark.parametrize("engine", ["sqlite", "kafka"])
def test_a_target_that_holds_something_else_is_refused(source, target, engine, request):
    target = request.getfixturevalue("kafka_url") if engine == "kafka" else target
    with Ledger.open(target) as ledger:
        ledger.append(update("i-1", "something else"))

    with pytest.raises(ConflictError, match="not those of the source; copy into a new ledger"):
        copied(source, target)


def test_kafka_is_refused_where_the_same_facts_are_its_own_and_not_copied(kafka_url, target):
    with Ledger.open(kafka_url) as ledger:
        ledger.append(update("i-1", "its own"))
    copied(kafka_url, target)

    with pytest.raises(ConflictError, match="holds facts of its own"):
        copied(target, kafka_url)


def test_a_file_of_another_program_is_refused_and_not_touched(source, tmp_path):
    path = tmp_path / "foreign.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE notes (text TEXT)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(UnusableLedgerError, match="a database of another program"):
        copied(source, f"sqlite:///{path}")

    assert path.read_bytes() == before


def test_a_source_that_was_tampered_with_is_not_copied(source, target, tmp_path):
    with sqlite3.connect(tmp_path / "source.db") as other:
        other.execute("DROP TRIGGER rounds_update")
        other.execute("UPDATE rounds SET recorded_ms = recorded_ms + 1 WHERE offset = 300")
    other.close()

    with pytest.raises(DamagedLedgerError, match="in the source is not as it was recorded"):
        copied(source, target)
    assert not is_closed(target)


@pytest.mark.parametrize("writing", ["facts", "rounds"])
@pytest.mark.parametrize("engine", ["sqlite", "kafka"])
def test_somebody_who_opened_the_target_before_the_copy_and_writes_to_it_ends_the_copy(
    source, target, engine, writing, request
):
    target = request.getfixturevalue("kafka_url") if engine == "kafka" else target
    other = Ledger.open(target)
    written = []

    def write(_):
        if not written:
            written.append(True)
            if writing == "facts":
                other.append(update("i-9", "between"))
            else:
                (value,) = chained([a_round(1, "lyon")], GENESIS_HASH)
                other.engine.append_rounds("lyon", [NewRound(1, 60_000, value)])

    with pytest.raises(ConflictError, match="somebody else has written"):
        copied(source, target, progress=write)
    other.close()


def test_records_that_the_brokers_took_in_another_order_end_the_copy_and_are_named(
    source, kafka_url, monkeypatch
):
    from ledger.log.kafka.copying import KafkaCopying  # noqa: PLC0415 - only with a broker

    in_order = KafkaCopying.restore_facts
    monkeypatch.setattr(
        KafkaCopying, "restore_facts", lambda self, rows: in_order(self, reversed(list(rows)))
    )

    with pytest.raises(ConflictError, match="or its brokers took the records in another order; make a new"):
        copied(source, kafka_url)


def test_who_opened_kafka_before_the_copy_judges_no_copied_round_until_the_copy_has_ended(source, kafka_url):
    elsewhere = kafka_url.replace("/mirrors", "/other-mirrors")
    reader = Ledger.open(elsewhere)
    with opened(source, kafka_url) as (from_engine, to_engine):
        planned = copying.plan(from_engine, to_engine)
        copying._restore(from_engine.copying, to_engine.copying, planned, lambda _: None)

    with pytest.raises(UnusableLedgerError, match="run the same `constat copy` again"):
        list(reader.engine.rounds())
    with pytest.raises(UnusableLedgerError, match="run the same `constat copy` again"):
        open_engine(elsewhere)
    copied(source, kafka_url)

    assert len(list(reader.engine.rounds())) == 600
    assert reader.engine.agents() == sorted(AGENTS)
    reader.close()


def test_an_append_that_is_too_long_for_one_record_is_named(source, kafka_url):
    with Ledger.open(source) as ledger:
        ledger.append(*(update("i-1", "a long story " * 100) for _ in range(900)))

    with pytest.raises(BadInputError, match="the append at position 82 cannot be kept on Kafka"):
        copied(source, kafka_url)


def test_the_closing_fact_is_the_only_one_that_a_copy_adds(source, target):
    copied(source, target)

    facts, _ = everything(target)
    assert [row.type for row in facts].count(LedgerCopied.TYPE) == 1
    assert facts[-1].stream == "copy:81"
