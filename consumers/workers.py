"""Processes that work on one ledger: each takes a part, reads the log itself, and gives back what it found.

Rounds are folded by whole agents, contracts judged by whole contracts (`judges.py`).
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Self, TypeVar

from consumers.cache.folder import folder_of
from consumers.counting import Done, done_here
from consumers.share import Share, fold_share
from ledger.application import KAFKA, SQLITE, Heard
from ledger.errors import BadInputError
from ledger.progress import Progress
from projections.asof import Known, StepsByAgent

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.context import BaseContext
    from multiprocessing.sharedctypes import Synchronized

Part = TypeVar("Part")
Outcome = TypeVar("Outcome")

MANY_ROUNDS = 30_000
"""Fewer are folded here in less time than sharing them out takes."""
ROUND_BYTES_MIN = 350
"""No round is stored in less: its envelope alone takes that."""
TOLD_EVERY_S = 0.2
"""How often it is told how far others are, once nothing is left to do here."""
PROCESSES = "CONSTAT_WORKERS"
"""The environment may say how many processes work; else one for each core that we may use."""


class Workers:
    """Processes that work on one ledger; `fold` gives what `fold_agents` gives, from a cache or not.

    Enter it before the ledger is opened: where the system can split a process in two, the others are there at
    once and need no imports of their own. Neither an open database nor a second thread outlives that, so
    where there is one already, or another system, each starts afresh and half a second later.

    `heard` hears how many rounds are folded, of how many that there are.
    """

    def __init__(self, url: str, count: int, cache: Path | None = None) -> None:
        self.url = url
        self.count = count
        self.cache = cache
        self.heard: Heard = lambda _done, _of: None
        self._done = Done()
        self._pool: ProcessPoolExecutor | None = None

    @classmethod
    def of(cls, url: str, *, cached: bool = True) -> "Workers":
        """As many as the environment says, or as there are cores; with the ledger's cache, if that is wanted.

        Raises:
            BadInputError: it says something else than a number from 1 on.
        """
        said = os.environ.get(PROCESSES) or str(_cores())
        if not said.isdecimal() or not int(said):
            raise BadInputError(f"{PROCESSES}={said} is no number of processes; write 1 or more, or unset it")
        return cls(url, int(said), folder_of(url) if cached else None)

    def __enter__(self) -> Self:
        if self.count > 1 and _may_be_large(self.url):
            self._pool, self._done.shared = _pool(self.count - 1)
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if failure is not None:  # nobody waits for what they are at
            end_children()
        self._pool.shutdown(cancel_futures=True)

    def fold(
        self, known: Known, agents: Sequence[str], platforms: frozenset[str], stale_after_ms: int
    ) -> StepsByAgent:
        """The steps of each agent.

        Raises:
            DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
        """
        telling = self.counting(lambda rounds: self.heard(rounds, known.round_offset))
        plans = list(known.facts_about("plan"))
        whole = Share(self.url, known.as_of, plans, agents, platforms, stale_after_ms, self.cache)
        processes = min(self.count, len(agents))
        if self._pool is None or processes <= 1 or whole.behind(known) < MANY_ROUNDS:
            return whole.fold(known, telling)
        shares = [whole._replace(agents=agents[first::processes]) for first in range(processes)]
        folded = self.spread(shares, fold_share, lambda share: share.fold(known, telling), telling)
        return {agent: steps for each in folded for agent, steps in each.items()}

    @property
    def at_hand(self) -> int:
        """How many processes can work at once, this one included."""
        return 1 if self._pool is None else self.count

    def spread(
        self,
        parts: Sequence[Part],
        elsewhere: Callable[[Part], Outcome],
        here: Callable[[Part], Outcome],
        telling: Progress,
    ) -> list[Outcome]:
        """What each part of some work comes to: the first is done here, each other one in another process.

        `telling` is told of nothing now and then, so that whoever shows progress looks at what all have done.
        A part whose process dies is done here, too.
        """
        own, *others = parts
        at_work = [self._begun(elsewhere, part) for part in others]
        done = [here(own)]
        for part, work in zip(others, at_work, strict=True):
            done.append(here(part) if work is None else _outcome(work, partial(here, part), telling))
        return done

    def _begun(self, elsewhere: Callable[[Part], Outcome], part: Part) -> "Future[Outcome] | None":
        """A part at work in another process; None if one was killed before, for then none takes any more."""
        from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 - few commands need it

        assert self._pool
        try:
            return self._pool.submit(elsewhere, part)
        except BrokenProcessPool:
            return None

    def counting(self, hear: Callable[[int], None]) -> Progress:
        """Counts, from nothing on, what is done here; `hear` hears how much all have done."""
        self._done.begin()

        def tell(more: int) -> None:
            self._done.add(more)
            hear(self._done.number)

        return tell


def _pool(processes: int) -> "tuple[ProcessPoolExecutor, Synchronized[int]]":
    """Processes that wait for a share: split off now if that is safe, else started when there is one.

    With them, where all of them count.
    """
    from multiprocessing import get_context  # noqa: PLC0415 - few commands need them

    if not _is_alone():
        return _waiting(processes, get_context("spawn"))
    pool, done = _waiting(processes, get_context("fork"))
    pool.submit(_cores)  # any work: with the first all of them are split off
    return pool, done


def _waiting(processes: int, context: "BaseContext") -> "tuple[ProcessPoolExecutor, Synchronized[int]]":
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - few commands need them

    done = context.Value("q", 0)
    return ProcessPoolExecutor(processes, context, initializer=_follow, initargs=(done,)), done


def end_children() -> None:
    """End the processes of every pool of this one, whatever they are at."""
    from multiprocessing import active_children  # noqa: PLC0415

    for child in active_children():
        child.terminate()


def _follow(done: "Synchronized[int]") -> None:
    """Leave when the first process leaves, however it ends: only that one hears a Ctrl-C."""
    done_here.shared = done
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    from multiprocessing import parent_process  # noqa: PLC0415 - there only in a process of the pool

    if parent := parent_process():
        parent.join()
    os._exit(1)  # nothing of ours is worth finishing


def _is_alone() -> bool:
    """Whether this process has one thread, counted by the system: those of Polars are not Python's."""
    return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1


def _may_be_large(url: str) -> bool:
    """Whether a ledger could have many rounds, as far as can be told without opening it."""
    if url.startswith(KAFKA):
        return True
    try:
        return Path(url.removeprefix(SQLITE)).stat().st_size >= MANY_ROUNDS * ROUND_BYTES_MIN
    except OSError:  # no such file: whoever opens it says so
        return False


def _outcome(work: "Future[Outcome]", here: Callable[[], Outcome], telling: Progress) -> Outcome:
    """What another process came to; while it is at it, it is told how far all of them are."""
    from concurrent.futures import wait  # noqa: PLC0415 - as above
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    while wait([work], TOLD_EVERY_S).not_done:
        telling(0)
    telling(0)
    try:
        return work.result()
    except BrokenProcessPool:  # killed, perhaps for its memory: it is done here, which takes longer
        return here()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
