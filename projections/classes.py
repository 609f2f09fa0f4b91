"""Classes: every instant of a period, on every platform, is exactly one of six things (spec 4).

The first that applies: `outside`, `excluded-maintenance`, `excluded-force-majeure`, `unknown`, `down`, `up`.
Excluded time is excluded whatever was seen in it. Time that nobody observed stays `unknown` here under every
reading of `unknown-time`: that reading says what it is worth, not what was seen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import polars as pl

from ledger.contracts import Contract
from ledger.interval import Interval
from projections.asof import Known
from projections.calendar import local_days
from projections.changes import DEGRADED, DOWN, UNKNOWN, UP
from projections.day_sums import DaySums, day_sums
from projections.figures import CLASSES, Class, Verdict
from projections.layouts import COUNTED, Layout, layouts_of, members
from projections.periods import Period
from projections.verdicts import verdicts_over

VERDICTS: tuple[Verdict, ...] = ("unknown", "up", "degraded", "down")
"""The name of each verdict's code."""

Column = pl.DataType | type[pl.DataType]

_CLASS_UNKNOWN, _CLASS_DOWN, _CLASS_UP = map(CLASSES.index, ("unknown", "down", "up"))


@dataclass(frozen=True, slots=True)
class ClassSpan:
    """An interval of one class and one verdict."""

    start_ms: int
    end_ms: int
    class_: Class
    verdict: Verdict


@dataclass(frozen=True)
class Timeline:
    """One platform's period. The totals sum to the period, those of a day to that day within the period."""

    platform: str
    totals_ms: Mapping[Class, int]
    days_ms: DaySums
    segments: pl.DataFrame = field(repr=False, compare=False)
    """The spans as a frame: `start_ms`, `end_ms`, `class` (index in `CLASSES`), `verdict` (in `VERDICTS`)."""

    @cached_property
    def spans(self) -> tuple[ClassSpan, ...]:
        """What covers the period in order; neighbours differ."""
        rows = self.segments.select("start_ms", "end_ms", "class", "verdict").iter_rows()
        return tuple(
            ClassSpan(start_ms, end_ms, CLASSES[class_], VERDICTS[verdict])
            for start_ms, end_ms, class_, verdict in rows
        )


# ---------------------------------------------------------------- what a contract measures in a period


def timelines(known: Known, contract: Contract, period: Period) -> dict[str, Timeline]:
    """Every platform that belongs to the contract in the period, by name."""
    seen = verdicts_over(known, members(contract, period), period.parts)
    return timelines_of(seen, known, contract, period)


def timelines_of(
    verdicts: pl.DataFrame, known: Known, contract: Contract, period: Period
) -> dict[str, Timeline]:
    """The same from verdicts that cover the period, and may cover more."""
    return classified(verdicts, layouts_of(known, contract, period), period)


# ---------------------------------------------------------------- verdicts and layouts together


def classified(verdicts: pl.DataFrame, layouts: Mapping[str, Layout], period: Period) -> dict[str, Timeline]:
    """The timelines of platforms whose verdicts and layouts both cover the period."""
    if not layouts:
        return {}
    names = pl.Enum(sorted(layouts))
    pieces = _pieces(verdicts, layouts, names, period)
    segments = dict(_by_platform(_joined(pieces, period.interval.end_ms)))
    days = day_sums(pieces, names, period)
    return {name: Timeline(name, its.totals_ms, its, segments[name]) for name, its in days.items()}


def _pieces(
    verdicts: pl.DataFrame, layouts: Mapping[str, Layout], names: pl.Enum, period: Period
) -> pl.DataFrame:
    """The period cut wherever anything changes.

    Each of the three frames says what begins when on a platform, and each begins at the period's start; what
    was said last holds on. Several rows at one instant leave pieces without length before the last of them,
    so that the order of rows at one instant does not matter.
    """
    beginnings = [_seen(verdicts, names, period.interval), _laid(layouts, names), _cut(names, period)]
    held = ["verdict", "kind", "day", "degraded"]
    platform = pl.col("platform").to_physical().cast(pl.Int64)
    return (
        pl.concat(beginnings, how="diagonal")
        # One number sorts in a third of the time of two.
        .sort(platform * period.interval.length_ms + pl.col("start_ms"))
        .with_columns(
            pl.col(held).forward_fill().over("platform"),
            end_ms=pl.col("start_ms").shift(-1).over("platform").fill_null(period.interval.end_ms),
        )
        .filter(pl.col("end_ms") > pl.col("start_ms"))
        .select("platform", "day", "start_ms", "end_ms", "verdict", _class().alias("class"))
    )


def _class() -> pl.Expr:
    # Nothing stands for a verdict that is absent: such a piece has no class, and conservation fails.
    verdict = pl.col("verdict")
    seen = (
        pl.when(verdict == UNKNOWN)
        .then(pl.lit(_CLASS_UNKNOWN, pl.Int8))
        .when(verdict == DOWN)
        .then(pl.lit(_CLASS_DOWN, pl.Int8))
        .when(verdict == DEGRADED)
        .then(pl.col("degraded"))
        .when(verdict == UP)
        .then(pl.lit(_CLASS_UP, pl.Int8))
    )
    return pl.when(pl.col("kind") == COUNTED).then(seen).otherwise(pl.col("kind"))


def _seen(verdicts: pl.DataFrame, names: pl.Enum, bounds: Interval) -> pl.DataFrame:
    return verdicts.filter(
        pl.col("platform").is_in(names.categories.implode()),
        pl.col("end_ms") > bounds.start_ms,
        pl.col("start_ms") < bounds.end_ms,
    ).select(
        pl.col("platform").cast(names),
        pl.col("start_ms").clip(lower_bound=bounds.start_ms),
        "verdict",
    )


def _laid(layouts: Mapping[str, Layout], names: pl.Enum) -> pl.DataFrame:
    # A column at a time: of ten thousand platforms it has a million rows.
    own = [index for index, laid in enumerate(layouts.values()) for _ in laid]
    return pl.DataFrame(
        [
            pl.Series("platform", list(layouts), dtype=names).gather(own),
            pl.Series("start_ms", [start_ms for laid in layouts.values() for start_ms, _ in laid], pl.Int64),
            pl.Series("kind", [kind for laid in layouts.values() for _, kind in laid], pl.Int8),
        ]
    )


def _cut(names: pl.Enum, period: Period) -> pl.DataFrame:
    """Where a local day or a part of the period begins: the day, and what `degraded` counts as."""
    schema: dict[str, Column] = {"start_ms": pl.Int64, "day": pl.Date, "degraded": pl.Int8}
    cuts = pl.DataFrame(list(_days_and_parts(period)), schema=schema, orient="row")
    return pl.DataFrame({"platform": names.categories}, schema={"platform": names}).join(cuts, how="cross")


def _days_and_parts(period: Period) -> Iterator[tuple[int, date, int]]:
    for part in period.parts:
        degraded = _CLASS_DOWN if part.terms.readings.degraded == "down" else _CLASS_UP
        for day, within in local_days(period.zone, part.interval):
            yield within.start_ms, day, degraded


# ---------------------------------------------------------------- spans


def _joined(pieces: pl.DataFrame, end_ms: int) -> pl.DataFrame:
    """The pieces of each platform, equal neighbours made one."""
    begins = pl.any_horizontal(
        (pl.col(name) != pl.col(name).shift(1)).over("platform") for name in ("class", "verdict")
    )
    return (
        pieces.filter(begins.fill_null(value=True))
        .with_columns(end_ms=pl.col("start_ms").shift(-1).over("platform").fill_null(end_ms))
        .drop("day")
    )


def _by_platform(segments: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """The segments of each platform; they stand together, so that nothing need be copied."""
    first = 0
    for rows, name in segments["platform"].rle().struct.unnest().iter_rows():
        yield name, segments.slice(first, rows)
        first += rows
