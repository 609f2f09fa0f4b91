"""What the ways share that keep each result for itself: the results, a file of them, their steps and sums."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from consumers.bench.part import Part, made
from consumers.bench.rounds import plan_of, rounds_of
from consumers.bench.sums import Sums, within
from consumers.bench.write import TERMS
from ledger.application import open_engine
from ledger.log.interface import Engine
from ledger.log.sqlite import SQLiteEngine
from ledger.plans import PlanSet
from ledger.rounds import Round
from projections.changes import Said, frame
from projections.steps import UNKNOWN, Steps, say
from projections.verdicts import verdicts


class Result(NamedTuple):
    """What an agent saw of one platform."""

    platform: str
    at: int
    outcome: str
    status: int
    error: str
    latency_ms: int


# ---------------------------------------------------------------- written

Append = Callable[[SQLiteEngine, str, Iterator[list[Result]]], None]
"""Appends what an agent saw, round by round, in a form of its own."""


def write(part: Part, form: str, append: Append) -> Path:
    """A file of that form with every result of the part, if it is not there."""
    return made(part.ledger.with_suffix(f".{form}.db"), lambda begun: _write(part, begun, append))


def _write(part: Part, path: Path, append: Append) -> None:
    engine = SQLiteEngine(str(path), clock=lambda: part.bounds.end_ms)
    for agent in part.month.agents:
        plan = plan_of(part.month, *agent)
        rounds = rounds_of(part.month, *agent, part.minutes)
        append(engine, plan.agent, (list(_results(found, plan)) for found in rounds))
    engine.close()


def _results(found: Round, plan: PlanSet) -> Iterator[Result]:
    for index, planned in enumerate(plan.platforms):
        outcome = found.outcome(index)
        if outcome is not None:
            _, status, error = found.not_up.get(index, (outcome, planned.usual_status, ""))
            at_ms = found.start_ms + planned.offset_ms + found.deviation_ms(index)
            yield Result(planned.platform, at_ms, outcome, status, error, found.latency_ms(index))


# ---------------------------------------------------------------- and read


class Heard:
    """What one agent says of one platform, and until when the last of it holds."""

    __slots__ = ("steps", "until_ms")

    def __init__(self) -> None:
        self.steps: Steps = []
        self.until_ms = 0


def replay(part: Part, path: Path, fold: Callable[[Engine, int], Mapping[tuple[str, str], Heard]]) -> Sums:
    """From the first result to the sums; `fold` is told for how long what was said holds."""
    engine = open_engine(str(path), create=False)
    try:
        said = _to_the_end(fold(engine, TERMS.stale_after_ms))
    finally:
        engine.close()
    changes = frame(said, part.bounds.end_ms)
    return within(verdicts(changes, part.month.names, part.bounds, TERMS), part.windows)


def _to_the_end(heard: Mapping[tuple[str, str], Heard]) -> Said:
    """The steps of each platform and agent; nothing holds behind the last of what was said."""
    for found in heard.values():
        say(found.steps, found.until_ms, UNKNOWN)
    return {key: found.steps for key, found in heard.items()}
