"""An Upptime repository: its commit subjects carry the outcomes; each holds until the next."""

import json
import subprocess
from pathlib import Path

import polars as pl
import pytest

from ledger.errors import BadInputError
from ledger.instants import from_ms
from ledger.intake.columns import Columns
from ledger.intake.files import open_source
from ledger.intake.importing import import_source
from ledger.intake.upptime import UpptimeSource
from projections.changes import DOWN, outcome_changes
from tests.spec import Story, ms

DATA = Path(__file__).parents[2] / "data"
NOW_MS = ms("2026-11-01T00:00:00Z")
COMMITS = (
    ("2026-08-11T11:00:00Z", "🟩 Manual (dev) is up (200 in 854 ms) [skip ci] [upptime]"),
    ("2026-08-11T12:00:00Z", "🟥 Manual (dev) is down (0 in 0 ms) [skip ci] [upptime]"),
    ("2026-08-11T12:10:00Z", "📝 Update summary in README [skip ci] [upptime]"),
    ("2026-08-11T12:30:00Z", "🟨 Manual (dev) has degraded performance (200 in 9183 ms) [skip ci] [upptime]"),
)


@pytest.fixture
def repository(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for authored_at, subject in COMMITS:
        commit(tmp_path, authored_at, subject)
    return tmp_path


def commit(path, authored_at, subject, committed_at=None):
    who = ["-c", "user.name=u", "-c", "user.email=u@example.org"]
    subprocess.run(
        ["git", "-C", path, *who, "commit", "-q", "--allow-empty", "-m", subject],
        env={
            "GIT_COMMITTER_DATE": committed_at or authored_at,
            "GIT_AUTHOR_DATE": authored_at,
            "PATH": "/usr/bin:/bin",
        },
        check=True,
    )


def test_every_commit_of_a_site_is_a_result_and_other_commits_are_none(repository):
    story = Story()

    imported = import_source(
        story.ledger,
        UpptimeSource.open(repository, Columns(agent="upptime")),
        now_ms=NOW_MS,
        transitions=True,
    )

    changes = outcome_changes(story.known(), ["Manual-dev"], 150_000, NOW_MS)
    assert imported.stored == 3
    assert imported.renamed == {"Manual (dev)": "Manual-dev"}
    assert changes.select("at_ms", "outcome").rows() == [
        (ms("2026-08-11T11:00:00Z"), 1),
        (ms("2026-08-11T12:00:00Z"), 3),
        (ms("2026-08-11T12:30:00Z"), 2),
    ]


def test_the_same_history_again_stores_nothing(repository):
    story = Story()
    import_source(
        story.ledger,
        UpptimeSource.open(repository, Columns(agent="upptime")),
        now_ms=NOW_MS,
        transitions=True,
    )

    again = import_source(
        story.ledger,
        UpptimeSource.open(repository, Columns(agent="upptime")),
        now_ms=NOW_MS,
        transitions=True,
    )

    assert (again.read, again.stored) == (3, 0)


def test_what_is_no_upptime_repository_is_refused_with_advice(tmp_path):
    with pytest.raises(BadInputError, match="name an Upptime repository"):
        UpptimeSource.open(tmp_path, Columns())


def test_every_difference_from_upptimes_own_minutes_is_an_outage_under_a_quarter_of_an_hour_or_under_a_minute():
    """The table of docs/upptime.md, and the claim that it makes."""
    summary = json.loads((DATA / "upptime-manticore-summary.json").read_text())
    page = (Path(__file__).parents[3] / "docs" / "upptime.md").read_text()
    theirs = {
        (site["name"], day): minutes for site in summary for day, minutes in site["dailyMinutesDown"].items()
    }
    ours = outages_by_day()

    for key in sorted(set(theirs) | set(ours)):
        minutes = [length_ms / 60_000 for length_ms in ours.get(key, [])]
        counted = theirs.get(key, 0)
        assert abs(counted - sum(each for each in minutes if each >= 15)) < 1
        shown = " + ".join(f"{each:.1f}" for each in minutes)
        assert f"| {key[0]} | {key[1]} | {counted or '-'} | {shown} |" in page


def outages_by_day():
    """The lengths of the outages that the ledger finds, by site and the UTC day on which each begins."""
    story = Story()
    source = open_source(
        DATA / "upptime-manticore.csv", Columns(renamed={"platform": "site"}, agent="upptime")
    )
    sites = {
        slug: site
        for site, slug in import_source(story.ledger, source, now_ms=NOW_MS, transitions=True).renamed.items()
    }
    known = story.known()
    platforms = {planned.platform for plan in known.plans.values() for planned in plan.platforms}
    found = {}
    for platform, _, at_ms, outcome, until_ms in (
        outcome_changes(known, platforms, 150_000, NOW_MS)
        .with_columns(pl.col("at_ms").shift(-1).over("platform").alias("until_ms"))
        .iter_rows()
    ):
        if outcome == DOWN:
            day = from_ms(at_ms).date().isoformat()
            found.setdefault((sites.get(platform, platform), day), []).append(until_ms - at_ms)
    return found


@pytest.mark.parametrize("end_of_line", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x85"])
def test_a_subject_that_holds_what_others_take_for_the_end_of_a_line_forges_no_result(
    repository, end_of_line
):
    forged = f"{'0' * 40} 1786450000 🟥 Manual (dev) is down (0 in 0 ms) [skip ci] [upptime]"
    before = len(UpptimeSource.open(repository, Columns()).commits)
    commit(repository, "2026-08-11T13:00:00Z", f"a note{end_of_line}{forged}")
    commit(repository, "2026-08-11T13:01:00Z", f"another{end_of_line}note")

    source = UpptimeSource.open(repository, Columns())

    assert len(source.commits) == before + 2
    assert sum(1 for batch in source.batches() for _ in batch.records()) == 3


def test_a_result_is_at_the_authors_date_which_a_rebase_leaves(repository):
    subject = "🟩 Manual (dev) is up (200 in 854 ms) [skip ci] [upptime]"
    commit(repository, "2026-08-11T14:00:00Z", subject, committed_at="2026-08-12T09:00:00Z")

    (batch,) = UpptimeSource.open(repository, Columns()).batches()

    assert [record.cells["observed_at"] for record in batch.records()][-1] == "1786456800"
