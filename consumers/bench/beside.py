"""Lines of the table that read the same results in another form, held against the replay of the rounds."""

from collections.abc import Iterator
from functools import partial

from consumers.bench.measure import Way, in_turns, require_equal
from consumers.bench.part import Part
from consumers.bench.peers import in_duckdb, in_polars, one_event_each, one_fact_each, parquet
from consumers.bench.table import Line

ONE_EVENT_LEAST, DUCKDB_LEAST, POLARS_LEAST = 100, 4, 6
"""Below these ratios the benchmark fails."""


def each_result(whole: Part, part: Part, turns: int) -> Iterator[Line]:
    """One JSON event for each result, on a part; the whole takes as much longer as it is larger."""
    events = Way(partial(one_event_each.replay, part, one_event_each.write(part)), ONE_EVENT_LEAST)
    facts = Way(partial(one_fact_each.replay, part, one_fact_each.write(part)))
    require_equal(
        part.replay(), {"one event for each result": events.run, "one fact for each result": facts.run}
    )
    factor = len(whole.minutes) / len(part.minutes)
    measured = f"({len(part.minutes) / 60:g} h of it measured, × {factor:.0f})"
    ways = {
        f"the same, one JSON event for each result, decoded by msgspec {measured}": events,
        f"the same, each result a fact of the decision log {measured}": facts,
    }
    found = in_turns(whole.replay, [way.run for way in ways.values()], turns)
    for (what, way), ratios in zip(ways.items(), found, strict=True):
        yield Line(what, "that replay", ratios.times(factor), least=way.least)


def as_parquet(part: Part, turns: int) -> Iterator[Line]:
    """The same results as Parquet, in two orders and two engines."""
    ways = _ways(part)
    require_equal(part.replay(), {what: way.run for what, way in ways.items()})
    against = f"the replay of these {len(part.minutes) / 1440:g} days"
    measured = in_turns(part.replay, [way.run for way in ways.values()], turns)
    for (what, way), ratios in zip(ways.items(), measured, strict=True):
        yield Line(what, against, ratios, least=way.least)
    if not in_duckdb.is_installed():
        yield Line("DuckDB", figure="not installed (dependency group `bench`)")


def _ways(part: Part) -> dict[str, Way]:
    windows, arrived, sorted_ = parquet.windows(part), parquet.arrived(part), parquet.by_platform(part)
    with_polars = {
        "Polars, Parquet as it arrived": Way(
            partial(in_polars.arrived, part, arrived, windows), POLARS_LEAST
        ),
        "Polars, the same, taken as if nothing can come out of order": Way(
            partial(in_polars.taken_as_in_order, part, arrived, windows)
        ),
        "Polars, Parquet sorted by platform": Way(partial(in_polars.by_platform, part, sorted_, windows)),
    }
    if not in_duckdb.is_installed():
        return with_polars
    return with_polars | {
        "DuckDB, Parquet as it arrived": Way(partial(in_duckdb.sums, part, arrived, windows), DUCKDB_LEAST),
        "DuckDB, Parquet sorted by platform": Way(partial(in_duckdb.sums, part, sorted_, windows)),
    }
