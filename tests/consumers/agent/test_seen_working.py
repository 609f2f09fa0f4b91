"""Two agents, three services, one of them broken, one agent cut off: the statement has exactly the minutes."""

import contextlib
import json
import socket
import subprocess
import threading
from contextlib import contextmanager

import pytest

from ledger.instants import from_ms
from projections.asof import Known
from projections.live import live
from projections.moment import at_head
from projections.observed import fold_agents
from projections.steps import DOWN, UNKNOWN, UP, pairs
from tests.consumers.agent.places import COMMAND, PERIOD_MS, SLACK_MS, Place, now_ms, stop
from tests.consumers.agent.services import serving
from tests.consumers.services import wait_until

PLATFORMS = frozenset({"acme-prod", "acme-test", "acme-far"})
CONTRACT = """
contract = "acme"
client = "Acme SAS"
language = "en"
first_day = 2026-10-01
[[platforms]]
platform = "acme-prod"
[[platforms]]
platform = "acme-test"
[[platforms]]
platform = "acme-far"
[terms]
stale_after_seconds = 8
[terms.readings]
service-hours = "24/7"
quorum = "all"
"""


class Cable:
    """The way from one agent to a server, which a test may cut: then whoever comes is hung up on at once."""

    def __init__(self, port):
        self._to = port
        self.is_cut = False
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def close(self):
        self._listening.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        with client, contextlib.suppress(OSError):
            if self.is_cut:
                return
            with socket.create_connection(("127.0.0.1", self._to)) as server:
                server.sendall(client.recv(65_536))
                while found := server.recv(65_536):
                    client.sendall(found)


@contextmanager
def cables(*servers):
    found = [Cable(server.port) for server in servers]
    try:
        yield found
    finally:
        for cable in found:
            cable.close()


class Agent(Place):
    """A place with an agent of another name in it."""

    def __init__(self, folder, url, name):
        folder.mkdir()
        super().__init__(folder, url)
        self.name = name

    def write(self, service, **targets):
        super().write(service, **targets)
        path = self.folder / "agent.toml"
        path.write_text(path.read_text().replace('agent = "paris"', f'agent = "{self.name}"'))


def statement(folder, url):
    command = [COMMAND, "availability", "--json", "--period", str(from_ms(now_ms()).date()), "--ledger", url]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    found = json.loads(done.stdout)["availability"]["platforms"]
    return {each["platform"]: each["classes_ms"] for each in found}


def known(place):
    return Known.at(place.engine, at_head(place.engine, now_ms()))


@pytest.mark.slow
def test_the_statement_has_the_minutes_of_the_broken_service_and_none_of_the_agent_that_was_cut_off(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    (tmp_path / "contract.toml").write_text(CONTRACT)
    subprocess.run(
        [COMMAND, "contract", "sign", "contract.toml", "--ledger", url],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    paris, lyon = Agent(tmp_path / "paris", url, "paris"), Agent(tmp_path / "lyon", url, "lyon")
    with (
        serving() as well,
        serving() as prod,
        serving() as test,
        serving() as far,
        cables(well, prod, test, far) as (to_well, to_prod, to_test, to_far),
    ):
        paris.write(well, acme_prod=prod.url(), acme_test=test.url())
        lyon.write(well, acme_prod=to_prod.url(), acme_test=to_test.url(), acme_far=to_far.url())
        path = lyon.folder / "agent.toml"
        path.write_text(path.read_text().replace(well.url("/reference"), to_well.url()))
        with paris.running() as in_paris, lyon.running() as in_lyon:
            paris.until_kept(2)
            lyon.until_kept(2)

            test.is_broken, broken_ms = True, now_ms()
            paris.until_more_are_kept(3)
            lyon.until_more_are_kept(3)
            with paris.ledger() as ledger:
                wait_until(lambda: verdict_of(ledger, "acme-test") == "down", "live shows that it is down")
            test.is_broken, mended_ms = False, now_ms()
            paris.until_more_are_kept(2)
            lyon.until_more_are_kept(2)

            for cable in (to_well, to_prod, to_test, to_far):
                cable.is_cut = True
            cut_ms = now_ms()
            lyon.until_more_are_kept(4)
            for cable in (to_well, to_prod, to_test, to_far):
                cable.is_cut = False
            joined_ms = now_ms()
            lyon.until_more_are_kept(2)
            paris.until_more_are_kept(1)
            stop(in_paris)
            stop(in_lyon)

    time_of = statement(tmp_path, url)
    with paris.ledger() as ledger:
        said = fold_agents(known(ledger), ["paris", "lyon"], PLATFORMS, 8_000)
        errors = {error for found in lyon.rounds() for _, _, error in found.not_up.values()}
    assert time_of["acme-prod"]["down"] == 0
    assert time_of["acme-far"]["down"] == 0
    # Down from when the second one says so to when the first one says otherwise: the quorum is "all".
    down_ms = [
        next(at for at, outcome in pairs(said[agent]["acme-test"]) if outcome == DOWN) for agent in said
    ]
    up_ms = [
        next(at for at, outcome in pairs(said[agent]["acme-test"]) if at > down and outcome == UP)
        for agent, down in zip(said, down_ms, strict=True)
    ]
    assert time_of["acme-test"]["down"] == min(up_ms) - max(down_ms)
    assert all(broken_ms <= at < broken_ms + PERIOD_MS + SLACK_MS for at in down_ms)
    assert all(mended_ms <= at < mended_ms + PERIOD_MS + SLACK_MS for at in up_ms)
    # What only the agent in Lyon probes is unknown while it was cut off, and to the millisecond.
    unknown = [
        (at, outcome)
        for at, outcome in pairs(said["lyon"]["acme-far"])
        if cut_ms <= at < joined_ms + PERIOD_MS + SLACK_MS
    ]
    assert [outcome for _, outcome in unknown] == [UNKNOWN, UP]
    assert cut_ms <= unknown[0][0] < cut_ms + PERIOD_MS + SLACK_MS
    assert any(error.startswith("the agent's own network: no reference answered") for error in errors)


def verdict_of(ledger, platform):
    found = {each.platform: each.verdict for each in live(known(ledger)).platforms}
    return found.get(platform)
