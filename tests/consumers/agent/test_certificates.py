"""What a round says of a target by its certificate, tried on real servers on loopback."""

import re

import pytest

from ledger.errors import BadInputError
from tests.consumers.agent.services import serving

SOON_DAYS = 30
EXPIRED = "certificate expired on 2020-02-01, twice [certificate has expired]"


def test_a_trusted_certificate_is_up_until_it_ends_soon(authority, said):
    with serving(authority.sign("good", names="IP:127.0.0.1")) as server:
        target = {"url": server.url(), "timeout_ms": 2000}
        trusted = {"ca_file": authority.certificate}

        assert said(target, **trusted)[:3] == ("up", 200, "")
        outcome, _, error, _ = said(target | {"certificate_days": SOON_DAYS}, **trusted)
        assert outcome == "degraded"
        assert re.fullmatch(r"certificate expires on \d{4}-\d\d-\d\d", error)
        tls = {"kind": "tls", "host": "127.0.0.1", "port": server.port, "timeout_ms": 2000}
        assert said(tls, **trusted)[:3] == ("up", 0, "")
        assert said(tls | {"certificate_days": SOON_DAYS}, **trusted).outcome == "degraded"


@pytest.mark.parametrize("kind", ["http", "tls"])
def test_an_expired_certificate_says_since_when(authority, said, kind):
    made = authority.sign_between("old", "20200101", "20200201", names="IP:127.0.0.1")
    with serving(made) as server:
        target = (
            {"url": server.url()}
            if kind == "http"
            else {"kind": "tls", "host": "127.0.0.1", "port": server.port}
        )

        outcome, _, error, _ = said(target | {"timeout_ms": 2000}, ca_file=authority.certificate)

        assert (outcome, error) == ("down", EXPIRED)


def test_a_certificate_is_that_of_the_host_to_which_a_redirect_led(authority, said, service):
    made = authority.sign_between("moved", "20200101", "20200201", names="IP:127.0.0.1")
    with serving(made) as server:
        target = {"url": service.url(f"/to/{server.url()}"), "timeout_ms": 2000}

        assert said(target, ca_file=authority.certificate).error == EXPIRED


def test_a_certificate_of_the_future_says_from_when(authority, said):
    made = authority.sign_between("young", "20400101", "20400201", names="IP:127.0.0.1")
    with serving(made) as server:
        error = said({"url": server.url(), "timeout_ms": 2000}, ca_file=authority.certificate).error

        assert error.startswith("certificate not valid before 2040-01-01, twice")


def test_a_certificate_for_another_name_and_one_that_nobody_trusts_are_down(authority, said):
    with serving(authority.sign("other", names="DNS:other.example")) as server:
        target = {"url": server.url(), "timeout_ms": 2000}

        assert said(target, ca_file=authority.certificate).error == (
            "certificate for another name, twice [IP address mismatch]"
        )
        assert said(target).error.startswith("certificate that nobody trusted has signed, twice")


def test_authorities_of_a_file_that_is_not_there_are_said_to_be_missing(said, tmp_path):
    with pytest.raises(BadInputError, match=r"nope\.pem is not there; name a file with certificates in PEM"):
        said({"url": "https://127.0.0.1:9/"}, ca_file=tmp_path / "nope.pem")
