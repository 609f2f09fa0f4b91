"""The endpoint that Prometheus scrapes, and how a ledger is looked at for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server

from consumers.metrics.collector import EVERY_S, LedgerCollector, Look
from consumers.metrics.snapshot import Snapshot, billed, look
from ledger.application import open_engine
from ledger.errors import BadInputError
from projections.asof import Known
from projections.moment import at_head


@dataclass(frozen=True)
class Watched:
    """What is looked at: a ledger and, if named, how far its feed and its billing have come."""

    url: str
    now_ms: Callable[[], int]
    reached: Callable[[], int | None] = lambda: None
    bill_store: Path | None = None

    def look(self) -> Snapshot:
        """Look once. The ledger is opened for it and closed, so that one that was away is found again.

        Raises:
            ConstatError: the ledger, the feed or the store cannot be read.
        """
        engine = open_engine(self.url, create=False)
        try:
            known = Known.at(engine, at_head(engine, self.now_ms()))
            return look(known, self.reached(), billed(self.bill_store) if self.bill_store else None)
        finally:
            engine.close()


def registry_of(looking: Look, every_s: float = EVERY_S) -> CollectorRegistry:
    """A registry with the metrics of a ledger; more may be put into it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(LedgerCollector(looking, every_s))
    return registry


@contextmanager
def serving(registry: CollectorRegistry, address: str, port: int) -> Iterator[int]:
    """Answer scrapes as long as the block runs; the port that is listened on.

    Raises:
        BadInputError: it cannot be listened on.
    """
    try:
        server, thread = start_http_server(port, address, registry)
    except OSError as error:
        raise BadInputError(
            f"port {port} of {address} cannot be listened on ({error.strerror}); end what listens there, or "
            "name another port"
        ) from error
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
