"""The how-tos that need other programs, or what these keep, run too: imports, bulletins and exports."""

import json
import shutil
import time

import pytest
import urllib3

from ledger.instants import HOUR_MS, format_instant
from tests import programs
from tests.ledger.intake.test_alertmanager import expire, silence
from tests.ledger.intake.test_kuma import NOON_MS, Kuma
from tests.ledger.intake.test_maintnote import event, ics
from tests.ports import free_port
from tests.reader import ROOT, run


@pytest.fixture
def signed(tmp_path):
    """A folder with a ledger that has the contract of the how-to."""
    run(ROOT / "docs" / "howto" / "own-contract.md", tmp_path, signed_only=True)
    return tmp_path


@pytest.mark.slow
def test_every_command_of_the_how_to_of_prometheus_prints_what_it_shows(signed):
    """Of a site that is probed by a real exporter."""
    programs.require("prometheus", "prometheus-blackbox-exporter")
    port, page = free_port(), ROOT / "docs" / "howto" / "import-prometheus.md"
    begin = format_instant(time.time_ns() // 1_000_000 - HOUR_MS)
    with programs.Site() as site, programs.exporter(signed, port):
        job = programs.blackbox_job(port, site.url)
        with programs.prometheus(signed, free_port(), job) as url:
            programs.wait_for(lambda: samples(url) > 2, "the site is probed")
            theirs = ("http://prometheus:9090", "https://acme.example/", "2026-10-01T00:00:00+02:00")
            run(page, signed, instead=dict(zip(theirs, (url, site.url, begin), strict=True)))


def samples(url: str) -> int:
    fields = {"query": "count_over_time(probe_success[1h])"}
    found = urllib3.request("GET", f"{url}/api/v1/query", fields=fields).json()["data"]["result"]
    return int(found[0]["value"][1]) if found else 0


@pytest.mark.slow
def test_every_command_of_the_how_to_of_uptime_kuma_prints_what_it_shows(signed):
    kuma = Kuma(signed / "kuma.db")
    kuma.night(kuma.beats(kuma.monitor("Acme (Prod)", retries=2), NOON_MS, (1, 3000), (0, 10), (1, 500)))

    run(
        ROOT / "docs" / "howto" / "import-uptime-kuma.md",
        signed,
        instead={"/srv/kuma/kuma.db": str(kuma.path)},
    )


@pytest.mark.slow
def test_every_command_of_the_how_to_of_gatus_prints_what_it_shows(signed):
    moments = [format_instant(NOON_MS + minute * 60_000) for minute in range(3)]
    results = [{"success": True, "status": 200, "duration": 1, "timestamp": moment} for moment in moments]
    said = json.dumps([{"name": "acme", "group": "core", "results": results}])
    with programs.Answers(said.encode()) as server:
        page = ROOT / "docs" / "howto" / "import-gatus.md"
        run(page, signed, instead={"https://status.example.org": server.url})


@pytest.mark.slow
def test_every_command_of_the_how_to_of_bulletins_prints_what_it_shows(signed):
    """A page that was saved, two calendars, and a silence of a real Alertmanager."""
    programs.require("prometheus-alertmanager")
    data = ROOT / "tests" / "data"
    shutil.copy(data / "statuspage.json", signed / "summary.json")
    (signed / "operator-notice.ics").write_text(ics(event(UID="work-7@operator.example")))
    (signed / "2025").mkdir()
    (signed / "2025" / "ours.ics").write_text(ics(event()))
    with programs.alertmanager(signed, free_port()) as url:
        expire(url, silence(url))
        run(
            ROOT / "docs" / "howto" / "import-bulletins.md",
            signed,
            instead={"http://alertmanager:9093": url},
        )


@pytest.mark.slow
def test_every_command_of_the_how_to_of_exports_prints_what_it_shows(signed):
    run(ROOT / "docs" / "howto" / "export.md", signed)

    written = {str(each.relative_to(signed)) for each in signed.rglob("*") if each.is_file()}
    assert {
        "site/api/v2/summary.json",
        "site/maintenance.ics",
        "site/constat.prom",
        "constat.json",
    } <= written
