"""`constat inbox`: sentences, codes and JSON; a ledger is asked at moments of its recorded clock."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from consumers.inbox import time_left
from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.directory import DirectorySynchronised
from ledger.fact import Draft, Span
from ledger.incidents import IncidentOpened
from ledger.instants import HOUR_MS, MINUTE_MS
from ledger.log.sqlite import SQLiteEngine
from ledger.maintenance import MaintenanceStarted, NoticePublished
from ledger.support import SupportRequested
from ledger.terms import Terms
from tests.spec import ms

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "schemas" / "inbox.schema.json"
NOON_MS = ms("2026-10-04T12:00:00+02:00")


@pytest.fixture
def recorded(tmp_path):
    """Append facts at noon of a Sunday to a ledger with one contract that has one administrator."""
    engine = SQLiteEngine(str(tmp_path / "constat.db"), clock=lambda: NOON_MS)
    with Ledger(engine) as ledger:

        def append(stream, fact, occurred_ms=NOON_MS):
            ledger.append(Draft(stream, fact, occurred_ms))

        signed = ContractSigned(contract="acme", client="Acme SA", first_day="2026-10-01", terms=Terms())
        append("contract:acme", signed)
        append("contract:acme", PlatformAdded(contract="acme", platform="prod", from_day="2026-10-01"))
        listed = DirectorySynchronised(contract="acme", administrators=("p-1",), count=1)
        append("directory:acme", listed)
        yield append


def notice(hours_from_noon: int) -> NoticePublished:
    start_ms = NOON_MS + hours_from_noon * HOUR_MS
    announced = Span.of(start_ms, start_ms + HOUR_MS)
    return NoticePublished(maintenance="m1", platforms=("prod",), announced=announced, summary="x")


def at(moment: str) -> tuple[str, str]:
    return "--as-of", f"2026-10-04T{moment}:00+02:00"


@pytest.mark.usefixtures("recorded")
def test_an_empty_inbox_says_so_and_leaves_with_0(constat):
    assert constat("inbox", *at("13:00")) == (0, "nothing needs anybody\n", "")


def test_a_notice_that_nobody_has_shows_the_time_that_is_left_and_then_the_command_leaves_with_1(
    constat, recorded
):
    recorded("maintenance:m1", notice(27))

    early, late = constat("inbox", *at("13:00")), constat("inbox", *at("15:30"))

    assert early.code == 0
    assert early.out == (
        "  no administrator of acme has the notice of m1 (no mail about it was tried): 2 h left\n"
        "    notice-not-given, since 2026-10-04T12:00:00+02:00, due 2026-10-04T15:00:00+02:00 (position 4 of the ledger)\n"
    )
    assert late.code == 1
    assert "✗ no administrator of acme" in late.out
    assert "tried): overdue by 30 min\n" in late.out


def test_json_has_the_same_with_its_schema_and_the_sentence(constat, recorded):
    recorded("maintenance:m1", notice(0))
    recorded("maintenance:m1", MaintenanceStarted(maintenance="m1"))
    asked = SupportRequested(request="r1", contract="acme", subject="\x1b[31mred", by="p-1")
    recorded("support:r1", asked, NOON_MS - 50 * HOUR_MS)
    recorded("incident:i1", IncidentOpened(incident="i1", platforms=("prod",), summary="x", data_loss=True))

    answer = constat("inbox", *at("12:30"), "--json")

    found = json.loads(answer.out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    assert answer.code == 1
    assert [(each["kind"], each["overdue"]) for each in found["items"]] == [
        ("notice-not-given", True),
        ("support-request", True),
        ("data-loss-not-alerted", True),
        ("maintenance-unfinished", False),
    ]
    assert found["overdue"] == 3
    assert found["items"][1]["sentence"] == (
        "request r1 of acme has no answer, which was promised within 48 h: overdue by 2 h 30 min"
    )
    assert found["items"][3]["positions"] == [4, 5]


def test_one_contract_may_be_asked_for(constat, recorded):
    recorded("support:r1", SupportRequested(request="r1", contract="acme", subject="x", by="p-1"))

    assert "request r1" in constat("inbox", "-c", "acme", *at("13:00")).out
    refused = constat("inbox", "-c", "zenith", *at("13:00"))
    assert (refused.code, "known contracts: acme" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("due_in_ms", "said"),
    [
        (2 * HOUR_MS + 10 * MINUTE_MS, "2 h 10 min left"),
        (2 * HOUR_MS + 10 * MINUTE_MS + 59_999, "2 h 10 min left"),
        (47 * HOUR_MS + 59 * MINUTE_MS, "47 h 59 min left"),
        (48 * HOUR_MS, "2 days left"),
        (50 * HOUR_MS + 59 * MINUTE_MS, "2 days 2 h left"),
        (MINUTE_MS, "1 min left"),
        (59_999, "less than a minute left"),
        (0, "due now"),
        (-1, "overdue by less than a minute"),
        (-MINUTE_MS, "overdue by 1 min"),
        (-3 * HOUR_MS, "overdue by 3 h"),
        (-75 * HOUR_MS, "overdue by 3 days 3 h"),
    ],
)
def test_the_time_that_is_left_or_exceeded_is_said_with_its_units_and_never_as_more_than_it_is(
    due_in_ms, said
):
    assert time_left(due_in_ms) == said
