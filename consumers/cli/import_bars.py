"""The bars of an import: how much of a source is read, and then stored."""

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self

from consumers.cli import bars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.intake.results import Progress


@contextmanager
def watched(what: str, total: int | None) -> "Iterator[Progress]":
    """A bar that hears how much is done, not how much was added."""
    with bars.progress_bar(what, total) as advance:
        done = 0

        def progress(now: int, _: int) -> None:
            nonlocal done
            advance(now - done)
            done = now

        yield progress


class Bars:
    """One bar at a time: that of a phase takes the place of the one before."""

    def __init__(self) -> None:
        self._shown = ExitStack()
        self._phase = ""
        self._progress: Callable[[int, int], None] = lambda _done, _of: None

    def phase(self, what: str) -> "Progress":
        """What hears of a phase; its bar appears when it is first heard of."""

        def progress(done: int, of: int) -> None:
            if self._phase != what:
                self._shown.close()
                self._phase, self._progress = what, self._shown.enter_context(watched(what, of))
            self._progress(done, of)

        return progress

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.close()
