"""A mirror after a power cut: whichever pages of its last commits survive, it never judges otherwise."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import DamagedLedgerError, UnusableLedgerError
from ledger.fact import GENESIS_HASH
from ledger.log.kafka.copied import up_to
from ledger.log.kafka.judge import judge
from ledger.log.kafka.mirror import PAGE_BYTES
from ledger.log.kafka.places import Places, Probed, end_of, partition_of
from ledger.rounds import chained
from tests.ledger.log.kafka.mirrors import chain, mirror_at, topic_of, value
from tests.ledger.log.processes import a_round

AGENTS = ("paris", "lyon", "oslo")


def probes():
    """The rounds of some agents in two partitions, with what is void between them."""
    found = {0: [], 1: []}
    rounds = {
        agent: list(chained([a_round(n, agent) for n in range(1, 41)], GENESIS_HASH)) for agent in AGENTS
    }
    for several in zip(*rounds.values(), strict=True):
        for agent, each in zip(AGENTS, several, strict=True):
            partition = partition_of(agent, 2)
            for one in (each, b"no round"):
                found[partition].append(Probed(partition, len(found[partition]), 1_000, one, None))
    return found


DECISIONS = topic_of(
    *(value(number, part) for number, part in enumerate(chain("a", 22))), b"void", value(30, *chain("b", 3))
)
PROBES = probes()


def go_on(mirror, decisions, until):
    """Read on from where a mirror stands, as its readers do: the record before is compared first."""
    state = mirror.state()
    if kept := DECISIONS[max(state.next_offset - 1, 0) : decisions]:
        judge(mirror, kept)
    with mirror.writing() as connection:
        placing = Places(connection, up_to({}), 2)
        for partition, records in PROBES.items():
            for each in records[end_of(connection, partition).next_place : until]:
                placing.take(each)
        placing.close()


def rows(mirror):
    """What a mirror says; in which order it met the rounds is its own."""
    queries = (
        "SELECT * FROM decisions",
        "SELECT * FROM records",
        "SELECT next_offset, last_hash, copied, own FROM state",
        "SELECT partition, place, agent, number, recorded_ms, running_hash FROM places ORDER BY 1, 2",
        "SELECT * FROM ends",
    )
    with mirror.reading() as connection:
        return [connection.execute(query).fetchall() for query in queries]


@pytest.fixture(scope="module")
def commits(tmp_path_factory):
    """The file of a mirror after each of some commits, and all that it says at the end."""
    path = tmp_path_factory.mktemp("commits") / "c-acme.mirror"
    mirror, files = mirror_at(path), []
    steps = [(20, 20), (21, 20), (22, 20), (23, 22), (23, 60), (24, 60)]
    for decisions, until in steps:
        go_on(mirror, decisions, until)
        files.append(path.read_bytes())
    go_on(mirror, len(DECISIONS), 80)
    found = rows(mirror)
    mirror.close()
    return files, found


def pages_of(*files):
    length = max(map(len, files)) // PAGE_BYTES
    return [
        [file.ljust(length * PAGE_BYTES, b"\0")[at * PAGE_BYTES : (at + 1) * PAGE_BYTES] for file in files]
        for at in range(length)
    ]


def judged_from(path, pages):
    """What somebody who opens it comes to in the end; None if he is told to delete it."""
    path.write_bytes(b"".join(pages))
    try:
        mirror = mirror_at(path)
    except (DamagedLedgerError, UnusableLedgerError) as refused:
        assert "delete it, it is made anew" in str(refused)  # noqa: PT017 - it may also open
        return None
    go_on(mirror, len(DECISIONS), 80)
    found = rows(mirror)
    assert mirror.fault() is None
    mirror.close()
    return found


@pytest.fixture
def torn(tmp_path, monkeypatch):
    monkeypatch.setattr("ledger.log.kafka.mirror._boot_id", lambda: "another")
    return tmp_path / "c-acme.mirror"


@pytest.mark.parametrize("commit", range(1, 6))
def test_every_part_of_a_commit_that_survives_leads_to_the_same_judgements(torn, commits, commit):
    files, expected = commits
    pages = pages_of(*files[commit - 1 : commit + 1])
    changed = [at for at, (before, after) in enumerate(pages) if before != after]
    chosen = itertools.product((0, 1), repeat=min(len(changed), 9))

    opened = 0
    for survived in chosen:
        which = dict(zip(changed, survived, strict=False))
        found = judged_from(torn, [page[which.get(at, 0)] for at, page in enumerate(pages)])
        assert found in (None, expected)
        opened += found is not None

    assert opened >= 2 ** min(len(changed), 9) - 2


@given(data=st.data())
def test_pages_of_several_commits_lead_to_the_same_judgements(torn, commits, data):
    files, expected = commits
    pages = pages_of(*files)

    assert judged_from(torn, [data.draw(st.sampled_from(page)) for page in pages]) in (None, expected)


def test_a_mirror_whose_pages_all_survived_goes_on_and_a_torn_one_is_kept_beside_the_new_one(torn, commits):
    files, expected = commits

    assert judged_from(torn, [files[-1]]) == expected
    assert not torn.with_name("c-acme.mirror.torn").exists()
    assert judged_from(torn, [page[at % 2] for at, page in enumerate(pages_of(*files[-2:]))]) == expected
    assert torn.with_name("c-acme.mirror.torn").exists()
