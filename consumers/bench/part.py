"""A part of a month that several ways read: the same results, the same windows, the same sums."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from consumers.bench import write
from consumers.bench.month import BEGIN_MS, DAY_MINUTES, Month
from consumers.bench.sums import Sums, replayed, windows_of
from consumers.cache.folding import CachedFold
from ledger.application import open_engine
from ledger.instants import MINUTE_MS
from ledger.interval import Interval
from projections.asof import Fold, Known
from projections.moment import at_head, at_time

HOURS = range(9 * 60, 12 * 60)
"""Three hours of the first day, a Thursday, while it counts."""
DAYS = range(2 * DAY_MINUTES)
WEEK = range(7 * DAY_MINUTES)


def made(path: Path, make: Callable[[Path], object]) -> Path:
    """A file, made if it is not there; it has another name until it is whole."""
    if not path.exists():
        begun = path.with_suffix(".begun")
        begun.unlink(missing_ok=True)
        make(begun)
        begun.rename(path)
    return path


@dataclass(frozen=True)
class Part:
    """Some minutes of a month, kept in a folder."""

    month: Month
    minutes: range
    folder: Path
    readings: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def bounds(self) -> Interval:
        """The time that is judged."""
        first, last = self.minutes.start, self.minutes.stop
        return Interval(BEGIN_MS + first * MINUTE_MS, BEGIN_MS + last * MINUTE_MS)

    @property
    def slots(self) -> int:
        """How many results it would have if none were missing."""
        return self.month.slots * len(self.minutes) // self.month.minutes

    @property
    def name(self) -> str:
        """The month, and the first minute of the part and that after its last."""
        return f"{self.month.name}-{self.minutes.start}-{self.minutes.stop}"

    @cached_property
    def ledger(self) -> Path:
        """Its ledger, written if it is not there."""
        path = self.folder / f"{self.name}.db"
        return made(path, lambda begun: write.write(str(begun), self.month, self.minutes))

    @contextmanager
    def known(
        self, url: str | None = None, fold: Fold | None = None, moment_ms: int | None = None
    ) -> Iterator[Known]:
        """What its ledger knew at a moment, or all; opened anew, or another one that holds the same."""
        engine = open_engine(url or str(self.ledger), create=False)
        try:
            as_of = at_head(engine, self.month.end_ms) if moment_ms is None else at_time(engine, moment_ms)
            yield Known.at(engine, as_of, fold)
        finally:
            engine.close()

    @cached_property
    def cache(self) -> CachedFold:
        """A cache of its own, in which all of it is kept."""
        cache = CachedFold(self.folder / "cache" / self.name)
        self.replay(fold=cache)
        return cache

    @cached_property
    def windows(self) -> pl.DataFrame:
        """When time counts; every way is given it."""
        with self.known() as known:
            return windows_of(known, self.bounds, self.readings)

    def replay(self, url: str | None = None, fold: Fold | None = None) -> Sums:
        """Its ledger, or another one that holds the same, from the first record to the sums."""
        with self.known(url, fold) as known:
            return replayed(known, self.bounds, self.windows, self.readings)
