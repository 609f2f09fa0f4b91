"""One try of an HTTP target: a new connection, one request, and what its answer must be."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
import orjson
from jsonpath_rfc9535 import JSONPathError, JSONPathQuery
from jsonpath_rfc9535 import compile as compile_path

from consumers.agent.certificates import Certificates
from consumers.agent.clock import Clock, Told
from consumers.agent.failures import failure_of, of_proxy
from consumers.agent.judging import Attempt
from consumers.agent.names import Names, is_name
from consumers.agent.sentences import Kind, Sentence, seconds, sentence
from consumers.agent.targets import HttpTarget, Proxy, is_http

BODY_BYTES_MAX = 1_048_576
"""No more of a body is read, and none at all if nothing is expected of it."""
HEADER_BYTES_MAX = 32_768
NAMES_KEPT_S = 60
"""A name is resolved once in so long, and anew for a second try."""
AUTHENTICATE = 407
"""Says a proxy that does not know the agent, or not any more."""
FRESH = {"Cache-Control": "no-cache"}
"""What a proxy kept says nothing of now."""
_REDIRECTS = (301, 302, 303, 307, 308)
_WAITING_FOR: dict[str, Kind] = {
    "name": "name-timeout",
    "connection": "connect-timeout",
    "answer": "answer-timeout",
}
_NOT_REACHED = (aiohttp.ClientProxyConnectionError, aiohttp.ClientConnectorDNSError)


class Phase:
    """Whom a try asks now, which a redirect changes, by which proxy, and what it waits for."""

    def __init__(self, url: str, proxy: Proxy | None = None) -> None:
        self.proxy = proxy
        self.begin(url)

    def begin(self, url: str) -> None:
        """Another request begins."""
        self.host, self.port = _host_of(urlsplit(url))
        connected, _ = _host_of(urlsplit(self.proxy.url)) if self.proxy else (self.host, self.port)
        self.waiting_for = "name" if is_name(connected) else "connection"
        self._is_tunnel = url.startswith("https:")

    @property
    def is_on_the_way_to_the_proxy(self) -> bool:
        """Whether it waits for the proxy itself. A tunnel counts as a connection up to its other end."""
        return self.waiting_for == "name" or (self.waiting_for == "connection" and not self._is_tunnel)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a try has found: a failure, or None, and the status of the last answer."""

    status: int
    failure: Sentence | None = None


class HttpTries:
    """Makes tries; every one has a connection of its own, and a second one resolves the name anew."""

    def __init__(self, names: Names, certificates: Certificates, clock: Clock) -> None:
        self._certificates = certificates
        self._clock = clock
        self.told: dict[str, Told] = {}
        """Host -> what it said last what the time is."""
        self._usual = _session(names, certificates, use_dns_cache=True)
        self._anew = _session(names, certificates, use_dns_cache=False)

    async def close(self) -> None:
        """End all connections."""
        await self._usual.close()
        await self._anew.close()

    async def attempt(
        self,
        target: HttpTarget,
        headers: Mapping[str, str],
        timeout_ms: int,
        *,
        anew: bool = False,
        proxy: Proxy | None = None,
    ) -> Attempt:
        """Try a target once, by a proxy if one is named."""
        session = self._anew if anew else self._usual
        phase, started_ms = Phase(target.url, proxy), self._clock.monotonic_ms()
        found, failure, is_of_proxy = Answer(0), None, False
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                found = await self._asked(session, target, headers, phase)
        except TimeoutError:
            failure = sentence(_WAITING_FOR[phase.waiting_for], seconds(timeout_ms)), ""
            is_of_proxy = phase.is_on_the_way_to_the_proxy
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and stops no other
            if proxy:  # the day of a certificate is read over a connection of our own
                failure = failure_of(error)
            else:
                failure = await self._certificates.failure(error, phase.host, phase.port)
            is_of_proxy = isinstance(error, _NOT_REACHED)  # nobody but a proxy is resolved and connected to
        if proxy and failure and is_of_proxy:
            failure = of_proxy(*_host_of(urlsplit(proxy.url)), failure)
        ended_ms = self._clock.monotonic_ms()
        if failure:
            return Attempt(started_ms, ended_ms, *failure)
        worry = None
        if found.failure is None and target.url.startswith("https:"):
            host, port = _host_of(urlsplit(target.url))
            worry = await self._certificates.worry(host, port, target.certificate_days)
        return Attempt(started_ms, ended_ms, found.failure, "", found.status, worry)

    async def _asked(
        self, session: aiohttp.ClientSession, target: HttpTarget, headers: Mapping[str, str], phase: Phase
    ) -> Answer:
        """Ask, and follow where the answer leads; headers of our own go to no other origin."""
        url, method, origin = target.url, target.method, _origin(target.url)
        for _ in range(target.redirects + 1):
            own = headers if _origin(url) == origin else {}
            phase.begin(url)
            asked_ms = self._clock.wall_ms()
            async with session.request(
                method, url, allow_redirects=False, trace_request_ctx=phase, **_by(phase.proxy, url, own)
            ) as response:
                if phase.proxy and response.status == AUTHENTICATE and url.startswith("http:"):
                    return Answer(response.status, sentence("own-proxy", response.status))
                self._hear(phase.host, response, asked_ms)
                place = response.headers.get("Location")
                if response.status not in _REDIRECTS or response.status in target.status or not place:
                    return Answer(response.status, await _fault(target, response))
                status, there = response.status, _joined(url, place)
            if there is None:
                return Answer(status, sentence("redirect-elsewhere"))
            url = there
            if status == 303:  # noqa: PLR2004 - "see other": what is there is read
                method = "GET"
        return Answer(status, sentence("redirects", target.redirects))

    def _hear(self, host: str, response: aiohttp.ClientResponse, asked_ms: int) -> None:
        """Take down what a server says the time is; what a cache kept was said earlier."""
        date = response.headers.get("Date")
        if date is None or "Age" in response.headers:
            return
        try:
            server_s = instant_s(date)
        except (ValueError, OverflowError):
            return
        self.told[host] = Told(server_s, asked_ms, self._clock.wall_ms())


def _by(proxy: Proxy | None, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Headers and proxy of a request, as the client takes them; into a tunnel goes nothing for the proxy."""
    if proxy is None:
        return {"headers": headers}
    known = {"Proxy-Authorization": _basic(proxy.login)} if proxy.login else {}
    if url.startswith("https:"):
        return {"headers": headers, "proxy": proxy.url, "proxy_headers": known}
    return {"headers": FRESH | dict(headers) | known, "proxy": proxy.url}


def _basic(login: str) -> str:
    return "Basic " + b64encode(login.encode()).decode()


def instant_s(date: str) -> int:
    """The instant of a date of HTTP. Its oldest form names no zone, and means UTC all the same."""
    said = parsedate_to_datetime(date)
    return int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp())


async def _fault(target: HttpTarget, response: aiohttp.ClientResponse) -> Sentence | None:
    """Why an answer is not as expected; None if it is."""
    if response.status not in target.status:
        return sentence("status", response.status)
    if target.body_contains is None and target.json_path is None:
        return None
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return sentence("body-long", BODY_BYTES_MAX)
    return body_fault(target, bytes(body))


def body_fault(target: HttpTarget, body: bytes) -> Sentence | None:
    """Why a body is not as expected; None if it is."""
    if target.body_contains is not None and target.body_contains.encode() not in body:
        return sentence("body-lacks")
    if target.json_path is None:
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return sentence("body-no-json")
    try:
        found = _path(target.json_path).find(value).values()
    except JSONPathError:  # deeper than anybody looks
        found = []
    if not found:
        return sentence("body-path")
    expected = target.json_equals
    # Python takes true for 1.
    is_there = expected is None or any(type(each) is type(expected) and each == expected for each in found)
    return None if is_there else sentence("body-value")


@cache
def _path(text: str) -> JSONPathQuery:
    return compile_path(text)


def _host_of(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _joined(url: str, place: str) -> str | None:
    """Where an answer leads; None if that is no address of HTTP."""
    try:
        there = urljoin(url, place)
    except ValueError:
        return None
    return there if is_http(there) else None


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return (parts.scheme, *_host_of(parts))


def _session(names: Names, certificates: Certificates, *, use_dns_cache: bool) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=0,
        force_close=True,
        ssl=certificates.trusted,
        resolver=names,
        use_dns_cache=use_dns_cache,
        ttl_dns_cache=NAMES_KEPT_S,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
        max_line_size=HEADER_BYTES_MAX,
        max_field_size=HEADER_BYTES_MAX,
        headers={"User-Agent": "constat-agent"},
        trust_env=False,
        trace_configs=[_tracing()],
    )


def _tracing() -> aiohttp.TraceConfig:
    """Says, in the request's own `Phase`, what it waits for."""

    async def resolved(_: object, context: SimpleNamespace, __: Any) -> None:  # noqa: ANN401 - aiohttp's
        context.trace_request_ctx.waiting_for = "connection"

    async def connected(_: object, context: SimpleNamespace, __: Any) -> None:  # noqa: ANN401 - aiohttp's
        context.trace_request_ctx.waiting_for = "answer"

    tracing = aiohttp.TraceConfig()
    tracing.on_dns_resolvehost_end.append(resolved)
    tracing.on_dns_cache_hit.append(resolved)
    tracing.on_connection_create_end.append(connected)
    return tracing
