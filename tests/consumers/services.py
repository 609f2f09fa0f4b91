"""`constat run` in processes of their own, and ledgers for them to work on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from consumers.cache.folder import FOLDER
from consumers.directory.store import Entry, open_store
from consumers.relay.event import FeedEvent
from ledger.assessments import PenaltyGranted
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.directory import DirectorySynchronised
from ledger.fact import Draft, Span
from ledger.instants import DAY_MS, HOUR_MS, from_ms
from ledger.maintenance import NoticePublished
from ledger.plans import Planned, set_plan, stream_of
from ledger.rounds import Round
from ledger.terms import Terms
from tests.consumers.billing.penalties import ledger_at
from tests.consumers.notices.postoffice import FROM

PATIENCE_S = 90
NOW_MS = time.time_ns() // 1_000_000
PERSON = Entry("acme", "p-1", "Zoé Martin", "zoe.martin@acme.example", None, "administrator")


def wait_until(holds, what):
    latest = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < latest, what
        time.sleep(0.02)
    return found


def prepared(tmp_path):
    """A folder with a ledger that has a contract of which two periods have ended, and one administrator."""
    store = open_store(tmp_path / "directory.db")
    store.replace({"acme": [PERSON]})
    store.close()
    sign(tmp_path / "constat.db", create=True)
    return tmp_path


def sign(where, *, create):
    first_day = from_ms(NOW_MS - 70 * DAY_MS).date()
    always = {"service-hours": "24/7"}
    signed = ContractSigned(
        contract="acme", client="Acme SA", first_day=first_day, terms=Terms(readings=always)
    )
    added = PlatformAdded(contract="acme", platform="acme-prod", from_day=first_day)
    listed = DirectorySynchronised(contract="acme", administrators=("p-1",), count=1)
    with ledger_at(where, create=create) as ledger:
        ledger.append(Draft("contract:acme", signed, NOW_MS), Draft("contract:acme", added, NOW_MS))
        ledger.append(Draft("directory:acme", listed, NOW_MS))


def outage(where):
    """Five hours of the first period, from a source that logs only changes."""
    down_ms = NOW_MS - 60 * DAY_MS
    with ledger_at(where, create=False) as ledger:
        plan = set_plan(ledger.plans_of("paris"), "paris", (Planned(platform="acme-prod"),), transitions=True)
        ledger.append(Draft(stream_of("paris"), plan, NOW_MS))
        steps = [(down_ms - DAY_MS, {}), (down_ms, {0: ("down", 503, "")}), (down_ms + 5 * HOUR_MS, {})]
        rounds = [
            Round("paris", number, plan.reference, start_ms, 1, not_up, jitter=bytes(1))
            for number, (start_ms, not_up) in enumerate(steps, start=1)
        ]
        ledger.append_rounds("paris", rounds)


def many_rounds(where, agents, each):
    """A round a minute of each agent, from the beginning of the contract on, in which all is up."""
    with ledger_at(where, create=False) as ledger:
        for agent in agents:
            plan = set_plan(ledger.plans_of(agent), agent, (Planned(platform="acme-prod"),))
            ledger.append(Draft(stream_of(agent), plan, NOW_MS))
            for first in range(1, each + 1, 1000):
                rounds = [
                    Round(agent, n, plan.reference, NOW_MS - 70 * DAY_MS + n * 60_000, 1, jitter=bytes(1))
                    for n in range(first, min(first + 1000, each + 1))
                ]
                ledger.append_rounds(agent, rounds)


def notice(where, name="m1"):
    start_ms = NOW_MS + 10 * DAY_MS
    announced = Span.of(start_ms, start_ms + HOUR_MS)
    published = NoticePublished(
        maintenance=name, platforms=("acme-prod",), announced=announced, summary="work"
    )
    with ledger_at(where, create=False) as ledger:
        ledger.append(Draft(f"maintenance:{name}", published, NOW_MS))


class Running:
    """A process and what it has logged so far."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    @property
    def events(self):
        """Every line is one JSON object."""
        return [json.loads(line) for line in list(self.lines)]

    def said(self, event, **more):
        return [each for each in self.events if each["event"] == event and more.items() <= each.items()]

    def wait_for(self, event, **more):
        wait_until(lambda: self.said(event, **more), f"{event} {more}")

    def end(self, number=signal.SIGTERM):
        """How it left, and after how many seconds."""
        began_s = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE_S)
        self._reader.join()
        return code, time.monotonic() - began_s


@contextmanager
def running(folder, *arguments, smtp_port=9, password="sesame-open", **environment):
    command = [str(Path(sys.executable).parent / "constat"), "run", "--every", "0.2", *map(str, arguments)]
    environment |= {
        FOLDER: os.environ[FOLDER],
        "CONSTAT_SMTP_HOST": "127.0.0.1",
        "CONSTAT_SMTP_PORT": str(smtp_port),
        "CONSTAT_SMTP_SECURITY": "none",
        "CONSTAT_SMTP_FROM": FROM,
    }
    if password:
        environment |= {"CONSTAT_SMTP_USER": "constat", "CONSTAT_SMTP_PASSWORD": password}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


def relayed(path):
    """The penalties of a feed."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    facts = [FeedEvent.read(line).envelope.fact for line in lines]
    return [fact for fact in facts if isinstance(fact, PenaltyGranted)]
