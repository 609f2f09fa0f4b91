"""Certificates of TLS: who is trusted, and until when a certificate holds."""

import asyncio
import ssl
from pathlib import Path
from typing import NamedTuple

from consumers.agent.clock import Clock
from consumers.agent.failures import EARLY, EXPIRED, Failure, cause_of, failure_of
from consumers.agent.names import Names
from consumers.agent.sentences import Sentence, sentence
from ledger.errors import BadInputError
from ledger.instants import DAY_MS, HOUR_MS, format_instant

_NO_CHECK_TIME = 0x200000
"""`X509_V_FLAG_NO_CHECK_TIME` of OpenSSL: everything is checked but the days."""
_LOOK_S = 2.0
"""So long it may take to read the days of a certificate that was refused."""


class Validity(NamedTuple):
    """From when to when a certificate holds."""

    from_ms: int
    until_ms: int


class Certificates:
    """The authorities that an agent trusts, and what it saw of the certificates of hosts."""

    def __init__(self, names: Names, clock: Clock, ca_file: Path | None = None) -> None:
        """Read the authorities.

        Raises:
            BadInputError: their file cannot be read.
        """
        self._names = names
        self._clock = clock
        self.trusted = _context(ca_file)
        self._any_day = _context(ca_file)
        self._any_day.verify_flags |= _NO_CHECK_TIME
        self._seen: dict[tuple[str, int], tuple[int, Validity]] = {}

    async def read(self, host: str, port: int) -> Validity:
        """From when to when the certificate of a host holds, checked in all else but that.

        Raises:
            OSError: there is no connection, or the certificate is not good.
        """
        connection = await self._names.connected(host, port)
        _, writer = await asyncio.open_connection(sock=connection, ssl=self._any_day, server_hostname=host)
        try:
            return validity_of(writer)
        finally:
            writer.transport.abort()

    async def worry(self, host: str, port: int, days: int | None) -> Sentence | None:
        """That a certificate ends within so many days; looked at once an hour, and not if nobody asks."""
        if days is None:
            return None
        now_ms = self._clock.wall_ms()
        seen_ms, validity = self._seen.get((host, port), (None, None))
        if seen_ms is None or validity is None or not 0 <= now_ms - seen_ms < HOUR_MS:
            try:
                async with asyncio.timeout(_LOOK_S):
                    validity = await self.read(host, port)
            except (OSError, EOFError):  # the request that was answered says that it is good
                return None
            self._seen[host, port] = now_ms, validity
        return soon(validity, now_ms, days)

    async def failure(self, error: Exception, host: str, port: int) -> Failure:
        """The sentence for an error of a connection by TLS, with the day on which a certificate expired."""
        found, original = failure_of(error)
        cause = cause_of(error)
        if not isinstance(cause, ssl.SSLCertVerificationError) or cause.verify_code not in (EARLY, EXPIRED):
            return found, original
        try:
            async with asyncio.timeout(_LOOK_S):
                validity = await self.read(host, port)
        except (OSError, EOFError):
            return found, original
        return _of_days(validity, self._clock.wall_ms()) or found, original


def validity_of(connection: asyncio.StreamWriter) -> Validity:
    """From when to when the certificate at the other end of a connection holds."""
    found = connection.get_extra_info("peercert")
    return Validity(_ms(found["notBefore"]), _ms(found["notAfter"]))


def soon(validity: Validity, now_ms: int, days: int | None) -> Sentence | None:
    """That a certificate ends within so many days; None if not, or if nobody asks."""
    if days is None or validity.until_ms - now_ms >= days * DAY_MS:
        return None
    return sentence("certificate-soon", _day(validity.until_ms))


def _of_days(validity: Validity, now_ms: int) -> Sentence | None:
    if validity.until_ms <= now_ms:
        return sentence("certificate-expired", _day(validity.until_ms))
    if validity.from_ms > now_ms:
        return sentence("certificate-early", _day(validity.from_ms))
    return None


def _day(instant_ms: int) -> str:
    return format_instant(instant_ms).partition("T")[0]


def _ms(text: str) -> int:
    return 1000 * int(ssl.cert_time_to_seconds(text))


def _context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except FileNotFoundError:
            raise BadInputError(
                f"ca_file {ca_file} is not there; name a file with certificates in PEM"
            ) from None
        except (OSError, ssl.SSLError):
            raise BadInputError(f"ca_file {ca_file} holds no certificates in PEM; name such a file") from None
    return context
