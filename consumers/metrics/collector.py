"""Metrics in the form of Prometheus. A scrape never writes, and looks at the ledger only now and then.

A figure that is not known is not there: a gauge of zero would be a number that nobody measured.
"""

import logging
import time
from collections.abc import Callable, Iterator
from threading import Lock, Thread

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from consumers.metrics.snapshot import Snapshot
from ledger.errors import ConstatError

EVERY_S = 15.0
"""Nobody scrapes much more often."""
REST = 10
"""A look at a large ledger takes long: the next one waits so many times as long as the last one took."""
PATIENCE_S = 5.0
"""Prometheus gives up after ten."""
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""An append is some flushes of a disk, or an answer of brokers; after 30 s a writer gives up."""

Look = Callable[[], Snapshot]

_LOG = logging.getLogger(__name__)


class LedgerCollector(Collector):
    """What is told of a ledger, looked at anew at most every so many seconds.

    A look at a large ledger outlasts a scrape, so it goes on beside: after `PATIENCE_S` a scrape gets what
    the look before found. `constat_looked_at_timestamp_seconds` says how old that is.
    """

    def __init__(
        self, look: Look, every_s: float = EVERY_S, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._every_s = every_s
        self._now_s = now_s
        self._lock = Lock()
        self._snapshot: Snapshot | None = None
        self._has_looked = False
        self._good_until_s = float("-inf")
        self._looking: Thread | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics of the last look; several scrapes at once wait for one look."""
        if looking := self._begun():
            looking.join(PATIENCE_S if self._has_looked else None)
        snapshot = self._snapshot
        yield _gauge("ledger_readable", "Whether the ledger could be read.", float(snapshot is not None))
        if snapshot:
            yield from _families(snapshot)

    def _begun(self) -> Thread | None:
        """The look that is going on, begun now if it is time."""
        with self._lock:
            if self._looking and self._looking.is_alive():
                return self._looking
            if self._now_s() < self._good_until_s:
                return None
            self._looking = Thread(target=self._look_again, name="metrics", daemon=True)
            self._looking.start()
            return self._looking

    def _look_again(self) -> None:
        began_s = self._now_s()
        try:
            self._snapshot = self._look()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of the ledger is known now
            self._snapshot = None
            why = str(error) if isinstance(error, ConstatError) else type(error).__name__
            _LOG.warning("constat: no metrics of the ledger now: %s", why)
        ended_s = self._now_s()
        self._good_until_s = ended_s + max(self._every_s, REST * (ended_s - began_s))
        self._has_looked = True


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"constat_{name}", text, value=value)


def _families(found: Snapshot) -> Iterator[GaugeMetricFamily]:
    yield _gauge("looked_at_timestamp_seconds", "When the ledger was looked at.", found.at_ms / 1000)
    yield _gauge("recorded_position", "Facts in the decision log.", found.position)
    yield _gauge("recorded_rounds", "Rounds in the probe log.", found.rounds)
    yield _labelled(
        "agent_last_round_timestamp_seconds",
        "When the last round of an agent started, in seconds since 1970.",
        ("agent",),
        {(agent,): start_ms / 1000 for agent, start_ms in found.last_round_ms.items()},
    )
    yield _labelled(
        "inbox_items",
        "What needs somebody, as `constat inbox` lists it.",
        ("kind", "overdue"),
        {(kind, str(overdue).lower()): float(count) for (kind, overdue), count in found.items.items()},
    )
    yield _labelled(
        "unknown_share",
        "The share of a contract's running period that nobody observed, of the time that counts.",
        ("contract",),
        {(contract,): float(share) for contract, share in found.unknown.items()},
    )
    if found.relay_lag is not None:
        yield _gauge("relay_lag_events", "Events that are not at the place they go to.", found.relay_lag)
    if found.billing_lag is not None:
        yield _gauge("billing_lag_events", "Events that billing has not applied.", found.billing_lag)


def _labelled(
    name: str, text: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"constat_{name}", text, labels=labels)
    for each, value in values.items():
        family.add_metric(each, value)
    return family


# ---------------------------------------------------------------- what only a running process knows


class ProcessMetrics:
    """How the consumers of this process are, and how long its own appends took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._appends = Histogram(
            "constat_append_seconds",
            "How long an append of this process took, until it was on disk or with the brokers.",
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._running = Gauge(
            "constat_consumer_running",
            "Whether a consumer of this process is at work, and not waiting to begin again.",
            ("consumer",),
            registry=registry,
        )
        self._failures = Counter(
            "constat_consumer_failures",
            "How often a consumer of this process failed and had to begin again.",
            ("consumer",),
            registry=registry,
        )
        self.relayed_position: int | None = None
        """Up to where the feed has arrived; None before that was found out."""

    def expect(self, consumer: str) -> None:
        """Have a consumer show before it has begun."""
        self._running.labels(consumer)
        self._failures.labels(consumer)

    def appended(self, seconds: float) -> None:
        """An append was acknowledged."""
        self._appends.observe(seconds)

    def running(self, consumer: str, *, is_running: bool) -> None:
        """A consumer began or ended."""
        self._running.labels(consumer).set(is_running)

    def failed(self, consumer: str) -> None:
        """A consumer failed."""
        self._failures.labels(consumer).inc()

    def relayed(self, position: int) -> None:
        """The feed has arrived up to a position."""
        self.relayed_position = position
