"""The URL of a ledger on Kafka: every option, everything that is refused, and no password shown."""

import os
from pathlib import Path

import pytest

from ledger.errors import BadInputError
from ledger.log.kafka.address import KEY_PASSWORD, OPTIONS, PASSWORD, parse

HERE = {"HOME": "/home/ops"}


def refusal_of(url, environment=HERE):
    with pytest.raises(BadInputError) as refused:
        parse(url, environment)
    return str(refused.value)


def test_a_broker_alone_is_the_ledger_constat_without_any_security():
    address = parse("kafka://host:9092", HERE)

    assert address.brokers == ("host:9092",)
    assert (address.ledger, address.timeout_s, address.security) == ("constat", 60, {})
    assert (address.decisions, address.probes) == ("constat.decisions", "constat.probes")
    assert address.client == {"bootstrap_servers": ["host:9092"]}
    assert str(address) == "kafka://host:9092/constat"


@pytest.mark.parametrize("url", ["kafka://host:9092/", "kafka://host:9092?", "kafka://host:9092/constat?"])
def test_empty_parts_are_as_if_left_out(url):
    assert parse(url, HERE) == parse("kafka://host:9092", HERE)


def test_several_brokers_and_a_name():
    address = parse("kafka://a.example:9092,b-2:9093,[::1]:9094/acme.2026", HERE)

    assert address.brokers == ("a.example:9092", "b-2:9093", "[::1]:9094")
    assert address.decisions == "acme.2026.decisions"
    assert str(address) == "kafka://a.example:9092,b-2:9093,[::1]:9094/acme.2026"


def test_the_mirrors_lie_where_the_url_says_or_the_environment_or_in_the_cache(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ops")
    url = "kafka://host:9092"

    assert parse(url, {}).mirrors == Path("/home/ops/.cache/constat")
    assert parse(url, {"XDG_CACHE_HOME": "/c"}).mirrors == Path("/c/constat")
    assert parse(url, {"XDG_CACHE_HOME": "/c", "CONSTAT_MIRRORS": "/m"}).mirrors == Path("/m")
    assert parse(f"{url}?mirrors=/a%20b", {"CONSTAT_MIRRORS": "/m"}).mirrors == Path("/a b")


def test_a_cache_of_the_environment_that_is_no_absolute_folder_is_ignored(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ops")

    assert parse("kafka://host:9092", {"XDG_CACHE_HOME": "c"}).mirrors == Path("/home/ops/.cache/constat")


def test_a_user_without_a_home_is_told_how_to_name_a_folder_for_the_mirrors(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 123_456)

    said = refusal_of("kafka://host:9092", {})

    assert "no home" in said
    assert "CONSTAT_MIRRORS" in said
    assert "?mirrors=FOLDER" in said
    assert parse("kafka://host:9092", {"CONSTAT_MIRRORS": "/m"}).mirrors == Path("/m")


def test_how_long_an_append_may_wait():
    assert parse("kafka://host:9092?timeout_s=5", HERE).timeout_s == 5


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "soon", ""])
def test_a_time_that_is_no_whole_number_of_seconds_is_refused(text):
    assert "write whole seconds, at least 1" in refusal_of(f"kafka://host:9092?timeout_s={text}")


def test_a_user_speaks_scram_with_the_password_of_the_environment():
    address = parse("kafka://host:9092?user=agent", HERE | {PASSWORD: "secret"})

    assert address.security == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "agent",
        "sasl_plain_password": "secret",
    }
    assert address.client["sasl_plain_password"] == "secret"
    assert "secret" not in f"{address!r} {address} {address.client}"


def test_a_user_without_a_password_is_told_where_to_put_it():
    assert f"put it into the environment as {PASSWORD}" in refusal_of("kafka://host:9092?user=agent")


def test_tls_with_the_authorities_of_the_system():
    assert parse("kafka://host:9092?tls=yes", HERE).security == {"security_protocol": "SSL"}
    assert parse("kafka://host:9092?tls=no", HERE).security == {}
    assert "write yes or no" in refusal_of("kafka://host:9092?tls=true")


def test_files_of_tls_imply_it_and_go_with_a_user(tmp_path):
    for name in ("ca", "certificate", "key"):
        (tmp_path / name).touch()
    files = "&".join(f"{name}={tmp_path}/{name}" for name in ("ca", "certificate", "key"))

    security = parse(f"kafka://host:9092?{files}&user=agent", HERE | {PASSWORD: "x"}).security

    assert security["security_protocol"] == "SASL_SSL"
    assert security["ssl_cafile"] == f"{tmp_path}/ca"
    assert security["ssl_certfile"] == f"{tmp_path}/certificate"
    assert security["ssl_keyfile"] == f"{tmp_path}/key"


def test_a_key_without_its_certificate_is_refused(tmp_path):
    (tmp_path / "key").touch()

    assert "name it, too, with certificate=FILE" in refusal_of(f"kafka://host:9092?key={tmp_path}/key")


def test_the_password_of_a_key_goes_with_the_certificate(tmp_path):
    (tmp_path / "both").touch()
    environment = HERE | {KEY_PASSWORD: "secret"}

    address = parse(f"kafka://host:9092?certificate={tmp_path}/both", environment)

    assert address.security["ssl_password"] == "secret"
    assert "secret" not in f"{address!r} {address} {address.client}"
    assert "ssl_password" not in parse("kafka://host:9092?tls=yes", environment).security


def test_no_tls_and_a_file_for_it_contradict_each_other(tmp_path):
    (tmp_path / "ca").touch()

    assert "leave out the one or the other" in refusal_of(f"kafka://host:9092?tls=no&ca={tmp_path}/ca")


def test_a_user_without_a_name_is_refused_and_not_taken_for_nobody():
    assert "user= names nobody" in refusal_of("kafka://host:9092?user=", HERE | {PASSWORD: "secret"})


@pytest.mark.parametrize("name", ["ca", "certificate", "key"])
def test_a_file_that_is_not_there_is_named(name):
    assert refusal_of(f"kafka://host:9092?{name}=/no/file") == f"{name}=/no/file: there is no such file"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("kafka://", "it names no broker"),
        ("kafka:///constat", "it names no broker"),
        ("kafka://host", "'host' is no host:port"),
        ("kafka://host:", "'host:' is no host:port"),
        ("kafka://host:9092,", "'' is no host:port"),
        ("kafka://host:0", "the port of 'host:0' is none; ports go from 1 to 65535"),
        ("kafka://a:9092,[::1]:65536", "the port of '[::1]:65536' is none"),
        ("kafka://host:99999/acme", "the port of 'host:99999' is none"),
        ("kafka://host:123456", "the port of 'host:123456' is none"),
        ("kafka://host:1234567890", "'host:1234567890' is no host:port"),
        ("kafka://ho st:9092", "'ho st:9092' is no host:port"),
        ("kafka://host:9092/-x", "'-x' is no name of a ledger"),
        ("kafka://host:9092/a/b", "'a/b' is no name of a ledger"),
        ("kafka://host:9092/a%2Fb", "'a/b' is no name of a ledger"),
        (f"kafka://host:9092/{'x' * 101}", "is no name of a ledger"),
        ("kafka://host:9092?colour=red", "there is no option 'colour'"),
        ("kafka://host:9092?tls=yes&tls=no", "an option stands there twice"),
    ],
)
def test_what_is_no_address_is_refused_with_how_one_is_written(url, why):
    refused = refusal_of(url)

    assert why in refused
    assert "write a ledger on Kafka as kafka://host:9092/constat" in refused


@pytest.mark.parametrize("url", ["kafka://ops:secret@host:9092", "kafka://ops:sec/secret@host:9092/acme"])
def test_a_password_in_the_url_is_refused_and_not_repeated(url):
    refused = refusal_of(url)

    assert "write ?user=NAME behind the URL" in refused
    assert "secret" not in refused


def test_the_first_and_the_last_port_are_ports():
    assert parse("kafka://a:1,b:65535", HERE).brokers == ("a:1", "b:65535")


@pytest.mark.parametrize(
    ("option", "variable"),
    [("password", PASSWORD), ("Password", PASSWORD), ("key_password", KEY_PASSWORD)],
)
def test_a_password_as_an_option_is_refused_with_the_variable_that_it_belongs_into(option, variable):
    refused = refusal_of(f"kafka://host:9092?user=ops&{option}=secret")

    assert refused.startswith(f"{option}= does not stand in a URL")
    assert refused.endswith(f"into the environment as {variable}")
    assert "secret" not in refused


def test_an_unknown_option_is_told_which_there_are():
    refused = refusal_of("kafka://host:9092?passphrase=secret")

    assert "secret" not in refused
    assert all(name in refused for name in OPTIONS)
