"""`constat export` and `constat bulletin`, as a person types them."""

import json

import pytest

from tests.ledger.intake.test_maintnote import event, ics
from tests.ledger.intake.test_statuspage import COMPONENTS, INCIDENT


@pytest.fixture
def signed(constat, tmp_path):
    """A ledger with the template's contract and a notice."""
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    (tmp_path / "acme.toml").write_text(text)
    assert constat("contract", "sign", "acme.toml").code == 0
    (tmp_path / "ours.ics").write_bytes(ics(event()).encode())
    assert constat("import", "maintnote", "ours.ics", "--own").code == 0
    return constat


def test_a_status_page_is_one_object_or_the_files_of_a_page(signed, tmp_path):
    whole = json.loads(signed("export", "statuspage").out)
    written = signed("export", "statuspage", "--to", "page", "--url", "https://status.example")

    summary = json.loads((tmp_path / "page/api/v2/scheduled-maintenances.json").read_text())
    assert [each["id"] for each in whole["scheduled_maintenances"]] == ["WORK-1.acme"]
    assert (written.code, written.out) == (0, "")
    assert summary["scheduled_maintenances"][0]["id"] == "WORK-1.acme"
    assert not list(tmp_path.rglob(".unfinished-*"))
    assert {each.stat().st_mode & 0o777 for each in (tmp_path / "page").rglob("*.json")} == {0o644}


@pytest.mark.parametrize("to", ["constat.db", ".", "acme.toml/metrics.prom"])
@pytest.mark.parametrize(
    "command", [("openmetrics",), ("grafana",), ("calendar", "--organizer", "a@b.example")]
)
def test_a_ledger_is_never_written_over_and_a_file_that_cannot_be_written_is_named(signed, command, to):
    answer = signed("export", *command, "--to", to)

    assert answer.code == 2
    assert f"constat: {to} " in answer.err
    assert "--to" in answer.err
    assert signed("verify").code == 0


@pytest.mark.parametrize(
    ("command", "to", "folder"),
    [
        (("grafana",), "nodir/x.json", "nodir"),
        (("openmetrics",), "a/b/x.prom", "a/b"),
        (("calendar", "--organizer", "a@b.example"), "nodir/x.ics", "nodir"),
        (("statuspage",), "nodir/page", "nodir"),
    ],
)
def test_a_folder_that_is_not_there_is_named_and_not_made(signed, tmp_path, command, to, folder):
    answer = signed("export", *command, "--to", to)

    assert answer.code == 2
    assert f"there is no folder {folder}; make it, or name another --to" in answer.err
    assert not (tmp_path / to).parent.exists()


def test_a_page_is_not_written_where_a_file_is(signed):
    answer = signed("export", "statuspage", "--to", "acme.toml")

    assert answer.code == 2
    assert "acme.toml/api/v2 cannot be made (Not a directory); name another --to" in answer.err


@pytest.mark.parametrize("url", ["notaurl", "ftp://status.example", "https://"])
def test_a_page_is_at_an_address_of_the_web(signed, url):
    answer = signed("export", "statuspage", "--url", url)

    assert answer.code == 2
    assert "--url" in answer.err
    assert "write it as https://host/" in answer.err


@pytest.mark.parametrize("mail", ["notmail", "@b.example", "a@", "a@b\n.example"])
def test_an_organizer_that_is_no_address_is_said_to_be_none(signed, monkeypatch, mail):
    given = signed("export", "calendar", "--organizer", mail)
    monkeypatch.setenv("CONSTAT_SMTP_FROM", mail)
    of_environment = signed("export", "calendar")

    assert (given.code, of_environment.code) == (2, 2)
    assert f"--organizer {mail!r} is no address; write one as ops@example.com" in given.err
    assert f"CONSTAT_SMTP_FROM {mail!r} is no address" in of_environment.err


def test_a_calendar_needs_to_know_who_announces(signed, tmp_path):
    refused = signed("export", "calendar")
    answer = signed("export", "calendar", "--organizer", "ops@constat.example", "--to", "feed.ics")

    assert refused.code == 2
    assert "--organizer MAIL" in refused.err
    assert answer.code == 0
    assert "UID:WORK-1.acme.acme@constat.example" in (tmp_path / "feed.ics").read_text()


def test_metrics_and_their_dashboard_are_printed(signed):
    metrics = signed("export", "openmetrics")
    dashboard = json.loads(signed("export", "grafana").out)

    assert metrics.code == 0
    assert 'constat_availability_target_percent{contract="acme"} 99.5' in metrics.out
    assert metrics.out.endswith("# EOF\n")
    assert dashboard["title"].startswith("Constat")


def test_a_bulletin_is_listed_and_shown_with_when_it_was_first_seen(signed, tmp_path):
    page = {"incidents": [INCIDENT], "components": COMPONENTS}
    (tmp_path / "summary.json").write_text(json.dumps(page))
    signed("import", "statuspage", "summary.json", "--operator", "ovhcloud")
    page["incidents"][0] = INCIDENT | {"status": "resolved", "resolved_at": "2026-10-06T11:00:00+02:00"}
    (tmp_path / "summary.json").write_text(json.dumps(page))
    signed("import", "statuspage", "summary.json", "--operator", "ovhcloud")

    listed = signed("bulletin", "list", "--operator", "ovhcloud")
    shown = signed("bulletin", "show", "ovhcloud.i1")
    machines = json.loads(signed("bulletin", "show", "ovhcloud.i1", "--json").out)
    hash_ = machines["received"][0]["evidence"][0]["sha256"]
    document = json.loads(signed("evidence", "show", hash_).out)

    assert "ovhcloud.i1: Power failure" in listed.out
    assert "resolved, first seen " in listed.out
    assert "GRA / Instances" in listed.out
    assert "investigating: We are looking at a loss of power in GRA." in shown.out
    assert machines["readings"] == 2
    assert document == INCIDENT


def test_a_bulletin_that_was_never_read_is_said_to_be(signed):
    answer = signed("bulletin", "show", "nothing")

    assert answer.code == 2
    assert "`constat bulletin list` lists them" in answer.err
