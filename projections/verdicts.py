"""Changes to verdicts: what the agents together say of a platform, by the terms' quorum.

An agent is known while it says something else than `unknown`. With fewer than `agents_min` known agents the
verdict is `unknown`; else `down` if the quorum says so; else `degraded` if a known agent does; else `up`.
"""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from ledger.interval import Interval
from ledger.terms import Terms
from projections.asof import Known
from projections.changes import DEGRADED, DOWN, UNKNOWN, UP, outcome_changes
from projections.periods import Part

SCHEMA = {"platform": pl.String(), "start_ms": pl.Int64(), "end_ms": pl.Int64(), "verdict": pl.Int8()}

_COUNTS = ("up", "degraded", "down", "known_weight", "down_weight")
"""How many agents say what, and how much they weigh; each change adds to them or takes away."""

_OUTCOME, _BEFORE = pl.col("outcome"), pl.col("before")
_KNOWN = pl.col("up") + pl.col("degraded") + pl.col("down")

_IS_DOWN: Mapping[str, pl.Expr] = {
    "majority": pl.col("down") * 2 > _KNOWN,
    "any": pl.col("down") > 0,
    "all": pl.col("down") == _KNOWN,
    "weighted": pl.col("down_weight") * 2 > pl.col("known_weight"),
}
"""The reading `quorum`: when the known agents, of which there is at least one, say down."""


def verdicts_over(known: Known, platforms: Collection[str], parts: Sequence[Part]) -> pl.DataFrame:
    """The verdicts over consecutive parts of a period, each by its own terms (`SCHEMA`)."""
    until_ms = max((part.interval.end_ms for part in parts), default=0)
    changes = {
        stale_after_ms: outcome_changes(known, platforms, stale_after_ms, until_ms)
        for stale_after_ms in sorted({part.terms.stale_after_ms for part in parts})
    }
    spans = [
        verdicts(changes[part.terms.stale_after_ms], platforms, part.interval, part.terms) for part in parts
    ]
    return _merged(pl.concat([pl.DataFrame(schema=SCHEMA), *spans]))


def verdicts(
    changes: pl.DataFrame, platforms: Collection[str], bounds: Interval, terms: Terms
) -> pl.DataFrame:
    """The verdict on each platform over all of the bounds, as spans of which neighbours differ (`SCHEMA`).

    `changes` are those of `outcome_changes`; other platforms in them are passed over.
    """
    if not bounds.length_ms:
        return pl.DataFrame(schema=SCHEMA)
    spans = (
        _counts(changes, sorted(set(platforms)), bounds, terms)
        .select("platform", pl.col("at_ms").alias("start_ms"), _verdict(terms).alias("verdict"))
        .with_columns(pl.col("start_ms").shift(-1).over("platform").fill_null(bounds.end_ms).alias("end_ms"))
        .select(*SCHEMA)
    )
    return _merged(spans)


def _counts(changes: pl.DataFrame, platforms: Sequence[str], bounds: Interval, terms: Terms) -> pl.DataFrame:
    """The counts from each instant on at which something was said, one row an instant, in order.

    What several agents say in one millisecond is added up before anything is sorted, so no order among them
    can matter.
    """
    start = pl.DataFrame(
        {"platform": platforms, "at_ms": bounds.start_ms, **dict.fromkeys(_COUNTS, 0)},
        schema={"platform": pl.String(), "at_ms": pl.Int64(), **dict.fromkeys(_COUNTS, pl.Int64())},
    )
    return (
        pl.concat([start, _differences(changes, platforms, bounds, terms)])
        .group_by("platform", "at_ms")
        .agg(pl.col(_COUNTS).sum())
        .sort("platform", "at_ms")
        .with_columns(pl.col(_COUNTS).cum_sum().over("platform"))
    )


def _differences(
    changes: pl.DataFrame, platforms: Sequence[str], bounds: Interval, terms: Terms
) -> pl.DataFrame:
    """What each change adds to the counts or takes away; what came earlier counts at the start."""
    weight = pl.col("agent").replace_strict(terms.agent_weights, default=1, return_dtype=pl.Int64)
    before = _OUTCOME.shift(1).over("platform", "agent").fill_null(UNKNOWN)
    return (
        changes.filter(pl.col("platform").is_in(platforms) & (pl.col("at_ms") < bounds.end_ms))
        .with_columns(before.alias("before"))
        .select(
            "platform",
            pl.col("at_ms").clip(lower_bound=bounds.start_ms),
            _difference(_OUTCOME == UP, _BEFORE == UP).alias("up"),
            _difference(_OUTCOME == DEGRADED, _BEFORE == DEGRADED).alias("degraded"),
            _difference(_OUTCOME == DOWN, _BEFORE == DOWN).alias("down"),
            (_difference(_OUTCOME != UNKNOWN, _BEFORE != UNKNOWN) * weight).alias("known_weight"),
            (_difference(_OUTCOME == DOWN, _BEFORE == DOWN) * weight).alias("down_weight"),
        )
    )


def _difference(now: pl.Expr, before: pl.Expr) -> pl.Expr:
    return now.cast(pl.Int64) - before.cast(pl.Int64)


def _verdict(terms: Terms) -> pl.Expr:
    return (
        pl.when(terms.agents_min > _KNOWN)
        .then(UNKNOWN)
        .when(_IS_DOWN[terms.readings.quorum])
        .then(DOWN)
        .when(pl.col("degraded") > 0)
        .then(DEGRADED)
        .otherwise(UP)
        .cast(pl.Int8)
    )


def _merged(spans: pl.DataFrame) -> pl.DataFrame:
    """The spans in order, those that touch and say the same made one."""
    platform, verdict = pl.col("platform"), pl.col("verdict")
    touches = (platform == platform.shift(1)) & (pl.col("start_ms") == pl.col("end_ms").shift(1))
    goes_on = (touches & (verdict == verdict.shift(1))).fill_null(value=False)
    return (
        spans.sort("platform", "start_ms")
        .with_columns((~goes_on).cum_sum().alias("run"))
        .group_by("run")
        .agg(platform.first(), pl.col("start_ms").min(), pl.col("end_ms").max(), verdict.first())
        .sort("run")
        .select(*SCHEMA)
    )
