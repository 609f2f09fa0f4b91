"""The same results as Parquet: in the order in which they arrived, and sorted by platform."""

from collections.abc import Iterator
from heapq import merge
from pathlib import Path

import polars as pl

from consumers.bench.month import Month
from consumers.bench.part import Part, made
from consumers.bench.rounds import plan_of, rounds_of
from ledger.plans import PlanSet
from ledger.rounds import Round
from projections.steps import CODES, UP


def arrived(part: Part) -> Path:
    """One row for each result, minute by minute and agent by agent."""
    path = part.ledger.with_suffix(".arrived.parquet")
    return made(path, lambda begun: _write(pl.concat(_frames(part)), begun))


def by_platform(part: Part) -> Path:
    """The same rows sorted by platform, agent and instant."""
    path = part.ledger.with_suffix(".sorted.parquet")
    ordered = pl.scan_parquet(arrived(part)).sort("platform", "agent", "at_ms")
    return made(path, lambda begun: _write(ordered.collect(), begun))


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path, compression="zstd", compression_level=3)


def windows(part: Part) -> Path:
    """When time counts, for who reads only files."""
    path = part.ledger.with_suffix(".windows.parquet")
    part.windows.write_parquet(path)
    return path


# ---------------------------------------------------------------- rounds as rows


def _frames(part: Part) -> Iterator[pl.DataFrame]:
    agents = part.month.agents
    plans = [plan_of(part.month, *agent) for agent in agents]
    rows = {plan.reference: _planned(part.month, plans, plan) for plan in plans}
    rounds = (rounds_of(part.month, *agent, part.minutes) for agent in agents)
    for found in merge(*rounds, key=lambda each: each.start_ms):
        yield _results(found, rows[found.plan])


def _planned(month: Month, plans: list[PlanSet], plan: PlanSet) -> pl.DataFrame:
    """Every result of a plan, without what is a round's own."""
    names = [planned.platform for planned in plan.platforms]
    return pl.DataFrame(
        {
            "platform": pl.Series(names, dtype=pl.Enum(month.names)),
            "agent": pl.Series([plan.agent] * len(names), dtype=pl.Enum([each.agent for each in plans])),
            "at_ms": pl.Series([planned.offset_ms for planned in plan.platforms], dtype=pl.Int64),
        }
    )


def _results(found: Round, planned: pl.DataFrame) -> pl.DataFrame:
    deviations_ms, n = list(found.jitter), found.n
    for index, late_ms in found.late_ms.items():
        deviations_ms[index] = late_ms
    outcomes: list[int | None] = [UP] * n
    statuses = [200] * n
    for index, (outcome, status, _) in found.not_up.items():
        outcomes[index], statuses[index] = CODES[outcome], status
    for index in found.missing:
        outcomes[index] = None
    own = {
        "outcome": pl.Series(outcomes, dtype=pl.Int8),
        "status": pl.Series(statuses, dtype=pl.Int16),
        "latency_ms": pl.Series([found.latency_ms(index) for index in range(n)], dtype=pl.UInt16),
    }
    at_ms = pl.col("at_ms") + found.start_ms + pl.Series(deviations_ms, dtype=pl.Int64)
    return planned.with_columns(at_ms, **own).drop_nulls("outcome")
