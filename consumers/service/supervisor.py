"""Keeps consumers running: each in a thread of its own, begun again with growing delay when it fails.

A thread and not a turn for each, because a mail server that takes a minute to answer must not hold up a
penalty. What they share is the ledger alone, and that each opens for itself: to the ledger they are separate
writers, as separate processes would be, and its rule of appending arbitrates between them (record 0080).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from typing import Protocol

import structlog

from consumers.billing.store import NoLongerOwnerError
from consumers.stopping import Stop
from ledger.errors import ConstatError

DELAYS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Before a consumer that failed is begun again; the last one for ever."""
HEALTHY_S = 60.0
"""Whoever ran for so long has recovered: the next failure is a first one again."""
GRACE_S = 10.0
"""So long what is at hand may take to be finished once the end is asked for; systemd kills after 90 s."""
FINAL = (NoLongerOwnerError,)
"""Another process has taken over for good; to begin again would take it back."""

Work = Callable[[Stop], None]
"""What a consumer does until it is told to stop; it opens what it needs, and closes it."""

_LOG = structlog.stdlib.get_logger(__name__)


class Watcher(Protocol):
    """Hears how each consumer is."""

    def running(self, consumer: str, *, is_running: bool) -> None:
        """It began or ended."""

    def failed(self, consumer: str) -> None:
        """It failed."""


class Supervisor:
    """Several consumers, by name, kept running until `stop` is asked."""

    def __init__(
        self,
        works: Mapping[str, Work],
        watcher: Watcher,
        stop: Stop,
        delays_s: Sequence[float] = DELAYS_S,
    ) -> None:
        self._stop = stop
        self._watcher = watcher
        self._delays_s = delays_s
        self._threads = {
            name: Thread(target=self._keep_running, args=(name, work), name=name, daemon=True)
            for name, work in works.items()
        }

    def start(self) -> None:
        """Begin with all of them."""
        for thread in self._threads.values():
            thread.start()

    def end(self) -> list[str]:
        """Ask for the end and wait for it; who is still at work is left there, as if it had been killed."""
        self._stop.ask()
        latest_s = time.monotonic() + GRACE_S
        for thread in self._threads.values():
            thread.join(max(0.0, latest_s - time.monotonic()))
        return [name for name, thread in self._threads.items() if thread.is_alive()]

    def _keep_running(self, name: str, work: Work) -> None:
        failures = 0
        while not self._stop.is_asked:
            began_s = time.monotonic()
            error = self._attempt(name, work)
            if error is None or isinstance(error, FINAL):
                return
            failures = 1 if time.monotonic() - began_s >= HEALTHY_S else failures + 1
            delay_s = self._delays_s[min(failures, len(self._delays_s)) - 1]
            _LOG.warning("begins again later", consumer=name, failures=failures, seconds=delay_s)
            self._stop.wait(delay_s)

    def _attempt(self, name: str, work: Work) -> Exception | None:
        """Run once; what it failed of. Nothing that one consumer raises reaches another one."""
        self._watcher.running(name, is_running=True)
        _LOG.info("began", consumer=name)
        try:
            work(self._stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self._watcher.failed(name)
            _LOG.error("failed", consumer=name, error=type(error).__name__, why=_why(error))
            return error
        else:
            _LOG.info("ended", consumer=name)
            return None
        finally:
            self._watcher.running(name, is_running=False)


def _why(error: Exception) -> str:
    """Our own sentences; of anything else only where it happened, because nobody knows what it quotes."""
    if isinstance(error, ConstatError):
        return str(error)
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"
    return f"nobody expected it; raised at {where}"
