"""The documentation runs: every command of the tutorial, and every link and command name that pages mention."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import urllib3

from consumers.cache.folder import FOLDER
from consumers.cli.commands import COMMANDS
from ledger.application import open_engine
from ledger.instants import HOUR_MS, format_instant
from projections.asof import Known, at_head
from projections.inbox import inbox
from tests import programs
from tests.consumers.billing.penalties import assess, ledger_at
from tests.ledger.intake.test_alertmanager import expire, silence
from tests.ledger.intake.test_kuma import NOON_MS, Kuma
from tests.ledger.intake.test_maintnote import event, ics
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(console|toml|text)( [^\n]*)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELLIPSIS = "…"
HEADER = "platform,observed_at,outcome\n"
OCTOBER = HEADER + "".join(f"acme-prod,2026-10-01T09:0{minute}:00+02:00,up\n" for minute in range(3))
NOVEMBER = HEADER + ("acme-prod,2026-11-02T09:00:00+01:00,up\nacme-prod,2026-11-02T09:01:00+01:00,sideways\n")

NIGHTS = (6, 7, 9)
LISTS = {
    "backups.csv": "platform,backup,taken_at,operator\n"
    + "".join(f"acme-prod,night-{day},2026-10-0{day}T03:00+02:00,OVHcloud\n" for day in NIGHTS),
    "replicas.csv": "platform,backup,replicated_at,operator\n"
    + "".join(f"acme-prod,night-{day},2026-10-0{day}T04:00+02:00,SCALEWAY\n" for day in NIGHTS),
    "again.csv": "platform,backup,taken_at,operator\n"
    "acme-prod,night-6,2026-10-06T05:00+02:00,OVHcloud\n"
    "acme-prod,night-9b,2026-10-09T03:00,OVHcloud\n",
}


def steps(page: Path) -> list[tuple[str, str]]:
    """Each command of a page with the output shown below it."""
    found = []
    for kind, _, body in BLOCK.findall(page.read_text()):
        if kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, shown = re.sub(r"\\\n\s*", "", part).partition("\n")
                found.append((command, shown.strip("\n")))
    return found


def texts(page: Path) -> list[str]:
    """The files that a page asks to save."""
    return re.findall(r"^```text\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@contextmanager
def mail_server(command: str, folder: Path) -> Iterator[str]:
    """The server that a page starts, on a port of its own."""
    port = str(free_port())
    typed = [sys.executable, *command.replace("2525", port).split()[1:]]
    with subprocess.Popen(typed, cwd=folder) as process:
        wait_until_it_listens(int(port))
        try:
            yield port
        finally:
            process.terminate()


def wait_until_it_listens(port: int) -> None:
    latest = time.monotonic() + 20
    while time.monotonic() < latest:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)


def matches(shown: str, printed: str) -> bool:
    """Whether output is as shown; `…` stands for anything, kinds of spaces and line ends do not count."""

    def tidy(text: str) -> str:
        plain = text.replace("\u00a0", " ").replace("\u202f", " ").strip("\n")
        return "\n".join(line.rstrip() for line in plain.splitlines())

    pattern = ".*".join(re.escape(piece) for piece in tidy(shown).split(ELLIPSIS))
    return re.fullmatch(pattern, tidy(printed), flags=re.DOTALL) is not None


def put(text: str, instead: Mapping[str, str] | None) -> str:
    for theirs, ours in (instead or {}).items():
        text = text.replace(theirs, ours)
    return text


def run(
    page: Path,
    folder: Path,
    *,
    refused: tuple[str, ...] = (),
    refused_at: tuple[int, ...] = (),
    signed_only: bool = False,
    part: slice = slice(None),
    instead: Mapping[str, str] | None = None,
    **environment: str,
) -> None:
    """Type every command of a page in a folder, or some, and compare what it prints with what the page shows.

    A command that names a `refused` file, or that is the n-th and n is in `refused_at`, leaves with 2,
    because the page shows what is said then. What stands for an address or a file of the reader's own is
    typed as the test has it: `instead`.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    inherited = {
        name: value for name, value in os.environ.items() if name == FOLDER or not name.startswith("CONSTAT")
    }
    environment |= {"PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    found = [(put(command, instead), put(shown, instead)) for command, shown in steps(page)[part]]
    assert found
    if signed_only:  # what comes after changes the contract and ends it
        found = [each for each in found if re.match(r"constat contract (template|sign)", each[0])]
    for number, (command, shown) in enumerate(found, start=1):
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=inherited | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        is_refused = number in refused_at or any(name in command for name in refused)
        allowed = (2,) if is_refused else (0, 1)
        assert done.returncode in allowed, f"$ {command}\n{printed}"
        assert not shown or matches(shown, printed), f"$ {command}\nshown:\n{shown}\nprinted:\n{printed}"


@pytest.mark.slow
def test_every_command_of_the_tutorial_prints_what_the_tutorial_shows(tmp_path):
    """A reader who types what the tutorial says sees what it shows."""
    shutil.copytree(ROOT / "tests" / "data", tmp_path / "tests" / "data")

    run(ROOT / "docs" / "tutorial.md", tmp_path)


@pytest.mark.slow
def test_every_command_of_the_how_to_of_contracts_prints_what_it_shows(tmp_path):
    run(ROOT / "docs" / "howto" / "own-contract.md", tmp_path)


@pytest.mark.slow
def test_every_command_of_the_how_to_of_results_prints_what_it_shows(tmp_path):
    (tmp_path / "october.csv").write_text(OCTOBER)
    (tmp_path / "november.csv").write_text(NOVEMBER)
    run(ROOT / "docs" / "howto" / "own-contract.md", tmp_path)

    run(ROOT / "docs" / "howto" / "own-results.md", tmp_path)


@pytest.mark.slow
def test_every_command_of_the_how_to_of_the_outbox_prints_what_it_shows(tmp_path):
    page = ROOT / "docs" / "howto" / "outbox.md"
    (program,) = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "agent.py").write_text(program)
    run(ROOT / "docs" / "howto" / "own-contract.md", tmp_path)

    run(page, tmp_path)


@pytest.mark.slow
def test_every_command_of_the_how_to_of_billing_prints_what_it_shows(tmp_path):
    with ledger_at(tmp_path / "constat.db") as ledger:
        assess(ledger, "acme", acme_prod=3, acme_test=1)
        assess(ledger, "zenith", zenith_prod=2)
        assess(ledger, "acme", revision=2, acme_prod=1, acme_test=1)

    run(ROOT / "docs" / "howto" / "billing.md", tmp_path, refused=("--price acme=15",), refused_at=(13,))


@pytest.mark.slow
def test_every_command_of_the_how_to_of_commitments_prints_what_it_shows(tmp_path):
    for name, content in LISTS.items():
        (tmp_path / name).write_text(content)
    run(ROOT / "docs" / "howto" / "own-contract.md", tmp_path)

    run(ROOT / "docs" / "howto" / "commitments.md", tmp_path, refused=("again.csv",))


@pytest.mark.slow
def test_every_command_of_the_how_to_of_notices_prints_what_it_shows(tmp_path):
    page = ROOT / "docs" / "howto" / "notify.md"
    (server,) = re.findall(r"^python -m aiosmtpd .*$", page.read_text(), re.MULTILINE)
    people, environment = texts(page)
    (tmp_path / "administrators.csv").write_text(people)
    (tmp_path / ".env").write_text(environment)
    run(ROOT / "docs" / "howto" / "own-contract.md", tmp_path, signed_only=True)

    with mail_server(server, tmp_path) as port:
        run(page, tmp_path, CONSTAT_SMTP_PORT=port)

    assert len(list((tmp_path / "spool" / "new").iterdir())) == 8


@pytest.mark.slow
def test_the_three_pages_of_the_story_go_on_in_one_folder_and_each_prints_what_it_shows(tmp_path):
    first, second, third = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
    people, environment = texts(first)
    (server,) = re.findall(r"^python -m aiosmtpd .*$", first.read_text(), re.MULTILINE)
    (program,) = re.findall(r"^```python\n(.*?)^```$", first.read_text(), re.MULTILINE | re.DOTALL)
    (results,) = texts(second)
    for name, content in {
        "administrators.csv": people,
        ".env": environment,
        "mails.py": program,
        "october.csv": results,
    }.items():
        (tmp_path / name).write_text(content)

    with mail_server(server, tmp_path) as port:
        run(first, tmp_path, CONSTAT_SMTP_PORT=port)
    run(second, tmp_path)
    run(third, tmp_path, refused_at=(2,))


@pytest.mark.slow
def test_every_command_of_the_how_to_of_evidence_prints_what_it_shows(tmp_path):
    run(ROOT / "docs" / "howto" / "own-contract.md", tmp_path, signed_only=True)

    run(ROOT / "docs" / "howto" / "evidence.md", tmp_path, refused=("copy.txt",))


@pytest.mark.slow
def test_every_command_of_the_how_to_of_running_prints_what_it_shows(tmp_path):
    """The mail server and the process itself are started from the lines that the page shows."""
    page = ROOT / "docs" / "howto" / "run.md"
    server, process = re.findall(r"^```sh\n(.*?)\n```$", page.read_text(), re.MULTILINE | re.DOTALL)
    people, environment, _ = re.findall(r"^```text\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "administrators.csv").write_text(people)
    smtp, metrics = str(free_port()), str(free_port())
    (tmp_path / ".env").write_text(environment.replace("2525", smtp))
    run(ROOT / "docs" / "howto" / "own-contract.md", tmp_path, signed_only=True)
    run(page, tmp_path, part=slice(3))

    command = [Path(sys.executable).parent / "constat", *process.replace("9464", metrics).split()[1:]]
    with (
        subprocess.Popen(
            [sys.executable, *server.replace("2525", smtp).split()[1:]], cwd=tmp_path
        ) as mailing,
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as running,
    ):
        try:
            wait_until_it_listens(int(metrics))
            wait_until_nothing_is_in_the_inbox(tmp_path)
            run(page, tmp_path, part=slice(3, None))
            running.terminate()
            assert running.wait(20) == 0
        finally:
            running.kill()
            mailing.terminate()

    assert len(list((tmp_path / "spool" / "new").iterdir())) == 1


@pytest.mark.slow
def test_every_command_of_the_how_to_of_agents_prints_what_it_shows(tmp_path):
    """The services and the agent are started from the lines that the page shows, on ports of their own."""
    page = tmp_path / "agent.md"
    text = (ROOT / "docs" / "howto" / "agent.md").read_text()
    for port in ("8080", "8081", "8082", "8083"):
        text = text.replace(port, str(free_port()))
    page.write_text(text)
    (program,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    contract, agent = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for name, content in {"services.py": program, "contract.toml": contract, "agent.toml": agent}.items():
        (tmp_path / name).write_text(content)
    server, process = re.findall(r"^```sh\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    command = [Path(sys.executable).parent / "constat", *process.split()[1:]]

    with subprocess.Popen([sys.executable, *server.split()[1:]], cwd=tmp_path) as services:
        try:
            wait_until_it_listens(int(re.findall(r"port = (\d+)", agent)[0]))
            run(page, tmp_path, part=slice(2))
            with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as running:
                try:
                    run(page, tmp_path, part=slice(2, None))
                    running.terminate()
                    assert running.wait(20) == 0
                finally:
                    running.kill()
        finally:
            services.kill()


def wait_until_nothing_is_in_the_inbox(folder: Path) -> None:
    latest = time.monotonic() + 60
    engine = open_engine(f"sqlite:///{folder}/constat.db", create=False)
    now_ms = time.time_ns() // 1_000_000
    while inbox(Known.at(engine, at_head(engine, now_ms))).items:
        assert time.monotonic() < latest
        time.sleep(0.1)
    engine.close()


@pytest.mark.slow
def test_every_command_of_the_how_to_of_disputes_prints_what_it_shows(tmp_path):
    run(ROOT / "docs" / "howto" / "dispute.md", tmp_path, CONSTAT_LEDGER="constat-demo/ledger.db")


@pytest.mark.slow
def test_every_command_of_the_how_to_of_assessments_prints_what_it_shows(tmp_path):
    run(ROOT / "docs" / "howto" / "assess.md", tmp_path, CONSTAT_LEDGER="constat-demo/ledger.db")


# ---------------------------------------------------------------- what other programs keep


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
        "metrics/constat.prom",
        "constat.json",
    } <= written


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())

    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_mentions_exists(page):
    mentioned = re.findall(
        r"constat (?:--ledger \S+ )?([a-z][a-z-]+)",
        " ".join(re.findall(r"`[^`]+`|^\$ .*$", page.read_text(), re.MULTILINE)),
    )

    assert [name for name in mentioned if name not in COMMANDS] == []
