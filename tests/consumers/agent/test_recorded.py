"""A plan with its targets in the ledger: it comes back as it was written, once, and without a secret."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.agent.file import understood
from consumers.agent.planning import planned
from consumers.agent.recorded import Kept, Machine, defined_of, loaded_of, record, recorded_for
from consumers.agent.targets import Proxy
from ledger import plans, targets
from ledger.application import Ledger
from ledger.errors import BadInputError, RefusedError, UnusableOutboxError
from ledger.plans import AgentRetired, Planned
from tests.strategies import names

NOW_MS = 1_790_000_000_000
HEAD = {"agent": "paris", "place": "Paris", "references": ["https://www.example.org/", "tcp://192.0.2.1:443"]}
ENVIRONMENT = {"ACME_TOKEN": "sesame", "PROXY_PASSWORD": "sesame", "OTHER_LOGIN": "me:sesame"}
EVERYTHING = """
agent = "paris"
place = "Paris"
references = ["https://www.example.org/"]
period_seconds = 120
timeout_ms = 5000
degraded_after_ms = 900
proxy = "http://proxy.example:3128"
proxy_login = "constat:${PROXY_PASSWORD}"
[[target]]
platform = "http-1"
url = "https://acme.example/health?full=1"
method = "POST"
headers = {Authorization = "Bearer ${ACME_TOKEN}", Accept = "application/json"}
status = [200, 204]
body_contains = "well"
json_path = "$.status"
json_equals = true
redirects = 0
certificate_days = 14
proxy = false
timeout_ms = 700
degraded_after_ms = 300
[[target]]
platform = "http-0"
url = "http://acme.example/"
proxy = "http://other.example:8080"
proxy_login = "${OTHER_LOGIN}"
[[target]]
platform = "tcp"
kind = "tcp"
host = "acme.example"
port = 22
[[target]]
platform = "tls"
kind = "tls"
host = "acme.example"
port = 8443
certificate_days = 7
[[target]]
platform = "dns"
kind = "dns"
name = "acme.example"
record = "AAAA"
server = "2001:db8::1"
port = 5353
answers = ["2001:db8::2"]
"""


def file_of(**more):
    told = HEAD | {"target": [{"platform": "prod", "kind": "http", "url": "http://acme.example/"}]} | more
    return understood(told, "agent.toml")


def everything():
    told = tomllib.loads(EVERYTHING)
    return understood(told | {"target": [{"kind": "http"} | each for each in told["target"]]}, "agent.toml")


@pytest.fixture
def ledger(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db", create=True) as found:
        yield found


def recorded(ledger, file, **more):
    return record(ledger, file, now_ms=NOW_MS, **more)


def test_an_agent_of_the_ledger_probes_what_its_file_says(ledger, tmp_path):
    file, machine = everything(), Machine(tmp_path / "box", environment=ENVIRONMENT)
    recorded(ledger, file)

    plan, defined = recorded_for(ledger, "paris")
    found = loaded_of(plan, defined, machine)

    by_name = sorted(file.target, key=lambda each: each.platform)
    assert found.file == file.model_copy(update={"outbox": tmp_path / "box", "target": tuple(by_name)})
    assert plan.platforms == planned(file)
    assert found.headers["http-1"]["Authorization"] == "Bearer sesame"
    assert (found.proxies["http-1"], found.proxies["tcp"]) == (None, None)
    assert found.proxies["http-0"] == Proxy("http://other.example:8080", "me:sesame")
    assert "sesame" not in defined.model_dump_json() + repr(found.proxies)


KEYS = {"degraded_after_ms": 5, "timeout_ms": 60, "redirects": 1, "method": "HEAD", "status": (204, 200)}


@given(st.lists(names, min_size=1, max_size=4, unique=True), st.sets(st.sampled_from(sorted(KEYS))))
def test_whatever_a_file_leaves_out_is_left_out_of_the_fact_and_comes_back(platforms, keys):
    more = {key: KEYS[key] for key in keys}
    told = [
        {"kind": "http", "platform": each, "url": "http://acme.example/"} | more for each in sorted(platforms)
    ]
    file = file_of(target=told)
    plan = plans.set_plan(plans.INITIAL, "paris", planned(file))

    defined = targets.define(plan, defined_of(file, plan))

    back = loaded_of(plan, defined, Machine(environment={})).file
    assert back.target == file.target
    assert defined.targets[0].model_dump(exclude_none=True).keys() == {"kind", "platform", "url", *keys}


def test_the_same_plan_is_recorded_once_in_whatever_order_its_file_is(ledger):
    two = [{"platform": name, "kind": "http", "url": "http://acme.example/"} for name in ("a", "b")]

    first = recorded(ledger, file_of(target=two))
    again = recorded(ledger, file_of(target=two[::-1]))

    assert [each.fact.TYPE for each in first] == [
        "constat.agent.plan-set.v1",
        "constat.agent.targets-defined.v1",
    ]
    assert again == []


@pytest.mark.parametrize(
    "other", [{"place": "Lyon"}, {"timeout_ms": 800}, {"references": ["tcp://192.0.2.9:1"]}]
)
def test_another_way_to_probe_the_same_platforms_is_a_plan_of_its_own(ledger, other):
    recorded(ledger, file_of())

    recorded(ledger, file_of(**other))

    plan, defined = recorded_for(ledger, "paris")
    assert (plan.plan_version, defined.plan_version) == (2, 2)


def test_an_agent_that_the_ledger_does_not_know_is_told(ledger):
    with pytest.raises(RefusedError, match="this ledger knows no agent paris; see that the name is spelt"):
        recorded_for(ledger, "paris")


def test_a_plan_that_an_import_made_is_told_to_have_no_targets(ledger):
    recorded(ledger, file_of())
    set_plan(ledger, Planned(platform="prod"))

    with pytest.raises(
        RefusedError, match=r"plan paris/2 does not say how its platforms are probed: .*import"
    ):
        recorded_for(ledger, "paris")


def set_plan(ledger, *platforms):
    ledger.record(
        "plan:paris",
        plans.INITIAL,
        plans.evolve,
        lambda state: plans.set_plan(state, "paris", platforms),
        occurred_ms=NOW_MS,
    )


def test_a_retired_agent_comes_back_only_if_it_is_told_to(ledger):
    recorded(ledger, file_of())
    retired = AgentRetired(agent="paris", reason="its machine is gone", by="sre-1")
    ledger.record("plan:paris", plans.INITIAL, plans.evolve, lambda _: retired, occurred_ms=NOW_MS)

    with pytest.raises(RefusedError, match="agent paris was retired"):
        recorded_for(ledger, "paris")
    with pytest.raises(RefusedError, match="record its plan with --again"):
        recorded(ledger, file_of())
    recorded(ledger, file_of(), again=True)

    assert recorded_for(ledger, "paris")[0].plan_version == 2


def test_a_plan_with_a_secret_leaves_nothing_in_the_ledger(ledger):
    target = {"platform": "prod", "kind": "http", "url": "http://acme.example/", "headers": {"Key": "sesame"}}

    with pytest.raises(RefusedError, match="prod: the header Key holds its value"):
        recorded(ledger, file_of(target=[target]))

    assert list(ledger.engine.facts()) == []


@pytest.mark.parametrize(
    "more",
    [{"url": f"http://acme.example/{'x' * 200}"}, {"url": "http://acme.example/", "body_contains": "é" * 40}],
)
def test_a_plan_that_is_longer_than_a_record_is_refused_with_what_to_do(ledger, more):
    told = [{"platform": f"acme-{number}", "kind": "http"} | more for number in range(5_000)]

    with pytest.raises(RefusedError, match=r"has 1,\d+,\d+ bytes, .*spread its targets over two agents"):
        recorded(ledger, file_of(target=told))


def test_five_thousand_targets_fit_into_a_record(ledger):
    told = [
        {
            "platform": f"acme-{number:04}",
            "kind": "http",
            "url": f"https://acme-{number:04}.example.org/health",
        }
        for number in range(5_000)
    ]

    assert len(recorded(ledger, file_of(target=told))) == 2


def test_a_variable_that_the_machine_does_not_have_is_named(ledger):
    recorded(ledger, everything())
    plan, defined = recorded_for(ledger, "paris")

    with pytest.raises(
        BadInputError, match=re.escape("plan paris/1 of the ledger: the headers of http-1 need ACME_TOKEN")
    ):
        loaded_of(plan, defined, Machine(environment={}))


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"timeout_ms": 700, "degraded_after_ms": 700}, "  prod: no answer can be slow, "),
        ({"method": "HEAD", "body_contains": "well"}, "body_contains would be looked for in a body"),
        ({"method": "HEAD", "json_path": "$.status"}, "json_path would be looked for in a body"),
    ],
)
def test_a_plan_by_which_a_condition_can_never_come_true_is_not_probed(target, sentence):
    """An earlier version recorded such plans, and a ledger forgets nothing."""
    plan = plans.set_plan(plans.INITIAL, "paris", planned(file_of()))
    before = defined_of(file_of(), plan)
    defined = before.model_copy(update={"targets": (before.targets[0].model_copy(update=target),)})

    with pytest.raises(BadInputError) as told:
        loaded_of(plan, defined, Machine(environment={}))

    assert str(told.value).startswith("plan paris/1 of the ledger: nothing was probed\n")
    assert sentence in str(told.value)
    assert str(told.value).endswith("record that with `constat agent plan FILE`")


# ---------------------------------------------------------------- kept on the machine


def test_what_is_kept_on_a_machine_is_found_there_by_its_plan(ledger, tmp_path):
    recorded(ledger, file_of())
    plan, defined = recorded_for(ledger, "paris")

    Kept(tmp_path / "box.db", "paris").keep(defined)

    again = Kept(tmp_path / "box.db", "paris")
    assert again.of(plan) == defined
    assert again.of(plan.model_copy(update={"plan_version": 2})) is None


def test_what_is_kept_of_another_agent_or_damaged_is_refused(ledger, tmp_path):
    recorded(ledger, file_of())
    Kept(tmp_path / "box.db", "paris").keep(recorded_for(ledger, "paris")[1])

    with pytest.raises(UnusableOutboxError, match=r"box\.db\.targets is of agent paris; give agent lyon"):
        Kept(tmp_path / "box.db", "lyon")
    (tmp_path / "box.db.targets").write_text("{")
    with pytest.raises(UnusableOutboxError, match=r"cannot be read; move it away"):
        Kept(tmp_path / "box.db", "paris")
