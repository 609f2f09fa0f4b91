"""`kill -9` of an assessment at any point, and two at once: one assessment, and the days that are due."""

import random
import shutil
import time

import pytest

from consumers.assess import TAKING_DOWN, Job, assess
from ledger import copy as copying
from ledger.application import Ledger, open_engine
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.corrections import ResultsCorrected
from ledger.fact import Draft, Span
from ledger.plans import Planned, PlanSet
from ledger.rounds import Round
from ledger.terms import Terms
from ledger.verify import verify
from tests.consumers.assessed import ALWAYS, check, revisions, standing
from tests.ledger.log.processes import rest_of, started
from tests.spec import ms

CONTRACTS = 8
KILLS = 10
FIRST_DAY = "2026-08-01"
NOW_MS = ms("2026-10-05T00:00:00Z")
OUTAGE = Span.of(ms("2026-08-06T08:00Z"), ms("2026-08-06T13:00Z"))


def fill(url):
    """Contracts of two months, of which everybody was down for some hours; the cap takes some of the days."""
    names = [f"c{number}" for number in range(CONTRACTS)]
    with Ledger.open(url) as ledger:
        for name in names:
            terms = Terms(readings=ALWAYS, cap_days=7)
            signed = ContractSigned(
                contract=name,
                client=name,
                first_day=FIRST_DAY,
                last_day="2026-09-30",
                language="fr",
                zone="Europe/Paris",
                terms=terms,
            )
            added = PlatformAdded(
                contract=name, platform=f"{name}-prod", from_day=FIRST_DAY, offer="enterprise"
            )
            ledger.append(*(Draft(f"contract:{name}", fact, 0) for fact in (signed, added)))
        planned = tuple(Planned(platform=f"{name}-prod") for name in names)
        plan = PlanSet(agent="paris", plan_version=1, transitions=True, platforms=planned)
        ledger.append(Draft("plan:paris", plan, 0))
        starts = ["2026-07-31T20:00Z", "2026-08-06T08:00Z", "2026-08-06T13:00Z"]
        starts += ["2026-09-07T08:00Z", "2026-09-07T14:00Z"]
        ledger.append_rounds(
            "paris", [_round(number, ms(at), is_down=number % 2 == 0) for number, at in enumerate(starts, 1)]
        )


def _round(number, start_ms, *, is_down):
    not_up = dict.fromkeys(range(CONTRACTS), ("down", 503, "")) if is_down else {}
    return Round(
        agent="paris",
        number=number,
        plan="paris/1",
        start_ms=start_ms,
        n=CONTRACTS,
        not_up=not_up,
        jitter=bytes(CONTRACTS),
    )


def correct(url):
    """One more fact: the outage of August was none for one contract, so that September gets more."""
    with Ledger.open(url, create=False) as ledger:
        number = (
            sum(1 for fact in ledger.engine.facts() if b'"subject":"correction:' in fact.value) % CONTRACTS
        )
        corrected = ResultsCorrected(
            correction=f"false-alarm-{number}",
            agent="paris",
            platform=f"c{number}-prod",
            interval=OUTAGE,
            action="restated",
            outcome="up",
            reason="the probe was wrong",
            by="sre-1",
        )
        ledger.append(Draft(f"correction:false-alarm-{number}", corrected, 0))


def assess_and_tell(url, connection):
    """Assess, and tell of every contract, so that somebody may end this process there."""
    with Ledger.open(url, create=False) as ledger:
        connection.send("opened")

        def heard(what, done, _of):
            if what == TAKING_DOWN:
                connection.send(done)

        assess(Job(ledger, NOW_MS, heard=heard))
        connection.send("done")


def killed_assessment(url, chance):
    """End an assessment by SIGKILL; whether it had come to its end."""
    with started(assess_and_tell, first=(url,)) as (process, connection):
        for _ in range(chance.randint(0, CONTRACTS)):
            if connection.recv() == "done":
                break
        time.sleep(chance.random() * 0.05)
        process.kill()
        process.join()
        return "done" in list(rest_of(connection))


def raced(url):
    """Two assessments at once, to their ends."""
    with (
        started(assess_and_tell, first=(url,)) as (_, one),
        started(assess_and_tell, first=(url,)) as (_, other),
    ):
        for connection in (one, other):
            assert list(rest_of(connection))[-1] == "done"


def finished(url):
    """Assess to the end in this process, check, and give what stands."""
    with Ledger.open(url, create=False) as ledger:
        assess(Job(ledger, NOW_MS))
        check(ledger.engine, NOW_MS)
        assert verify(ledger.engine).misfit is None
        return standing(ledger.engine)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("assessed") / "source.db"
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(source, tmp_path):
    shutil.copy(source, tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path}/ledger.db"


EXPECTED = {
    **{(f"c{number}", 1, f"c{number}-prod"): 5 for number in range(CONTRACTS)},
    **{(f"c{number}", 2, f"c{number}-prod"): 2 for number in range(CONTRACTS)},
}
"""Five days, and two of six under a cap of seven."""


@pytest.mark.timeout(300)
def test_an_assessment_goes_on_where_it_was_killed(url):
    chance, ended = random.Random(20261105), 0
    for number in range(KILLS):
        ended += killed_assessment(url, chance)
        if number % 3 == 2:
            correct(url)

    found = finished(url)

    assert ended < KILLS
    corrected = range(KILLS // 3)
    without = {
        key: days
        for key, days in EXPECTED.items()
        if (key[0], key[1]) not in {(f"c{n}", 1) for n in corrected}
    }
    assert found == without | {(f"c{n}", 2, f"c{n}-prod"): 6 for n in corrected}


@pytest.mark.timeout(300)
def test_two_assessors_at_once_make_one_assessment(url):
    raced(url)
    engine = open_engine(url, create=False)
    try:
        assert len(revisions(engine)) == 2 * CONTRACTS
    finally:
        engine.close()
    correct(url)
    raced(url)

    found = finished(url)

    assert found[("c0", 2, "c0-prod")] == 6
    assert len(found) == 2 * CONTRACTS - 1


@pytest.mark.timeout(300)
def test_on_kafka_two_assessors_at_once_and_one_killed_make_one_assessment(source, kafka_url):
    from_engine, to_engine = open_engine(f"sqlite:///{source}"), open_engine(kafka_url, copying=True)
    copying.copy(from_engine, to_engine, name="the source", now_ms=NOW_MS)
    from_engine.close()
    to_engine.close()

    killed_assessment(kafka_url, random.Random(20261106))
    raced(kafka_url)

    assert finished(kafka_url) == EXPECTED


@pytest.mark.timeout(300)
def test_a_seal_is_the_same_on_every_engine(url, kafka_url):
    """The assessments that a file holds are copied onto Kafka, and all of them come out again there."""
    found = finished(url)
    source, target = open_engine(url), open_engine(kafka_url, copying=True)
    copying.copy(source, target, name="the source", now_ms=NOW_MS)
    source.close()
    target.close()

    with Ledger.open(kafka_url, create=False) as ledger:
        check(ledger.engine, NOW_MS)
        assert standing(ledger.engine) == found
        outcome = assess(Job(ledger, NOW_MS))

    assert not any(each.is_new for each in outcome.assessed)
