"""Names of hosts to addresses, without threads of ours: a name server that is slow holds up nobody else."""

import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiodns
from aiodns import error as codes
from aiohappyeyeballs import AddrInfoType, start_connection
from aiohttp.abc import AbstractResolver, ResolveResult

from consumers.agent.failures import NameFailureError

if TYPE_CHECKING:
    from consumers.agent.sentences import Kind

DELAY_S = 0.25
"""So long one address has before the next one is tried beside it (RFC 8305)."""
ANEW_S = 1.0
"""What a name server said so long ago is not believed: it is asked again."""
_UNKNOWN = (codes.ARES_ENOTFOUND, codes.ARES_ENODATA, codes.ARES_ENONAME)


class Names(AbstractResolver):
    """Resolves by the machine's own settings: its hosts file, then its name servers.

    c-ares keeps answers for up to an hour, and a name server that died meanwhile would go unnoticed: names of
    references would be resolved, and those of platforms not. It cannot be told not to, so it is taken anew.
    """

    def __init__(self, servers: Sequence[str] | None = None) -> None:
        """`servers` are name servers, as `address:port`, beside those of the machine."""
        self._servers = servers
        self._channel = _Channel(servers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            NameFailureError: the name does not exist, or nobody answers for it.
        """
        try:
            async with (await self._young()).asked() as resolver:
                found = await resolver.getaddrinfo(host, port=port, type=socket.SOCK_STREAM, family=family)
        except aiodns.error.DNSError as error:
            code, *said = error.args
            kind: Kind = "name-unknown" if code in _UNKNOWN else "name-unresolved"
            raise NameFailureError(kind, str(said[0]) if said else "") from error
        return [
            ResolveResult(
                hostname=host,
                host=node.addr[0].decode(),
                port=port,
                family=node.family,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for node in found.nodes
        ]

    async def connected(self, host: str, port: int) -> socket.socket:
        """A new connection to a host, by whichever of its addresses answers first.

        Raises:
            NameFailureError: as above.
            OSError: no address takes a connection.
        """
        found = await self.resolve(host, port)
        return await start_connection([_address(each) for each in found], happy_eyeballs_delay=DELAY_S)

    async def close(self) -> None:
        """End what is still asked."""
        await self._channel.resolver.close()

    async def _young(self) -> "_Channel":
        if time.monotonic() - self._channel.made_s >= ANEW_S:
            before, self._channel = self._channel, _Channel(self._servers)
            await before.leave()
        return self._channel


class _Channel:
    """One channel of c-ares with what it remembers; closed when it was left and nobody waits for it."""

    def __init__(self, servers: Sequence[str] | None) -> None:
        self.made_s = time.monotonic()
        self.resolver = aiodns.DNSResolver(nameservers=servers)
        self._waiting = 0
        self._is_left = False

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[aiodns.DNSResolver]:
        self._waiting += 1
        try:
            yield self.resolver
        finally:
            self._waiting -= 1
            await self._close_if_idle()

    async def leave(self) -> None:
        self._is_left = True
        await self._close_if_idle()

    async def _close_if_idle(self) -> None:
        if self._is_left and not self._waiting:
            await self.resolver.close()


def _address(found: ResolveResult) -> AddrInfoType:
    place = found["host"], found["port"]
    where = (*place, 0, 0) if found["family"] == socket.AF_INET6 else place
    return (found["family"], socket.SOCK_STREAM, 0, "", where)


def is_name(host: str) -> bool:
    """Whether a host is named, and not given by its address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.strip("[]").partition("%")[0])
        except OSError:
            continue
        return False
    return True
