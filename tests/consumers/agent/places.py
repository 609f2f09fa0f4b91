"""A folder from which `constat agent run` is started, and what is then found in its log and in its ledger."""

import json
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from ledger import runs
from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft
from ledger.instants import DAY_MS, from_ms
from ledger.rounds import decode
from ledger.terms import Terms
from tests.consumers.agent import processes
from tests.consumers.services import wait_until

PERIOD_MS = 2_000
SLACK_MS = 1_500
"""A probe may be so late on a machine that does much else."""
COMMAND = Path(sys.executable).parent / "constat"
HEAD = """
agent = "paris"
place = "Paris"
period_seconds = 2
timeout_ms = 300
references = ["{reference}"]
"""
TARGET = """
[[target]]
platform = "{platform}"
url = "{url}"
"""


def now_ms():
    return time.time_ns() // 1_000_000


class Place:
    """A folder with an agent's file, and the ledger that the agent is started with."""

    def __init__(self, folder, url):
        self.folder = folder
        self.url = url
        self.environment = {}

    def write(self, service, **targets):
        text = HEAD.format(reference=service.url("/reference"))
        text += "".join(
            TARGET.format(platform=name.replace("_", "-"), url=url) for name, url in targets.items()
        )
        (self.folder / "agent.toml").write_text(text)

    def command(self, name):
        return "agent", name, "agent.toml", "--ledger", self.url

    @contextmanager
    def running(self, *options):
        process = processes.Started(self.folder, *self.command("run"), *options, environment=self.environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def probe_until(self, count, *options):
        """Run the agent until it has kept so many rounds in all, and stop it."""
        with self.running(*options) as process:
            self.until_kept(count)
            stop(process)

    @property
    def log(self):
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def kept(self):
        """The numbers of the rounds that were kept, as the agent's log tells them."""
        return [line["number"] for line in self.log if line["event"] == "round"]

    def until_kept(self, count):
        return wait_until(lambda: (kept := self.kept())[count - 1 :] and kept, f"{count} rounds: {self.log}")

    def until_more_are_kept(self, count):
        return self.until_kept(len(self.kept()) + count)

    def take_ledger_away(self):
        (self.folder / "ledger.db").rename(self.folder / "elsewhere.db")

    def bring_ledger_back(self):
        (self.folder / "elsewhere.db").rename(self.folder / "ledger.db")

    def until_ledger_is_back(self):
        wait_until(lambda: "the ledger is back" in self.events(), "the ledger is back")

    def events(self):
        return {line["event"] for line in self.log}

    @contextmanager
    def ledger(self, *, create=False):
        with Ledger.open(self.url, create=create) as ledger:
            yield ledger

    def rounds(self):
        with self.ledger() as ledger:
            return [decode(kept.value)[0] for kept in ledger.engine.rounds()]

    def runs(self):
        with self.ledger() as ledger:
            return ledger.load(runs.stream_of("paris"), runs.INITIAL, runs.evolve)[0].history

    def sign(self):
        first_day = from_ms(now_ms() - 2 * DAY_MS).date()
        signed = ContractSigned(contract="acme", client="Acme", first_day=first_day, terms=Terms())
        with self.ledger(create=not self.url.startswith("kafka")) as ledger:
            ledger.append(Draft("contract:acme", signed, now_ms()))
            for platform in ("acme-prod", "acme-test"):
                added = PlatformAdded(contract="acme", platform=platform, from_day=first_day)
                ledger.append(Draft("contract:acme", added, now_ms()))


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
