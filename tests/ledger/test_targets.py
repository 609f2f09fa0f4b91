"""How an agent probes, as a fact: it belongs to one plan, and holds no secret."""

import pytest

from ledger import targets
from ledger.errors import RefusedError
from ledger.plans import Planned, PlanSet
from ledger.targets import HttpDefined, TargetsDefined, TcpDefined
from tests.subjects import after

PLAN = PlanSet(agent="paris", plan_version=3, platforms=(Planned(platform="prod"), Planned(platform="db")))
DB = TcpDefined(kind="tcp", platform="db", host="db.acme.example", port=5432)


def defined(url="https://acme.example/", references=("https://www.example.org/",), **more):
    prod = HttpDefined(kind="http", platform="prod", url=url, headers=more.pop("headers", None))
    told = {"agent": "paris", "plan_version": 3, "place": "Paris", "targets": (prod, DB)} | more
    return TargetsDefined(references=references, **told)


def test_targets_are_those_of_one_plan():
    state = after(targets, targets.define(PLAN, defined()))

    assert state.of(PLAN) == defined()
    assert state.of(PLAN.model_copy(update={"plan_version": 4})) is None
    assert state.of(None) is None
    assert targets.INITIAL.of(PLAN) is None


@pytest.mark.parametrize(
    "other", [{"plan_version": 2}, {"agent": "lyon"}, {"targets": (DB,)}, {"targets": (DB, DB)}]
)
def test_targets_of_another_plan_are_refused(other):
    with pytest.raises(RefusedError, match="these are not the targets of plan paris/3; define one target"):
        targets.define(PLAN, defined(**other))


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer ${ACME_TOKEN}"},
        {"X-Api-Key": "${KEY}"},
        {"Accept": "application/json", "user-agent": "constat/${VERSION}"},
    ],
)
def test_a_header_names_the_variable_that_has_its_value(headers):
    assert targets.define(PLAN, defined(headers=headers))


@pytest.mark.parametrize(
    "value", ["Bearer sesame", "sesame${NOTHING}", "${NOTHING}sesame", "Bearer ses ame ${X}", "$TOKEN sesame"]
)
def test_a_header_that_may_hold_a_secret_is_refused_and_not_repeated(value):
    with pytest.raises(RefusedError, match="prod: the header Authorization holds its value; put it") as told:
        targets.define(PLAN, defined(headers={"Authorization": value}))

    assert "ame" not in str(told.value).replace("name", "")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://acme.example/?access_token=sesame", "holds a 'access_token', which sounds like a secret"),
        ("https://acme.example/?a=1&KEY=sesame", "holds a 'KEY'"),
        ("https://acme.example/?X-Amz-Signature=sesame", "holds a 'X-Amz-Signature'"),
        ("https://sesame@acme.example/", "holds a user; take it out"),
    ],
)
def test_an_address_that_may_hold_a_secret_is_refused_and_not_repeated(address, why):
    with pytest.raises(RefusedError, match=f"prod: its url {why}") as told:
        targets.define(PLAN, defined(url=address))
    with pytest.raises(RefusedError, match=f"reference 1 {why}"):
        targets.define(PLAN, defined(references=(address,)))

    assert "sesame" not in str(told.value)


@pytest.mark.parametrize("login", ["me:sesame", "sesame", "me:sesame${X}", "${X}:sesame"])
def test_the_login_of_a_proxy_that_may_hold_a_password_is_refused_and_not_repeated(login):
    with pytest.raises(RefusedError, match="the agent: its proxy_login holds a password") as told:
        targets.define(PLAN, defined(proxy="http://proxy.example:3128", proxy_login=login))

    assert "sesame" not in str(told.value)


def test_the_login_of_a_proxy_may_name_its_user():
    for login in ("me:${PROXY_PASSWORD}", "${PROXY_LOGIN}"):
        assert targets.define(PLAN, defined(proxy="http://proxy.example:3128", proxy_login=login))


def test_an_address_may_hold_what_is_no_secret():
    assert targets.define(PLAN, defined(url="https://acme.example/?full=1&design=new&monkey=2&page=3"))
