"""The same facts give the same digest: whatever the zone, the locale, the hash seed, the threads, the pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ledger.log.sqlite as engine_module
from projections.statement import statement
from tests.spec import Story

ROOT = Path(__file__).parents[2]
DIGEST = """
from tests.projections.test_determinism import a_month
from projections.statement import statement
print(statement(a_month().known(), "acme", "1").digest)
"""


def a_month() -> Story:
    """A month with a DST night, two agents that disagree, a gap, notices, a claim and a correction."""
    platforms = ["acme-prod", "acme-test"]
    story = Story().contract("acme", "2026-10-01", platforms=platforms)
    for agent, shift in (("paris", "00"), ("lyon", "07")):
        story.plan(agent, platforms)
        story.every_minute(agent, platforms, "2026-10-06T08:00+02:00/2026-10-06T09:00+02:00")
        story.every_minute(agent, platforms, f"2026-10-06T09:{shift}+02:00/2026-10-06T11:00+02:00", "down")
        story.every_minute(agent, platforms, "2026-10-06T11:00+02:00/2026-10-06T12:00+02:00", "degraded")
        story.every_minute(agent, platforms, "2026-10-25T01:00+02:00/2026-10-25T05:00+01:00")
    story.at("2026-10-20T10:00+02:00")
    story.notice("m1", platforms, "2026-10-25T02:00+02:00/2026-10-25T03:00+01:00")
    story.notice("m2", platforms, "2026-10-25T02:30+02:00/2026-10-25T04:00+01:00")
    story.claim("c1", platforms, "2026-10-06T10:00+02:00/2026-10-06T11:00+02:00")
    story.ruling("c1", "in-part", "2026-10-06T10:30+02:00/2026-10-06T11:00+02:00")
    return story.corrected("k1", "lyon", "acme-test", "2026-10-06T09:10+02:00/2026-10-06T09:50+02:00", "up")


@pytest.fixture(scope="module")
def digest() -> str:
    """The digest in this process."""
    return statement(a_month().known(), "acme", "1").digest


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati"},
        {"TZ": "America/St_Johns", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"},
        {"PYTHONHASHSEED": "4242", "POLARS_MAX_THREADS": "8"},
        {"LC_ALL": "fr_FR.UTF-8", "LANG": "fr_FR.UTF-8"},
    ],
    ids=lambda environment: " ".join(f"{name}={value}" for name, value in environment.items()),
)
def test_the_environment_does_not_change_a_digit(digest, environment):
    done = subprocess.run(
        [sys.executable, "-c", DIGEST],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == digest


@pytest.mark.parametrize("page", [1, 7, 100_000])
def test_how_many_records_are_read_at_a_time_does_not_change_a_digit(digest, page, monkeypatch):
    monkeypatch.setattr(engine_module, "PAGE", page)

    assert statement(a_month().known(), "acme", "1").digest == digest


def test_the_digest_does_not_depend_on_when_the_question_was_asked(digest):
    asked_later = statement(a_month().known("2027-06-01T00:00:00Z"), "acme", "1")

    assert asked_later.digest == digest


def test_another_fact_gives_another_digest(digest):
    story = a_month().at("2026-11-03T10:00+01:00")
    story.corrected("k2", "paris", "acme-prod", "2026-10-06T09:10+02:00/2026-10-06T09:50+02:00", "up")

    assert statement(story.known(), "acme", "1").digest != digest
