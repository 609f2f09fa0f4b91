"""Lines of the table that replay a month's own ledger: to its sums, its free days, what was known once."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping

from consumers.bench.dice import below, throws
from consumers.bench.measure import in_turns
from consumers.bench.part import Part
from consumers.bench.sums import FROZEN, Sums, replayed
from consumers.bench.table import Line
from consumers.bench.write import CONTRACT
from consumers.cache.folder import FOLDER, OFF
from ledger.application import open_engine
from ledger.instants import format_instant
from projections.asof import Fold, Known, at_time
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
    ways: dict[str, Callable[[], object]] = {
        "every round only read and hashed": lambda: _read(part),
        "the replay to the free days of the contract": lambda: _judged(part),
        f"the sums as known at one of {MOMENTS} moments": lambda: _known_at_moments(part),
        "the sums from the cache": lambda: part.replay(fold=part.cache),
        f"the sums as known at one of {MOMENTS} moments, from the cache": lambda: _known_at_moments(
            part, part.cache
        ),
    }
    _require_same(part)
    found = in_turns(part.replay, list(ways.values()), turns)
    rounds = f"{part.slots / 1e6:.1f} million results"
    base = found[0].base_seconds
    yield Line(
        f"the replay of {rounds} to their sums, cold",
        figure=f"{base:.2f} s, {part.slots / base / 1e6:.1f} million results a second",
    )
    for what, ratios in zip(ways, found, strict=True):
        factor = 1 / MOMENTS if "moments" in what else 1
        yield Line(what, "that replay", ratios.times(factor))


def _read(part: Part) -> int:
    engine = open_engine(str(part.ledger), create=False)
    try:
        return sum(1 for _ in engine.rounds())
    finally:
        engine.close()


def _judged(part: Part) -> int:
    with part.known() as known:
        contract, period = select(known, CONTRACT, part.bounds)
        return judge(known, contract, period).penalties.days_accrued


def _require_same(part: Part) -> None:
    """No time is printed of a cache that comes to other sums."""
    assert part.replay(fold=part.cache) == part.replay()
    assert _known_at_moments(part, part.cache) == _known_at_moments(part)


def _known_at_moments(part: Part, fold: Fold | None = None) -> list[Sums]:
    return [_known_at(part, moment_ms, fold) for moment_ms in moments(part)]


def moments(part: Part) -> list[int]:
    """The same ones each time."""
    return [part.bounds.start_ms + below(part.bounds.length_ms, thrown) for thrown in throws(MOMENTS, 7)]


def _known_at(part: Part, moment_ms: int, fold: Fold | None = None) -> Sums:
    engine = open_engine(str(part.ledger), create=False)
    try:
        known = Known.at(engine, at_time(engine, moment_ms), fold)
        return replayed(known, part.bounds, part.windows, part.readings)
    finally:
        engine.close()


def commands(part: Part) -> Iterator[Line]:
    """The whole command, as a person waits for it."""
    with tempfile.TemporaryDirectory() as folder:
        for what, environment in (
            ("with a process for each core", {FOLDER: OFF}),
            ("in one process", {FOLDER: OFF, "CONSTAT_WORKERS": "1"}),
            ("that fills the cache", {FOLDER: folder}),
            ("from the cache", {FOLDER: folder}),
        ):
            yield Line(f"`constat penalties`, the whole command {what}", figure=_timed(part, environment))


_MEASURE = """\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


def _timed(part: Part, environment: Mapping[str, str]) -> str:
    from_to = [format_instant(edge) for edge in part.bounds]
    options = ["--ledger", str(part.ledger), "--from", from_to[0], "--to", from_to[1], "--json"]
    command = [sys.executable, "-m", "consumers.cli.main", "penalties", *options]
    begun = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", _MEASURE, *command],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    cpu_s, peak_mb = map(float, done.stdout.split())
    return f"{time.perf_counter() - begun:.1f} s, {cpu_s:.1f} s CPU, {peak_mb:.0f} MB in the largest process"
