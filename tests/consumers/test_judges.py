"""Contracts judged by several processes: the same figures, the same digests, the same problems."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor

import pytest

import consumers.judges as judges_module
import consumers.workers as workers_module
from consumers.assess import ALONE, Job, assess
from consumers.judges import hands_of
from consumers.workers import Workers
from ledger.application import Ledger
from ledger.corrections import ResultsCorrected
from ledger.fact import Span
from ledger.instants import DAY_MS
from tests.consumers.assessed import ALWAYS, FIRST_MS, down, revisions
from tests.ledger.copying import copied
from tests.spec import Story, ms

NAMES = tuple(f"c{number}" for number in range(7))
TWO_TERMS = {"c3": {"stale_after_seconds": 600}}


@pytest.fixture
def story(tmp_path):
    """Two months of seven contracts on disk, each with outages of its own; one of them has other terms."""
    told = Story(path=f"{tmp_path}/ledger.db")
    for name in NAMES:
        told.contract(name, platforms=(f"{name}-a", f"{name}-b"), readings=ALWAYS, **TWO_TERMS.get(name, {}))
    told.plan("lyon", [f"{name}-a" for name in NAMES])
    told.at("2026-12-01T00:00:00Z")
    told.rounds("lyon", [(ms("2026-10-09T10:00Z") + n * 60_000, {"c3-a": "down"}) for n in range(90)])
    for hours, name in enumerate(NAMES, start=1):
        told.observed("paris", f"{name}-b", f"2026-09-30T22:00Z up, {down(hours, 6)}")
        told.observed("paris", f"{name}-b", down(hours + 1, 10, month="2026-11"))
    return told.at(FIRST_MS)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(workers_module, "MANY_ROUNDS", 1)
    monkeypatch.setattr(judges_module, "MANY_CONTRACTS", 2)


def assessed(story, hands, **options):
    return assess(Job(story.ledger, ms(FIRST_MS), hands=hands, **options))


def processes(tmp_path, count):
    return Workers(f"sqlite:///{tmp_path}/ledger.db", count)


@pytest.mark.parametrize("count", [2, 3, 16])
def test_any_number_of_processes_assesses_the_same(story, tmp_path, count):
    alone = assessed(story, ALONE, dry_run=True)

    with processes(tmp_path, count) as workers:
        together = assessed(story, hands_of(workers), dry_run=True)

    assert together == alone
    assert [each.made.contract for each in together.assessed] == [n for name in NAMES for n in (name, name)]
    assert any(each.penalties for each in together.assessed)
    assert any(each.remarks for each in together.assessed)


def test_what_others_judged_is_taken_down_and_stands_the_next_time(story, tmp_path):
    with processes(tmp_path, 3) as workers:
        first = assessed(story, hands_of(workers))
        again = assessed(story, hands_of(workers))

    assert all(each.is_new for each in first.assessed)
    assert [each.made for each in again.assessed] == [each.made for each in first.assessed]
    assert not any(each.is_new for each in again.assessed)


def test_a_revision_that_another_process_found_has_the_digest_of_what_this_one_would_find(story, tmp_path):
    assessed(story, ALONE)
    wrong = ResultsCorrected(
        correction="c",
        agent="paris",
        platform="c5-b",
        interval=Span.of(ms("2026-10-06T08:00Z"), ms("2026-10-06T11:00Z")),
        action="annulled",
        by="m",
        reason="a false alarm",
    )
    story.fact("correction:c", wrong)
    alone = assessed(story, ALONE, dry_run=True)

    with processes(tmp_path, 2) as workers:
        together = assessed(story, hands_of(workers))

    changed = [each.made for each in together.assessed if each.is_new]
    assert [(each.contract, each.period_number, each.revision) for each in changed] == [
        ("c5", 1, 2),
        ("c5", 2, 2),
    ]
    assert changed == [each.made for each in alone.assessed if each.is_new]
    assert revisions(story.engine)[-2:] == changed


def test_a_contract_that_another_process_cannot_judge_keeps_no_other_one_waiting(story, tmp_path):
    story.contract("odd", last_day="2026-10-31", platforms=["odd-prod"], holiday_calendar="XX")
    alone = assessed(story, ALONE, dry_run=True)

    with processes(tmp_path, 2) as workers:
        together = assessed(story, hands_of(workers), dry_run=True)

    assert together.problems == alone.problems
    assert [each.contract for each in together.problems] == ["odd"]
    assert len(together.assessed) == 2 * len(NAMES)


def kill_oneself(_brief):
    """What befalls a process that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_should_have_judged_is_judged_here(story, tmp_path, monkeypatch):
    alone = assessed(story, ALONE, dry_run=True)
    monkeypatch.setattr(judges_module, "judge_elsewhere", kill_oneself)

    with processes(tmp_path, 3) as workers:
        assert assessed(story, hands_of(workers), dry_run=True) == alone


def test_after_a_process_was_killed_in_folding_the_contracts_are_judged_here(story, tmp_path, monkeypatch):
    alone = assessed(story, ALONE, dry_run=True)
    monkeypatch.setattr(workers_module, "fold_share", kill_oneself)

    with processes(tmp_path, 3) as workers:
        assert assessed(story, hands_of(workers), dry_run=True) == alone


def test_few_contracts_are_judged_here(story, tmp_path, monkeypatch):
    monkeypatch.setattr(judges_module, "MANY_CONTRACTS", 8)
    monkeypatch.setattr(workers_module, "MANY_ROUNDS", 1_000_000)

    with processes(tmp_path, 3) as workers:
        monkeypatch.setattr(ProcessPoolExecutor, "submit", None)
        assert assessed(story, hands_of(workers), dry_run=True) == assessed(story, ALONE, dry_run=True)


def test_it_is_told_how_many_contracts_are_judged_by_all_of_them_together(story, tmp_path):
    told = []
    with processes(tmp_path, 3) as workers:
        assessed(story, hands_of(workers), dry_run=True, heard=lambda *each: told.append(each))

    stages = {"judging contracts": 0, "laying out what is new": len(NAMES)}
    steps = [stages[what] + done for what, done, _ in told if what in stages]
    assert steps == sorted(steps)
    assert steps[-1] == 2 * len(NAMES)
    assert told[-1] == ("taking down", len(NAMES), len(NAMES))


@pytest.mark.usefixtures("story")
def test_on_kafka_another_process_judges_through_a_client_of_its_own(tmp_path, kafka_url):
    copied(f"sqlite:///{tmp_path}/ledger.db", kafka_url)

    with Ledger.open(kafka_url) as target:
        moment_ms = target.engine.head().recorded_ms + DAY_MS
        alone = assess(Job(target, moment_ms, dry_run=True))
        with Workers(kafka_url, 2) as workers:
            together = assess(Job(target, moment_ms, dry_run=True, hands=hands_of(workers)))

    assert together == alone
    assert {each.made.contract for each in together.assessed} == set(NAMES)
