"""Every way of the benchmark comes to the sums of the projections, or it prints no time."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from consumers.bench.month import Month
from consumers.bench.part import Part
from consumers.bench.peers import in_duckdb, in_polars, one_event_each, one_fact_each, parquet
from ledger.errors import DamagedLedgerError
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


def test_one_fact_for_each_result_comes_to_the_same(part):
    assert one_fact_each.replay(part, one_fact_each.write(part)) == part.replay()


@pytest.mark.parametrize(
    ("kind", "change", "found"),
    [
        (
            "update",
            "UPDATE decisions SET value = CAST(value || ' ' AS BLOB) WHERE position = 5",
            "is not as it",
        ),
        ("delete", "DELETE FROM decisions WHERE position = 5", "is no successor"),
    ],
)
def test_a_fact_that_was_altered_or_taken_out_of_its_stream_is_found(part, kind, change, found):
    damaged = shutil.copy(one_fact_each.write(part), part.folder / f"{kind}.db")
    with closing(sqlite3.connect(damaged)) as connection, connection:
        connection.execute(f"DROP TRIGGER decisions_{kind}")
        connection.execute(change)

    with pytest.raises(DamagedLedgerError, match=found):
        one_fact_each.replay(part, damaged)


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
