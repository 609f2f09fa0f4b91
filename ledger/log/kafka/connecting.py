"""How every client gets to its brokers: within seconds, and with the reason where it does not.

Left alone, the library tries until its time is over and then says no more than that; it does not bound the
greeting of TLS, so that a peer who never answers holds it for ever; it drops what a peer says right before he
closes, so that a wrong password is tried again; one silent broker uses up the time of those that answer; and
what it had opened stays open when it gives up, a socket that no broker took among it. What is put right here
overrides methods that the library does not promise to keep, which is why its version is pinned.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket, create_connection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

from ledger.log.kafka.address import Address
from ledger.log.kafka.tls import context_of
from ledger.log.kafka.unreached import NotConnectedError, unreachable

ATTEMPT_MS = 3_000
"""How long one broker may take to let us in before another one is asked."""
BACKOFF_MS_MAX = 1_000
"""How long a broker that did not let us in is left alone: left alone, the library comes to half a minute."""
TOPIC_MS = 20
"""How long a client waits before it asks for a topic that it first hears of."""

Client = TypeVar("Client")


def connected(make: Callable[..., Client], address: Address, **settings: Any) -> Client:  # noqa: ANN401
    """A client of the library that has found its brokers.

    Raises:
        BadInputError: a file for TLS that the URL names is none.
        UnreachableLedgerError: no broker answers, or none lets us in.
    """
    opened: list[Net] = []

    def net(**more: Any) -> Net:  # noqa: ANN401
        opened.append(Net(**more))
        return opened[-1]

    common = {"ssl_context": context_of(address.client), "reconnect_backoff_max_ms": BACKOFF_MS_MAX}
    try:
        return make(**address.client, **common, **settings, kafka_client=net)
    except (KafkaError, OSError, ValueError) as error:
        for each in opened:
            each.close()
        raise unreachable(address, error) from error


class Net(KafkaNetClient):  # type: ignore[misc] # the library ships no types
    """What a client speaks through."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401
        net = NetworkSelector(**settings)
        super().__init__(net, Connections(net, **settings))


class Connections(KafkaConnectionManager):  # type: ignore[misc] # as above
    """Connections that know why one did not come about."""

    def __init__(self, net: NetworkSelector, **settings: Any) -> None:  # noqa: ANN401
        super().__init__(net, **settings)
        self.cluster.config["retry_backoff_ms"] = TOPIC_MS  # which the library does not hand on
        self._failures: dict[str, NotConnectedError] = {}

    async def _do_bootstrap(self, deadline: float | None) -> bool:
        self._failures.clear()
        try:
            return bool(await super()._do_bootstrap(deadline))
        except KafkaTimeoutError as error:
            raise next(reversed(self._failures.values()), error) from error

    def get_connection(self, node_id: str | int, timeout_ms: float | None = None, **how: Any) -> Any:  # noqa: ANN401
        """The connection to a broker; raises at once when no broker will ever let us in."""
        if self.cluster.is_bootstrap(node_id):
            self._give_up_if_all_refuse()
            timeout_ms = min(ATTEMPT_MS, ATTEMPT_MS if timeout_ms is None else timeout_ms)
        return super().get_connection(node_id, timeout_ms=timeout_ms, **how)

    def _give_up_if_all_refuse(self) -> None:
        failures = [self._failures.get(each.node_id) for each in self.cluster.bootstrap_brokers()]
        if all(each is not None and each.is_for_good for each in failures):
            raise next(filter(None, failures))

    async def _connect(self, node: Any, conn: Any, **how: Any) -> None:  # noqa: ANN401
        if self.cluster.is_bootstrap(node.node_id):
            conn.close_future.add_errback(lambda error: self._remember(node, error))
        await super()._connect(node, conn, **how)

    def _remember(self, node: Any, error: BaseException) -> None:  # noqa: ANN401
        before = self._failures.get(node.node_id)
        if before is None or not before.is_for_good:
            self._failures[node.node_id] = NotConnectedError(f"{node.host}:{node.port}", error)

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:  # noqa: ANN401
        options, way = self.config["socket_options"], f"{Closing.SCHEMES[0]}://"
        sock = await create_connection(
            self._net, node.host, node.port, options, proxy_url=way, timeout_at=timeout_at
        )
        if not self.ssl_enabled:
            return Plain(self._net, sock, host=node.host)
        transport = Greeted(self._net, sock, host=node.host, ssl_context=self.config["ssl_context"])
        try:
            await transport.greet(timeout_at)
        except (OSError, KafkaError) as error:
            transport.close()
            raise KafkaConnectionError(f"TLS: {error}") from error
        return transport


class Closing(KafkaNetSocket):  # type: ignore[misc] # as above
    """Sockets that are closed when no broker takes them.

    The library finds the class of a way to a broker, as that by a proxy, by the scheme of its URL.
    """

    SCHEMES = ("closing",)

    async def sock_connect(self, net: Any, sock: socket.socket, *where: Any, **until: Any) -> socket.socket:  # noqa: ANN401
        """Connect; whoever does not come so far, or is not waited for any longer, leaves nothing open."""
        try:
            await super().sock_connect(net, sock, *where, **until)
        except BaseException:
            sock.close()
            raise
        return sock


class Plain(KafkaTCPTransport):  # type: ignore[misc] # as above
    """A connection on which a peer's last words are heard."""

    def _sock_recv(self) -> tuple[bytes, KafkaError | None]:
        return _last_words(*super()._sock_recv())


def _last_words(said: bytes, error: KafkaError | None) -> tuple[bytes, KafkaError | None]:
    """What was said before its end, first: who listens once more hears of the end again."""
    return said, None if said else error


class Greeted(KafkaSSLTransport):  # type: ignore[misc] # as above
    """The same by TLS, whose greeting ends in time."""

    def _sock_recv(self) -> tuple[bytes, KafkaError | None]:
        return _last_words(*super()._sock_recv())

    async def greet(self, timeout_at: float | None) -> None:
        """Agree on how to speak TLS, and see that the broker is who it should be."""
        while True:
            try:
                self._sock.do_handshake()
            except ssl.SSLWantReadError:
                await self._net.wait_read(self._sock, timeout_at=timeout_at)
            except ssl.SSLWantWriteError:
                await self._net.wait_write(self._sock, timeout_at=timeout_at)
            else:
                return
