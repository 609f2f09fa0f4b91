"""The benchmark's month: the same everywhere, as it is described, and judged as the rules say."""

import hashlib
from collections import Counter

import pytest

from consumers.bench.dice import about, below, noise, spread, throws
from consumers.bench.month import DAY_MINUTES, REFERENCE, Month, notices, silences
from consumers.bench.rounds import plan_of, rounds_of
from consumers.bench.sums import replayed, windows_of
from consumers.bench.write import write
from ledger.application import open_engine
from ledger.rounds import check
from projections.asof import Known
from projections.moment import at_head
from tests.consumers.bench.small import ALWAYS, BOUNDS, SMALL, facts_of, results_of
from tests.oracle import every_change
from tests.oracle.world import World


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "small.db"
    write(str(path), SMALL)
    engine = open_engine(str(path), create=False)
    yield engine
    engine.close()


def test_the_sums_are_those_of_an_oracle_that_looks_at_every_instant(ledger):
    known = Known.at(ledger, at_head(ledger, BOUNDS.end_ms))

    sums = replayed(known, BOUNDS, windows_of(known, BOUNDS, ALWAYS), ALWAYS)

    expected = Counter()
    for platform, results in results_of().items():
        world = World(facts_of(platform, results), BOUNDS.end_ms, {}, every_change)
        for t, until_ms in world.steps(*BOUNDS):
            if world.class_of(platform, t) in {"unknown", "up", "down"}:
                expected[world.verdict(platform, t)] += until_ms - t
    assert sums._asdict() == expected
    assert all(sums)


def test_what_was_seen_is_the_same_on_every_machine():
    # Not their bytes: another zlib may pack the same latencies otherwise.
    digests = [
        hashlib.sha256(repr(list(rounds_of(SMALL, 0, witness))).encode()).hexdigest()[:12]
        for witness in range(2)
    ]

    assert digests == ["ff141a157ebd", "99e636704f36"]


def test_every_round_fits_its_plan_and_has_what_rounds_can_have():
    found = [list(rounds_of(SMALL, 0, witness)) for witness in range(2)]

    for witness, rounds in enumerate(found):
        for each in rounds:
            check(each, plan_of(SMALL, 0, witness))
    together = [each for rounds in found for each in rounds]
    assert any(each.missing for each in together)
    assert any(each.late_ms for each in together)
    assert {"degraded", "down"} <= {seen[0] for each in together for seen in each.not_up.values()}


def test_an_agent_is_silent_three_times_and_its_numbers_tell():
    numbers = {each.number for each in rounds_of(SMALL, 0, 0)}

    silent = {minute + 1 for each in silences(SMALL, 0, 0) for minute in each} & set(range(1, 181))
    assert len(silences(SMALL, 0, 0)) == 3
    assert set(range(1, 181)) - numbers == silent


def test_some_minutes_of_a_month_are_those_of_the_whole():
    whole = list(rounds_of(SMALL, 0, 1))

    assert list(rounds_of(SMALL, 0, 1, range(60, 90))) == [each for each in whole if 60 < each.number <= 90]


def test_about_one_in_a_hundred_results_is_not_up_in_a_day():
    day = Month("day", platforms=200, minutes=DAY_MINUTES)
    seen = Counter()
    for witness in range(2):
        for each in rounds_of(day, 0, witness):
            seen.update(not_up[0] for not_up in each.not_up.values())
            seen["missing"] += len(each.missing)

    shares = {outcome: round(1000 * count / day.slots, 1) for outcome, count in seen.items()}
    assert shares == {"degraded": 7.8, "down": 5.4, "missing": 0.4, "unknown": 0.1}


def test_a_bad_month_has_about_ten_in_a_hundred_not_up():
    bad = Month("bad", platforms=200, minutes=DAY_MINUTES // 2, not_up_tenths=75)

    not_up = sum(len(each.not_up) for witness in range(2) for each in rounds_of(bad, 0, witness))

    assert 0.08 < not_up / bad.slots < 0.12


def test_every_platform_has_its_notices_and_some_come_too_late():
    given = notices(REFERENCE)

    assert Counter(name for each in given for name in each.platforms) == dict.fromkeys(REFERENCE.names, 50)
    late = sum(each.start_ms - each.given_ms < 24 * 3_600_000 for each in given)
    assert 0.08 < late / len(given) < 0.17
    assert [each.given_ms for each in given] == sorted(each.given_ms for each in given)


def test_chance_is_made_of_integers_that_never_change():
    assert throws(3, 1, 2) == (2_837_641_409, 3_834_420_775, 2_659_010_452)
    assert noise(4, 7).hex() == "7a21599d"
    assert [below(6, thrown) for thrown in (0, (1 << 32) - 1)] == [0, 5]
    assert [about(2_500, thrown) for thrown in (0, (1 << 32) - 1)] == [3, 2]
    assert spread(1_000, 150, 200)[:4] == (1, 1, 2, 3)
