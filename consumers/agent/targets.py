"""What an agent probes: one target for each platform, by HTTP, TCP, TLS or a question to the DNS."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from jsonpath_rfc9535 import JSONPathError
from jsonpath_rfc9535 import compile as compile_path
from pydantic import Field, IPvAnyAddress, field_validator, model_validator

from ledger.errors import BadInputError
from ledger.fact import Name, Value
from ledger.targets import VARIABLE

_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Who sent it would send another header, or nothing at all."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Port = Annotated[int, Field(strict=True, ge=1, le=65_535)]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/@]+$")]
Status = Annotated[int, Field(strict=True, ge=100, le=599)]
Days = Annotated[int, Field(strict=True, ge=0, le=3650)]


def is_http(url: str) -> bool:
    """Whether something is an address of HTTP that can be asked."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no host, or no port, that could be one
        return False


def is_proxy(url: str) -> bool:
    """Whether something is the address of a proxy: a host, a port or none, and nothing behind."""
    parts = urlsplit(url) if is_http(url) else None
    return bool(
        parts
        and parts.scheme == "http"
        and parts.username is None
        and not (parts.path.strip("/") or parts.query or parts.fragment)
    )


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy by which a request goes, and as whom."""

    url: str
    login: str | None = field(default=None, repr=False)
    """`user:password`; never shown or stored."""


class _Probed(Value):
    """What every kind of target has."""

    platform: Name
    timeout_ms: Annotated[int, Field(strict=True, ge=50)] | None = None
    degraded_after_ms: Annotated[int, Field(strict=True, ge=1)] | None = None

    @property
    def usual_status(self) -> int:
        """The status of an answer that is as expected; 0 where answers have none."""
        return 0


def require_proxy(url: str) -> str:
    """An address of a proxy.

    Raises:
        ValueError: it is none; it is not quoted, for a password may be in it.
    """
    if not is_proxy(url):
        raise ValueError(
            "is no proxy; write http://host:port, and a user as proxy_login = 'user:${PASSWORD}'"
        )
    return url


class HttpTarget(_Probed):
    """One request, and what its answer must be."""

    kind: Literal["http"] = "http"
    url: str
    method: Literal["GET", "HEAD", "POST", "PUT", "OPTIONS"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    """A value may hold `${NAME}`, which the environment says."""
    status: Annotated[tuple[Status, ...], Field(min_length=1)] = (200,)
    """Any of these is as expected; the first one is the usual one."""
    body_contains: Annotated[str, Field(min_length=1)] | None = None
    json_path: str | None = None
    """An expression of RFC 9535 that must find something in the body; with `json_equals`, this."""
    json_equals: str | int | bool | None = None
    redirects: Annotated[int, Field(strict=True, ge=0, le=20)] = 5
    certificate_days: Days | None = None
    """With fewer days left on its certificate it is degraded."""
    proxy: str | Literal[False] | None = None
    """Its own proxy; `false` for none, though the agent has one."""
    proxy_login: str | None = None
    """`user:${NAME}`, of its own proxy."""

    @property
    def usual_status(self) -> int:
        """The first of those expected."""
        return self.status[0]

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        if not is_http(url):
            raise ValueError("is no address of HTTP; write https://host/path")
        parts = urlsplit(url)
        if parts.username is not None:
            raise ValueError("holds a user; write a header, as in Authorization = 'Basic ${ACME_LOGIN}'")
        return url

    @field_validator("proxy")
    @classmethod
    def _is_a_proxy(cls, proxy: str | Literal[False] | None) -> str | Literal[False] | None:
        return require_proxy(proxy) if isinstance(proxy, str) else proxy

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or _NOT_IN_HEADERS.search(value):
                raise ValueError(f"{name!r} is no header; write a name and a value in one line")
        return headers

    @field_validator("json_path")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        if path is not None:
            try:
                compile_path(path)
            except JSONPathError as error:
                raise ValueError(f"is no JSON path ({error}); write one as $.status") from None
        return path

    @model_validator(mode="after")
    def _is_all_looked_at(self) -> Self:
        if self.json_equals is not None and self.json_path is None:
            raise ValueError(
                "json_equals stands without json_path, and would never be looked at; write json_path, or "
                "leave it out"
            )
        of_a_body = [key for key in ("body_contains", "json_path") if getattr(self, key) is not None]
        if self.method == "HEAD" and of_a_body:
            raise ValueError(
                f"{' and '.join(of_a_body)} would be looked for in a body, and an answer to HEAD has none: "
                "it would never be up; write another method, or leave it out"
            )
        if self.certificate_days is not None and not self.url.startswith("https:"):
            raise ValueError(
                "certificate_days is of the certificate of https://, and http:// has none; write https://, "
                "or leave it out"
            )
        return self


class TcpTarget(_Probed):
    """A connection that must be made."""

    kind: Literal["tcp"]
    host: Host
    port: Port


class TlsTarget(_Probed):
    """A TLS handshake with a certificate that is trusted, for this name, and not about to end."""

    kind: Literal["tls"]
    host: Host
    port: Port = 443
    certificate_days: Days | None = None


class DnsTarget(_Probed):
    """A question to a name server, and what its answer must hold."""

    kind: Literal["dns"]
    name: Host
    record: Literal["A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT", "SRV", "CAA", "PTR"] = "A"
    server: IPvAnyAddress | None = None
    """The address of a name server; those of the machine if none is named."""
    port: Port = 53
    answers: tuple[str, ...] = ()
    """Each of them must be among the records; with none, any answer will do."""


Reference = HttpTarget | TcpTarget
"""What answers whenever an agent's own network works."""
Target = Annotated[HttpTarget | TcpTarget | TlsTarget | DnsTarget, Field(discriminator="kind")]


def kinds_told(targets: Sequence[Any]) -> list[Any]:
    """The targets of a file, of which each says its kind; who says none is asked by HTTP."""
    return [{"kind": "http"} | each if isinstance(each, dict) else each for each in targets]


def headers_of(target: Target, environment: Mapping[str, str], where: str) -> dict[str, str]:
    """The headers of a target's requests, with what the environment says of them.

    Raises:
        BadInputError: a variable is not set, or cannot stand in a header.
    """
    if not isinstance(target, HttpTarget):
        return {}

    whose = f"the headers of {target.platform}"
    return {name: filled(value, environment, where, whose) for name, value in target.headers.items()}


def filled(value: str, environment: Mapping[str, str], where: str, whose: str) -> str:
    """A value with what the environment says in place of each variable; `whose` it is, in an error.

    Raises:
        BadInputError: as `headers_of`.
    """

    def value_of(found: re.Match[str]) -> str:
        if found[1] not in environment:
            raise BadInputError(
                f"{where}: {whose} need {found[1]}, which the environment does not "
                "say; set it, or write them without it"
            )
        value = environment[found[1]].strip()
        if _NOT_IN_HEADERS.search(value):
            raise BadInputError(
                f"{where}: {found[1]}, which {whose} need, is more than one line or "
                "holds control characters; set it to what is to be sent"
            )
        return value

    return VARIABLE.sub(value_of, value)


def proxy_of(
    target: Target, common: tuple[str | None, str | None], environment: Mapping[str, str], where: str
) -> Proxy | None:
    """The proxy by which a target is asked: its own one, or that of the agent (address and login) by HTTP.

    A login goes to no other proxy than that which it stands beside.

    Raises:
        BadInputError: as `headers_of`; or the login names no user.
    """
    if not isinstance(target, HttpTarget) or target.proxy is False:
        return None
    url, login = (target.proxy, target.proxy_login) if target.proxy else common
    if url is None:
        return None
    told = login and filled(login, environment, where, f"the proxy logins of {target.platform}")
    if told is not None and ":" not in told:
        raise BadInputError(
            f"{where}: the proxy_login of {target.platform} is to be user:password, with what is secret "
            "taken from the environment"
        )
    return Proxy(url, told)


def reference(address: str) -> Reference:
    """A reference by its address.

    Raises:
        ValueError: it names no host, or no port where one is needed, or holds a user.
    """
    parts = urlsplit(address)
    if parts.scheme == "tcp" and parts.username is None:
        return TcpTarget(platform="reference", kind="tcp", host=parts.hostname or "", port=parts.port or 0)
    return HttpTarget(platform="reference", url=address, redirects=0)
