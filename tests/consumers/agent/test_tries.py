"""What a round says of a target, tried on real servers on loopback."""

import re
import time

import pytest

from consumers.agent.checking import check
from consumers.agent.http_try import instant_s
from tests.consumers.agent.services import SESAME, closed_port, deaf, loaded, name_server


def told(judged):
    return judged.outcome, judged.status, judged.error


# ---------------------------------------------------------------- HTTP


def test_an_answer_as_expected_is_up(service, said):
    judged = said({"url": service.url()})

    assert told(judged) == ("up", 200, "")
    assert 0 <= judged.latency_ms < 1000
    assert [path for path, _ in service.asked] == ["/"]


def test_an_answer_that_comes_late_is_degraded(service, said):
    outcome, status, error = told(said({"url": service.url("/slow/150"), "degraded_after_ms": 100}))

    assert (outcome, status) == ("degraded", 200)
    assert re.fullmatch(r"answer after \d+ ms, later than 100 ms", error)


def test_another_status_twice_is_down(service, said):
    assert told(said({"url": service.url("/status/503")})) == ("down", 503, "HTTP 503, twice")
    assert len(service.asked) == 2


def test_a_status_that_is_expected_is_up(service, said):
    assert told(said({"url": service.url("/status/401"), "status": [200, 401]})) == ("up", 401, "")


def test_who_answers_only_the_second_time_is_degraded_and_both_are_told(service, said):
    service.fails_next = 1

    assert told(said({"url": service.url()})) == (
        "degraded",
        200,
        "answered only at the second try; first HTTP 502",
    )


def test_two_tries_that_fail_differently_are_both_told(service, said):
    service.fails_next = 1

    assert told(said({"url": service.url("/status/503")})) == ("down", 503, "HTTP 502; again: HTTP 503")


def test_a_closed_port_refuses(said):
    outcome, status, error = told(said({"url": f"http://127.0.0.1:{closed_port()}/"}))

    assert (outcome, status, error) == ("down", 0, "connection refused, twice [Connection refused]")


def test_a_host_that_takes_no_connection_is_a_connect_timeout(said):
    with deaf() as port:
        assert told(said({"url": f"http://127.0.0.1:{port}/"})) == (
            "down",
            0,
            "connect timeout after 0.3 s, twice",
        )


def test_a_server_that_takes_a_connection_and_says_nothing_does_not_answer(service, said):
    assert told(said({"url": service.url("/hang")})) == ("down", 0, "no answer after 0.3 s, twice")


def test_a_connection_that_is_closed_is_told_as_such(service, said):
    outcome, _, error = told(said({"url": service.url("/close")}))

    assert (outcome, error) == ("down", "the connection was closed before an answer, twice")


def test_what_is_no_http_is_told_without_its_words(service, said):
    outcome, _, error = told(said({"url": service.url("/garbage")}))

    assert outcome == "down"
    assert re.fullmatch(r"no valid HTTP answer, twice \[\w+\]", error)


def test_redirects_are_followed_and_counted(service, said):
    assert told(said({"url": service.url("/to/to/status/200")})) == ("up", 200, "")
    assert told(said({"url": service.url("/to/to/x"), "redirects": 1})) == (
        "down",
        302,
        "more than 1 redirects, twice",
    )


def test_without_redirects_the_first_answer_counts(service, said):
    assert told(said({"url": service.url("/to/x"), "redirects": 0, "status": [302]})) == ("up", 302, "")


@pytest.mark.parametrize("place", ["http://[bad/", "http://acme.example:99999/", "ftp://acme.example/"])
def test_who_redirects_to_no_address_is_down(service, said, place):
    assert told(said({"url": service.url(f"/to/{place}")})) == (
        "down",
        302,
        "redirected to what is no HTTP address, twice",
    )


def test_a_body_deeper_than_anybody_looks_has_nothing_at_the_expected_place(service, said):
    target = {"url": service.url("/body/deep"), "json_path": "$..x", "timeout_ms": 2000}

    assert told(said(target)) == ("down", 200, "nothing in the body at the expected place, twice")


def test_headers_take_secrets_from_the_environment_and_send_them_to_no_other_host(service, reference, said):
    there = {
        "url": service.url(f"/to/{reference.url('/elsewhere')}"),
        "headers": {"Authorization": "Bearer ${TOKEN}"},
    }

    assert said(there, environment={"TOKEN": SESAME}).outcome == "up"

    assert service.asked[0][1]["Authorization"] == f"Bearer {SESAME}"
    elsewhere = [headers for path, headers in reference.asked if path == "/elsewhere"]
    assert elsewhere
    assert all("Authorization" not in headers for headers in elsewhere)


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        ({"body_contains": "is well"}, ""),
        ({"body_contains": "is bad"}, "the body lacks the expected text, twice"),
        ({"json_path": "$.status"}, "the body is no JSON, twice"),
    ],
)
def test_a_text_is_looked_for_in_the_body(service, said, expected, error):
    assert said({"url": service.url()} | expected).error == error


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        ({"json_path": "$.status", "json_equals": "ok"}, ""),
        ({"json_path": "$.checks[?@.name == 'db'].works", "json_equals": True}, ""),
        ({"json_path": "$.checks[*].count", "json_equals": True}, "another value in the body than the expected one, twice"),
        ({"json_path": "$.nothing"}, "nothing in the body at the expected place, twice"),
    ],
)  # fmt: skip
def test_a_value_is_looked_for_in_a_body_of_json(service, said, expected, error):
    assert said({"url": service.url("/body/json")} | expected).error == error


def test_no_more_of_a_body_is_read_than_a_megabyte(service, said):
    assert said({"url": service.url("/body/long"), "body_contains": "y"}).error == (
        "the body is longer than 1048576 bytes, twice"
    )


@pytest.mark.parametrize(
    "date",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_what_a_server_says_the_time_is_means_utc_in_each_form_that_http_has(monkeypatch, date):
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        found = instant_s(date)
    time.tzset()

    assert found == 784_111_777


# ---------------------------------------------------------------- TCP and DNS


def test_a_port_that_takes_a_connection_is_up_and_one_that_does_not_is_down(service, said):
    assert told(said({"kind": "tcp", "host": "localhost", "port": service.port})) == ("up", 0, "")
    assert said({"kind": "tcp", "host": "127.0.0.1", "port": closed_port()}).error.startswith(
        "connection refused"
    )
    with deaf() as port:
        assert (
            said({"kind": "tcp", "host": "127.0.0.1", "port": port}).error
            == "connect timeout after 0.3 s, twice"
        )


@pytest.mark.parametrize(
    ("asked", "outcome", "error"),
    [
        ({"name": "acme.test"}, "up", ""),
        ({"name": "acme.test", "answers": ["192.0.2.2"]}, "up", ""),
        ({"name": "acme.test", "answers": ["192.0.2.2", "192.0.2.3"]}, "down", "the DNS answer lacks an expected record, twice"),
        ({"name": "acme.test", "record": "AAAA"}, "down", "the DNS answer has no such record, twice"),
        ({"name": "other.test"}, "down", "DNS answer NXDOMAIN, twice"),
        ({"name": "broken.test"}, "down", "DNS answer SERVFAIL, twice"),
        ({"name": "silent.test"}, "down", "no DNS answer after 0.3 s, twice"),
    ],
)  # fmt: skip
def test_a_name_server_is_asked_and_its_answer_looked_at(said, asked, outcome, error):
    with name_server() as port:
        judged = said({"kind": "dns", "server": "127.0.0.1", "port": port} | asked)

        assert (judged.outcome, judged.error) == (outcome, error)


# ---------------------------------------------------------------- the agent's own trouble


def test_without_any_answer_of_a_reference_nothing_is_down(service):
    dead = f"http://127.0.0.1:{closed_port()}/"

    found = check(loaded(dead, {"url": service.url("/status/503")}, {"url": service.url()}))

    assert not found.references_answer
    assert told(found.tried[0].judged) == (
        "unknown",
        503,
        "the agent's own network: no reference answered [HTTP 503, twice]",
    )
    assert found.tried[1].judged.outcome == "up"


def test_an_error_of_a_reference_is_an_answer_too(service):
    found = check(loaded(service.url("/status/500"), {"url": service.url("/status/503")}))

    assert found.tried[0].judged.outcome == "down"


def test_a_name_that_is_not_resolved_is_unknown_where_no_reference_has_a_name(said):
    judged = said({"url": "http://nobody.invalid/"})

    assert judged.outcome == "unknown"
    assert judged.error.startswith("the agent's own DNS: no name of a reference was resolved [")


def test_a_name_that_is_not_resolved_is_down_where_a_name_of_a_reference_is(reference):
    named = reference.url(host="localhost")

    (tried,) = check(loaded(named, {"url": "http://nobody.invalid/"})).tried

    assert tried.judged.outcome == "down"
