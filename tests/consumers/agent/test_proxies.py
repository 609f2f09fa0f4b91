"""By a proxy that the file names: asked as it is to be, and its own troubles are never the platform's."""

import base64
import contextlib
import http.server
import socket
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from consumers.agent.checking import check
from consumers.agent.sentences import is_of_the_list
from tests.consumers.agent.services import SESAME, closed_port, deaf, loaded, serving

LOGIN = "constat:" + SESAME


class Proxy(http.server.ThreadingHTTPServer):
    """Speaks both forms, CONNECT and whole addresses; `asked` has what for, and by whom."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.login = None
        self.is_cut = False
        self.denied = None

    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """A client that hangs up is what is tested."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_CONNECT(self):
        host, _, port = self.path.rpartition(":")
        if there := self.reached(host, int(port)):
            with there:
                self.send_response_only(200)
                self.end_headers()
                self.connection.settimeout(5)
                back = threading.Thread(target=_carry, args=(there, self.connection), daemon=True)
                back.start()
                _carry(self.connection, there)
                back.join(5)

    def do_GET(self):
        parts = urlsplit(self.path)
        if there := self.reached(parts.hostname, parts.port):
            with there:
                told = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                there.sendall(f"GET {parts.path} HTTP/1.1\r\n{told}\r\n".encode())
                _carry(there, self.connection)

    def reached(self, host, port):
        """A connection to there; None if an error was answered instead."""
        server = self.server
        server.asked.append((self.command, self.path, dict(self.headers)))
        given = self.headers.get("Proxy-Authorization")
        if server.login and given != "Basic " + base64.b64encode(server.login.encode()).decode():
            return self.refuse(407)
        if port == server.denied:
            return self.refuse(403)
        try:
            if server.is_cut:
                return self.refuse(503)
            return socket.create_connection((host, port), 5)
        except OSError:
            return self.refuse(502)

    def refuse(self, status):
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def _carry(one, other):
    with contextlib.suppress(OSError):
        while found := one.recv(65_536):
            other.sendall(found)
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy():
    with running(Proxy()) as found:
        yield found


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def secure(authority):
    with serving(authority.sign("secure", names="IP:127.0.0.1")) as server:
        yield server


def asked(reference, target, **more):
    """What a round would say of one target; only an error of the list, and no secret in it."""
    found = check(loaded(reference, target, **more))
    (tried,) = found.tried
    assert not tried.judged.error or is_of_the_list(tried.judged.error)
    assert SESAME not in tried.judged.error
    return tried.judged


def test_http_is_asked_by_its_whole_address_and_as_who_the_environment_says(service, proxy):
    proxy.login = LOGIN

    judged = asked(
        service.url("/reference"),
        {"url": service.url("/prod"), "headers": {"Authorization": "of the platform"}},
        proxy=proxy.url(),
        proxy_login="constat:${PASSWORD}",
        environment={"PASSWORD": SESAME},
    )

    assert judged.outcome == "up"
    assert ("GET", service.url("/prod")) in [each[:2] for each in proxy.asked]
    assert {path for path, _ in service.asked} == {"/prod", "/reference"}
    assert {headers["Cache-Control"] for _, headers in service.asked} == {"no-cache"}


def test_without_a_proxy_in_the_file_none_of_the_environment_is_used(service, proxy, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url())

    assert asked(service.url(), {"url": service.url()}).outcome == "up"
    assert proxy.asked == []


def test_a_target_may_have_a_proxy_of_its_own_or_none_and_a_login_goes_to_no_other(service, proxy):
    common = {"proxy": f"http://127.0.0.1:{closed_port()}", "proxy_login": "constat:" + SESAME}

    assert asked(service.url(), {"url": service.url(), "proxy": False}, **common).outcome == "up"
    assert proxy.asked == []
    assert asked(service.url(), {"url": service.url(), "proxy": proxy.url()}, **common).outcome == "up"
    assert not [headers for *_, headers in proxy.asked if "Proxy-Authorization" in headers]


# ---------------------------------------------------------------- whose fault it is


def test_a_platform_that_is_down_behind_a_proxy_is_down(service, proxy):
    common = {"proxy": proxy.url()}

    gone = asked(service.url(), {"url": f"http://127.0.0.1:{closed_port()}/"}, **common)
    broken = asked(service.url(), {"url": service.url("/status/500")}, **common)

    assert (gone.outcome, gone.error) == ("down", "HTTP 502, twice")
    assert (broken.outcome, broken.error) == ("down", "HTTP 500, twice")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_named_and_is_the_agents_own_trouble(service, scheme):
    port = closed_port()
    url = service.url().replace("http:", f"{scheme}:")
    judged = asked(service.url(), {"url": url}, proxy=f"http://127.0.0.1:{port}")

    assert judged.outcome == "unknown"
    assert judged.error.startswith(f"the proxy 127.0.0.1:{port}: connection refused [")
    assert is_of_the_list(judged.error)


def test_a_proxy_whose_name_does_not_exist_is_named(service):
    judged = asked(service.url(), {"url": service.url()}, proxy="http://proxy.invalid:3128")

    assert judged.outcome == "unknown"
    assert judged.error.startswith("the proxy proxy.invalid:3128: the name ")
    assert is_of_the_list(judged.error)


def test_a_proxy_that_takes_no_connection_is_named(service):
    with deaf() as port:
        judged = asked(service.url(), {"url": service.url()}, proxy=f"http://127.0.0.1:{port}")

    assert judged.outcome == "unknown"
    assert judged.error.startswith(f"the proxy 127.0.0.1:{port}: connect timeout after ")
    assert is_of_the_list(judged.error)


def test_a_proxy_whose_own_network_is_cut_answers_for_nobody(service, proxy):
    """It answers 503 for the reference as well: that is no answer of the reference."""
    proxy.is_cut = True

    judged = asked(service.url(), {"url": service.url()}, proxy=proxy.url())

    assert judged.outcome == "unknown"
    assert judged.error == "the agent's own network: no reference answered [HTTP 503, twice]"


def test_a_proxy_that_does_not_know_the_agent_is_the_agents_own_trouble(service, proxy):
    proxy.login = LOGIN

    judged = asked(service.url(), {"url": service.url()}, proxy=proxy.url(), proxy_login="constat:wrong")

    assert (judged.outcome, judged.error.partition(" [")[0]) == (
        "unknown",
        "the agent's proxy refused: HTTP 407",
    )


# ---------------------------------------------------------------- through a tunnel


@pytest.fixture
def by_tunnel(secure, proxy, authority):
    def ask(**target):
        more = {"proxy": proxy.url(), "ca_file": str(authority.certificate), "timeout_ms": 2000}
        return asked(secure.url("/reference"), {"url": secure.url()} | target, **more)

    return ask


def test_https_is_asked_through_a_tunnel_in_which_the_proxy_reads_nothing(secure, proxy, by_tunnel):
    assert by_tunnel(headers={"Authorization": SESAME}).outcome == "up"
    assert {each[:2] for each in proxy.asked} == {("CONNECT", f"127.0.0.1:{secure.port}")}
    assert SESAME not in str(proxy.asked)
    assert SESAME in str(secure.asked)


def test_a_login_is_for_the_proxy_and_never_goes_into_the_tunnel(secure, proxy, authority):
    proxy.login = LOGIN
    more = {"proxy": proxy.url(), "proxy_login": LOGIN, "ca_file": str(authority.certificate)}

    assert asked(secure.url(), {"url": secure.url()}, timeout_ms=2000, **more).outcome == "up"
    assert not [headers for _, headers in secure.asked if "Proxy-Authorization" in headers]


def test_a_platform_that_the_proxy_cannot_reach_is_down_if_it_reaches_a_reference(by_tunnel):
    judged = by_tunnel(url=f"https://127.0.0.1:{closed_port()}/")

    assert (judged.outcome, judged.error) == ("down", "the proxy got no connection: HTTP 502, twice")


def test_a_tunnel_that_the_proxy_denies_is_the_agents_own_trouble(proxy, by_tunnel):
    proxy.denied = closed_port()

    judged = by_tunnel(url=f"https://127.0.0.1:{proxy.denied}/")

    assert (judged.outcome, judged.error.partition(" [")[0]) == (
        "unknown",
        "the agent's proxy refused: HTTP 403",
    )


def test_a_proxy_whose_own_network_is_cut_makes_no_tunnel_and_answers_for_nobody(proxy, by_tunnel):
    proxy.is_cut = True

    judged = by_tunnel()

    assert judged.outcome == "unknown"
    assert judged.error.startswith("the agent's own network: no reference answered")
