"""Every door of a real broker, by TLS and without: who comes in, and what is told to whom it does not let in."""

import time

import pytest

from ledger.application import Ledger
from ledger.errors import UnreachableLedgerError
from ledger.log.kafka import topics
from ledger.log.kafka.address import KEY_PASSWORD, PASSWORD, parse
from ledger.log.kafka.connecting import Connections
from tests import brokers, guarded
from tests.certificates import Authority
from tests.ledger.log.processes import update

AT_ONCE_S = parse("kafka://host:9092/acme").timeout_s / 3
"""Whoever tried again would do so until the time of a URL that names none is over."""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def broker(authority):
    brokers.require()
    running = guarded.start(authority)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def url(broker, authority, tmp_path, monkeypatch):
    """The URL of a ledger behind a door, with options; `{ca}` in them is the authority's own certificate."""
    monkeypatch.setenv(PASSWORD, guarded.password_of("admin"))
    monkeypatch.delenv(KEY_PASSWORD, raising=False)

    def url(door, options="", host="127.0.0.1"):
        address = broker.address_of(door).replace("127.0.0.1", host)
        return f"kafka://{address}/doors?mirrors={tmp_path}" + options.format(
            ca=f"&ca={authority.certificate}"
        )

    return url


@pytest.fixture
def asked(monkeypatch):
    """The brokers that were asked to let somebody in, each as often as it was."""
    found, connect = [], Connections._connect

    async def counted(connections, node, *more, **how):
        found.append(node)
        await connect(connections, node, *more, **how)

    monkeypatch.setattr(Connections, "_connect", counted)
    return found


def refusal_of(url):
    began_s = time.monotonic()
    with pytest.raises(UnreachableLedgerError) as refused:
        topics.look(parse(url))
    assert time.monotonic() - began_s < AT_ONCE_S
    return str(refused.value)


def written_and_read(url):
    """Whether a fact that was written by this door is there."""
    topics.create(parse(url))
    fact = update(brokers.fresh_name(), "by this door")
    with Ledger.open(url) as ledger:
        ledger.append(fact)
    with Ledger.open(url) as ledger:
        return len(list(ledger.engine.facts_of(fact.stream))) == 1


def test_a_user_writes_and_reads_by_tls(url):
    assert written_and_read(url("USERS", "&user=admin{ca}"))


def test_a_user_writes_and_reads_without_tls_where_the_broker_allows_it(url):
    assert written_and_read(url("BARE", "&user=admin"))


@pytest.mark.parametrize("password", ["", "open sesame"])
def test_a_certificate_is_a_user_whose_name_is_in_it(url, authority, monkeypatch, password):
    certificate, key = authority.sign("admin", password=password)
    if password:
        monkeypatch.setenv(KEY_PASSWORD, password)

    assert written_and_read(url("CERTIFICATES", f"&certificate={certificate}&key={key}{{ca}}"))


def test_who_has_no_certificate_where_one_is_wanted_is_told_to_name_it(url):
    refused = refusal_of(url("CERTIFICATES", "{ca}"))

    assert "lets you in (127.0.0.1:" in refused
    assert refused.endswith(
        "it wants a certificate that it trusts: name yours with certificate=FILE and key=FILE"
    )


def test_a_certificate_that_somebody_else_signed_is_refused(url, tmp_path):
    certificate, key = Authority(tmp_path / "other").sign("admin")

    refused = refusal_of(url("CERTIFICATES", f"&certificate={certificate}&key={key}{{ca}}"))

    assert "it wants a certificate that it trusts" in refused


@pytest.mark.parametrize("known", ["another authority", "those of the machine"])
def test_a_broker_whom_nobody_trusted_vouches_for_gets_no_password(url, tmp_path, known):
    other = Authority(tmp_path / "other").certificate
    options = f"&ca={other}" if known == "another authority" else "&tls=yes"

    refused = refusal_of(url("USERS", f"&user=admin{options}"))

    assert "unable to get local issuer certificate" in refused or "self-signed" in refused
    assert refused.endswith(
        "nobody whom this machine trusts has signed its certificate: name who has with ca=FILE"
    )


def test_a_broker_with_a_certificate_for_another_name_gets_no_password(url):
    refused = refusal_of(url("USERS", "&user=admin{ca}", host="localhost"))

    assert "Hostname mismatch, certificate is not valid for 'localhost'" in refused
    assert "write its host as its certificate has it" in refused


def test_who_speaks_plainly_to_a_port_of_tls_is_told_so(url):
    refused = refusal_of(url("USERS", "&user=admin"))

    assert "tls=yes or ca=FILE" in refused


def test_who_speaks_tls_to_a_plain_port_is_told_so(url):
    refused = refusal_of(url("PLAIN", "&timeout_s=5{ca}"))

    assert "it seems not to speak TLS: name the port that does" in refused


def test_who_names_a_user_at_a_port_that_asks_for_none_is_told_so(url):
    refused = refusal_of(url("PLAIN", "&user=admin"))

    assert "this port asks for no user; name the one that does, or leave user out of the URL" in refused


def test_who_names_no_user_at_a_port_that_asks_is_told_what_may_be_missing(url):
    refused = refusal_of(url("USERS", "&timeout_s=5{ca}"))

    assert refused.endswith("and user=NAME")


@pytest.mark.parametrize("user", ["admin", "stranger"])
def test_a_wrong_password_and_an_unknown_user_read_the_same_and_are_not_tried_again(
    url, monkeypatch, asked, user
):
    """Seen to fail, up to the whole time of the URL, where the library drops what is said right before the end."""
    monkeypatch.setenv(PASSWORD, "guessed")

    refused = refusal_of(url("USERS", f"&user={user}{{ca}}"))

    assert len(asked) == 1
    assert "invalid credentials with SASL mechanism SCRAM-SHA-512" in refused
    assert refused.endswith(f"check user in the URL, and {PASSWORD} in the environment")
    assert "guessed" not in refused
