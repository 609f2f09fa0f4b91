"""The sums from Parquet in DuckDB: changes first, then verdicts, in one query."""

from importlib.util import find_spec
from pathlib import Path

from consumers.bench.part import Part
from consumers.bench.sums import Sums, of_rows
from consumers.bench.write import TERMS
from projections.steps import DEGRADED, DOWN, UNKNOWN, UP

_QUERY = f"""
WITH neighbours AS (
    SELECT platform, agent, at_ms, outcome,
        lag(outcome) OVER each AS before, lag(at_ms) OVER each AS last_ms, lead(at_ms) OVER each AS next_ms
    FROM read_parquet($results)
    WINDOW each AS (PARTITION BY platform, agent ORDER BY at_ms)
), changes AS (
    SELECT platform, agent, at_ms, outcome FROM neighbours
    WHERE before IS DISTINCT FROM outcome OR at_ms - last_ms > $stale_ms
    UNION ALL
    SELECT platform, agent, at_ms + $stale_ms, {UNKNOWN} FROM neighbours
    WHERE next_ms IS NULL OR next_ms - at_ms > $stale_ms
), differences AS (
    SELECT platform::VARCHAR AS platform, at_ms, outcome,
        coalesce(lag(outcome) OVER (PARTITION BY platform, agent ORDER BY at_ms), {UNKNOWN}) AS before
    FROM changes
    UNION ALL
    SELECT DISTINCT platform, $start_ms, {UNKNOWN}, {UNKNOWN} FROM read_parquet($windows)
), counts AS (
    SELECT platform, at_ms,
        sum((outcome = {UP})::INT - (before = {UP})::INT) AS up,
        sum((outcome = {DEGRADED})::INT - (before = {DEGRADED})::INT) AS degraded,
        sum((outcome = {DOWN})::INT - (before = {DOWN})::INT) AS down
    FROM differences GROUP BY ALL
), standing AS (
    SELECT platform, at_ms, lead(at_ms, 1, $end_ms) OVER each AS end_ms,
        sum(up) OVER each AS up, sum(degraded) OVER each AS degraded, sum(down) OVER each AS down
    FROM counts
    WINDOW each AS (PARTITION BY platform ORDER BY at_ms)
), spans AS (
    SELECT platform, at_ms, end_ms,
        CASE WHEN up + degraded + down = 0 THEN {UNKNOWN} WHEN 2 * down > up + degraded + down THEN {DOWN}
             WHEN degraded > 0 THEN {DEGRADED} ELSE {UP} END AS verdict
    FROM standing WHERE end_ms > at_ms
)
SELECT verdict, sum(least(end_ms, to_ms) - greatest(at_ms, from_ms))
FROM spans JOIN read_parquet($windows) AS windows
    ON spans.platform = windows.platform AND at_ms < to_ms AND end_ms > from_ms
GROUP BY verdict
"""


def is_installed() -> bool:
    """Whether DuckDB, which only the benchmark uses, is there."""
    return find_spec("duckdb") is not None


def sums(part: Part, results: Path, windows: Path) -> Sums:
    """In whatever order the rows lie."""
    import duckdb  # noqa: PLC0415 - it is not installed with Constat

    with duckdb.connect() as connection:
        rows = connection.execute(
            _QUERY,
            {
                "results": str(results),
                "windows": str(windows),
                "stale_ms": TERMS.stale_after_ms,
                "start_ms": part.bounds.start_ms,
                "end_ms": part.bounds.end_ms,
            },
        ).fetchall()
    return of_rows(rows)
