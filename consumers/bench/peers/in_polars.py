"""The sums from Parquet in Polars: changes first, then verdicts, as who knows both would write it."""

from pathlib import Path

import polars as pl

from consumers.bench.part import Part
from consumers.bench.sums import Sums, of_rows
from consumers.bench.write import TERMS
from projections.steps import DEGRADED, DOWN, UNKNOWN, UP

_STATES = {"up": UP, "degraded": DEGRADED, "down": DOWN}
_EACH = ("platform", "agent")


def arrived(part: Part, results: Path, windows: Path) -> Sums:
    """Rows in the order of arrival, which need not be that of their instants: they are sorted first."""
    rows = pl.scan_parquet(results).select(*_EACH, "at_ms", "outcome").sort(*_EACH, "at_ms")
    return _sums(part, _beside(rows), windows)


def taken_as_in_order(part: Part, results: Path, windows: Path) -> Sums:
    """The same, where it is taken for granted that of each platform and agent nothing came out of order."""
    rows = pl.scan_parquet(results).select(*_EACH, "at_ms", "outcome")
    outcome, at_ms = pl.col("outcome"), pl.col("at_ms")
    neighbours = rows.with_columns(
        outcome.shift(1).over(*_EACH).alias("before"),
        at_ms.shift(1).over(*_EACH).alias("last_ms"),
        at_ms.shift(-1).over(*_EACH).alias("next_ms"),
    )
    return _sums(part, neighbours, windows)


def by_platform(part: Part, results: Path, windows: Path) -> Sums:
    """Rows sorted by platform, agent and instant: neighbours lie beside each other."""
    rows = pl.scan_parquet(results).select(*_EACH, "at_ms", "outcome")
    return _sums(part, _beside(rows), windows)


def _beside(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Sorted rows with what lies before and behind each."""
    outcome, at_ms = pl.col("outcome"), pl.col("at_ms")
    follows = (pl.col("platform") == pl.col("platform").shift(1)) & (
        pl.col("agent") == pl.col("agent").shift(1)
    )
    is_followed = (pl.col("platform") == pl.col("platform").shift(-1)) & (
        pl.col("agent") == pl.col("agent").shift(-1)
    )
    return rows.with_columns(
        pl.when(follows).then(outcome.shift(1)).alias("before"),
        pl.when(follows).then(at_ms.shift(1)).alias("last_ms"),
        pl.when(is_followed).then(at_ms.shift(-1)).alias("next_ms"),
    )


def _sums(part: Part, neighbours: pl.LazyFrame, windows: Path) -> Sums:
    changes = _changes(neighbours).collect(engine="streaming")
    spans = _spans(part, changes)
    joined = spans.lazy().join_where(
        pl.scan_parquet(windows).rename({"platform": "of"}),
        pl.col("platform") == pl.col("of"),
        pl.col("at_ms") < pl.col("to_ms"),
        pl.col("end_ms") > pl.col("from_ms"),
    )
    held_ms = pl.min_horizontal("end_ms", "to_ms") - pl.max_horizontal("at_ms", "from_ms")
    return of_rows(joined.group_by("verdict").agg(held_ms.sum()).collect().iter_rows())


def _changes(neighbours: pl.LazyFrame) -> pl.LazyFrame:
    """Every change of what an agent says; what no next result renews becomes unknown."""
    stale_ms, at_ms = TERMS.stale_after_ms, pl.col("at_ms")
    is_news = (
        pl.col("before").is_null()
        | (pl.col("before") != pl.col("outcome"))
        | (at_ms - pl.col("last_ms") > stale_ms)
    )
    ends = pl.col("next_ms").is_null() | (pl.col("next_ms") - at_ms > stale_ms)
    kept = neighbours.filter(is_news | ends).with_columns(is_news.alias("news"), ends.alias("ends"))
    said = kept.filter("news").select(*_EACH, "at_ms", "outcome")
    silent = kept.filter("ends").select(
        *_EACH, (at_ms + stale_ms).alias("at_ms"), pl.lit(UNKNOWN, pl.Int8).alias("outcome")
    )
    return pl.concat([said, silent])


def _spans(part: Part, changes: pl.DataFrame) -> pl.DataFrame:
    """The verdict from each instant on at which something changed, until the next one."""
    outcome, end_ms = pl.col("outcome"), part.bounds.end_ms
    before = outcome.shift(1).over(*_EACH).fill_null(UNKNOWN)
    differences = (
        changes.with_columns(pl.col("platform").cast(pl.String), pl.col("agent").cast(pl.String))
        .sort(*_EACH, "at_ms")
        .with_columns(before.alias("before"))
        .select(
            "platform",
            "at_ms",
            *(
                ((outcome == code).cast(pl.Int64) - (pl.col("before") == code).cast(pl.Int64)).alias(name)
                for name, code in _STATES.items()
            ),
        )
    )
    begin = pl.DataFrame({"platform": part.month.names}).with_columns(
        pl.lit(part.bounds.start_ms).alias("at_ms"), *(pl.lit(0, pl.Int64).alias(name) for name in _STATES)
    )
    known = pl.sum_horizontal(*_STATES)
    return (
        pl.concat([differences, begin.select(differences.columns)])
        .group_by("platform", "at_ms")
        .agg(pl.col(*_STATES).sum())
        .sort("platform", "at_ms")
        .with_columns(pl.col(*_STATES).cum_sum().over("platform"))
        .select(
            "platform",
            "at_ms",
            pl.col("at_ms").shift(-1).over("platform").fill_null(end_ms).alias("end_ms"),
            pl.when(known == 0)
            .then(UNKNOWN)
            .when(pl.col("down") * 2 > known)
            .then(DOWN)
            .when(pl.col("degraded") > 0)
            .then(DEGRADED)
            .otherwise(UP)
            .alias("verdict"),
        )
    )
