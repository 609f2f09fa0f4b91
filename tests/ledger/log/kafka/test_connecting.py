"""What no broker lets in: in bounded time, with the reason, and with nothing left open. Peers here are sockets."""

import logging
import socket
import ssl
import threading
import time
from contextlib import ExitStack

import pytest
from kafka import KafkaAdminClient
from kafka.future import Future
from kafka.net.inet import KafkaNetSocket
from kafka.net.selector import NetworkSelector

from ledger.errors import BadInputError, UnreachableLedgerError
from ledger.log.kafka import connecting, tls, topics
from ledger.log.kafka.address import KEY_PASSWORD, PASSWORD, parse
from ledger.log.kafka.clients import FETCH, consumer
from ledger.log.kafka.connecting import connected
from ledger.log.kafka.tail import Tail
from tests.ledger.log.kafka.mirrors import mirror_at

PATIENCE_MS = 1_500


@pytest.fixture
def silent():
    """The address of a peer that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def refusal_of(url, environment=None):
    began_s = time.monotonic()
    with pytest.raises(UnreachableLedgerError) as refused:
        connected(KafkaAdminClient, parse(url, environment or {}), bootstrap_timeout_ms=PATIENCE_MS)
    assert time.monotonic() - began_s < PATIENCE_MS / 1_000 + 5
    return str(refused.value)


@pytest.mark.parametrize("option", ["", "?tls=yes"])
def test_a_peer_that_never_answers_holds_nobody_for_ever(silent, option):
    refused = refusal_of(f"kafka://{silent}/acme{option}")

    assert f"no broker of kafka://{silent}/acme answers ({silent}: " in refused
    assert "check that it runs, the host and port" in refused


def test_where_nobody_listens_the_reason_is_told():
    refused = refusal_of("kafka://127.0.0.1:1")

    assert "ECONNREFUSED)" in refused


def test_what_was_opened_for_a_client_that_found_nobody_is_closed(silent):
    before = set(threading.enumerate())

    refusal_of(f"kafka://{silent}")

    assert set(threading.enumerate()) <= before  # one of an earlier test may end meanwhile


class Heard(list):
    """Whatever a connection tells of, until it is lost."""

    _sensors = None

    def __init__(self, transport):
        self.end = Future()
        transport.set_protocol(self)
        transport.resume_reading()

    def data_received(self, said):
        self.append(said)

    def connection_lost(self, _error):
        self.end.success(None)


@pytest.fixture
def peers():
    """Both ends of a connection; ours does not wait."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def net():
    net = NetworkSelector()
    yield net
    net.close()


def test_what_a_peer_says_right_before_it_closes_is_heard(net, peers):
    """Seen to fail as the library listens: a wrong password was tried again, until the time of the URL was over."""
    ours, theirs = peers
    theirs.sendall(b"no, because")
    theirs.close()

    heard = Heard(connecting.Plain(net, ours))
    net.poll(timeout_ms=20_000, future=heard.end)

    assert (heard, heard.end.is_done) == ([b"no, because"], True)


def test_what_a_peer_says_by_tls_right_before_it_closes_is_heard(net, peers, authority):
    ours, theirs = peers
    context = tls.context_of(parse(f"kafka://127.0.0.1:1?ca={authority.certificate}", {}).security)
    transport = connecting.Greeted(net, ours, host="127.0.0.1", ssl_context=context)
    other = threading.Thread(target=greet_and_leave, args=(theirs, authority, b"no, because"))
    other.start()
    net.run(transport.greet, time.monotonic() + 20)
    other.join()

    heard = Heard(transport)
    net.poll(timeout_ms=20_000, future=heard.end)

    assert (heard, heard.end.is_done) == ([b"no, because"], True)


def greet_and_leave(connection, authority, words):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.sign("broker", names="IP:127.0.0.1"))
    with context.wrap_socket(connection, server_side=True) as speaking:
        speaking.sendall(words)


@pytest.fixture
def full():
    """The address of a peer whose queue is full: who knocks is neither let in nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as waiting:
        for _ in range(3):
            knocking = waiting.enter_context(socket.socket())
            knocking.setblocking(False)
            knocking.connect_ex(listening.getsockname())
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("peer", ["nobody", "full"])
def test_a_socket_that_no_broker_took_is_closed(peer, full, monkeypatch):
    made, make = [], KafkaNetSocket.socket
    monkeypatch.setattr(KafkaNetSocket, "socket", lambda *how: made.append(make(*how)) or made[-1])

    refusal_of(f"kafka://{full if peer == 'full' else '127.0.0.1:1'}")

    assert made
    assert {each.fileno() for each in made} == {-1}


def test_a_silent_broker_does_not_use_up_the_time_of_one_that_answers(silent, broker, monkeypatch):
    monkeypatch.setattr(connecting, "ATTEMPT_MS", 500)

    for _ in range(4):  # whom it asks first is drawn
        reading = consumer(parse(f"kafka://{silent},{broker}"))
        try:
            assert reading.topics() is not None
        finally:
            reading.close()


def test_a_file_of_authorities_that_holds_none_is_named(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")

    with pytest.raises(BadInputError) as refused:
        topics.look(parse(f"kafka://127.0.0.1:1?ca={tmp_path}/ca.pem", {}))

    assert str(refused.value).startswith(
        f"ca={tmp_path}/ca.pem: no certificate or crl found; name a file of "
    )


def test_a_key_of_another_certificate_is_refused(authority):
    certificate, _ = authority.sign("paris")
    _, key = authority.sign("lyon")

    with pytest.raises(BadInputError) as refused:
        topics.look(parse(f"kafka://127.0.0.1:1?certificate={certificate}&key={key}", {}))

    assert f"certificate={certificate}, key={key}: key values mismatch; name a certificate" in str(
        refused.value
    )


def test_a_key_with_a_password_is_opened_with_that_of_the_environment_and_nobody_is_asked(authority):
    certificate, key = authority.sign("guarded", password="open sesame")
    url = f"kafka://127.0.0.1:1?certificate={certificate}&key={key}"

    with pytest.raises(BadInputError, match=f"is encrypted; put its password into .* {KEY_PASSWORD}"):
        tls.context_of(parse(url, {}).security)
    with pytest.raises(BadInputError) as refused:
        tls.context_of(parse(url, {KEY_PASSWORD: "guessed"}).security)
    assert KEY_PASSWORD in str(refused.value)
    assert "guessed" not in str(refused.value)

    assert tls.context_of(parse(url, {KEY_PASSWORD: "open sesame"}).security)


def test_who_speaks_tls_checks_the_name_and_nothing_older_than_1_2():
    context = tls.context_of(parse("kafka://127.0.0.1:1?tls=yes", {}).security)

    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert tls.context_of(parse("kafka://127.0.0.1:1", {}).security) is None


def test_no_log_of_the_client_has_the_password_however_much_it_logs(caplog):
    caplog.set_level(logging.DEBUG)

    refusal_of("kafka://127.0.0.1:1?user=paris", {PASSWORD: "open sesame"})

    assert "Starting KafkaAdminClient with configuration" in caplog.text
    assert "paris" in caplog.text
    assert "sesame" not in caplog.text


def test_who_waited_for_the_end_of_the_log_in_vain_is_told_why(monkeypatch):
    monkeypatch.setitem(FETCH, "bootstrap_timeout_ms", 100)
    reading = Tail(parse("kafka://127.0.0.1:1/acme", {}), mirror_at())
    try:
        with pytest.raises(UnreachableLedgerError) as refused:
            reading.catch_up(1)
    finally:
        reading.close()

    assert "gave the end of the decisions within 1 s (127.0.0.1:1: " in str(refused.value)
    assert "ECONNREFUSED); check the brokers and try again" in str(refused.value)
