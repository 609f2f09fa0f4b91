"""Changes to verdicts: what the agents together say of a platform, by the terms' quorum.

An agent is known while it says something else than `unknown`. With fewer than `agents_min` known agents the
verdict is `unknown`; else `down` if the quorum says so; else `degraded` if a known agent does; else `up`.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache

import polars as pl

from ledger.interval import Interval
from ledger.terms import Terms
from projections.asof import Known
from projections.changes import DEGRADED, DOWN, UNKNOWN, UP, outcome_changes
from projections.periods import Part

SCHEMA = {"platform": pl.String(), "start_ms": pl.Int64(), "end_ms": pl.Int64(), "verdict": pl.Int8()}

_OUTCOME, _BEFORE = pl.col("outcome"), pl.col("before")
_KNOWN = pl.col("up") + pl.col("degraded") + pl.col("down")

_IS_DOWN: Mapping[str, pl.Expr] = {
    "majority": pl.col("down") * 2 > _KNOWN,
    "any": pl.col("down") > 0,
    "all": pl.col("down") == _KNOWN,
    "weighted": pl.col("down_weight") * 2 > pl.col("known_weight"),
}
"""The reading `quorum`: when the known agents, of which there is at least one, say down."""


def verdicts_over(
    known: Known, platforms: Collection[str], parts: Sequence[Part], *, alone: str | None = None
) -> pl.DataFrame:
    """The verdicts over consecutive parts of a period, each by its own terms (`SCHEMA`).

    Of one agent `alone` if it is named, as if nobody else had probed and nobody else were needed.
    """
    until_ms = max((part.interval.end_ms for part in parts), default=0)
    changes = {
        stale_after_ms: outcome_changes(known, platforms, stale_after_ms, until_ms)
        for stale_after_ms in sorted({part.terms.stale_after_ms for part in parts})
    }
    spans = [
        verdicts(heard, platforms, part.interval, terms)
        for part in parts
        for heard, terms in [_heard(changes[part.terms.stale_after_ms], part.terms, alone)]
    ]
    return spans[0] if len(spans) == 1 else _joined(spans)


def _heard(changes: pl.DataFrame, terms: Terms, alone: str | None) -> tuple[pl.DataFrame, Terms]:
    """The changes that are heard, and the terms by which they are judged."""
    if alone is None:
        return changes, terms
    return changes.filter(pl.col("agent") == alone), terms.model_copy(update={"agents_min": 1})


def verdicts(
    changes: pl.DataFrame, platforms: Collection[str], bounds: Interval, terms: Terms
) -> pl.DataFrame:
    """The verdict on each platform over all of the bounds, as spans of which neighbours differ (`SCHEMA`).

    `changes` are those of `outcome_changes`, in its order; other platforms in them are passed over.
    """
    if not bounds.length_ms or not platforms:
        return pl.DataFrame(schema=SCHEMA)
    names = sorted(set(platforms))
    spans = (
        _counts(changes, names, bounds, terms)
        .select(
            "platform", pl.col("at_ms").alias("start_ms"), _verdict(terms.agents_min, terms.readings.quorum)
        )
        .filter(_TURNS)
    )
    ends = pl.when(_IS_LAST_OF_PLATFORM).then(bounds.end_ms).otherwise(pl.col("start_ms").shift(-1))
    named = pl.Series("platform", names).gather(spans["platform"])
    return spans.with_columns(ends.alias("end_ms"), named).select(*SCHEMA)


def _counts(changes: pl.DataFrame, names: Sequence[str], bounds: Interval, terms: Terms) -> pl.DataFrame:
    """The counts from each instant on at which something was said, one row an instant, in order.

    What several agents say in one millisecond is added up, and of its rows only the last one is kept, so no
    order among them can matter. Platforms are their index into the names: whole numbers sort quicker.
    """
    # Column by column in one go: a frame made of a dict takes a query for each column that is one value.
    starts = pl.int_range(len(names), dtype=pl.UInt32, eager=True).alias("platform").to_frame()
    differences = _differences(changes, names, bounds, terms)
    nothing_yet = [
        pl.lit(bounds.start_ms if name == "at_ms" else 0, column).alias(name)
        for name, column in differences.schema.items()
        if name != "platform"
    ]
    return (
        pl.concat([starts.with_columns(nothing_yet), differences])
        .sort(_end_to_end(bounds))
        .with_columns(_SUMMED)
        .filter(_IS_LAST_OF_INSTANT)
    )


def _end_to_end(bounds: Interval) -> pl.Expr:
    """The order of platforms, and of instants within each: one number sorts in a third of the time of two."""
    return pl.col("platform").cast(pl.Int64) * bounds.length_ms + pl.col("at_ms")


def _differences(changes: pl.DataFrame, names: Sequence[str], bounds: Interval, terms: Terms) -> pl.DataFrame:
    """What each change adds to the counts or takes away; what came earlier counts at the start.

    How many agents say what; and how much they weigh, where the quorum asks for that.
    """
    weighs = terms.readings.quorum == "weighted"
    return (
        changes.filter(pl.col("platform").is_in(names) & (pl.col("at_ms") < bounds.end_ms))
        .with_columns(_SAID_BEFORE, pl.col("platform").cast(pl.Enum(names)).to_physical())
        .select(
            pl.col("platform").cast(pl.UInt32),
            pl.col("at_ms").clip(lower_bound=bounds.start_ms),
            *_ADDED,
            *(_added_weights(terms) if weighs else ()),
        )
    )


def _added_weights(terms: Terms) -> tuple[pl.Expr, pl.Expr]:
    weight = pl.col("agent").replace_strict(terms.agent_weights, default=1, return_dtype=pl.Int64)
    known = _difference(_OUTCOME != UNKNOWN, _BEFORE != UNKNOWN)
    return (known * weight).alias("known_weight"), (_DOWN * weight).alias("down_weight")


def _differs(*columns: str) -> pl.Expr:
    """Whether a row has another value in one of the columns than the row before it, or is the first."""
    return pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in columns).fill_null(value=True)


def _is_last(*columns: str) -> pl.Expr:
    """Whether the next row has another value in one of the columns, or there is none."""
    return pl.any_horizontal(pl.col(name) != pl.col(name).shift(-1) for name in columns).fill_null(value=True)


def _difference(now: pl.Expr, before: pl.Expr) -> pl.Expr:
    return now.cast(pl.Int32) - before.cast(pl.Int32)


# What is always the same is made once, and not for each of many small contracts.
_SAID_BEFORE = (
    pl.when(_differs("platform", "agent")).then(UNKNOWN).otherwise(_OUTCOME.shift(1)).alias("before")
)
_DOWN = _difference(_OUTCOME == DOWN, _BEFORE == DOWN)
_ADDED = (
    _difference(_OUTCOME == UP, _BEFORE == UP).alias("up"),
    _difference(_OUTCOME == DEGRADED, _BEFORE == DEGRADED).alias("degraded"),
    _DOWN.alias("down"),
)
_SUMMED = pl.exclude("platform", "at_ms").cum_sum().over("platform")
_IS_LAST_OF_INSTANT = _is_last("platform", "at_ms")
_IS_LAST_OF_PLATFORM = _is_last("platform")
_TURNS = _differs("platform", "verdict")


@cache
def _verdict(agents_min: int, quorum: str) -> pl.Expr:
    return (
        pl.when(agents_min > _KNOWN)
        .then(UNKNOWN)
        .when(_IS_DOWN[quorum])
        .then(DOWN)
        .when(pl.col("degraded") > 0)
        .then(DEGRADED)
        .otherwise(UP)
        .cast(pl.Int8)
        .alias("verdict")
    )


def _joined(spans: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The spans of consecutive parts in order, those that touch and say the same made one."""
    platform, verdict = pl.col("platform"), pl.col("verdict")
    ordered = pl.concat([pl.DataFrame(schema=SCHEMA), *spans]).sort("platform", "start_ms")
    touches = (platform == platform.shift(1)) & (pl.col("start_ms") == pl.col("end_ms").shift(1))
    goes_on = (touches & (verdict == verdict.shift(1))).fill_null(value=False)
    marked = ordered.with_columns(goes_on.alias("goes_on"))
    first, last = ~pl.col("goes_on"), ~pl.col("goes_on").shift(-1).fill_null(value=False)
    ends = marked.filter(last)["end_ms"]
    return marked.filter(first).with_columns(ends).select(*SCHEMA)
