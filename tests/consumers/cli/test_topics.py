"""`constat topics`, as somebody calls it who sets a ledger up on Kafka, or looks why it is refused."""

import json

import pytest

from consumers.cli import topics as command
from ledger.application import Ledger
from ledger.fact import Draft
from ledger.log.kafka import topics
from ledger.log.kafka.address import parse
from ledger.log.kafka.settings import COMPRESSIONS, SETTINGS
from ledger.plans import Planned, PlanSet
from ledger.rounds import Round, decode
from tests import brokers

REFUSED = "kafka://127.0.0.1:1/constat"


@pytest.fixture
def url(broker, tmp_path):
    """A ledger of which nothing is there yet."""
    return f"kafka://{broker}/{brokers.fresh_name()}?mirrors={tmp_path}/mirrors"


def made_by_hand(url, partitions=1, **settings):
    """The topics of a ledger as somebody might make them without us."""
    address = parse(url)
    configs = SETTINGS | {"min.insync.replicas": "1"} | settings
    with topics.administrator(address) as client:
        for name, number in ((address.decisions, partitions), (address.probes, 2)):
            wanted = {"num_partitions": number, "replication_factor": 1, "configs": configs}
            client.create_topics({name: wanted}, wait_for_metadata=True)
    return address


def settings_of(url):
    found = topics.look(parse(url))
    return [found.decisions, found.probes]


# ---------------------------------------------------------------- create


def test_the_command_knows_the_compressions_that_every_reader_has():
    assert tuple(command.Codec) == COMPRESSIONS


def test_create_makes_both_topics_and_says_that_they_are_as_they_must_be(constat, url):
    answer = constat("topics", "create", "--ledger", url)

    address = parse(url)
    assert (answer.code, answer.err) == (0, "")
    assert f"made {address.decisions}\nmade {address.probes}\n" in answer.out
    assert f"{address.decisions}: partitions 1, replicas 1" in answer.out
    assert f"{address.probes}: partitions 6, replicas 1" in answer.out
    assert answer.out.endswith("every setting is as it must be\n")


def test_what_is_there_already_stays_as_it_is_and_only_what_is_missing_is_made(constat, url):
    address = parse(url)
    constat("topics", "create", "--probe-partitions", 3, "--ledger", url)
    with topics.administrator(address) as client:
        client.delete_topics([address.decisions])

    answer = constat("topics", "create", "--ledger", url)

    assert answer.code == 0
    assert (
        f"made {address.decisions}\n{address.probes} is there already, and was left as it is\n" in answer.out
    )
    assert f"{address.probes}: partitions 3" in answer.out
    assert topics.create(address) == []


def test_create_checks_what_it_did_not_make(constat, url):
    address = made_by_hand(url, **{"cleanup.policy": "compact"})

    answer = constat("topics", "create", "--ledger", url)

    assert answer.code == 1
    assert f"{address.decisions}: cleanup.policy is compact and must be delete" in answer.out


def test_a_record_is_forced_to_disk_at_once_where_that_was_asked(constat, url):
    assert constat("topics", "create", "--flush-each", "--ledger", url).code == 0

    assert [topic.settings["flush.messages"] for topic in settings_of(url)] == ["1", "1"]
    assert constat("topics", "check", "--ledger", url).out.count(", each record forced to disk\n") == 4


def test_what_of_topics_that_are_there_is_not_as_asked_is_said_with_how_to_change_it(constat, url):
    address = parse(url)
    constat("topics", "create", "--ledger", url)
    before = settings_of(url)

    answer = constat("topics", "create", "--flush-each", "--probe-partitions", 3, "--ledger", url)

    assert answer.code == 1
    for topic in (address.decisions, address.probes):
        assert f"{topic} is there already, and was left as it is\n" in answer.out
        assert (
            f"{topic}: flush.messages is {command.NEVER} and not as --flush-each asks; change it with "
            in answer.out
        )
        assert f"--entity-name {topic} --add-config flush.messages=1`\n" in answer.out
    assert (
        f"{address.probes}: the number of partitions is 6 and not as --probe-partitions 3 asks" in answer.out
    )
    assert answer.out.count(", forced to disk when the system likes\n") == 4
    assert settings_of(url) == before


@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_rounds_kept_compressed_are_read_as_they_were_sent_and_take_less(constat, url, compression):
    constat("topics", "create", "--compression", compression, "--ledger", url)
    plan = PlanSet(agent="paris", plan_version=1, platforms=(Planned(platform="acme-prod"),))
    rounds = [
        Round(agent="paris", number=n, plan="paris/1", start_ms=n * 60_000, n=1, jitter=bytes(1))
        for n in range(1, 301)
    ]

    with Ledger.open(url) as ledger:
        ledger.append(Draft("plan:paris", plan, 0))
        ledger.append_rounds("paris", rounds)
        kept = list(ledger.engine.rounds())

    assert [decode(each.value)[0].number for each in kept] == list(range(1, 301))
    assert settings_of(url)[1].settings["compression.type"] == compression
    assert 0 < stored(url) < sum(len(each.value) for each in kept) / 2


def stored(url):
    """How many bytes the broker keeps of the rounds."""
    probes = parse(url).probes
    with topics.administrator(parse(url)) as client:
        (broker,) = client.describe_log_dirs([probes])
    (folder,) = broker["log_dirs"]
    return sum(each["partition_size"] for topic in folder["topics"] for each in topic["partitions"])


def test_topics_that_are_there_as_they_are_asked_for_are_an_answer_of_yes(constat, url):
    asked = ("topics", "create", "--flush-each", "--probe-partitions", 3, "--replicas", 1, "--ledger", url)

    assert [constat(*asked).code for _ in range(2)] == [0, 0]


def test_more_replicas_than_brokers_are_refused_and_nothing_is_made(constat, url):
    answer = constat("topics", "create", "--replicas", 3, "--ledger", url)

    assert (answer.code, answer.out) == (2, "")
    assert "was not made: " in answer.err
    assert "start as many brokers, or ask for fewer with --replicas" in answer.err
    assert "there is no ledger at" in constat("topics", "check", "--ledger", url).err


@pytest.mark.parametrize(("replicas", "in_sync"), [(3, 1), (5, 2), (1, 2), (3, 4)])
def test_so_few_or_so_many_in_step_are_refused_before_anything_is_asked(constat, replicas, in_sync):
    answer = constat(
        "topics", "create", "--replicas", replicas, "--min-in-sync", in_sync, "--ledger", REFUSED
    )

    assert answer.code == 2
    assert f"{in_sync} of {replicas} replicas in step" in answer.err
    assert "correct --min-in-sync" in answer.err


# ---------------------------------------------------------------- check


@pytest.mark.parametrize(
    ("setting", "value", "required"),
    [
        ("cleanup.policy", "compact", "delete"),
        ("cleanup.policy", "compact,delete", "delete"),
        ("retention.ms", "604800000", "-1"),
        ("retention.bytes", "1073741824", "-1"),
        ("message.timestamp.type", "CreateTime", "LogAppendTime"),
        ("unclean.leader.election.enable", "true", "false"),
        ("max.message.bytes", "500000", "at least 1048576"),
        ("min.insync.replicas", "2", "at most 1"),
    ],
)
def test_a_setting_that_could_lose_or_reorder_facts_is_named_with_what_it_must_be(
    constat, url, setting, value, required
):
    address = made_by_hand(url, **{setting: value})

    answer = constat("topics", "check", "--ledger", url)
    at_start = constat("statement", "--contract", "acme", "--period", "1", "--ledger", url)
    verified = constat("verify", "--ledger", url)

    assert (answer.code, at_start.code, verified.code) == (1, 2, 1)
    for topic in (address.decisions, address.probes):
        sentence = f"{topic}: {setting} is {value} and must be {required}, because "
        assert sentence in answer.out
        assert sentence in at_start.err
        assert sentence in verified.out


def test_decisions_in_two_partitions_have_no_order_and_are_refused(constat, url):
    address = made_by_hand(url, partitions=2)

    answer = constat("topics", "check", "--ledger", url)

    assert answer.code == 1
    assert f"{address.decisions}: the number of partitions is 2 and must be 1" in answer.out
    assert address.probes not in answer.out.partition("the number of")[2]


def test_json_holds_the_settings_and_the_faults_for_machines(constat, url):
    address = made_by_hand(url, **{"retention.ms": "1000"})

    answer = constat("topics", "check", "--json", "--ledger", url)

    found = json.loads(answer.out)
    assert (answer.code, found["fits"]) == (1, False)
    assert [topic["name"] for topic in found["topics"]] == [address.decisions, address.probes]
    assert found["topics"][0]["settings"]["retention.ms"] == "1000"
    assert [(fault["setting"], fault["value"], fault["required"]) for fault in found["faults"]] == [
        ("retention.ms", "1000", "-1")
    ] * 2


def test_json_of_topics_as_they_must_be_has_no_fault(constat, kafka_url):
    answer = constat("topics", "check", "--json", "--ledger", kafka_url)

    found = json.loads(answer.out)
    assert (answer.code, found["fits"], found["faults"]) == (0, True, [])


# ---------------------------------------------------------------- neither yes nor no


def test_a_ledger_that_is_not_there_is_said_with_how_to_make_it(constat, url):
    answer = constat("topics", "check", "--ledger", url)

    address = parse(url)
    assert (answer.code, answer.out) == (2, "")
    assert f"{address.decisions} and {address.probes} are missing;" in answer.err
    assert f"constat --ledger {address} topics create" in answer.err


@pytest.mark.parametrize("verb", ["create", "check"])
def test_where_no_broker_answers_the_reader_is_told_what_to_look_at(constat, verb):
    answer = constat("topics", verb, "--ledger", f"{REFUSED}?timeout_s=1")

    assert answer.code == 2
    assert f"no broker of {REFUSED} answers" in answer.err
    assert "check that it runs, the host and port" in answer.err


@pytest.mark.parametrize("verb", ["create", "check"])
def test_a_ledger_in_a_file_has_no_topics_and_none_is_made(constat, tmp_path, verb):
    answer = constat("topics", verb)

    assert answer.code == 2
    assert "is not on Kafka and has no topics" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_help_names_the_number_of_partitions_that_the_ledger_takes():
    assert command.PROBE_PARTITIONS == topics.PROBE_PARTITIONS
