"""Probes targets: a try, a second one if the first fails, a look at the references, and what that means."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from consumers.agent.awareness import Awareness
from consumers.agent.certificates import Certificates
from consumers.agent.clock import Clock, Told
from consumers.agent.file import Loaded
from consumers.agent.http_try import HttpTries
from consumers.agent.judging import Attempt, Judged, Self, judged
from consumers.agent.names import Names
from consumers.agent.plain_try import PlainTries
from consumers.agent.references import References
from consumers.agent.targets import DnsTarget, HttpTarget, Proxy, Reference, Target, TcpTarget, TlsTarget

ERROR = 400
"""From here on a status of HTTP is an error."""


class Referred(NamedTuple):
    """A reference, and what came of one try of it."""

    address: str
    proxy: str | None
    """By which it was asked; None if by none."""
    attempt: Attempt


class Prober:
    """Probes the targets of one agent. It is made within a running event loop, and closed there."""

    def __init__(self, loaded: Loaded, awareness: Awareness, clock: Clock) -> None:
        """Read the authorities, and begin with nothing seen.

        Raises:
            BadInputError: the file of authorities cannot be read.
        """
        self._file, self._headers, self._proxies = loaded.file, loaded.headers, loaded.proxies
        self._awareness = awareness
        self._names = Names()
        certificates = Certificates(self._names, clock, self._file.ca_file)
        self._http = HttpTries(self._names, certificates, clock)
        self._plain = PlainTries(self._names, certificates, clock)
        self._ways = {proxy: self._references_by(proxy, clock) for proxy in set(self._proxies.values())}

    def _usable_by(self, proxy: Proxy | None) -> Sequence[str]:
        return [each for each in self._file.references if proxy is None or each.startswith("http")]

    def _references_by(self, proxy: Proxy | None, clock: Clock) -> References:
        """The references as they are looked at by a proxy: so they tell whether it lets anybody through."""

        async def of(found: Reference, timeout_ms: int) -> Attempt:
            if isinstance(found, TcpTarget):
                return await self._plain.tcp(found, timeout_ms)
            attempt = await self._http.attempt(found, {}, timeout_ms, anew=True, proxy=proxy)
            # An error may be the word of the proxy, which answers also where its own network is away.
            return attempt._replace(status=0) if proxy and attempt.status >= ERROR else attempt

        return References(self._usable_by(proxy), of, self._file.reference_ms, clock)

    async def keep_looking(self) -> None:
        """Look at the references by each way now and then, until cancelled."""
        await asyncio.gather(*(references.keep_looking() for references in self._ways.values()))

    async def references_answer(self, moment_ms: int) -> bool:
        """Whether a reference answers by each way, in a look that begins at a moment or later."""
        ways = self._ways.values()
        await asyncio.gather(*(references.looked_after(moment_ms) for references in ways))
        return all(references.last.answered for references in ways)

    async def each_reference(self) -> Sequence[Referred]:
        """What each reference says, by each way on which it is looked at."""
        ways = list(self._ways.items())
        tried = await asyncio.gather(*(references.each() for _, references in ways))
        return [
            Referred(address, proxy.url if proxy else None, attempt)
            for (proxy, _), attempts in zip(ways, tried, strict=True)
            for address, attempt in zip(self._usable_by(proxy), attempts, strict=True)
        ]

    @property
    def told(self) -> Mapping[str, Told]:
        """Host -> what it said last what the time is."""
        return self._http.told

    def forget_told(self) -> None:
        """Ask anew what the time is."""
        self._http.told.clear()

    async def close(self) -> None:
        """End all connections."""
        await self._http.close()
        await self._names.close()

    async def probe(self, target: Target) -> Judged:
        """What a round says of a target."""
        references = self._ways[self._proxies[target.platform]]
        first, second = await self._attempt(target, anew=False), None
        if first.failure:
            await self._look_between(references, target, first)
            second = await self._attempt(target, anew=True)
            if second.failure:
                await references.looked_after(second.ended_ms)
        known = Self(references.since(first.started_ms), self._awareness.standstills_since(first.started_ms))
        return judged(first, second, known, self._file.degraded_after_ms_of(target))

    async def _look_between(self, references: References, target: Target, first: Attempt) -> None:
        """Look at the references before the second try, for no longer than the first one might have taken.

        Two tries that are refused take a moment. A network that is away for that moment, and back for a look
        behind them, would make the platform down; so the second one is made by a network that works.
        """
        left_ms = self._file.timeout_ms_of(target) - first.length_ms
        if left_ms > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(references.looked_after(first.ended_ms), left_ms / 1000)

    async def _attempt(self, target: Target, *, anew: bool) -> Attempt:
        timeout_ms = self._file.timeout_ms_of(target)
        match target:
            case HttpTarget():
                headers, proxy = self._headers[target.platform], self._proxies[target.platform]
                return await self._http.attempt(target, headers, timeout_ms, anew=anew, proxy=proxy)
            case TcpTarget():
                return await self._plain.tcp(target, timeout_ms)
            case TlsTarget():
                return await self._plain.tls(target, timeout_ms)
            case DnsTarget():
                return await self._plain.dns(target, timeout_ms)


async def cancelled(*tasks: "asyncio.Task[None]") -> None:
    """End tasks that go on for ever."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
