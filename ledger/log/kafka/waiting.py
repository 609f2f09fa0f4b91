"""Who waits for brokers for long is told so: now and then a warning says for how long, and until when.

A wait costs next to nothing while it is short, because many appends wait for a moment. One thread watches all
of them; it ends when nobody waits.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from ledger.log.kafka.address import Address

QUIET_S = 5.0
"""How long somebody waits before it is said."""
AGAIN_S = 15.0
"""How long after that it is said again."""
STEP_S = 0.5
"""How often those who wait are looked at."""
_LOG = logging.getLogger(__name__)
"""Python shows a warning of a program that has set up no logging on the standard error."""

Given = ParamSpec("Given")
Found = TypeVar("Found")


class _Wait:
    """One wait, and when it is said next."""

    def __init__(self, what: str, limit: str) -> None:
        self._what = what
        self._limit = limit
        self.trouble = ""
        """Why it has lasted until now, if anybody knows."""
        self.go_on()

    def go_on(self) -> None:
        """Begin anew: something came."""
        self._began_s = time.monotonic()
        self._due_s = self._began_s + QUIET_S

    def say_if_due(self, now_s: float) -> None:
        if now_s >= self._due_s:
            self._due_s = now_s + AGAIN_S
            _LOG.warning(
                "constat: waiting for %s for %.0f s now; %s%s",
                self._what,
                now_s - self._began_s,
                self._limit,
                f". Until now: {self.trouble}" if self.trouble else "",
            )


class _Watch:
    """The thread that looks at all waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: set[_Wait] = set()
        self._runs = False

    def enter(self, wait: _Wait) -> None:
        with self._lock:
            self._waits.add(wait)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="watch of waits", daemon=True).start()

    def leave(self, wait: _Wait) -> None:
        with self._lock:
            self._waits.discard(wait)

    def _run(self) -> None:
        while True:
            time.sleep(STEP_S)
            with self._lock:
                if not self._waits:
                    self._runs = False
                    return
                waits = tuple(self._waits)
            for wait in waits:
                wait.say_if_due(time.monotonic())


_WATCH = _Watch()
_OF_THREAD = threading.local()


@contextmanager
def waiting(what: object, limit: str) -> Iterator[None]:
    """Say that somebody waits for something, if it lasts; within another wait it is part of that one."""
    if getattr(_OF_THREAD, "wait", None):
        yield
        return
    _OF_THREAD.wait = wait = _Wait(str(what), limit)
    _WATCH.enter(wait)
    try:
        yield
    finally:
        _OF_THREAD.wait = None
        _WATCH.leave(wait)


def goes_on() -> None:
    """Something came for this thread: it has not waited until now."""
    if wait := getattr(_OF_THREAD, "wait", None):
        wait.go_on()


def in_trouble(why: object) -> None:
    """What this thread has waited for did not come yet, and why: so that its reader need not wait to hear."""
    if wait := getattr(_OF_THREAD, "wait", None):
        wait.trouble = str(why)


def noticed(
    method: Callable[Concatenate[Any, Given], Found],
) -> Callable[Concatenate[Any, Given], Found]:
    """A method that waits for the brokers of its `_address`, and of which that is said."""

    @wraps(method)
    def watched(self: Any, /, *args: Given.args, **how: Given.kwargs) -> Found:  # noqa: ANN401
        with waiting(self._address, limit_of(self._address)):
            return method(self, *args, **how)

    return watched


def limit_of(address: Address) -> str:
    """Until when an append, or a reader, tries."""
    return (
        f"it is given up after {address.timeout_s:.0f} s (timeout_s), or up to half a minute later where an "
        "answer is under way"
    )
