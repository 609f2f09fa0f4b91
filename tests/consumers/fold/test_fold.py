"""`constat fold` in processes of its own, on a broker: shared out, killed, stopped; and who is told reads little."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice

import pytest

from consumers.cache.files import CacheFile, plan_hashes
from consumers.cache.folding import SPACING, CachedFold
from consumers.cache.telling import tales_of
from consumers.fold import partition
from ledger.application import Ledger, open_engine
from ledger.fact import Draft
from ledger.instants import END_OF_TIME_MS
from ledger.log.kafka import topics
from ledger.log.kafka.address import parse
from ledger.log.kafka.changes import ChangesTopic
from ledger.log.kafka.engine import KafkaEngine
from ledger.log.kafka.partitions import Partitions
from ledger.log.kafka.places import partition_of
from ledger.log.kafka.settings import COMPACTED
from ledger.plans import Planned, PlanSet
from ledger.rounds import Round
from projections.asof import Known
from projections.moment import AsOf, at_head

pytestmark = pytest.mark.slow

PARTITIONS = 2
NAMES = ("acme-prod", "acme-test", "zenith")
AGENTS = [
    next(name for name in map("agent-{}".format, range(99)) if partition_of(name, PARTITIONS) == number)
    for number in range(PARTITIONS)
]
ROUNDS = 5_100
"""Of each agent: a span, seven checkpoints and a rest."""
KILLS = 50 if os.environ.get("CONSTAT_SOAK") else 10
PATIENCE_S = 180
STALE_AFTER_MS = 150_000
"""As the template of a contract says."""


def rounds_of(agent, numbers):
    """Of which every fiftieth sees something down, and the next one does not."""
    return [
        Round(
            agent=agent,
            number=number,
            plan=f"{agent}/1",
            start_ms=1_790_000_000_000 + number * 60_000,
            n=len(NAMES),
            not_up={number % 3: ("down", 503, "")} if number % 50 == 0 else {},
            jitter=bytes(len(NAMES)),
        )
        for number in numbers
    ]


@pytest.fixture
def url(kafka_url, constat, tmp_path):
    """A ledger with a contract and some days of two agents, each in a partition of its own."""
    template = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    (tmp_path / "acme.toml").write_text(template)
    assert constat("--ledger", kafka_url, "contract", "sign", "acme.toml").code == 0
    with Ledger.open(kafka_url) as ledger:
        for agent in AGENTS:
            plan = PlanSet(
                agent=agent, plan_version=1, platforms=tuple(Planned(platform=name) for name in NAMES)
            )
            ledger.append(Draft(f"plan:{agent}", plan, 0))
            for first in range(1, ROUNDS, 500):
                ledger.append_rounds(agent, rounds_of(agent, range(first, min(first + 500, ROUNDS + 1))))
    return kafka_url


@contextmanager
def folding(url, *options):
    """A process that folds; killed at the end if it still runs."""
    command = [sys.executable, "-m", "consumers.cli.main", "fold", "--ledger", url, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def told(url):
    """Every record of the topic, as keys and values."""
    address = parse(url)
    with closing(ChangesTopic(address, PARTITIONS)) as changes:
        return [tale for number in range(PARTITIONS) for tale in changes.tales(number)[0]]


def until(url, wanted, what="told"):
    """Wait until what is told is as wanted."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not wanted(found := told(url)):
        assert time.monotonic() < deadline_s, f"{what}: {[tale.key for tale in found]}"
        time.sleep(0.2)
    return found


def expected(url, folder):
    """What is to be told of the folds: what somebody else makes of the rounds by himself."""
    with closing(open_engine(url, create=False)) as engine:
        known = Known.at(engine, at_head(engine, 0))
        fold = CachedFold(folder)
        for _ in fold.in_parts(known, AGENTS, STALE_AFTER_MS, 10_000, lambda _: None):
            pass
        plans = plan_hashes(known)
        return {
            tale.key: tale.value
            for agent in AGENTS
            for tale in tales_of(
                agent,
                STALE_AFTER_MS,
                CacheFile(folder, agent, STALE_AFTER_MS).read(plans).segments,
                plans,
                (),
            )
        }


def folds_of(tales):
    return {tale.key: tale.value for tale in tales if tale.key.startswith(b"fold/")}


def asked(constat, question, url, *options):
    """The bytes of a statement, or of its penalties."""
    answer = constat(
        "--ledger", url, question, "--contract", "acme", "--period", "2026-09", "--json", *options
    )
    assert answer.code == 0, answer.err
    return answer.out


# ---------------------------------------------------------------- told, and read instead of the rounds


@pytest.fixture
def polled(monkeypatch):
    """How many records of the probes were read by this process."""
    numbers, read = [], Partitions._read

    def counting(self, *arguments):
        for batch in read(self, *arguments):
            numbers.append(len(batch))
            yield batch

    monkeypatch.setattr(Partitions, "_read", counting)
    return numbers


def test_a_machine_with_neither_mirror_nor_cache_has_the_same_bytes_and_reads_few_rounds(
    url, constat, tmp_path, monkeypatch, polled
):
    wanted = expected(url, tmp_path / "own")
    monkeypatch.setenv("CONSTAT_WORKERS", "1")
    with folding(url, "--once") as process:
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert err == f"{2 * ROUNDS} rounds folded, {len(wanted) + 2} tales told\n"
    assert folds_of(told(url)) == wanted
    plain = url.partition("?")[0]

    monkeypatch.setenv("CONSTAT_CACHE", str(tmp_path / "cache-1"))
    polled.clear()
    by_tales = asked(constat, "penalties", f"{plain}?mirrors={tmp_path}/m1")
    few = sum(polled)
    polled.clear()
    by_rounds = asked(constat, "penalties", f"{plain}?mirrors={tmp_path}/m2", "--no-cache")

    assert by_tales == by_rounds
    assert asked(constat, "statement", f"{plain}?mirrors={tmp_path}/m1") == asked(
        constat, "statement", f"{plain}?mirrors={tmp_path}/m2", "--no-cache"
    )
    assert few < len(AGENTS) * SPACING
    assert sum(polled) > len(AGENTS) * ROUNDS


# ---------------------------------------------------------------- in parts, between which it is told


@pytest.fixture
def told_by(url, tmp_path, monkeypatch):
    """Folds partitions in this process, a thousand rounds at once; each call is another machine."""
    monkeypatch.setattr(partition, "AT_ONCE", 1_000)

    def fold(machine, number, parts=None):
        rounds = []
        folder = tmp_path / machine
        folder.mkdir(exist_ok=True)
        with closing(KafkaEngine(replace(parse(url), mirrors=folder))) as engine:
            engine.read_decisions()
            known = Known.at(engine, AsOf(engine.head().position, END_OF_TIME_MS, END_OF_TIME_MS))
            its = partition.Partition(engine, number, folder / "folds")
            going_on = its.go_on(known, [STALE_AFTER_MS], rounds.append)
            batches = list(islice(going_on, parts))
            going_on.close()
        return batches, sum(rounds)

    return fold


def test_each_part_is_told_before_the_next_one_is_folded(url, tmp_path, told_by):
    batches, rounds = told_by("one", 0)
    told_by("one", 1)

    assert len([tales for tales in batches if tales]) >= ROUNDS // 1_000
    assert rounds == ROUNDS
    assert folds_of(told(url)) == expected(url, tmp_path / "own")


def test_what_was_folded_before_is_not_counted_again(told_by):
    told_by("one", 0)
    _, rounds = told_by("one", 0)

    assert rounds == ROUNDS % SPACING + 1, "those behind the last checkpoint, and its own"


def test_who_is_ended_between_two_parts_has_told_what_others_go_on_from(url, tmp_path, told_by):
    told_by("one", 0, parts=3)
    before = folds_of(told(url))
    _, rounds = told_by("other", 0)
    told_by("other", 1)

    assert 0 < len(before) < ROUNDS // SPACING
    assert rounds == ROUNDS - len(before) * SPACING + 1, "the checkpoint's round, and those behind it"
    assert folds_of(told(url)) == expected(url, tmp_path / "own")


# ---------------------------------------------------------------- several, killed, stopped


def test_two_share_the_partitions_and_one_takes_over_what_the_other_was_killed_with(url, tmp_path):
    with folding(url) as one, folding(url) as other:
        first = until(url, lambda tales: len(folds_of(tales)) == 2 * (ROUNDS // SPACING))
        one.send_signal(signal.SIGKILL)
        one.wait()
        with Ledger.open(url) as ledger:
            for agent in AGENTS:
                more = range(ROUNDS + 1, ROUNDS + 1 + 2 * SPACING)
                ledger.append_rounds(agent, rounds_of(agent, more))
        found = until(url, lambda tales: len(folds_of(tales)) == 2 * ((ROUNDS + 2 * SPACING) // SPACING))
        other.send_signal(signal.SIGTERM)
        other.wait(PATIENCE_S)

    assert other.returncode == 0
    assert folds_of(found) == expected(url, tmp_path / "own")
    assert len(folds_of(first)) == len([tale for tale in first if tale.key.startswith(b"fold/")])


def test_however_often_one_is_killed_in_the_end_everything_is_told_and_nothing_twice_otherwise(url, tmp_path):
    dice = random.Random(7)
    for _ in range(KILLS):
        with folding(url) as process:
            time.sleep(dice.uniform(0.5, 6))
            process.send_signal(signal.SIGKILL)
            process.wait()
    with folding(url, "--once") as process:
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err

    found = [tale for tale in told(url) if tale.key.startswith(b"fold/")]
    assert folds_of(found) == expected(url, tmp_path / "own")
    assert len(set(found)) == len({tale.key for tale in found})


def test_more_of_them_than_partitions_come_to_an_end_too(url):
    with folding(url) as one, folding(url) as other:
        until(url, lambda tales: len(folds_of(tales)) == 2 * (ROUNDS // SPACING))
        with folding(url, "--once") as third:
            third.communicate(timeout=PATIENCE_S)
            assert third.returncode == 0
        for process in one, other:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0


# ---------------------------------------------------------------- refused, and left


def test_a_ledger_that_is_a_file_is_folded_by_whoever_asks(constat):
    answer = constat("fold", "--ledger", "sqlite:///some.db")

    assert answer.code == 2
    assert "is one file, and whoever asks folds it himself" in answer.err
    assert "--ledger kafka://host:9092" in answer.err


@pytest.fixture
def without_changes(kafka_url):
    """A ledger whose topic of changes is gone."""
    address = parse(kafka_url)
    with topics.administrator(address) as client:
        client.delete_topics([address.changes])
    return address


def test_without_the_topic_it_is_refused_with_how_to_make_it(constat, kafka_url, without_changes):
    answer = constat("fold", "--once", "--ledger", kafka_url)

    assert answer.code == 2
    assert f"{without_changes.changes} is not there, or is closed to you; make it with `constat" in answer.err
    assert "topics create`" in answer.err
    checked = constat("topics", "check", "--ledger", kafka_url)
    assert checked.code == 0
    assert "not there, or closed to you; only `constat fold` needs it" in checked.out


def made_by_hand(address, partitions, **settings):
    with topics.administrator(address) as client:
        wanted = {
            "num_partitions": partitions,
            "replication_factor": 1,
            "configs": COMPACTED | {"min.insync.replicas": "1"} | settings,
        }
        client.create_topics({address.changes: wanted}, wait_for_metadata=True)


def test_a_topic_of_other_partitions_is_refused_and_nobody_listens_to_it(constat, kafka_url, without_changes):
    made_by_hand(without_changes, 3)

    answer = constat("fold", "--once", "--ledger", kafka_url)

    assert answer.code == 2
    assert "has 3 partitions, and the probes have 2; nothing of it is needed: delete it" in answer.err
    assert "has 3 partitions, and the probes have 2" in constat("topics", "check", "--ledger", kafka_url).out
    with closing(ChangesTopic(without_changes, 2)) as changes:
        assert changes.tales(0) == ([], 0)


def test_what_is_too_long_for_the_topic_is_said_and_left_and_the_rest_is_told(url):
    address = parse(url)
    with topics.administrator(address) as client:
        client.delete_topics([address.changes])
    made_by_hand(address, PARTITIONS, **{"max.message.bytes": "5000"})

    with folding(url, "--once") as process:
        _, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0, err
    assert "is left untold, because the topic of changes does not take its" in err
    assert "max.message.bytes" in err
    assert len(folds_of(told(url))) == 2 * (ROUNDS // SPACING), err
