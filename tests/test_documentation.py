"""The documentation runs: every command of the tutorial, and every link and command name that pages mention."""

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from consumers.cli.commands import COMMANDS
from ledger.application import open_engine
from projections.asof import Known
from projections.inbox import inbox
from projections.moment import at_head
from tests.consumers.billing.penalties import assess, ledger_at
from tests.ports import free_port, free_ports
from tests.reader import ROOT, run, steps, texts

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PORT = re.compile(r"\b80[89]\d\b")
"""A port of the services of the how-to of agents."""
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
    """The services and the agents are started from the lines that the page shows, on ports of their own."""
    page = tmp_path / "agent.md"
    text = (ROOT / "docs" / "howto" / "agent.md").read_text()
    theirs = sorted(set(PORT.findall(text)))
    ports = dict(zip(theirs, map(str, free_ports(len(theirs))), strict=True))
    text = PORT.sub(lambda found: ports[found[0]], text)
    page.write_text(text)
    (program,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    contract, agent, second = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    files = {"services.py": program, "contract.toml": contract, "agent.toml": agent, "lyon.toml": second}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    server, *agents = re.findall(r"^```sh\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    from_lyon = [command for command, _ in steps(page)].index("touch cut") - 1

    with subprocess.Popen([sys.executable, *server.split()[1:]], cwd=tmp_path) as services:
        try:
            wait_until_it_listens(int(re.findall(r"port = (\d+)", agent)[0]))
            run(page, tmp_path, part=slice(2))
            with an_agent(tmp_path, agents[0]):
                run(page, tmp_path, part=slice(2, from_lyon))
                with an_agent(tmp_path, agents[1]):
                    run(page, tmp_path, part=slice(from_lyon, None))
        finally:
            services.kill()


@contextmanager
def an_agent(folder: Path, line: str) -> Iterator[None]:
    """The agent that a line of a page starts; it ends in good order."""
    command = [Path(sys.executable).parent / "constat", *line.split()[1:]]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as running:
        try:
            yield
            running.terminate()
            assert running.wait(20) == 0
        finally:
            running.kill()


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
