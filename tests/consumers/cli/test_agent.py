"""`constat agent check` and `constat live`: what is printed, and how they leave."""

import json
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ledger import plans
from ledger.application import Ledger
from ledger.instants import format_instant
from ledger.plans import Planned, set_plan
from ledger.rounds import Round
from tests.consumers.agent.services import closed_port, serving

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "schemas" / "live.schema.json"


@pytest.fixture
def service():
    with serving() as server:
        yield server


def write(folder, reference, **paths):
    lines = ['agent = "paris"', 'place = "Paris"', "timeout_ms = 300", f'references = ["{reference}"]']
    for platform, url in paths.items():
        lines += ["[[target]]", f'platform = "{platform}"', f'url = "{url}"']
    (folder / "agent.toml").write_text("\n".join(lines))


def test_a_check_prints_what_a_round_would_say_and_leaves_with_1_if_something_is_not_up(
    constat, tmp_path, service
):
    write(tmp_path, service.url(), prod=service.url(), test=service.url("/status/503"))

    answer = constat("agent", "check", "agent.toml")

    first, second, _ = answer.out.splitlines()
    assert answer.code == 1
    assert first.startswith("prod  up        HTTP 200, ")
    assert second == "test  down      HTTP 503, twice"


def test_a_check_leaves_with_0_if_all_is_up(constat, tmp_path, service):
    write(tmp_path, service.url(), prod=service.url())

    answer = constat("agent", "check", "agent.toml", "--json")

    assert answer.code == 0
    found = json.loads(answer.out)
    assert (found["agent"], found["place"], found["references_answer"], found["clock"]) == (
        "paris",
        "Paris",
        True,
        None,
    )
    (prod,) = found["platforms"]
    assert (prod["platform"], prod["kind"], prod["outcome"], prod["status"]) == ("prod", "http", "up", 200)


def test_a_check_says_that_no_reference_answers(constat, tmp_path, service):
    write(tmp_path, f"tcp://127.0.0.1:{closed_port()}", prod=service.url())

    answer = constat("agent", "check", "agent.toml")

    assert answer.code == 1
    assert answer.out.splitlines()[-1] == ("no reference answers: whatever failed would be unknown, not down")


def test_a_file_with_a_mistake_is_told_and_leaves_with_2(constat, tmp_path):
    (tmp_path / "agent.toml").write_text('agent = "paris"\n')

    answer = constat("agent", "check", "agent.toml")

    assert answer.code == 2
    assert answer.err.startswith("constat: agent.toml: nothing was probed\n  place: is missing; write it")


def test_a_check_tells_of_each_reference_whether_it_answers(constat, tmp_path, service):
    dead = f"tcp://127.0.0.1:{closed_port()}"
    write(tmp_path, f'{service.url()}", "{dead}', prod=service.url())

    answer = constat("agent", "check", "agent.toml")
    machines = json.loads(constat("agent", "check", "agent.toml", "--json").out)

    assert answer.code == 0
    assert answer.out.splitlines()[1].startswith(f"reference {service.url()}: answers, HTTP 200, ")
    assert answer.out.splitlines()[2] == f"reference {dead}: does not answer, connection refused"
    assert [(each["address"], each["answers"], each["error"]) for each in machines["references"]] == [
        (service.url(), True, ""),
        (dead, False, "connection refused"),
    ]


def test_a_check_warns_of_a_secret_in_clear_and_does_not_repeat_it(constat, tmp_path, service):
    write(tmp_path, service.url(), prod=service.url())
    with (tmp_path / "agent.toml").open("a") as file:
        file.write(
            '\nheaders = {Authorization = "Bearer sesame", X-Api-Key = "sesame", Accept = "text/html"}\n'
        )

    answer = constat("agent", "check", "agent.toml")

    assert "prod: the header Authorization may hold a secret" in answer.err
    assert "prod: the header X-Api-Key may hold a secret" in answer.err
    assert "Accept" not in answer.err
    assert "sesame" not in answer.out + answer.err


@pytest.fixture
def contract(constat):
    """A ledger with the template's contract."""
    Path("acme.toml").write_text(constat("contract", "template", "jamespot").out)
    assert constat("contract", "sign", "acme.toml").code == 0


STRANGE = "constat: warning: no contract has acme-prood; "


@pytest.mark.usefixtures("contract")
def test_check_and_plan_warn_of_a_platform_that_no_contract_has(constat, tmp_path, service):
    write(tmp_path, service.url(), **{"acme-prood": service.url()})

    checked = constat("agent", "check", "agent.toml")
    machines = constat("agent", "check", "agent.toml", "--json")
    recorded = constat("agent", "plan", "agent.toml")
    again = constat("agent", "plan", "agent.toml")

    assert (checked.code, recorded.code, again.code) == (0, 0, 0)
    for answer in (checked, recorded, again):
        assert answer.err.startswith(STRANGE)
        assert "acme-prood may be acme-prod" in answer.err
    assert machines.err == ""
    assert len(json.loads(machines.out)["warnings"]) == 2


def test_a_check_beside_a_ledger_that_cannot_be_read_says_so_and_what_it_tried(constat, tmp_path, service):
    write(tmp_path, service.url(), prod=service.url())

    answer = constat("agent", "check", "agent.toml", "--ledger", "nowhere.db")

    assert answer.code == 0
    assert answer.out.startswith("prod  up ")
    assert "the file was held against no contract: there is no ledger at nowhere.db" in answer.err


@pytest.fixture
def seen(tmp_path):
    """A ledger in which two platforms were probed a moment ago, one of which is down."""
    probe(tmp_path, time.time_ns() // 1_000_000 - 1_000)


def probe(tmp_path, start_ms):
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db") as ledger:
        platforms = (Planned(platform="prod"), Planned(platform="test"))
        ledger.record(
            "plan:paris",
            plans.INITIAL,
            plans.evolve,
            lambda state: set_plan(state, "paris", platforms),
            occurred_ms=start_ms,
        )
        down = {1: ("down", 503, "HTTP 503, twice \x1b[31m")}
        ledger.append_rounds(
            "paris", [Round("paris", 1, "paris/1", start_ms, 2, not_up=down, jitter=bytes(2))]
        )


@pytest.mark.usefixtures("seen")
def test_live_shows_what_is_down_first_and_leaves_with_1(constat):
    answer = constat("live", "--once")

    lines = answer.out.splitlines()
    assert answer.code == 1
    assert lines[3].startswith("✗  test      down     ")
    assert "paris: down, HTTP 503, twice \N{REPLACEMENT CHARACTER}[31m" in lines[3]
    assert lines[4].startswith("✓  prod      up       ")
    assert lines[-2] == "paris"
    assert lines[-1].startswith("  ✗  round 1 at ")
    assert lines[-1].endswith(": 1 up, 1 down")


def test_live_says_of_an_agent_since_when_it_is_silent_where_what_it_said_does_not_hold_any_more(
    constat, tmp_path
):
    start_ms = time.time_ns() // 1_000_000 - 600_000
    probe(tmp_path, start_ms)

    lines = constat("live", "--once").out.splitlines()

    at = format_instant(start_ms)
    assert lines[3].startswith("?  prod      unknown  ")
    assert lines[3].rstrip().endswith(f"paris: silent since {at}, last up")
    assert lines[4].rstrip().startswith("?  test      unknown  ")
    assert lines[-2] == f"paris, silent since {at}"
    assert f"at {at}" in lines[-1]


@pytest.mark.usefixtures("seen")
def test_live_as_json_is_as_its_schema_says(constat):
    answer = constat("live", "--json")

    found = json.loads(answer.out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    assert [each["verdict"] for each in found["platforms"]] == ["down", "up"]


def test_live_of_a_ledger_that_is_not_there_leaves_with_2(constat):
    assert constat("live", "--once").code == 2
