"""`constat import` of what programs have kept and told, as a person types it: followed, stopped, again."""

import json
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests import postgresql, programs
from tests.ledger.intake.test_gatus import NOON_MS as GATUS_MS
from tests.ledger.intake.test_gatus import results
from tests.ledger.intake.test_gatus_postgresql import READER, SECRET, Filled
from tests.ledger.intake.test_kuma import NOON_MS, Kuma
from tests.ledger.intake.test_maintnote import event, ics
from tests.ledger.intake.test_statuspage import COMPONENTS, INCIDENT
from tests.ports import free_port

CONSTAT = Path(sys.executable).parent / "constat"
BEGINNING = "2026-01-01T00:00:00Z"


@pytest.fixture
def signed(constat, tmp_path):
    """A ledger with the template's contract."""
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    (tmp_path / "acme.toml").write_text(text)
    assert constat("contract", "sign", "acme.toml").code == 0
    return constat


@pytest.mark.slow
def test_a_followed_server_is_read_until_sigterm_and_the_next_run_goes_on_from_there(signed, tmp_path):
    programs.require("prometheus", "prometheus-blackbox-exporter")
    port = free_port()
    job = programs.blackbox_job
    with (
        programs.Site() as site,
        programs.exporter(tmp_path, port),
        programs.prometheus(tmp_path, free_port(), job(port, site.url)) as url,
    ):
        options = ("import", "prometheus", url, "--name", f"{site.url}=acme-prod", "--agent", "paris")
        followed = [CONSTAT, *options, "--from", BEGINNING, "--follow", "--every", "1"]
        with subprocess.Popen(followed, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            lines = iter(process.stdout.readline, "")
            first = next(lines)
            next(line for line in lines if " stored" in line and ", 0 stored" not in line)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        time.sleep(2)
        answer = signed(*options)
        machines = signed(*options, "--json")

    assert process.returncode == 0
    assert "results read" in first or "result read" in first
    assert answer.code == 0
    assert "agent paris: " in answer.out
    assert "acme-prod: a result every 1 s" in answer.out
    assert '"notes"' in machines.out
    assert answer.err == ""


@pytest.mark.slow
@pytest.mark.usefixtures("signed")
def test_who_follows_is_told_all_once_and_then_a_line_of_what_came(tmp_path):
    kuma = Kuma(tmp_path / "kuma.db")
    monitor = kuma.monitor("acme-prod")
    end_ms = kuma.beats(monitor, NOON_MS, (1, 3))
    followed = [CONSTAT, "import", "uptime-kuma", "kuma.db", "--follow", "--every", "1"]
    with subprocess.Popen(followed, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        lines = iter(process.stdout.readline, "")
        first = [next(lines), next(lines)]
        end_ms = kuma.beats(monitor, end_ms, (1, 1))
        next(line for line in lines if ", 1 stored" in line)
        kuma.beats(monitor, end_ms, (1, 1))
        third = next(lines)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)

    assert first == ["kuma.db: 3 results read, 3 stored\n", "  agent uptime-kuma: 3 rounds\n"]
    assert third == "kuma.db: 5 results read, 1 stored\n"
    assert rest == ""


@pytest.mark.slow
@pytest.mark.usefixtures("signed")
def test_who_follows_is_warned_once_of_a_platform_without_a_contract_that_comes_up_later(tmp_path):
    kuma = Kuma(tmp_path / "kuma.db")
    ours, end_ms = kuma.monitor("acme-prod"), NOON_MS
    end_ms = kuma.beats(ours, end_ms, (1, 3))
    followed = [CONSTAT, "import", "uptime-kuma", "kuma.db", "--follow", "--every", "1"]
    with subprocess.Popen(
        followed, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        lines = iter(process.stdout.readline, "")
        next(line for line in lines if "3 stored" in line)
        stranger = kuma.monitor("acme-prood")
        stranger_ms = kuma.beats(stranger, end_ms, (1, 2))
        next(line for line in lines if ", 2 stored" in line)
        kuma.beats(stranger, stranger_ms, (1, 1))
        kuma.beats(ours, end_ms, (1, 1))
        next(line for line in lines if " stored" in line)
        kuma.beats(kuma.monitor("other"), stranger_ms, (1, 4))
        next(line for line in lines if ", 4 stored" in line)
        process.send_signal(signal.SIGTERM)
        _, warned = process.communicate(timeout=30)

    assert [line.split(";")[0] for line in warned.splitlines()] == [
        "constat: warning: no contract has acme-prood",
        "constat: warning: acme-prood may be acme-prod, which a contract has",
        "constat: warning: no contract has other",
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("signed")
def test_who_follows_a_program_that_is_away_is_told_and_waits_for_it(tmp_path):
    port = free_port()
    followed = [CONSTAT, "import", "gatus", f"http://127.0.0.1:{port}", "--follow", "--every", "1"]
    with subprocess.Popen(
        followed, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        told = process.stderr.readline()
        with gatus_at(port):
            stored = next(line for line in iter(process.stdout.readline, "") if " stored" in line)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert "does not answer" in told
    assert "trying again" in told
    assert "1 result read, 1 stored" in stored
    assert process.returncode == 0


def gatus_at(port):
    """A Gatus with one result."""
    result = {"success": True, "status": 200, "duration": 1, "timestamp": "2026-10-06T12:00:00Z"}

    def answer(asked):
        results = [result] if "page=1&" in asked.path else []
        programs.say(asked, json.dumps([{"name": "acme-prod", "group": "", "results": results}]).encode())

    return programs.Server(answer, port)


@pytest.mark.slow
@pytest.mark.usefixtures("signed")
def test_a_followed_database_is_read_on_after_its_server_was_away(tmp_path):
    with postgresql.server() as server:
        gatus = filled(server)
        command = [CONSTAT, "import", "gatus", gatus.url, "--follow", "--every", "1"]
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            lines = iter(process.stdout.readline, "")
            first = next(lines)
            gatus.add(results(True, from_ms=GATUS_MS + 180_000))
            second = next(line for line in lines if ", 1 stored" in line)
            gatus.asked.close()
            server.stop()
            told = process.stderr.readline()
            server.start()
            with server.connection(gatus.name) as gatus.asked:
                gatus.add(results(False, from_ms=GATUS_MS + 240_000))
            third = next(line for line in lines if ", 1 stored" in line)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)

    assert first == f"postgresql://127.0.0.1:{server.port}/{gatus.name}: 3 results read, 3 stored\n"
    assert "4 results read" in second
    assert "trying again" in told
    assert "5 results read" in third
    assert SECRET not in first + second + told + third + out + err
    assert process.returncode == 0


def filled(server):
    """A database of a Gatus that is read with a password of its own."""
    with server.connection() as asked:
        asked.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{SECRET}'")
    made = Filled(server)
    made.endpoint(1, "", "acme-prod")
    made.add(results(True, True, True))
    return made


@pytest.mark.slow
def test_an_import_from_a_database_goes_on_where_it_ended_and_keeps_no_password(signed, tmp_path):
    with postgresql.server() as server:
        gatus = filled(server)
        with closing(gatus.asked):
            command = ("import", "gatus", gatus.url, "--name", "acme-prod=acme-prod")
            answer = signed(*command)
            gatus.add(results(False, from_ms=GATUS_MS + 180_000))
            again = json.loads(signed(*command, "--json").out)

    assert answer.code == 0
    assert "3 results read, 3 stored" in answer.out
    assert "acme-prod: a result every 60 s" in answer.out
    assert (again[0]["read"], again[0]["stored"]) == (4, 1)
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and SECRET.encode() in each.read_bytes()]
    assert kept == []


def test_who_names_a_database_and_lacks_its_client_is_told_how_to_install_it(signed, monkeypatch):
    for name in ("ledger.intake.foreign_postgresql", "ledger.intake.gatus_postgresql"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    answer = signed("import", "gatus", "postgresql://reader:s3cret@db/gatus")

    assert answer.code == 2
    assert "pip install 'constat[postgresql]'" in answer.err
    assert "s3cret" not in answer.err


def test_a_first_reading_has_to_be_told_where_it_begins(signed):
    answer = signed("import", "prometheus", "http://127.0.0.1:9")

    assert answer.code == 2
    assert "say with --from TIME" in answer.err


@pytest.mark.parametrize(
    ("interval", "sentence"),
    [
        (("--from", "2026-01-01T05:14Z", "--to", "2026-01-01T05:10Z"), "does not come after --from"),
        (("--from", "2026-01-01T05:14Z", "--to", "2026-01-01T05:14Z"), "does not come after --from"),
        (("--from", "9000-01-01T00:00Z"), "--from 9000-01-01T00:00Z is yet to come"),
        (("--from", "9000-01-01T00:00Z", "--to", "9000-01-02T00:00Z"), "is yet to come"),
    ],
)
def test_an_interval_in_which_there_can_be_no_history_is_refused_before_anybody_is_asked(
    signed, interval, sentence
):
    answer = signed("import", "prometheus", f"http://127.0.0.1:{free_port()}", *interval)

    assert answer.code == 2
    assert sentence in answer.err


def test_a_server_that_does_not_answer_leaves_with_two(signed):
    answer = signed("import", "prometheus", f"http://127.0.0.1:{free_port()}", "--from", BEGINNING)

    assert answer.code == 2
    assert "does not answer" in answer.err


@pytest.mark.parametrize("name", ["acme-prod", "=acme-prod", "acme="])
def test_a_name_says_both_what_the_source_writes_and_the_platform(signed, name):
    answer = signed("import", "prometheus", "http://127.0.0.1:9", "--from", BEGINNING, "--name", name)

    assert answer.code == 2
    assert "write each once" in answer.err


def test_an_uptime_kuma_is_read_and_told_of_and_the_same_again_stores_nothing(signed, tmp_path):
    kuma = Kuma(tmp_path / "kuma.db")
    end_ms = kuma.beats(kuma.monitor("Acme"), NOON_MS, (1, 3000), (0, 10), (1, 500))
    kuma.night(end_ms)
    command = ("import", "uptime-kuma", "kuma.db", "--name", "Acme=acme-prod")

    answer = signed(*command)
    again = json.loads(signed(*command, "--json").out)

    assert answer.code == 0
    assert "agent uptime-kuma: " in answer.out
    assert "agent uptime-kuma-changes: " in answer.out
    assert "'Acme' is named acme-prod" in answer.out
    assert "acme-prod: until " in answer.out
    assert again[0]["stored"] == 0


@pytest.mark.parametrize(("program", "file"), [("uptime-kuma", "kuma.db"), ("gatus", "SQLite file")])
def test_a_folder_where_a_programs_file_is_asked_for_is_said_to_be_one(signed, program, file):
    answer = signed("import", program, ".")

    assert answer.code == 2
    assert f". is a folder; name the {file}" in answer.err


# ---------------------------------------------------------------- what others told


def test_a_status_page_is_kept_with_its_documents_and_told_of(signed, tmp_path):
    page = {"incidents": [INCIDENT], "scheduled_maintenances": [], "components": COMPONENTS}
    (tmp_path / "summary.json").write_text(json.dumps(page))
    command = ("import", "statuspage", "summary.json", "--operator", "ovhcloud")

    answer = signed(*command)
    again = signed(*command)

    assert answer.code == 0
    assert answer.out == "summary.json: 1 bulletin read, 1 stored\n"
    assert again.out == "summary.json: 1 bulletin read, 0 stored\n"
    assert signed("evidence", "check").code == 0


def test_a_name_of_an_operator_that_is_none_is_refused_with_advice(signed, tmp_path):
    page = {"incidents": [INCIDENT]}
    (tmp_path / "summary.json").write_text(json.dumps(page))

    answer = signed("import", "statuspage", "summary.json", "--operator", "OVH Cloud")

    assert answer.code == 2
    assert "write OVH-Cloud" in answer.err


def test_our_own_notices_are_announced_and_an_operators_are_not(signed, tmp_path):
    (tmp_path / "notice.ics").write_bytes(ics(event()).encode())

    theirs = signed("import", "maintnote", "notice.ics")
    unknown = signed("notice", "list").out
    (tmp_path / "ours.ics").write_bytes(ics(event(UID="work-2@constat.example")).encode())
    ours = signed("import", "maintnote", "ours.ics", "--own")
    register = signed("register", "--contract", "acme", "--period", "2026-10").out

    assert (theirs.code, ours.code) == (0, 0)
    assert "1 notice read, 1 stored" in theirs.out
    assert "WORK-1" not in unknown
    assert "1 notice read, 1 stored" in ours.out
    assert "WORK-1.acme" in register


def test_a_notice_of_ours_names_platforms_of_a_contract(signed, tmp_path):
    (tmp_path / "ours.ics").write_bytes(ics(event(objects=["acme-prd"])).encode())

    answer = signed("import", "maintnote", "ours.ics", "--own")

    assert answer.code == 2
    assert "no contract has acme-prd" in answer.err


def test_the_silences_of_an_alertmanager_are_told_of(signed, tmp_path):
    programs.require("prometheus-alertmanager")
    with programs.alertmanager(tmp_path, free_port()) as url:
        answer = signed("import", "alertmanager", url)
        misnamed = signed("import", "alertmanager", url, "--name", "http://typo/=acme-prod")

    assert answer.code == 0
    assert answer.out == f"{url}: 0 silences read, 0 stored\n"
    assert "nothing in the source is called 'http://typo/'" in misnamed.out
