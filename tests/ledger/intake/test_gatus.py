"""Gatus: the tables of version 5 with times as its driver writes them, and its API served over HTTP."""

import json
import sqlite3
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest

from ledger.errors import BadInputError
from ledger.instants import format_instant
from ledger.intake.gatus import GatusApi
from ledger.intake.gatus_import import import_gatus
from ledger.intake.gatus_tables import GatusFile
from ledger.intake.web import Address, Web
from ledger.rounds import decode
from projections.changes import DOWN, outcome_changes
from tests.programs import Server, say
from tests.spec import Story, ms

UP, UNKNOWN = 1, 0
NOON_MS = ms("2026-10-06T12:00:00Z")
SCHEMA = """
CREATE TABLE endpoints (endpoint_id INTEGER PRIMARY KEY, endpoint_key TEXT UNIQUE, endpoint_name TEXT,
  endpoint_group TEXT, UNIQUE(endpoint_name, endpoint_group));
CREATE TABLE endpoint_results (endpoint_result_id INTEGER PRIMARY KEY, endpoint_id INTEGER, success INTEGER,
  errors TEXT, connected INTEGER, status INTEGER, dns_rcode TEXT, certificate_expiration INTEGER,
  domain_expiration INTEGER, hostname TEXT, ip TEXT, duration INTEGER, timestamp TIMESTAMP);
CREATE TABLE endpoint_result_conditions (endpoint_result_condition_id INTEGER PRIMARY KEY,
  endpoint_result_id INTEGER, condition TEXT, success INTEGER);
"""


def results(*successes, from_ms=NOON_MS):
    """A result a minute: its moment, and whether it was well."""
    return [(from_ms + number * 60_000, success) for number, success in enumerate(successes)]


class SQLiteFile:
    """A file of a Gatus, to which endpoints and their results are added."""

    def __init__(self, path):
        self.path = path
        with closing(sqlite3.connect(path)) as made, made:
            made.executescript(SCHEMA)
            made.execute("PRAGMA journal_mode = WAL")

    def endpoint(self, number, group, name):
        with closing(sqlite3.connect(self.path)) as opened, opened:
            opened.execute(
                "INSERT INTO endpoints VALUES (?, ?, ?, ?)", (number, f"{group}_{name}", name, group)
            )

    def add(self, found, written, endpoint=1):
        with closing(sqlite3.connect(self.path)) as opened, opened:
            for at_ms, success in found:
                number = opened.execute(
                    "INSERT INTO endpoint_results (endpoint_id, success, errors, connected, status, duration, "
                    "timestamp) VALUES (?, ?, ?, 1, ?, 80000000, ?)",
                    (endpoint, success, errors(success), status(success), written(at_ms)),
                ).lastrowid
                opened.executemany(
                    "INSERT INTO endpoint_result_conditions (endpoint_result_id, condition, success) VALUES (?, ?, ?)",
                    [(number, *each) for each in conditions(success)],
                )

    def forget(self, until):
        with closing(sqlite3.connect(self.path)) as opened, opened:
            opened.execute("DELETE FROM endpoint_results WHERE endpoint_result_id <= ?", (until,))


def errors(success):
    return "" if success else "EOF|~|reset"


def status(success):
    return 200 if success else 503


def conditions(success):
    """Each with whether it held, as Gatus writes what it saw into those that did not."""
    return [(f"[STATUS] ({status(success)}) == 200", success), ("[CONNECTED] == true", True)]


@pytest.fixture
def file(tmp_path):
    """A file of one endpoint, `core/acme prod`, to which results are added."""
    made = SQLiteFile(tmp_path / "gatus.db")
    made.endpoint(1, "core", "acme prod")
    return made


def as_go_prints(at_ms):
    return format_instant(at_ms).replace("T", " ").rstrip("Z") + ".123456789 +0000 UTC"


def as_go_prints_with_its_own_clock(at_ms):
    return as_go_prints(at_ms) + " m=+84630.747193824"


def as_iso(at_ms):
    return format_instant(at_ms).replace("T", " ").rstrip("Z") + ".123456789+00:00"


def changes(story, until_ms, platform="core-acme-prod"):
    found = outcome_changes(story.known(), [platform], 150_000, until_ms)
    return found.select("at_ms", "outcome").rows()


@pytest.mark.parametrize("written", [as_go_prints, as_go_prints_with_its_own_clock, as_iso])
def test_results_have_their_moment_and_the_conditions_that_did_not_hold(file, written):
    story = Story()
    file.add(results(True, True, False, True), written)

    taken = import_gatus(story.ledger, GatusFile(file.path), "gatus", {})

    assert changes(story, NOON_MS + 240_000) == [
        (NOON_MS + 123, UP),
        (NOON_MS + 120_123, DOWN),
        (NOON_MS + 180_123, UP),
    ]
    faults = {each for kept in story.engine.rounds() for each in decode(kept.value)[0].not_up.values()}
    assert faults == {("down", 503, "EOF; reset; [STATUS] (503) == 200")}
    assert taken.renamed == {"core/acme prod": "core-acme-prod"}


def test_what_was_forgotten_before_it_was_read_again_is_said_and_unknown(file):
    story = Story()
    file.add(results(*[True] * 5), as_go_prints)
    import_gatus(story.ledger, GatusFile(file.path), "gatus", {})
    file.add(results(*[True] * 5, from_ms=NOON_MS + 3_600_000), as_go_prints)

    taken = import_gatus(story.ledger, GatusFile(file.path), "gatus", {})
    file.forget(10)
    file.add(results(*[True] * 5, from_ms=NOON_MS + 7_200_000), as_go_prints)
    later = import_gatus(story.ledger, GatusFile(file.path), "gatus", {})

    assert taken.stored == later.stored == 5
    assert any("1 gap, the longest of 3360 s: unknown there" in note for note in taken.notes)
    assert any("it has kept nothing: unknown" in note for note in later.notes)
    assert [outcome for _, outcome in changes(story, NOON_MS + 7_400_000)] == [UP, UNKNOWN, UP, UNKNOWN, UP]


def test_the_query_of_an_address_is_not_kept(file):
    story = Story()
    file.add([(NOON_MS, False)], as_go_prints)
    with closing(sqlite3.connect(file.path)) as opened, opened:
        said = 'Get "https://acme.example/health?token=secret": EOF'
        opened.execute("UPDATE endpoint_results SET errors = ?", (said,))

    import_gatus(story.ledger, GatusFile(file.path), "gatus", {})

    (kept,) = story.engine.rounds()
    assert b"secret" not in kept.value
    assert b"https://acme.example/health?" in kept.value


def test_every_query_sees_the_file_as_the_first_one_did(file):
    file.add(results(True, False), as_go_prints)
    with GatusFile(file.path).opened() as asked:
        before = asked.execute("SELECT COUNT(*) FROM endpoint_result_conditions").fetchall()
        file.add(results(False, from_ms=NOON_MS + 120_000), as_go_prints)

        assert asked.execute("SELECT COUNT(*) FROM endpoint_results").fetchall() == [(2,)]
    assert before == [(4,)]


def test_what_is_no_file_of_gatus_is_refused_with_advice(tmp_path):
    (tmp_path / "notes.db").write_text("no database at all, but some text that is long enough")

    with pytest.raises(BadInputError, match="name its SQLite file"):
        list(GatusFile(tmp_path / "notes.db").results())
    with pytest.raises(BadInputError, match="there is no such file"):
        list(GatusFile(tmp_path / "none.db").results())


# ---------------------------------------------------------------- its API


@pytest.fixture
def api():
    """An API that pages through what it is given, the newest results on the first page."""
    kept = []

    def answer(asked):
        query = parse_qs(urlsplit(asked.path).query)
        page, size = int(query["page"][0]), int(query["pageSize"][0])
        end = len(kept) - (page - 1) * size
        some = kept[max(end - size, 0) : max(end, 0)]
        endpoint = {"name": "acme prod", "group": "core", "key": "core_acme-prod", "results": some}
        say(asked, json.dumps([endpoint]).encode())

    with Server(answer) as server:
        yield kept, GatusApi(Web(Address.parse(server.url), delays_s=()))


def as_json(found):
    return [
        {
            "status": 200 if success else 503,
            "duration": 80_000_000,
            "conditionResults": [{"condition": "[STATUS] == 200", "success": success}],
            "success": success,
            "timestamp": format_instant(at_ms).rstrip("Z") + ".123456789Z",
        }
        for at_ms, success in found
    ]


def test_every_page_of_the_api_is_read_and_says_the_same_as_the_file(api, file):
    kept, gatus = api
    found = results(*[True] * 130, False, *[True] * 119)
    kept += as_json(found)
    file.add(found, as_go_prints)
    by_api, by_file = Story(), Story()

    taken = import_gatus(by_api.ledger, gatus, "gatus", {})
    import_gatus(by_file.ledger, GatusFile(file.path), "gatus", {})

    until_ms = NOON_MS + 250 * 60_000
    assert taken.stored == 250
    assert changes(by_api, until_ms) == changes(by_file, until_ms)
    assert import_gatus(by_api.ledger, gatus, "gatus", {}).stored == 0


def test_an_address_that_is_no_gatus_is_refused_with_advice(api):
    kept, gatus = api
    kept += [{"what": "is this?"}]

    with pytest.raises(BadInputError, match="does not answer as Gatus 5 does"):
        list(gatus.results())


def test_a_name_for_what_no_endpoint_is_called_is_said_also_where_nothing_has_a_result(file):
    names = {"acme prod": "acme-prod"}

    empty = import_gatus(Story().ledger, GatusFile(file.path), "gatus", names)
    file.add(results(True, True), as_go_prints)
    filled = import_gatus(Story().ledger, GatusFile(file.path), "gatus", names)

    assert (
        "nothing in the source is called 'acme prod', so nothing is named acme-prod; "
        "it names no platform at all"
    ) in empty.notes
    assert filled.notes[0].endswith("; it has 'core/acme prod'")
