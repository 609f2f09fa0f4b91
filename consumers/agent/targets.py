"""What an agent probes: one target for each platform, by HTTP, TCP, TLS or a question to the DNS."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from jsonpath_rfc9535 import JSONPathError
from jsonpath_rfc9535 import compile as compile_path
from pydantic import Field, IPvAnyAddress, field_validator

from ledger.errors import BadInputError
from ledger.fact import Name, Value

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Who sent it would send another header, or nothing at all."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Port = Annotated[int, Field(ge=1, le=65_535)]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/@]+$")]
Status = Annotated[int, Field(ge=100, le=599)]
Days = Annotated[int, Field(ge=0, le=3650)]


def is_http(url: str) -> bool:
    """Whether something is an address of HTTP that can be asked."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no host, or no port, that could be one
        return False


class _Probed(Value):
    """What every kind of target has."""

    platform: Name
    timeout_ms: Annotated[int, Field(ge=50)] | None = None
    degraded_after_ms: Annotated[int, Field(ge=1)] | None = None

    @property
    def usual_status(self) -> int:
        """The status of an answer that is as expected; 0 where answers have none."""
        return 0


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
    redirects: Annotated[int, Field(ge=0, le=20)] = 5
    certificate_days: Days | None = None
    """With fewer days left on its certificate it is degraded."""

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

    def value_of(found: re.Match[str]) -> str:
        if found[1] not in environment:
            raise BadInputError(
                f"{where}: the headers of {target.platform} need {found[1]}, which the environment does not "
                "say; set it, or write the header without it"
            )
        value = environment[found[1]].strip()
        if _NOT_IN_HEADERS.search(value):
            raise BadInputError(
                f"{where}: {found[1]}, which the headers of {target.platform} need, is more than one line or "
                "holds control characters; set it to what the header is to say"
            )
        return value

    return {name: _VARIABLE.sub(value_of, value) for name, value in target.headers.items()}


def reference(address: str) -> Reference:
    """A reference by its address.

    Raises:
        ValueError: it names no host, or no port where one is needed, or holds a user.
    """
    parts = urlsplit(address)
    if parts.scheme == "tcp" and parts.username is None:
        return TcpTarget(platform="reference", kind="tcp", host=parts.hostname or "", port=parts.port or 0)
    return HttpTarget(platform="reference", url=address, redirects=0)
