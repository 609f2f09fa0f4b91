"""Whether a process probes under the name of an agent, as far as the ledger tells (12.13)."""

from typing import NamedTuple

from ledger import runs
from ledger.application import Ledger
from ledger.instants import format_instant
from ledger.runs import Run

SILENT_ROUNDS = 3
"""Who has made no round for so many periods, and did not say that it ended, was killed."""


class Running(NamedTuple):
    """A process that probes."""

    agent: str
    run: Run
    """The one that was begun last of those that have not ended."""
    number: int
    """Of its last round."""
    start_ms: int
    """When that round began."""
    silent_ms: int
    """If no other round has begun by then, it was killed."""

    @property
    def told(self) -> str:
        """What the ledger knows of it, as half a sentence."""
        since, began = format_instant(self.run.started_ms), format_instant(self.start_ms)
        return (
            f"it was started at {since} in {self.run.started.place}, and its round {self.number} began at "
            f"{began}"
        )


def running(ledger: Ledger, agent: str, now_ms: int) -> Running | None:
    """The process that probes under a name; None if the ledger tells of none.

    It has not ended, and a round began not long ago, after whatever end was recorded last.
    """
    history = ledger.load(runs.stream_of(agent), runs.INITIAL, runs.evolve)[0].history
    at_work = [run for run in history if run.stopped_ms is None]
    plan = ledger.plans_of(agent).last
    if not at_work or plan is None:
        return None
    ended_ms = max((run.stopped_ms for run in history if run.stopped_ms is not None), default=0)
    silence_ms = SILENT_ROUNDS * plan.period_ms
    from_ms = max(now_ms - silence_ms, ended_ms)
    recent = ledger.engine.rounds(agents=[agent], start_from_ms=from_ms, start_until_ms=now_ms + 1)
    last = max(recent, key=lambda each: each.number, default=None)
    if last is None:
        return None
    return Running(agent, at_work[-1], last.number, last.start_ms, last.start_ms + silence_ms)
