"""How an agent probes the platforms of a plan: its targets, without any secret.

A plan says which platforms, this says by which requests; together they begin the agent on any machine. What
is left out of a target is as in the agent's file by default (`docs/howto/agent.md`). No figure rests on it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, RecordedFact, Text, Value
from ledger.plans import PlanSet

PLAIN_HEADERS = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "content-type",
        "host",
        "pragma",
        "user-agent",
    }
)
"""Headers whose value may stand in a ledger; of every other one it is taken from the environment."""
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""How a value names a variable of the environment."""
_ONLY_A_VARIABLE = re.compile(rf"(?:[A-Za-z]{{1,16}} )?{VARIABLE.pattern}")
"""A variable, and at most one word before it, as in `Bearer ${ACME_TOKEN}`."""
_ONLY_A_LOGIN = re.compile(rf"(?:[^:${{}}]{{1,64}}:)?{VARIABLE.pattern}")
"""A variable, and at most a user before it, as in `user:${PROXY_PASSWORD}`."""
SOUNDS_SECRET = re.compile(
    r"token|secret|passw|pwd|apikey|credential|signature|session"
    r"|(?:^|[-_.])(?:key|sig|auth|pass|login)(?:$|[-_.])",
    re.IGNORECASE,
)
"""What a name holds that may be that of a secret."""

Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]

# ---------------------------------------------------------------- facts


class _Defined(Value):
    """What every kind of target has."""

    platform: Name
    timeout_ms: Positive | None = None
    degraded_after_ms: Positive | None = None


class HttpDefined(_Defined):
    """One request of HTTP, and what its answer must be."""

    kind: Literal["http"]
    url: str
    method: str | None = None
    headers: dict[str, str] | None = None
    """What stands in `${}` is taken from the environment of the agent's machine."""
    status: tuple[int, ...] | None = None
    body_contains: str | None = None
    json_path: str | None = None
    json_equals: str | int | bool | None = None
    redirects: Count | None = None
    certificate_days: Count | None = None
    proxy: str | Literal[False] | None = None
    """The proxy by which it is asked; `false` for none, though the agent has one."""
    proxy_login: str | None = None


class TcpDefined(_Defined):
    """A connection that must be made."""

    kind: Literal["tcp"]
    host: str
    port: Positive


class TlsDefined(_Defined):
    """A TLS handshake with a certificate that is trusted."""

    kind: Literal["tls"]
    host: str
    port: Positive | None = None
    certificate_days: Count | None = None


class DnsDefined(_Defined):
    """A question to a name server, and what its answer must hold."""

    kind: Literal["dns"]
    name: str
    record: str | None = None
    server: str | None = None
    port: Positive | None = None
    answers: tuple[str, ...] | None = None


Defined = Annotated[HttpDefined | TcpDefined | TlsDefined | DnsDefined, Field(discriminator="kind")]


class TargetsDefined(Fact):
    """An agent probes the platforms of this plan by these requests; the plan says when within a round."""

    TYPE: ClassVar[str] = "constat.agent.targets-defined.v1"

    agent: Name
    plan_version: Positive
    place: Text
    references: Annotated[tuple[str, ...], Field(min_length=1)]
    """Addresses that answer whenever the agent's own network works."""
    timeout_ms: Positive | None = None
    degraded_after_ms: Positive | None = None
    proxy: str | None = None
    proxy_login: str | None = None
    targets: Annotated[tuple[Defined, ...], Field(min_length=1)]


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Targets:
    """What was defined for an agent last."""

    last: TargetsDefined | None = None

    def of(self, plan: PlanSet | None) -> TargetsDefined | None:
        """The targets of a plan; None if it is another one than they were defined for last."""
        is_of = plan and self.last and self.last.plan_version == plan.plan_version
        return self.last if is_of else None


INITIAL = Targets()


def stream_of(agent: str) -> str:
    """The stream that holds how an agent probes."""
    return f"targets:{agent}"


# ---------------------------------------------------------------- evolve


def evolve(state: Targets, recorded: RecordedFact) -> Targets:
    """An agent's targets after one more fact."""
    match recorded.fact:
        case TargetsDefined() as fact:
            return Targets(fact)
    return state


# ---------------------------------------------------------------- decide


def define(plan: PlanSet, defined: TargetsDefined) -> TargetsDefined:
    """Define the targets of a plan.

    Raises:
        RefusedError: they are not those of the plan, or hold what may be a secret; it is not repeated.
    """
    ours = sorted(each.platform for each in defined.targets)
    is_of = (plan.agent, plan.plan_version) == (defined.agent, defined.plan_version)
    if not is_of or ours != sorted(each.platform for each in plan.platforms):
        raise RefusedError(
            f"these are not the targets of plan {plan.reference}; define one target for each of its platforms"
        )
    if told := sorted(set(_may_be_secret(defined))):
        raise RefusedError(
            "\n".join(["a ledger keeps no secret, for what it holds it holds for ever:", *told])
        )
    return defined


def _may_be_secret(defined: TargetsDefined) -> Iterator[str]:
    for number, address in enumerate(defined.references, 1):
        yield from _of_address(f"  reference {number}", address)
    yield from _of_proxy("  the agent", defined.proxy, defined.proxy_login)
    for each in defined.targets:
        if isinstance(each, HttpDefined):
            yield from _of_address(f"  {each.platform}: its url", each.url)
            yield from _of_headers(each.platform, each.headers or {})
            yield from _of_proxy(f"  {each.platform}", each.proxy or None, each.proxy_login)


def _of_headers(platform: str, headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        if name.lower() not in PLAIN_HEADERS and not _ONLY_A_VARIABLE.fullmatch(value):
            yield (
                f"  {platform}: the header {name} holds its value; put it into the environment of the agent, "
                f"and name the variable: {name} = '${{ACME_LOGIN}}'"
            )


def _of_proxy(where: str, proxy: str | None, login: str | None) -> Iterator[str]:
    if proxy is not None:
        yield from _of_address(f"{where}: its proxy", proxy)
    yield from of_login(where, login)


def of_login(where: str, login: str | None) -> Iterator[str]:
    """A sentence if a login of a proxy holds its password, and not the name of a variable in its place."""
    if login is not None and not _ONLY_A_LOGIN.fullmatch(login):
        yield (
            f"{where}: its proxy_login holds a password; put it into the environment of the agent, and name "
            "the variable: proxy_login = 'user:${PROXY_PASSWORD}'"
        )


def _of_address(where: str, address: str) -> Iterator[str]:
    parts = urlsplit(address)
    if parts.username is not None:
        yield f"{where} holds a user; take it out"
    for name in _suspects(parts.query):
        yield (
            f"{where} holds a {name!r}, which sounds like a secret; send it as a header whose value is taken "
            "from the environment"
        )


def _suspects(query: str) -> Sequence[str]:
    return [name for name, _ in parse_qsl(query, keep_blank_values=True) if SOUNDS_SECRET.search(name)]
