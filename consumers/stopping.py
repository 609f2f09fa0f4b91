"""A command that goes on until it is told to stop: SIGTERM and Ctrl-C end it between two steps."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = frozenset((signal.SIGTERM, signal.SIGINT))
"""The signals that ask for the end."""


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
    before = {number: signal.signal(number, stop.ask) for number in ENDING}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def end_awaited() -> Iterator[Callable[[], None]]:
    """Have SIGTERM and SIGINT end nothing; the yielded call waits for one. Whoever asks twice has asked once.

    The system may hand a signal to any thread, those of a library included, so it is not enough that ours
    would not take it. Whichever gets it writes a byte; the handler in Python does nothing, and so cannot run
    into a lock that its own thread holds.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    fd_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, _pass_over) for number in ENDING}
    try:
        yield lambda: _wait_for_one(reader)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(fd_before)
        reader.close()
        writer.close()


def _pass_over(_number: int, _frame: FrameType | None) -> None:
    """The byte is written already."""


def _wait_for_one(reader: socket.socket) -> None:
    reader.recv(1)
