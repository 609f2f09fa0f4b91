"""A command that goes on until it is told to stop: SIGTERM and Ctrl-C end it between two steps."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether somebody has asked for the end."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Ask for the end; also as a handler of signals."""
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Whether to end now."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until the end is asked for; whether it is."""
        return self._asked.wait(seconds)


@contextmanager
def until_told() -> Iterator[Stop]:
    """A `Stop` that SIGTERM and SIGINT ask, as long as the block runs."""
    stop = Stop()
    before = {number: signal.signal(number, stop.ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


ENDING = frozenset((signal.SIGTERM, signal.SIGINT))


@contextmanager
def signals_held() -> Iterator[Callable[[], None]]:
    """Hold SIGTERM and SIGINT back from every thread that begins within; the yielded call waits for one.

    No handler runs, so none can run into a lock that its own thread holds. Whoever asks twice has asked once.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield _wait_for_one
    finally:
        while signal.sigpending() & ENDING:
            _wait_for_one()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait_for_one() -> None:
    signal.sigwait(ENDING)
