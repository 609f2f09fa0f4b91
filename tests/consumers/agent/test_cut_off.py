"""An agent whose network is cut, by the system and not by a stand-in, says that it does not know; another one does."""

import subprocess

import pytest

from projections.observed import fold_agents
from projections.steps import UNKNOWN, UP, pairs
from tests.consumers.agent.networks import network
from tests.consumers.agent.places import COMMAND, PERIOD_MS, SLACK_MS, now_ms, stop
from tests.consumers.agent.services import serving
from tests.consumers.agent.test_seen_working import CONTRACT, PLATFORMS, Agent, known, statement

STALE_MS = 8_000


@pytest.fixture
def cable():
    with network() as found:
        yield found


def begun_within(cable, agent):
    with (agent.folder / "log").open("w") as log:
        command = [COMMAND, *agent.command("run")]
        return subprocess.Popen(cable.within(*command), cwd=agent.folder, stderr=log)


@pytest.mark.slow
def test_an_agent_whose_network_is_cut_says_unknown_and_never_down_and_another_one_has_the_word(
    tmp_path, cable
):
    url = f"sqlite:///{tmp_path}/ledger.db"
    (tmp_path / "contract.toml").write_text(CONTRACT)
    sign = [COMMAND, "contract", "sign", "contract.toml", "--ledger", url]
    subprocess.run(sign, cwd=tmp_path, check=True, capture_output=True)
    paris, lyon = Agent(tmp_path / "paris", url, "paris"), Agent(tmp_path / "lyon", url, "lyon")
    with serving(host=cable.host) as service:
        paris.write(service, acme_prod=service.url())
        lyon.write(service, acme_prod=service.url(), acme_far=service.url("/far"))
        with paris.running() as in_paris, begun_within(cable, lyon) as in_lyon:
            try:
                paris.until_kept(2)
                lyon.until_kept(2)
                cable.unplug()
                cut_ms = now_ms()
                lyon.until_more_are_kept(5)
                cable.plug()
                joined_ms = now_ms()
                lyon.until_more_are_kept(2)
                paris.until_more_are_kept(1)
                stop(in_paris)
                stop(in_lyon)
            finally:
                in_lyon.kill()

    time_of = statement(tmp_path, url)
    with paris.ledger() as ledger:
        said = fold_agents(known(ledger), ["paris", "lyon"], PLATFORMS, STALE_MS)
    outcomes = {outcome for found in lyon.rounds() for outcome, _, _ in found.not_up.values()}
    errors = {error for found in lyon.rounds() for _, _, error in found.not_up.values()}
    assert outcomes == {"unknown"}
    assert all(error.startswith("the agent's own network: no reference answered") for error in errors)
    for platform in ("acme-prod", "acme-far"):
        (first, (blind_ms, blind), (seeing_ms, seeing)) = pairs(said["lyon"][platform][:3])
        assert (first[1], blind, seeing) == (UP, UNKNOWN, UP)
        assert cut_ms - SLACK_MS <= blind_ms < cut_ms + PERIOD_MS + SLACK_MS
        assert joined_ms <= seeing_ms < joined_ms + PERIOD_MS + SLACK_MS
    # The statement: no downtime at all; what only the blind one probes is unknown, what both probe is up.
    began_ms, _ = next(pairs(said["paris"]["acme-prod"]))
    assert time_of["acme-prod"]["down"] == time_of["acme-far"]["down"] == 0
    assert time_of["acme-prod"]["up"] >= joined_ms - began_ms
    assert (
        time_of["acme-far"]["up"]
        <= time_of["acme-prod"]["up"] - (joined_ms - cut_ms) + 2 * PERIOD_MS + SLACK_MS
    )
    assert time_of["acme-far"]["unknown"] > time_of["acme-prod"]["unknown"]
