"""What every way must come to: how long platforms were up, degraded, down and unknown while it counted."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import polars as pl

from consumers.bench.write import CONTRACT
from ledger.interval import Interval, clip, subtract
from projections.asof import Known
from projections.classes import VERDICTS
from projections.exclusions import exclusions_by_platform, hours_by_platform
from projections.layouts import members
from projections.selection import select
from projections.verdicts import verdicts_over

WINDOWS = {"platform": pl.String(), "from_ms": pl.Int64(), "to_ms": pl.Int64()}


class Sums(NamedTuple):
    """Milliseconds of all platforms by verdict, within the service hours and not excluded."""

    unknown: int
    up: int
    degraded: int
    down: int


FROZEN: Mapping[str, Sums] = {
    "reference-0-43260": Sums(
        unknown=989_974, up=667_124_373_327, degraded=9_022_485_447, down=2_458_151_252
    ),
    "reference-0-2880": Sums(unknown=0, up=60_693_324_692, degraded=779_452_465, down=186_222_843),
    "bad-0-43260": Sums(unknown=989_974, up=605_341_192_807, degraded=61_383_072_162, down=11_880_745_057),
}
"""By the name of a part: what a replay of it gives on every machine."""


def replayed(known: Known, bounds: Interval, windows: pl.DataFrame, readings: Mapping[str, str]) -> Sums:
    """The sums by the projections: rounds to changes, changes to verdicts, and these within the windows."""
    contract, period = select(known, CONTRACT, bounds, readings)
    return within(verdicts_over(known, members(contract, period), period.parts), windows)


def windows_of(known: Known, bounds: Interval, readings: Mapping[str, str]) -> pl.DataFrame:
    """When time counts, by platform (`WINDOWS`): disjoint, in order."""
    contract, period = select(known, CONTRACT, bounds, readings)
    names = members(contract, period)
    hours = hours_by_platform(contract, names, period)
    excluding = exclusions_by_platform(known, contract, names, period)
    rows = [
        (name, *window)
        for name in names
        for window in clip(
            subtract(hours[name], [span for each in excluding[name] for span in each.excluded]),
            period.interval,
        )
    ]
    return pl.DataFrame(rows, schema=WINDOWS, orient="row")


def within(verdicts: pl.DataFrame, windows: pl.DataFrame) -> Sums:
    """How long each verdict held within the windows."""
    starts, ends = pl.max_horizontal("start_ms", "from_ms"), pl.min_horizontal("end_ms", "to_ms")
    found = (
        verdicts.lazy()
        .join_where(
            windows.lazy().rename({"platform": "of"}),
            pl.col("platform") == pl.col("of"),
            pl.col("start_ms") < pl.col("to_ms"),
            pl.col("end_ms") > pl.col("from_ms"),
        )
        .group_by("verdict")
        .agg((ends - starts).sum().alias("ms"))
        .collect()
    )
    return of_rows(found.iter_rows())


def of_rows(rows: Iterable[tuple[int, int]]) -> Sums:
    """Sums from pairs of a verdict's code and milliseconds."""
    by_code = dict(rows)
    return Sums(*(int(by_code.get(code, 0)) for code in range(len(VERDICTS))))
