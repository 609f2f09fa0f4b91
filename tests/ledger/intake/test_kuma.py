"""Uptime Kuma's file: its tables and its nightly job as in version 2, beats as its monitors write them."""

import sqlite3
from contextlib import closing

import pytest

from ledger.errors import BadInputError
from ledger.instants import format_instant
from ledger.intake.kuma import KumaFile
from ledger.intake.kuma_import import KumaSource, import_kuma
from ledger.rounds import decode
from projections.changes import DOWN, outcome_changes
from tests.spec import Story, ms

UP, DEGRADED, UNKNOWN = 1, 2, 0
STALE_MS = 150_000
NOON_MS = ms("2026-10-06T12:00:00Z")
DAY_MS = 86_400_000
SCHEMA = """
CREATE TABLE monitor (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(150), active BOOLEAN DEFAULT 1 NOT NULL, user_id INTEGER,
  interval INTEGER DEFAULT 20 NOT NULL, url TEXT, type VARCHAR(20), maxretries INTEGER NOT NULL DEFAULT 0,
  retry_interval INTEGER NOT NULL DEFAULT 0);
CREATE TABLE heartbeat (
  id INTEGER PRIMARY KEY AUTOINCREMENT, important BOOLEAN DEFAULT 0 NOT NULL, monitor_id INTEGER NOT NULL
  REFERENCES monitor ON UPDATE CASCADE ON DELETE CASCADE, status SMALLINT NOT NULL, msg TEXT,
  time DATETIME NOT NULL, ping INTEGER, duration INTEGER DEFAULT 0 NOT NULL, down_count INTEGER DEFAULT 0 NOT NULL,
  end_time DATETIME, retries INTEGER DEFAULT 0 NOT NULL, response TEXT);
CREATE INDEX monitor_important_time_index ON heartbeat (monitor_id, important, time);
CREATE TABLE stat_daily (
  id INTEGER PRIMARY KEY, monitor_id INTEGER NOT NULL, timestamp INTEGER NOT NULL, ping FLOAT NOT NULL,
  up SMALLINT NOT NULL, down SMALLINT NOT NULL, UNIQUE (monitor_id, timestamp));
"""
NIGHTLY = """
DELETE FROM heartbeat WHERE monitor_id = ? AND important = 0 AND time < ? AND id NOT IN (
  SELECT id FROM (SELECT id FROM heartbeat WHERE monitor_id = ? ORDER BY time DESC LIMIT 100))
"""
_MESSAGES = {
    0: "Request failed with status code 503",
    1: "200 - OK",
    2: "connect ECONNREFUSED",
    3: "Monitor under maintenance",
}


class Kuma:
    """A file to which monitors write a beat a minute, and which a nightly job thins out."""

    def __init__(self, path):
        self.path = path
        self.last = {}
        with closing(sqlite3.connect(path)) as made, made:
            made.executescript(SCHEMA)

    def monitor(self, name, kind="http", retries=0):
        with closing(sqlite3.connect(self.path)) as opened, opened:
            return opened.execute(
                "INSERT INTO monitor (name, interval, type, maxretries, retry_interval) VALUES (?, 60, ?, ?, 60)",
                (name, kind, retries),
            ).lastrowid

    def beats(self, monitor, from_ms, *statuses):
        """A beat a minute, as `(status, how many)`; important where Kuma says so."""
        with closing(sqlite3.connect(self.path)) as opened, opened:
            at_ms = from_ms
            for status, count in statuses:
                for number in range(count):
                    row = (is_important(self.last.get(monitor), status), monitor, status, _MESSAGES[status])
                    opened.execute(
                        "INSERT INTO heartbeat (important, monitor_id, status, msg, time, ping, duration, retries) "
                        "VALUES (?, ?, ?, ?, ?, 80, 60, ?)",
                        (*row, written(at_ms), number + 1 if status == 2 else 0),
                    )
                    self.last[monitor] = status
                    at_ms += 60_000
        return at_ms

    def night(self, now_ms):
        with closing(sqlite3.connect(self.path)) as opened, opened:
            for (monitor,) in opened.execute("SELECT id FROM monitor").fetchall():
                opened.execute(NIGHTLY, (monitor, written(now_ms - DAY_MS), monitor))


def is_important(before, now):
    """Which beats Kuma keeps: the first one, and every change but into a retry and back out of one."""
    if before is None:
        return True
    return now not in (before, 2) and (before, now) != (2, 1)


def written(at_ms):
    return format_instant(at_ms).replace("T", " ").rstrip("Z") + (".000" if at_ms % 1000 == 0 else "")


@pytest.fixture
def kuma(tmp_path):
    return Kuma(tmp_path / "kuma.db")


def imported(story, kuma, **more):
    return import_kuma(story.ledger, KumaSource(KumaFile(kuma.path), "kuma", **more))


def changes(story, platform, until_ms, agent=None):
    found = outcome_changes(story.known(), [platform], STALE_MS, until_ms)
    if agent:
        found = found.filter(found["agent"].cast(str) == agent)
    return found.select("at_ms", "outcome").rows()


def test_a_retry_and_a_maintenance_are_told_apart(kuma):
    story = Story()
    end_ms = kuma.beats(
        kuma.monitor("Acme", retries=2), NOON_MS, (1, 5), (2, 2), (0, 3), (1, 4), (3, 5), (1, 2)
    )

    taken = imported(story, kuma, names={"Acme": "acme-prod"})

    minute = lambda number: NOON_MS + number * 60_000  # noqa: E731 - a story
    assert changes(story, "acme-prod", end_ms, "kuma") == [
        (minute(0), UP),
        (minute(5), DOWN),
        (minute(10), UP),
        (minute(14), UNKNOWN),
        (minute(19), UP),
    ]
    faults = {each for kept in story.engine.rounds() for each in decode(kept.value)[0].not_up.values()}
    assert ("down", 503, "Request failed with status code 503") in faults
    assert ("down", 0, "PENDING, retry 1: connect ECONNREFUSED") in faults
    assert ("unknown", 0, "not probed: a maintenance of Uptime Kuma") in faults
    assert taken.renamed == {"Acme": "acme-prod"}
    assert "2 failed beats that Kuma tried again: down" in taken.notes
    assert "5 beats in a maintenance of Kuma, which probes nothing then: unknown" in taken.notes


def test_a_retry_counts_as_what_it_is_taken_for(kuma):
    story = Story()
    end_ms = kuma.beats(kuma.monitor("acme", retries=2), NOON_MS, (1, 5), (2, 2), (1, 5))

    imported(story, kuma, pending="degraded")

    assert [outcome for _, outcome in changes(story, "acme", end_ms)] == [UP, DEGRADED, UP]


def test_the_same_file_again_stores_nothing(kuma):
    story = Story()
    kuma.beats(kuma.monitor("acme"), NOON_MS, (1, 100), (0, 5), (1, 100))

    first = imported(story, kuma)
    again = imported(story, kuma)

    assert first.stored == 205
    assert again.stored == 0


def test_what_the_nightly_job_has_thinned_out_is_of_an_agent_that_logs_only_changes(kuma):
    story = Story()
    monitor = kuma.monitor("acme")
    end_ms = kuma.beats(monitor, NOON_MS, (1, 600), (0, 30), (1, 4000))
    kuma.night(end_ms)

    taken = imported(story, kuma)

    dense_ms = changes(story, "acme", end_ms, "kuma")[0][0]
    assert end_ms - DAY_MS <= dense_ms <= end_ms - DAY_MS + 60_000
    assert changes(story, "acme", end_ms, "kuma-changes") == [
        (NOON_MS, UP),
        (NOON_MS + 600 * 60_000, DOWN),
        (NOON_MS + 630 * 60_000, UP),
        (dense_ms, UNKNOWN),
    ]
    assert any("only changes are left, of agent kuma-changes" in note for note in taken.notes)
    assert story.ledger.plans_of("kuma-changes").last.transitions
    assert not story.ledger.plans_of("kuma").last.transitions


def test_a_file_that_is_read_every_day_is_never_only_changes(kuma):
    story = Story()
    monitor = kuma.monitor("acme")
    at_ms = NOON_MS
    for _ in range(4):
        at_ms = kuma.beats(monitor, at_ms, (1, 700), (0, 5), (1, 735))
        kuma.night(at_ms)
        imported(story, kuma)

    assert story.ledger.plans_of("kuma-changes").last is None
    assert sum(outcome == DOWN for _, outcome in changes(story, "acme", at_ms, "kuma")) == 4


def test_a_week_in_which_nobody_read_is_bridged_by_what_is_left_of_it(kuma):
    story = Story()
    monitor = kuma.monitor("acme")
    read_ms = kuma.beats(monitor, NOON_MS, (1, 200))
    imported(story, kuma)
    down_ms = kuma.beats(monitor, read_ms, (1, 5000))
    up_ms = kuma.beats(monitor, down_ms, (0, 60))
    end_ms = kuma.beats(monitor, up_ms, (1, 5000))
    kuma.night(end_ms)

    imported(story, kuma)
    again = imported(story, kuma)

    left = changes(story, "acme", end_ms, "kuma-changes")
    assert left[0] == (read_ms - 60_000 + 1, UP)
    assert left[1:3] == [(down_ms, DOWN), (up_ms, UP)]
    assert left[3][1] == UNKNOWN
    assert again.stored == 0


def test_no_moment_has_two_witnesses_from_one_file(kuma):
    """Where the agent that has every beat says something, also for as long as it holds, the other does not."""
    story = Story()
    monitor = kuma.monitor("acme")
    at_ms = kuma.beats(monitor, NOON_MS, (1, 3000), (0, 20), (1, 2000))
    kuma.night(at_ms)
    imported(story, kuma)
    at_ms = kuma.beats(monitor, at_ms, (1, 3000), (0, 20), (1, 2000))
    kuma.night(at_ms)

    imported(story, kuma)

    beats = known(changes(story, "acme", at_ms, "kuma"), at_ms)
    left = known(changes(story, "acme", at_ms, "kuma-changes"), at_ms)
    assert len(beats) >= 2
    assert len(left) >= 2
    assert [(one, other) for one in beats for other in left if one[0] < other[1] and other[0] < one[1]] == []


def known(found, until_ms):
    """When something was known, as `(from, until)`."""
    ends_ms = [at_ms for at_ms, _ in found[1:]] + [until_ms]
    return [(at_ms, end_ms) for (at_ms, said), end_ms in zip(found, ends_ms, strict=True) if said != UNKNOWN]


def test_a_monitor_that_has_stopped_is_silent_once_and_not_again_at_each_reading(kuma):
    story = Story()
    kuma.beats(kuma.monitor("stopped"), NOON_MS, (0, 1))
    running = kuma.monitor("acme")
    at_ms = kuma.beats(running, NOON_MS, (1, 3000))
    kuma.night(at_ms)
    imported(story, kuma)

    for _ in range(3):
        at_ms = kuma.beats(running, at_ms, (1, 5))
        assert imported(story, kuma).stored == 5

    assert [said for _, said in changes(story, "stopped", at_ms, "kuma-changes")] == [DOWN, UNKNOWN]


def test_a_group_is_no_probe(kuma):
    story = Story()
    kuma.beats(kuma.monitor("all of Acme", kind="group"), NOON_MS, (1, 5))
    kuma.beats(kuma.monitor("acme"), NOON_MS, (1, 5))

    assert imported(story, kuma).platforms == ("acme",)


def test_two_monitors_of_one_name_are_refused(kuma):
    kuma.monitor("acme")
    kuma.monitor("acme")

    with pytest.raises(BadInputError, match="two monitors are named 'acme'"):
        imported(Story(), kuma)


def test_what_is_no_file_of_kuma_is_refused_with_advice(tmp_path):
    (tmp_path / "notes.db").write_text("no database at all, but some text that is long enough")

    with pytest.raises(BadInputError, match=r"name its kuma\.db"):
        KumaFile(tmp_path / "notes.db").monitors()
    with pytest.raises(BadInputError, match="there is no such file"):
        KumaFile(tmp_path / "none.db").monitors()


def test_a_name_for_what_no_monitor_is_called_is_said(kuma):
    kuma.beats(kuma.monitor("Acme (Prod)"), NOON_MS, (1, 3))

    typo = imported(Story(), kuma, names={"Acme (Prd)": "acme-prod"})
    right = imported(Story(), kuma, names={"Acme (Prod)": "acme-prod"})

    assert typo.notes[0] == (
        "nothing in the source is called 'Acme (Prd)', so nothing is named acme-prod; it has 'Acme (Prod)'"
    )
    assert not any("nothing in the source" in note for note in right.notes)
