"""Bars on the standard error, while a person looks at the terminal."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ledger.progress import Stages

MANY_RECORDS = 2_000
"""Fewer are read before a bar could be seen."""


def is_terminal() -> bool:
    """Whether a person is looking at the standard output (bars and colours only then)."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def progress_bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on the standard error while a person looks at the terminal; the yielded call advances it."""
    if not is_terminal():
        yield lambda _: None
        return
    with _bars() as progress:
        task = progress.add_task(what, total=total)
        yield lambda steps: progress.advance(task, steps)


@contextmanager
def progress_in_stages() -> Iterator["Stages"]:
    """The same for work in several stages, each with a bar of its own once it begins."""
    from ledger.progress import untold

    if not is_terminal():
        yield untold
        return
    with _bars() as progress:
        tasks: dict[str, TaskID] = {}

        def heard(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        yield heard


@contextmanager
def bar_while_reading() -> Iterator[Callable[[int, int], None]]:
    """A bar that appears only if much of a ledger has to be read before it can be used."""
    with ExitStack() as shown:
        bars: list[Callable[[int], None]] = []
        seen = 0

        def heard(done: int, of: int) -> None:
            nonlocal seen
            if not bars and of >= MANY_RECORDS:
                bars.append(shown.enter_context(progress_bar("reading the log, once on this machine", of)))
            for advance in bars:
                advance(done - seen)
            seen = done

        yield heard


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
