"""Periods laid out by another process: the same figures, the same refusals, and nothing that is only supposed."""

import os
import pickle
import signal
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from types import MappingProxyType

import pytest
from hypothesis import assume, given

import consumers.laying as laying_module
import consumers.workers as workers_module
from consumers.judges import hands_of
from consumers.laying import Brief, laid_beside
from consumers.workers import Workers
from ledger.contracts import ContractAmended, PlatformRemoved
from ledger.errors import BadInputError
from projections.asof import Known
from projections.layouts import layouts_of
from projections.moment import at_head
from projections.periods import periods_of
from projections.statement import part_of_statement, statement
from tests.consumers.test_judges import NAMES, assessed
from tests.oracle.retelling import retell
from tests.projections.months import months
from tests.spec import Story, ms

LATER = "2026-12-20T00:00:00Z"
PLATFORMS = ("a", "b", "c", "d")
ROLLING = {"period": "rolling-30-days", "degraded": "down"}
CEILING = {"maintenance-ceiling": "one-day-a-quarter"}
MONTHLY = {"period": "calendar-month", "service-hours": "24/7", "unknown-time": "as-down"}


def told(path, readings=MappingProxyType({})):
    """Two months of four platforms: work, claims, corrections, other terms in between, and one that leaves."""
    anywhere = {"maintenance-hours": "anywhere"}
    story = Story(path=path).contract(platforms=PLATFORMS, readings=anywhere | readings)
    story.notice("w1", ["a", "b"], "2026-10-06T08:00+02:00/2026-10-07T20:00+02:00")
    story.notice("w2", ["b", "c"], "2026-10-12T00:00+02:00/2026-10-13T06:00+02:00")
    story.moved("w2", "2026-10-14T00:00+02:00/2026-10-15T06:00+02:00")
    story.notice("w3", PLATFORMS, "2026-11-03T06:00+01:00/2026-11-03T12:00+01:00").withdrawn("w3")
    story.at("2026-12-01T00:00:00Z").notice("w4", ["d"], "2026-11-05T08:00+01:00/2026-11-05T12:00+01:00")
    story.fact("contract:acme", amended(story))
    gone = PlatformRemoved(contract="acme", platform="d", last_day=date(2026, 11, 20))
    story.fact("contract:acme", gone)
    for hours, platform in enumerate(PLATFORMS, start=1):
        story.observed("paris", platform, f"2026-09-30T22:00Z up, {outage(6, hours)}, {outage(12, hours)}")
        story.observed("lyon", platform, f"2026-10-05T00:00Z up, {outage(6, hours + 1)}")
    story.observed("paris", "b", "2026-11-16T09:00Z degraded, 2026-11-16T11:00Z up")
    story.claim("storm", ["a", "d"], "2026-10-12T08:00Z/2026-10-12T10:00Z")
    story.ruling("storm", "in-part", "2026-10-12T08:30Z/2026-10-12T09:00Z")
    story.corrected("false", "paris", "c", "2026-10-06T09:00Z/2026-10-06T10:00Z")
    return story


def outage(day, hours):
    """Down from eight o'clock on."""
    return f"2026-10-{day:02}T08:00Z down, 2026-10-{day:02}T{8 + hours:02}:00Z up"


def amended(story):
    """Other terms from the middle of a period on."""
    signed = story.known(1).contract("acme").signed
    terms = signed.terms.model_copy(update={"notice_hours": 240, "agents_min": 2, "stale_after_seconds": 600})
    return ContractAmended(
        contract="acme", terms_version=2, from_day=date(2026, 10, 13), terms=terms, reason="asked for"
    )


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(workers_module, "MANY_ROUNDS", 1)
    monkeypatch.setattr(laying_module, "MANY_PLATFORMS", 1)


def alone(story):
    return Known.at(story.engine, at_head(story.engine, ms(LATER)))


def beside(story, workers):
    return replace(alone(story), fold=workers.fold, laying=partial(laid_beside, workers))


def processes(tmp_path, count=2):
    return Workers(f"sqlite:///{tmp_path}/ledger.db", count)


@pytest.fixture
def path(tmp_path):
    return f"{tmp_path}/ledger.db"


def never_here(_brief, _known):
    """In place of laying out in this process; those that were split off before know nothing of it."""
    raise AssertionError("it was to be laid out elsewhere")


# ---------------------------------------------------------------- the same figures


@pytest.mark.parametrize(
    "readings", [{}, ROLLING, CEILING, MONTHLY], ids=["none", "rolling", "ceiling", "month"]
)
@pytest.mark.parametrize("count", [2, 3])
def test_any_number_of_processes_states_the_same(path, tmp_path, monkeypatch, readings, count):
    story = told(path, readings)
    with processes(tmp_path, count) as workers:
        expected = [statement(alone(story), "acme", number) for number in "12"]
        monkeypatch.setattr(Brief, "lay_out", never_here)
        found = [statement(beside(story, workers), "acme", number) for number in "12"]

    assert found == expected
    assert any(each.penalties.days_granted for each in found)
    assert any(each.classes_ms.excluded_maintenance for each in found[0].availability.platforms)


@pytest.mark.parametrize("part", ["availability", "penalties", "register"])
def test_each_part_under_other_readings_is_the_same(path, tmp_path, monkeypatch, part):
    story = told(path)
    asked = "acme", "1", {"maintenance-ceiling": "one-day-a-quarter", "service-hours": "24/7"}, part
    expected = part_of_statement(alone(story), *asked)

    with processes(tmp_path) as workers:
        monkeypatch.setattr(Brief, "lay_out", never_here)
        assert part_of_statement(beside(story, workers), *asked) == expected


@given(months())
def test_what_travels_to_another_process_says_what_is_to_be_laid_out(month):
    known = retell(month.facts).known()
    contract = known.contract("acme")
    periods = periods_of(contract, known.as_of.moment_ms)
    assume(periods)

    brief = pickle.loads(pickle.dumps(Brief("", known.as_of, contract, periods)))
    found = pickle.loads(pickle.dumps(brief.lay_out(Known.at(known.engine, brief.as_of))))

    assert found == [layouts_of(known, contract, period) for period in periods]


def test_what_was_recorded_after_the_moment_is_not_laid_out_by_another_process_either(path, tmp_path):
    story = told(path)
    then = alone(story)
    expected = statement(then, "acme", "1")
    story.claim("late", PLATFORMS, "2026-10-06T08:00Z/2026-10-06T10:00Z")
    story.ruling("late", "accepted", "2026-10-06T08:00Z/2026-10-06T10:00Z")

    with processes(tmp_path) as workers:
        asked = replace(then, memo={}, laying=partial(laid_beside, workers))
        assert statement(asked, "acme", "1") == expected
        assert statement(beside(story, workers), "acme", "1").penalties != expected.penalties


@pytest.mark.parametrize(
    ("many_rounds", "begun"), [(1, ["fold_share", "lay_out_elsewhere"]), (1_000_000, ["lay_out_elsewhere"])]
)
def test_it_is_laid_out_behind_the_shares_of_a_fold_and_at_once_where_there_are_none(
    path, tmp_path, monkeypatch, many_rounds, begun
):
    story = told(path)
    asked_for = []
    with processes(tmp_path) as workers:
        monkeypatch.setattr(workers_module, "MANY_ROUNDS", many_rounds)
        submit = ProcessPoolExecutor.submit

        def noted(pool, work, part):
            asked_for.append(work.__name__)
            return submit(pool, work, part)

        monkeypatch.setattr(ProcessPoolExecutor, "submit", noted)
        assert statement(beside(story, workers), "acme", "1") == statement(alone(story), "acme", "1")

    assert asked_for[: len(begun)] == begun
    assert asked_for.count("lay_out_elsewhere") == 1


# ---------------------------------------------------------------- where nobody else lays out


def test_what_a_killed_process_should_have_laid_out_is_laid_out_here(path, tmp_path, monkeypatch):
    story = told(path)
    monkeypatch.setattr(laying_module, "lay_out_elsewhere", kill_oneself)

    with processes(tmp_path) as workers:
        assert statement(beside(story, workers), "acme", "1") == statement(alone(story), "acme", "1")
        assert statement(beside(story, workers), "acme", "2") == statement(alone(story), "acme", "2")


def kill_oneself(_brief):
    """What befalls a process that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_facts_that_are_only_supposed_are_laid_out_here(path, tmp_path):
    story = told(path)
    known = alone(story)
    fewer = replace(known, facts=[each for each in known.facts if each.stream != "maintenance:w1"])
    expected = statement(fewer, "acme", "1")

    with processes(tmp_path) as workers:
        asked = replace(fewer, memo={}, laying=partial(laid_beside, workers))
        assert statement(asked, "acme", "1") == expected
    assert expected.availability != statement(known, "acme", "1").availability


def test_few_platforms_are_laid_out_here(path, tmp_path, monkeypatch):
    story = told(path)
    monkeypatch.setattr(laying_module, "MANY_PLATFORMS", len(PLATFORMS) + 1)

    with processes(tmp_path) as workers:
        monkeypatch.setattr(ProcessPoolExecutor, "submit", None)
        asked = replace(alone(story), laying=partial(laid_beside, workers))
        assert statement(asked, "acme", "1") == statement(alone(story), "acme", "1")


def test_hours_that_another_process_cannot_lay_out_are_refused_as_if_they_were_not_to_be_laid_out_here(
    path, tmp_path
):
    story = Story(path=path).contract(platforms=PLATFORMS, holiday_calendar="XX")
    with pytest.raises(BadInputError) as expected:
        statement(alone(story), "acme", "1")

    with processes(tmp_path) as workers, pytest.raises(BadInputError) as found:
        statement(beside(story, workers), "acme", "1")
    assert str(found.value) == str(expected.value)


def test_where_contracts_are_shared_out_each_is_laid_out_by_who_judges_it(path, tmp_path, monkeypatch):
    story = told(path)
    for name in NAMES:
        story.contract(name, platforms=(f"{name}-a",))
    expected = assessed(story, hands_of(processes(tmp_path, 1)), dry_run=True)
    monkeypatch.setattr("consumers.judges.MANY_CONTRACTS", 2)
    monkeypatch.setattr(laying_module, "lay_out_elsewhere", never_here)

    with processes(tmp_path, 3) as workers:
        assert assessed(story, hands_of(workers), dry_run=True) == expected


def test_a_single_large_contract_is_assessed_with_its_layout_from_another_process(
    path, tmp_path, monkeypatch
):
    story = told(path)
    expected = assessed(story, hands_of(processes(tmp_path, 1)), dry_run=True)

    with processes(tmp_path) as workers:
        monkeypatch.setattr(Brief, "lay_out", never_here)
        assert assessed(story, hands_of(workers), dry_run=True) == expected
    assert any(each.penalties for each in expected.assessed)
