"""One agent's results made rounds: which plan they need, and every round of it.

Time is cut into buckets of the plan's period, from 1970 in UTC. A bucket in which something was observed
is a round that starts with it; a second result of one platform in one bucket goes to a further round with
the same start. Nothing is inferred: a platform without a result in a round is missing there.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import polars as pl

from ledger import plans
from ledger.plans import Planned, Plans, PlanSet
from ledger.rounds import LATE, OUTCOMES, Round

PERIOD_MS = 60_000
"""The period of an agent's first plan, whatever the source's own rhythm, unless it is said."""
CELLS_MAX = 1_000_000
"""Platforms times rounds that are laid out at a time."""
_NONE: Mapping[int, Any] = {}
_UP = OUTCOMES.index("up")
_USUAL_STATUS = 200

# ---------------------------------------------------------------- the plan


def plan_for(  # noqa: PLR0913 - what is new of one agent, and how its source says it
    state: Plans,
    agent: str,
    results: pl.DataFrame,
    *,
    transitions: bool,
    written: Mapping[str, str] = MappingProxyType({}),
    first_period_ms: int = PERIOD_MS,
) -> PlanSet | None:
    """The agent's next plan if results of new platforms need one, or it was retired.

    Its platforms are there as they are, then the new ones.

    `written` says how the source writes a platform, where that is not its name. `first_period_ms` is of the
    agent's first plan.

    Raises:
        RefusedError: the agent logs every result and the source only changes, or the reverse.
    """
    last = state.last
    known = last.platforms if last else ()
    period_ms = last.period_ms if last else first_period_ms
    named = {planned.platform for planned in known}
    found = set(results["platform"].unique().cast(pl.String)) - named
    added = tuple(_planned(results, name, period_ms, written.get(name)) for name in sorted(found))
    plan = plans.set_plan(state, agent, (*known, *added), period_ms=period_ms, transitions=transitions)
    return plan if added or state.current is None else None


def _planned(results: pl.DataFrame, platform: str, period_ms: int, written: str | None) -> Planned:
    own = results.filter(pl.col("platform") == platform)
    up = own.filter(pl.col("outcome") == _UP)["status"]
    usual = up.value_counts().sort("count", "status", descending=[True, False])["status"]
    return Planned(
        platform=platform,
        offset_ms=_densest_ms(own["observed_ms"] % period_ms),
        usual_status=usual[0] if len(usual) else _USUAL_STATUS,
        written=written,
    )


def _densest_ms(places_ms: pl.Series) -> int:
    """Where in the round the 255 ms begin that hold most of its results: those deviations take one byte."""
    counted = places_ms.alias("at_ms").value_counts().sort("at_ms")
    windows = counted.rolling("at_ms", period=f"{LATE}i", offset="0i", closed="left")
    held = windows.agg(pl.col("count").sum())
    return int(held.sort("count", "at_ms", descending=[True, False])["at_ms"][0])


# ---------------------------------------------------------------- the rounds


def rounds_of(plan: PlanSet, results: pl.DataFrame, after_number: int) -> Iterator[Round]:
    """Every round of one agent's results, in order of start, numbered behind the agent's last one."""
    n = len(plan.platforms)
    placed = _placed(plan, results)
    starts_ms = placed.unique("round", maintain_order=True)["start_ms"].to_list()
    step = max(1, CELLS_MAX // n)
    for first in range(0, len(starts_ms), step):
        some = placed.filter(pl.col("round").is_between(first, first + step - 1))
        yield from _Sheet(plan, some, first, starts_ms[first : first + step]).rounds(after_number + 1)


def _placed(plan: PlanSet, results: pl.DataFrame) -> pl.DataFrame:
    """Results with their round (from 0), their place in the plan and their deviation; by round and place."""
    indexes = {planned.platform: index for index, planned in enumerate(plan.platforms)}
    offsets_ms = {planned.platform: planned.offset_ms for planned in plan.platforms}
    observed_ms = pl.col("observed_ms")
    bucket = observed_ms // plan.period_ms
    # One number a result, in the order wanted, sorts several times faster than three columns.
    order = (bucket * len(plan.platforms) + pl.col("index")) * plan.period_ms + observed_ms % plan.period_ms
    row = pl.int_range(pl.len())
    first_row = pl.when(_changes("index") | _changes("start_ms")).then(row).forward_fill()
    placed = (
        results.with_columns(
            start_ms=bucket * plan.period_ms,
            index=pl.col("platform").replace_strict(indexes, return_dtype=pl.Int64),
            offset_ms=pl.col("platform").replace_strict(offsets_ms, return_dtype=pl.Int64),
        )
        .sort(order)
        .with_columns(
            repeat=row - first_row,
            deviation_ms=observed_ms - pl.col("start_ms") - pl.col("offset_ms"),
        )
    )
    if placed["repeat"].max():
        placed = placed.sort("start_ms", "repeat", "index")
    is_first = _changes("start_ms") | _changes("repeat")
    return placed.select(
        "start_ms",
        "index",
        "deviation_ms",
        "outcome",
        "status",
        "latency_ms",
        "error",
        round=is_first.cum_sum().cast(pl.Int64) - 1,
    )


def _changes(column: str) -> pl.Expr:
    return (pl.col(column) != pl.col(column).shift(1)).fill_null(value=True)


class _Sheet:
    """Consecutive rounds as columns with one cell for every platform of every round."""

    def __init__(self, plan: PlanSet, placed: pl.DataFrame, first: int, starts_ms: Sequence[int]) -> None:
        self._plan = plan
        self._first = first
        self._starts_ms = starts_ms
        self._n = len(plan.platforms)
        self._placed = placed.with_columns(cell=(pl.col("round") - first) * self._n + pl.col("index"))

    def rounds(self, number: int) -> Iterator[Round]:
        """Each round; `number` is that of the very first round of the source."""
        n = self._n
        is_on_time = pl.col("deviation_ms").is_between(0, LATE - 1)
        jitter = self._bytes(pl.when(is_on_time).then("deviation_ms").otherwise(LATE))
        low = self._bytes(pl.col("latency_ms") % 256)
        high = self._bytes(pl.col("latency_ms") // 256)
        present = self._bytes(pl.lit(1))
        not_up = self._not_up()
        late_ms = self._by_round(self._placed.filter(~is_on_time), "deviation_ms")
        odd_status = self._by_round(self._odd(), "status")
        edges = range(0, n * len(self._starts_ms) + 1, n)
        for row, (start, end) in enumerate(pairwise(edges)):
            latencies = low[start:end] + high[start:end]
            yield Round(
                agent=self._plan.agent,
                number=number + self._first + row,
                plan=self._plan.reference,
                start_ms=self._starts_ms[row],
                n=n,
                not_up=not_up.get(row, _NONE),
                missing=_missing(present[start:end]),
                odd_status=odd_status.get(row, _NONE),
                jitter=jitter[start:end],
                late_ms=late_ms.get(row, _NONE),
                latencies=latencies if any(latencies) else b"",
            )

    def _bytes(self, values: pl.Expr) -> bytes:
        cells = pl.zeros(self._n * len(self._starts_ms), dtype=pl.UInt8, eager=True)
        found = self._placed.select("cell", value=values.cast(pl.UInt8))
        return bytes(cells.scatter(found["cell"], found["value"]).to_list())

    def _not_up(self) -> dict[int, dict[int, tuple[str, int, str]]]:
        found: dict[int, dict[int, tuple[str, int, str]]] = {}
        exceptions = self._placed.filter(pl.col("outcome") != _UP).select(
            "cell", "outcome", "status", pl.col("error").cast(pl.String)
        )
        for cell, outcome, status, error in exceptions.iter_rows():
            row, index = divmod(cell, self._n)
            found.setdefault(row, {})[index] = (OUTCOMES[outcome], status, error)
        return found

    def _odd(self) -> pl.DataFrame:
        usual = {index: planned.usual_status for index, planned in enumerate(self._plan.platforms)}
        usual_status = pl.col("index").replace_strict(usual, return_dtype=pl.Int16)
        return self._placed.filter((pl.col("outcome") == _UP) & (pl.col("status") != usual_status))

    def _by_round(self, some: pl.DataFrame, column: str) -> dict[int, dict[int, int]]:
        found: dict[int, dict[int, int]] = {}
        for cell, value in some.select("cell", column).iter_rows():
            row, index = divmod(cell, self._n)
            found.setdefault(row, {})[index] = value
        return found


def _missing(present: bytes) -> list[int]:
    return [index for index, is_present in enumerate(present) if not is_present] if 0 in present else []
