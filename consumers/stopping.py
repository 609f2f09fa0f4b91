"""A command that goes on until it is told to stop: SIGTERM and Ctrl-C end it between two steps."""

import signal
import threading
from collections.abc import Iterator
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
