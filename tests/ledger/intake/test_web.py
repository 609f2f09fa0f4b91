"""What servers are asked with and what they say: nothing secret is told, and whatever is no answer is refused."""

import base64
import json

import pytest

from ledger.errors import BadInputError
from ledger.fact import hash_of
from ledger.intake import alertmanager
from ledger.intake.gatus import GatusApi
from ledger.intake.gatus_import import import_gatus
from ledger.intake.prometheus import PrometheusSource
from ledger.intake.prometheus_api import Prometheus, Selector
from ledger.intake.prometheus_import import first_instant, import_prometheus
from ledger.intake.statuspage import import_statuspage, of_web
from ledger.intake.web import Address, RefusedQueryError, Web
from tests.programs import Answers
from tests.spec import Story

HOUR_MS = 3_600_000


def asked(url, token=None):
    return Web(Address.parse(url, token), delays_s=())


# ---------------------------------------------------------------- what is secret


@pytest.mark.parametrize("password", ["pa/secret", "pa#secret", "pa?secret", "pa[secret", "[secret]"])
def test_a_password_that_makes_an_address_unreadable_is_not_told(password):
    with pytest.raises(BadInputError, match=r"%2F for a slash|names no server") as refused:
        Address.parse(f"http://ops:{password}@status.example/")

    assert "pa" not in str(refused.value).replace("password", "")
    assert "secret" not in str(refused.value)


def test_a_password_may_have_any_letters():
    with Answers(b"[]") as server:
        asked(server.url.replace("//", "//ops:clé%2F€@")).get("/")

    kind, _, said = server.asked[0][1].partition(" ")
    assert (kind, base64.b64decode(said).decode()) == ("Basic", "ops:clé/€")


def test_a_token_is_sent_without_the_end_of_the_line_in_its_file():
    with Answers(b"[]") as server:
        asked(server.url, "secret\n").get("/")

    assert server.asked == [("/", "Bearer secret")]


@pytest.mark.parametrize("token", ["sec\nret", "secr€t"])
def test_what_can_be_no_token_is_refused_and_not_told(token):
    with pytest.raises(BadInputError, match="CONSTAT_SOURCE_TOKEN") as refused:
        Address.parse("http://status.example/", token)

    assert "sec" not in str(refused.value)


def test_a_server_that_sends_on_is_not_followed_and_says_where_to_without_what_is_secret():
    with (
        Answers(b"", 302, Location="https://login.example/in?token=secret") as server,
        pytest.raises(RefusedQueryError) as refused,
    ):
        asked(server.url, "mine").get("/api")

    assert "sends on to https://login.example/in: name the address" in str(refused.value)
    assert "secret" not in str(refused.value)


# ---------------------------------------------------------------- what is no answer


def prometheus(web, now_ms=10 * HOUR_MS):
    source = PrometheusSource(Prometheus(web), Selector("probe_success"), "paris")
    ledger = Story().ledger
    import_prometheus(ledger, source, first_instant(ledger, source, 0, now_ms, again=False), now_ms)


READERS = {
    "prometheus": prometheus,
    "gatus": lambda web: import_gatus(Story().ledger, GatusApi(web), "gatus", {}),
    "statuspage": lambda web: import_statuspage(Story().ledger, of_web(web), "operator", 0, hash_of),
    "alertmanager": lambda web: alertmanager.read(web, "instance", {}),
}
OTHERS = [
    "",
    "<html>",
    "null",
    "3",
    "{}",
    '["x"]',
    "[3]",
    '[{"name": "cut',
    '{"status": "success"}',
    '{"status": "success", "data": "x"}',
    '{"status": "success", "data": ["x"]}',
    '{"status": "success", "data": []}',
    '{"incidents": ["x"], "components": ["y"]}',
    '{"incidents": [{"id": "x"}]}',
    '{"incidents": [{"id": "x", "name": null, "status": null, "created_at": "2026-10-06T08:00:00"}]}',
]


@pytest.mark.parametrize("said", OTHERS)
@pytest.mark.parametrize("reader", READERS)
def test_what_another_program_answers_is_refused_with_advice(reader, said):
    with Answers(said.encode()) as server, pytest.raises(BadInputError) as refused:
        READERS[reader](asked(server.url))

    assert str(refused.value).startswith(server.url)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "2", "0x1"])
def test_a_sample_that_is_neither_0_nor_1_is_no_outage(value):
    series = {"metric": {"instance": "acme"}, "values": [[3600, value]]}
    said = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}})

    with Answers(said.encode()) as server:
        source = PrometheusSource(Prometheus(asked(server.url)), Selector("probe_success"), "paris")
        with pytest.raises(BadInputError, match="name a metric that is 0 or 1"):
            source.read(0, 2 * HOUR_MS)


def test_a_server_that_gives_the_first_page_of_a_gatus_for_every_page_is_asked_twice():
    result = {"success": True, "status": 200, "duration": 1, "timestamp": "2026-10-06T12:00:00Z"}
    said = json.dumps([{"name": "acme", "group": "", "results": [result]}])

    with Answers(said.encode()) as server:
        found = list(GatusApi(asked(server.url)).results())

    assert len(found) == 1
    assert len(server.asked) == 2


def test_a_gatus_without_a_result_is_said_to_have_none():
    with Answers(b"[]") as server:
        taken = import_gatus(Story().ledger, GatusApi(asked(server.url)), "gatus", {})

    assert taken.notes == ("no endpoint has a result yet; if one should, look at the address",)
