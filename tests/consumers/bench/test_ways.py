"""Every way of the benchmark comes to the sums of the projections, or it prints no time."""

import pytest

from consumers.bench.month import Month
from consumers.bench.part import Part
from consumers.bench.peers import in_duckdb, in_polars, one_event_each, parquet
from tests.consumers.bench.small import ALWAYS, SMALL

PARTS = {
    "the whole of a small month": (SMALL, range(180)),
    "some minutes of it": (SMALL, range(60, 150)),
    "two streams": (
        Month("two", streams=2, platforms=60, minutes=90, not_up_tenths=60, notices=4),
        range(90),
    ),
}


@pytest.fixture(scope="module", params=PARTS)
def part(request, tmp_path_factory):
    month, minutes = PARTS[request.param]
    return Part(month, minutes, tmp_path_factory.mktemp("part"), ALWAYS)


def test_one_event_for_each_result_comes_to_the_same(part):
    assert one_event_each.replay(part, one_event_each.write(part)) == part.replay()
    assert part.replay().down


def test_parquet_in_polars_comes_to_the_same_in_either_order(part):
    windows = parquet.windows(part)

    for way in (in_polars.arrived, in_polars.taken_as_in_order):
        assert way(part, parquet.arrived(part), windows) == part.replay()
    assert in_polars.by_platform(part, parquet.by_platform(part), windows) == part.replay()


@pytest.mark.skipif(not in_duckdb.is_installed(), reason="DuckDB is in the dependency group bench")
def test_parquet_in_duckdb_comes_to_the_same_in_either_order(part):
    windows = parquet.windows(part)

    assert in_duckdb.sums(part, parquet.arrived(part), windows) == part.replay()
    assert in_duckdb.sums(part, parquet.by_platform(part), windows) == part.replay()
