"""Where a ledger on Kafka is and how to speak to it: the URL and the environment, as client settings.

`kafka://host:9092[,host:9092…][/ledger][?option=value&…]`. A password never stands in a URL, because URLs
are shown, logged and kept in histories.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from ledger.errors import BadInputError
from ledger.files import user_cache

SCHEME = "kafka://"
DEFAULT_LEDGER = "constat"
PASSWORD = "CONSTAT_KAFKA_PASSWORD"  # noqa: S105 - the name of a variable, not a password
KEY_PASSWORD = "CONSTAT_KAFKA_KEY_PASSWORD"  # noqa: S105 - as above
MIRRORS = "CONSTAT_MIRRORS"
"""The environment variable that names the folder of the mirrors."""
OPTIONS = {
    "user": "name for SASL/SCRAM-SHA-512; its password is in the environment, " + PASSWORD,
    "tls": "`yes` to speak TLS; implied by `ca`, `certificate` and `key`",
    "ca": "file with the authorities that may have signed the brokers' certificates; else the system's",
    "certificate": "file with the client's own certificate, where brokers ask for one",
    "key": f"file with the key of that certificate; its password, if it has one, in {KEY_PASSWORD}",
    "mirrors": f"folder of the mirrors; else {MIRRORS}, else the user's cache",
    "timeout_s": "how many seconds an append, a reader, or a command that opens the ledger may wait for the "
    "brokers, 60 if left out; up to half a minute more where an answer is under way",
}
ENVIRONMENT = {
    PASSWORD: "the password of `user`",
    KEY_PASSWORD: "the password of `key`, if it has one",
    MIRRORS: "the folder of the mirrors, if the URL names none",
}
"""What is read from the environment."""

_SECRETS = {"password": PASSWORD, "key_password": KEY_PASSWORD}
"""What somebody might write as an option -> the variable that is meant."""
_URL = re.compile(r"kafka://(?P<brokers>[^/?]+)(?:/(?P<ledger>[^?]*))?(?:\?(?P<options>.*))?", re.DOTALL)
_BROKER = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,9})")
_LEDGER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FILES = {"ca": "ssl_cafile", "certificate": "ssl_certfile", "key": "ssl_keyfile"}
"""Option -> what the client calls it."""
_TIMEOUT_S = 60
_PORT_MAX = 65_535


class Secret(str):
    """A password: whoever logs the settings of a client does not log it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """No more than that there is one."""
        return "'…'"


@dataclass(frozen=True, slots=True)
class Address:
    """A ledger on Kafka: its brokers, its name, and what a client needs to be let in."""

    brokers: tuple[str, ...]
    ledger: str
    mirrors: Path
    timeout_s: float = _TIMEOUT_S
    security: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Settings of the Kafka client; they hold the password, so they are never shown."""

    @property
    def decisions(self) -> str:
        """The topic of the decision log."""
        return f"{self.ledger}.decisions"

    @property
    def probes(self) -> str:
        """The topic of the probe log."""
        return f"{self.ledger}.probes"

    @property
    def penalties(self) -> str:
        """The topic of the penalty feed: published by a relay, and no part of the ledger."""
        return f"{self.ledger}.penalties"

    @property
    def changes(self) -> str:
        """The topic of what was made of the rounds: published by whoever folds, and no part of the ledger."""
        return f"{self.ledger}.changes"

    @property
    def client(self) -> dict[str, Any]:
        """What every client of this ledger is given."""
        return {"bootstrap_servers": list(self.brokers), **self.security}

    def __str__(self) -> str:
        """The address as a URL, without options."""
        return f"{SCHEME}{','.join(self.brokers)}/{self.ledger}"


def parse(url: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read a URL.

    Raises:
        BadInputError: it is no address of a ledger; the message shows how one is written.
    """
    found = _URL.fullmatch(url)
    if not found:
        raise _bad(url, "it names no broker")
    if "@" in url.partition("?")[0]:
        raise BadInputError(
            "a name or password does not stand in front of the brokers: write ?user=NAME behind the URL, "
            f"and the password into the environment as {PASSWORD}"
        )
    brokers = tuple(found["brokers"].split(","))
    for broker in brokers:
        if not (written := _BROKER.fullmatch(broker)):
            raise _bad(url, f"{broker!r} is no host:port")
        if not 1 <= int(written["port"]) <= _PORT_MAX:
            raise _bad(url, f"the port of {broker!r} is none; ports go from 1 to {_PORT_MAX}")
    ledger = unquote(found["ledger"] or DEFAULT_LEDGER)
    if not _LEDGER.fullmatch(ledger):
        raise _bad(url, f"{ledger!r} is no name of a ledger (letters, digits, dots, dashes)")
    options = _options(url, found["options"] or "")
    return Address(
        brokers=brokers,
        ledger=ledger,
        mirrors=_mirrors(options, environment),
        timeout_s=_timeout_s(options),
        security=_security(options, environment),
    )


def _bad(url: str, why: str) -> BadInputError:
    shown = url.partition("?")[0]
    return BadInputError(f"{shown!r}: {why}; write a ledger on Kafka as kafka://host:9092/{DEFAULT_LEDGER}")


def _options(url: str, text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True)
    options = dict(pairs)
    for name in options:
        if name.lower() in _SECRETS:
            raise BadInputError(
                f"{name}= does not stand in a URL, because URLs are shown, logged and kept; leave it out, "
                f"and put the password into the environment as {_SECRETS[name.lower()]}"
            )
        if name not in OPTIONS:
            raise _bad(url, f"there is no option {name!r}; there are {', '.join(OPTIONS)}")
    if len(options) != len(pairs):
        raise _bad(url, "an option stands there twice")
    return options


def _timeout_s(options: Mapping[str, str]) -> float:
    text = options.get("timeout_s", str(_TIMEOUT_S))
    if not text.isdecimal() or not int(text):
        raise BadInputError(f"timeout_s={text}: write whole seconds, at least 1")
    return int(text)


def _mirrors(options: Mapping[str, str], environment: Mapping[str, str]) -> Path:
    if named := options.get("mirrors") or environment.get(MIRRORS):
        return Path(named)
    cache = user_cache(environment)
    if cache is None:
        raise BadInputError(
            f"this user has no home for the mirrors of the topics; name a folder for them with {MIRRORS}, or "
            "behind the URL with ?mirrors=FOLDER"
        )
    return cache


def _security(options: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
    tls = _tls(options, environment)
    user = _user(options, environment)
    if tls is None:
        return {"security_protocol": "SASL_PLAINTEXT", **user} if user else {}
    return {"security_protocol": "SASL_SSL" if user else "SSL", **tls, **user}


def _tls(options: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Any] | None:
    files = {client: _file(name, options[name]) for name, client in _FILES.items() if name in options}
    if not _is_yes("tls", options.get("tls", "yes" if files else "no")):
        if files:
            raise BadInputError(
                "tls=no, but ca, certificate or key name a file for TLS; leave out the one or the other"
            )
        return None
    if "key" in options and "certificate" not in options:
        raise BadInputError("key=FILE needs its certificate; name it, too, with certificate=FILE")
    if "certificate" in options and environment.get(KEY_PASSWORD):
        files["ssl_password"] = Secret(environment[KEY_PASSWORD])
    return files


def _user(options: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
    if "user" not in options:
        return {}
    user = options["user"]
    if not user:
        raise BadInputError("user= names nobody; write user=NAME, or leave it out")
    return {
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": _password(user, environment),
    }


def _file(option: str, path: str) -> str:
    if not Path(path).is_file():
        raise BadInputError(f"{option}={path}: there is no such file")
    return path


def _is_yes(option: str, text: str) -> bool:
    if text not in {"yes", "no"}:
        raise BadInputError(f"{option}={text}: write yes or no")
    return text == "yes"


def _password(user: str, environment: Mapping[str, str]) -> Secret:
    password = environment.get(PASSWORD)
    if not password:
        raise BadInputError(f"the password of {user} is missing; put it into the environment as {PASSWORD}")
    return Secret(password)
