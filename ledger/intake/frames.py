"""Many records at once: the fast way, which knows only usual times and passes on everything else.

A column of names, outcomes, numbers or errors holds few different cells; each different one is read once,
by the same function as in the slow way. Times are all different, so they are read as columns.
"""

from collections.abc import Callable, Mapping

import polars as pl

from ledger.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from ledger.intake import rows
from ledger.intake.columns import TimeForm

RESULTS: dict[str, pl.DataType] = {
    "line": pl.UInt32(),
    "agent": pl.Categorical(),
    "platform": pl.Categorical(),
    "observed_ms": pl.Int64(),
    "outcome": pl.UInt8(),
    "status": pl.Int16(),
    "latency_ms": pl.UInt16(),
    "error": pl.Categorical(),
}
"""The columns of results that were read: about thirty bytes each, however long their names are."""

_ISO = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{3}([0-9]{3})?)?"
    r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
_DIGITS: Mapping[TimeForm, tuple[str, int]] = {
    "epoch-s": ("^[0-9]{1,11}$", SECOND_MS),
    "epoch-ms": ("^[0-9]{1,14}$", 1),
}


def read_frame(cells: pl.DataFrame, time: TimeForm, agent: str, now_ms: int) -> pl.DataFrame | None:
    """The results that a frame of text cells holds, as `RESULTS`; None if any cell is unusual."""
    observed_ms = _observed_ms(cells["observed_at"], time)
    if observed_ms is None or not _in_range(observed_ms, now_ms):
        return None
    readers: dict[str, Callable[[str], object]] = {
        "agent": lambda cell: rows.agent(cell, agent),
        "platform": rows.platform,
        "outcome": rows.outcome,
        "status": rows.status,
        "latency_ms": rows.latency_ms,
        "error": rows.error,
    }
    try:
        found = {name: _each_once(cells[name], read, RESULTS[name]) for name, read in readers.items()}
    except ValueError:
        return None
    return pl.DataFrame({"line": cells["line"], "observed_ms": observed_ms} | found).select(*RESULTS)


def _in_range(observed_ms: pl.Series, now_ms: int) -> bool:
    # A time that could not be read is null; why one is out of range is left to the slow way to explain.
    return observed_ms.is_between(rows.EARLIEST_MS, now_ms).fill_null(value=False).all()


def _each_once(cells: pl.Series, read: Callable[[str], object], kind: pl.DataType) -> pl.Series:
    codes = cells.cast(pl.Categorical)
    values = {cell: read(cell) for cell in codes.unique().cast(pl.String)}
    return codes.replace_strict(values, return_dtype=kind)


def _observed_ms(cells: pl.Series, time: TimeForm) -> pl.Series | None:
    """Milliseconds; null where there is no such day, None unless every cell has the usual shape."""
    if time == "iso":
        return _iso_ms(cells) if cells.str.contains(_ISO).all() else None
    digits, factor = _DIGITS[time]
    return cells.cast(pl.Int64) * factor if cells.str.contains(digits).all() else None


def _iso_ms(cells: pl.Series) -> pl.Series:
    separator = cells[0][10] if len(cells) else "T"
    local = cells.str.head(19).str.to_datetime(f"%Y-%m-%d{separator}%H:%M:%S", strict=False)
    fraction_ms = _each_once(cells.str.slice(19, 4), _fraction_ms, pl.Int64())
    offset_ms = _each_once(cells.str.tail(6), _offset_ms, pl.Int64())
    return local.dt.epoch("ms") + fraction_ms - offset_ms


def _fraction_ms(text: str) -> int:
    """Of the four characters behind the second: `.123`, or the beginning of an offset."""
    return int(text[1:]) if text.startswith(".") else 0


def _offset_ms(text: str) -> int:
    """Of the last six characters: `+02:00`, or anything that ends with `Z`."""
    if text.endswith("Z"):
        return 0
    ahead_ms = int(text[1:3]) * HOUR_MS + int(text[4:6]) * MINUTE_MS
    return ahead_ms if text.startswith("+") else -ahead_ms
