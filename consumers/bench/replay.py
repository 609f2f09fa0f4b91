"""Lines of the table that replay a month's own ledger: to its sums, its free days, what was known once."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import orjson

from consumers.bench.dice import below, throws
from consumers.bench.measure import Way, in_turns, require_equal
from consumers.bench.part import Part
from consumers.bench.sums import FROZEN, Sums, replayed, windows_of
from consumers.bench.table import Line
from consumers.bench.whole_command import cost_of
from consumers.bench.write import CONTRACT
from consumers.cache.folder import FOLDER, OFF
from consumers.workers import PROCESSES
from ledger.application import open_engine
from ledger.instants import format_instant
from projections.asof import Fold
from projections.judgement import judge
from projections.selection import select

MOMENTS = 5
"""Moments of the month at which is asked what was known."""


def require_frozen(part: Part) -> Sums:
    """The sums of the part, which are those that every machine gives for such a month.

    Raises:
        AssertionError: they are others, so the month or a projection is not the one that was measured before.
    """
    found = part.replay()
    expected = FROZEN.get(part.name)
    if expected is not None and found != expected:
        raise AssertionError(f"the sums of {part.name} are {found}, and were {expected}")
    return found


def lines(part: Part, turns: int) -> Iterator[Line]:
    """What it takes in one process, held against the replay to the sums."""
    ways = _ways(part)
    found = in_turns(part.replay, [way.run for way in ways.values()], turns)
    rounds = f"{part.slots / 1e6:.1f} million results"
    base = found[0].base_seconds
    yield Line(
        f"the replay of {rounds} to their sums, cold",
        figure=f"{base:.2f} s, {part.slots / base / 1e6:.1f} million results a second",
    )
    for (what, way), ratios in zip(ways.items(), found, strict=True):
        yield Line(what, "that replay", ratios.times(way.times))


def _ways(part: Part) -> dict[str, Way]:
    once = f"the sums as known at one of {MOMENTS} moments"
    at_moments, cached = partial(_known_at_moments, part), partial(part.replay, fold=part.cache)
    at_moments_cached = partial(_known_at_moments, part, part.cache)
    require_equal(part.replay(), {"the cache": cached})
    require_equal(at_moments(), {"the cache": at_moments_cached})
    return {
        "every round only read and hashed": Way(partial(_read, part, len)),
        "every round read, hashed and parsed by orjson, nothing else": Way(
            partial(_read, part, orjson.loads)
        ),
        "the replay to the free days of the contract": Way(partial(_judged, part)),
        once: Way(at_moments, times=1 / MOMENTS),
        "the sums from the cache": Way(cached),
        f"{once}, from the cache": Way(at_moments_cached, times=1 / MOMENTS),
    }


def _read(part: Part, look: Callable[[bytes], object]) -> None:
    engine = open_engine(str(part.ledger), create=False)
    try:
        for kept in engine.rounds():
            look(kept.value)
    finally:
        engine.close()


def _judged(part: Part) -> int:
    with part.known() as known:
        contract, period = select(known, CONTRACT, part.bounds)
        return judge(known, contract, period).penalties.days_accrued


def _known_at_moments(part: Part, fold: Fold | None = None) -> list[Sums]:
    return [known_at(part, moment_ms, fold) for moment_ms in moments(part)]


def moments(part: Part) -> list[int]:
    """The same ones each time."""
    return [part.bounds.start_ms + below(part.bounds.length_ms, thrown) for thrown in throws(MOMENTS, 7)]


def known_at(part: Part, moment_ms: int, fold: Fold | None = None) -> Sums:
    """The sums as known at a moment, by the notices that were known then."""
    with part.known(fold=fold, moment_ms=moment_ms) as known:
        windows = windows_of(known, part.bounds, part.readings)
        return replayed(known, part.bounds, windows, part.readings)


def commands(part: Part) -> Iterator[Line]:
    """The whole command, as a person waits for it."""
    with tempfile.TemporaryDirectory() as folder:
        for what, environment in (
            ("with a process for each core", {FOLDER: OFF}),
            ("in one process", {FOLDER: OFF, PROCESSES: "1"}),
            ("that fills the cache", {FOLDER: folder}),
            ("from the cache", {FOLDER: folder}),
        ):
            yield Line(f"`constat penalties`, the whole command {what}", figure=_told(part, environment))


def _told(part: Part, environment: Mapping[str, str]) -> str:
    from_to = [format_instant(edge) for edge in part.bounds]
    options = ["--ledger", part.ledger, "--from", from_to[0], "--to", from_to[1], "--json"]
    cost = cost_of(sys.executable, "-m", "consumers.cli.main", "penalties", *options, **environment)
    return f"{cost.wall_s:.1f} s, {cost.cpu_s:.1f} s CPU, {cost.peak_mb:.0f} MB in the largest process"
