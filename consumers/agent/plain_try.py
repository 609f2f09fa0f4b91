"""One try of a target without HTTP: a connection, a TLS handshake, or a question to the DNS."""

import asyncio

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rcode
import dns.resolver

from consumers.agent.certificates import Certificates, soon, validity_of
from consumers.agent.clock import Clock
from consumers.agent.failures import Failure, failure_of
from consumers.agent.judging import Attempt
from consumers.agent.names import Names
from consumers.agent.sentences import Kind, Sentence, harmless, seconds, sentence
from consumers.agent.targets import DnsTarget, TcpTarget, TlsTarget


class PlainTries:
    """Makes tries; every one has a connection of its own."""

    def __init__(self, names: Names, certificates: Certificates, clock: Clock) -> None:
        self._names = names
        self._certificates = certificates
        self._clock = clock

    async def tcp(self, target: TcpTarget, timeout_ms: int) -> Attempt:
        """Connect, and hang up."""
        started_ms, failure = self._clock.monotonic_ms(), None
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                connection = await self._names.connected(target.host, target.port)
            connection.close()
        except TimeoutError:
            failure = sentence("connect-timeout", seconds(timeout_ms)), ""
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and stops no other
            failure = failure_of(error)
        return self._attempt(started_ms, failure)

    async def tls(self, target: TlsTarget, timeout_ms: int) -> Attempt:
        """Shake hands, and look at the certificate."""
        started_ms, failure, worry = self._clock.monotonic_ms(), None, None
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                worry = await self._shaken(target)
        except TimeoutError:
            failure = sentence("connect-timeout", seconds(timeout_ms)), ""
        except Exception as error:  # noqa: BLE001 - as above
            failure = await self._certificates.failure(error, target.host, target.port)
        return self._attempt(started_ms, failure, worry)

    async def _shaken(self, target: TlsTarget) -> Sentence | None:
        connection = await self._names.connected(target.host, target.port)
        _, writer = await asyncio.open_connection(
            sock=connection, ssl=self._certificates.trusted, server_hostname=target.host
        )
        try:
            return soon(validity_of(writer), self._clock.wall_ms(), target.certificate_days)
        finally:
            writer.transport.abort()

    async def dns(self, target: DnsTarget, timeout_ms: int) -> Attempt:
        """Ask a name server, and look at its answer."""
        started_ms = self._clock.monotonic_ms()
        try:
            failure = await _asked(target, timeout_ms)
        except Exception as error:  # noqa: BLE001 - as above
            failure = failure_of(error)
        return self._attempt(started_ms, failure)

    def _attempt(self, started_ms: int, failure: Failure | None, worry: Sentence | None = None) -> Attempt:
        said, original = failure or (None, "")
        return Attempt(started_ms, self._clock.monotonic_ms(), said, original, 0, worry)


async def _asked(target: DnsTarget, timeout_ms: int) -> Failure | None:
    resolver = dns.asyncresolver.Resolver(configure=target.server is None)
    if target.server is not None:
        resolver.nameservers, resolver.port = [str(target.server)], target.port
    resolver.timeout = resolver.lifetime = timeout_ms / 1000
    try:
        answer = await resolver.resolve(dns.name.from_text(target.name), target.record)
    except dns.resolver.NXDOMAIN:
        return sentence("dns-code", "NXDOMAIN"), ""
    except dns.resolver.NoAnswer:
        return sentence("dns-empty"), ""
    except dns.resolver.NoNameservers as error:
        return _of_servers(error)
    except dns.exception.Timeout:
        # Whose server it is that is silent: the one that was named, or our own.
        kind: Kind = "dns-timeout" if target.server is not None else "name-timeout"
        return sentence(kind, seconds(timeout_ms)), ""
    found = {record.to_text().rstrip(".") for record in answer}
    if all(each.rstrip(".") in found for each in target.answers):
        return None
    return sentence("dns-lacks"), ""


def _of_servers(error: dns.resolver.NoNameservers) -> Failure:
    """What the last name server said that answered at all."""
    tried = error.kwargs.get("errors", [])
    for *_, response in reversed(tried):
        if response is not None:
            return sentence("dns-code", dns.rcode.to_text(response.rcode())), ""
    for *_, cause, _ in reversed(tried):
        if isinstance(cause, OSError):
            return failure_of(cause)
    return sentence("not-connected"), harmless(type(error).__name__)
