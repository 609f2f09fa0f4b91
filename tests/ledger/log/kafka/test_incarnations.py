"""Topics that are no longer what a mirror was made from: refused, said, and never merged."""

import sqlite3

import pytest
from kafka import TopicPartition

from ledger.application import Ledger
from ledger.errors import BadInputError, ConstatError, UnusableLedgerError
from ledger.fact import Draft
from ledger.log.kafka import engine, topics
from ledger.log.kafka.address import parse
from tests.ledger.log.processes import AGENT, PLAN, a_round, update


@pytest.fixture
def url(kafka_url):
    """A ledger with five facts and two rounds, and a mirror that has read them."""
    with Ledger.open(f"{kafka_url}&timeout_s=15") as ledger:
        ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))
        for number in range(4):
            ledger.append(update("i-1", str(number)))
        ledger.append_rounds(AGENT, [a_round(1), a_round(2)])
        ledger.engine.head()
    return f"{kafka_url}&timeout_s=15"


def mirror_of(url):
    (path,) = parse(url).mirrors.glob("*.mirror")
    return path


def made_again(url, *names):
    address = parse(url)
    with topics.administrator(address) as client:
        client.delete_topics(names or [address.decisions])
    topics.create(address, probe_partitions=2)
    return topics.look(address)


def emptied(url, topic, partitions, before=-1):
    with topics.administrator(parse(url)) as client:
        client.delete_records({TopicPartition(topic, partition): before for partition in range(partitions)})


def refusal_of(url):
    with pytest.raises(UnusableLedgerError) as refused, Ledger.open(url) as ledger:
        list(ledger.engine.rounds())
    return str(refused.value)


def test_topics_that_were_deleted_and_made_again_are_not_merged_into_the_old_mirror(url):
    before = mirror_of(url).read_bytes()
    made_again(url)

    refused = refusal_of(url)

    assert "the decisions topic was deleted and made again" in refused
    assert "otherwise keep it: it shows what was lost" in refused
    assert mirror_of(url).read_bytes() == before
    mirror_of(url).unlink()
    with Ledger.open(url) as ledger:
        assert ledger.engine.head().position == 0


def test_probes_that_were_deleted_and_made_again_are_refused_alike(url):
    made_again(url, parse(url).probes)

    assert "the probes topic was deleted and made again" in refusal_of(url)


def test_whoever_has_the_ledger_open_while_its_topic_is_made_again_acknowledges_nothing(url):
    with Ledger.open(url) as ledger:
        made_again(url)

        with pytest.raises(ConstatError) as refused:
            ledger.append(update("i-1", "into the new one"))

    assert not isinstance(refused.value, BadInputError)


def test_a_topic_that_lost_its_end_is_refused_and_the_mirror_stays_as_it_was(url):
    found = made_again(url)
    with sqlite3.connect(mirror_of(url)) as other:  # as if it were the same topic, only shorter
        other.execute("UPDATE state SET decisions_id = ?", (found.decisions.topic_id,))
    other.close()

    refused = refusal_of(url)

    assert "lost its end" in refused or "no longer holds what the mirror" in refused
    assert "keep the mirror" in refused
    with sqlite3.connect(mirror_of(url)) as other:
        assert other.execute("SELECT count(*) FROM decisions").fetchone() == (5,)
    other.close()


def test_a_topic_that_lost_its_end_and_was_written_on_is_refused(url):
    found = made_again(url)
    with Ledger.open(url.replace("/mirrors", "/elsewhere")) as ledger:
        for number in range(7):
            ledger.append(update("i-1", f"other {number}"))
    with sqlite3.connect(mirror_of(url)) as other:
        other.execute("UPDATE state SET decisions_id = ?", (found.decisions.topic_id,))
    other.close()

    assert "is not the one that the mirror" in refusal_of(url)


def test_decisions_deleted_from_the_start_of_their_topic_are_missed(url):
    emptied(url, parse(url).decisions, 1)

    refused = refusal_of(url)

    assert "no longer holds what the mirror" in refused
    assert "compare the topic with a backup" in refused


def test_decisions_that_were_deleted_before_there_was_a_mirror_are_missed_and_no_mirror_is_named(url):
    emptied(url, parse(url).decisions, 1)
    mirror_of(url).unlink()

    refused = refusal_of(url)

    assert f"partition 0 of {parse(url).decisions} begins at 5 and must begin at 0: records were" in refused
    assert "do not write, and compare with a backup" in refused
    assert "mirror" not in refused


@pytest.mark.parametrize("has_a_mirror", [True, False])
def test_rounds_deleted_from_the_start_are_missed_and_a_mirror_is_named_that_had_them(url, has_a_mirror):
    emptied(url, parse(url).probes, 2)
    path = mirror_of(url)
    if not has_a_mirror:
        path.unlink()

    refused = refusal_of(url)

    assert f" of {parse(url).probes} begins at 2 and must begin at 0: records were deleted" in refused
    assert "do not write, and compare with a backup" in refused
    assert (f"keep the mirror {path}: it shows what was lost" in refused) == has_a_mirror
    assert ("mirror" in refused) == has_a_mirror


def test_a_mirror_that_is_deleted_is_made_anew_and_whoever_had_it_open_is_told(url):
    with Ledger.open(url) as old:
        before = list(old.engine.facts())
        mirror_of(url).unlink()

        with Ledger.open(url) as new:
            assert list(new.engine.facts()) == before
            assert new.append(update("i-1", "on"))[0].position == 6

            with pytest.raises(
                ConstatError, match="was deleted or exchanged while in use; start the command"
            ):
                old.append(update("i-1", "on"))

            assert new.engine.head().position == 6
            assert [found.number for found in new.engine.rounds()] == [1, 2]


def test_whoever_fails_while_opening_gives_back_what_is_open(url, monkeypatch):
    opened, closed = [], []

    def fail(*_):
        raise UnusableLedgerError("it fails")

    class Watched(engine.Mirror):
        def __init__(self, *args):
            super().__init__(*args)
            opened.append(self)

        def close(self):
            closed.append(self)
            super().close()

    monkeypatch.setattr(engine, "Mirror", Watched)
    monkeypatch.setattr(engine, "Tail", fail)

    with pytest.raises(UnusableLedgerError, match="it fails"):
        Ledger.open(url)

    assert opened == closed != []
