"""How long each class lasted on each local day of a period, on several platforms.

Ten thousand platforms have three hundred thousand days, which most questions only add up. So they are kept in
columns, and laid out where somebody looks at one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from projections.calendar import local_days
from projections.figures import CLASSES, Class
from projections.periods import Period


@dataclass(frozen=True, slots=True)
class Columns:
    """The days of a period, and of each class its milliseconds: each platform's days behind one another's."""

    places: Mapping[date, int]
    """Each day in order, and its place from 0 on."""
    sums_ms: Mapping[Class, list[int]]


class DaySums(Mapping[date, Mapping[Class, int]]):
    """How long each class lasted on one platform, by local day."""

    __slots__ = ("_columns", "_first")

    def __init__(self, columns: Columns, first: int = 0) -> None:
        self._columns = columns
        self._first = first

    def __getitem__(self, day: date) -> Mapping[Class, int]:
        row = self._first + self._columns.places[day]
        return {class_: sums_ms[row] for class_, sums_ms in self._columns.sums_ms.items()}

    def __iter__(self) -> Iterator[date]:
        return iter(self._columns.places)

    def __len__(self) -> int:
        return len(self._columns.places)

    def __repr__(self) -> str:
        return f"DaySums({dict(self)})"

    def of(self, class_: Class) -> list[int]:
        """How long one class lasted on each day, in order."""
        return self._columns.sums_ms[class_][self._first : self._first + len(self)]

    @property
    def totals_ms(self) -> dict[Class, int]:
        """How long each class lasted in all."""
        return {class_: sum(self.of(class_)) for class_ in CLASSES}


def day_sums(pieces: pl.DataFrame, names: pl.Enum, period: Period) -> dict[str, DaySums]:
    """Those of each of the platforms: the lengths of its pieces, each of one day and one class.

    The pieces lie in order of platform and instant.

    Raises:
        AssertionError: time is not conserved.
    """
    found = _summed(pieces)
    _check_conservation(found, names, period)
    places = {day: place for place, (day, _) in enumerate(local_days(period.zone, period.interval))}
    columns = Columns(places, {name: found[name].to_list() for name in CLASSES})
    return {name: DaySums(columns, len(places) * number) for number, name in enumerate(names.categories)}


def _summed(pieces: pl.DataFrame) -> pl.DataFrame:
    """The milliseconds of each class on each platform's days, in the order of the pieces.

    A day's pieces lie together, so a sum is what has come up by its last piece, less what had by the day's
    before it: in half the time of a table of groups.
    """
    length_ms = pl.col("end_ms") - pl.col("start_ms")
    by_class = [
        pl.when(pl.col("class") == index).then(length_ms).otherwise(0).cum_sum().alias(name)
        for index, name in enumerate(CLASSES)
    ]
    is_last = pl.any_horizontal(pl.col(name) != pl.col(name).shift(-1) for name in ("platform", "day"))
    return (
        pieces.select("platform", "day", *by_class, is_last.fill_null(value=True).alias("is_last"))
        .filter("is_last")
        .select("platform", "day", *(pl.col(name) - pl.col(name).shift(1, fill_value=0) for name in CLASSES))
    )


def _check_conservation(found: pl.DataFrame, names: pl.Enum, period: Period) -> None:
    """Time is conserved: the days are those of the period, and the six classes of each sum to it."""
    days = local_days(period.zone, period.interval)
    lengths = pl.DataFrame(
        [(day, within.length_ms) for day, within in days],
        schema={"day": pl.Date, "length_ms": pl.Int64},
        orient="row",
    )
    platforms = pl.DataFrame({"platform": names.categories}, schema={"platform": names})
    expected = platforms.join(lengths, how="cross", maintain_order="left_right")
    summed = found.select("platform", "day", pl.sum_horizontal(CLASSES).alias("length_ms"))
    if not summed.equals(expected):
        raise AssertionError(_not_conserved(summed, expected))


def _not_conserved(summed: pl.DataFrame, expected: pl.DataFrame) -> str:
    """What is wrong on the first platform on which something is."""
    both = summed.join(expected, on=["platform", "day"], how="full", coalesce=True, suffix="_expected")
    wrong: dict[str, dict[date, tuple[int, int]]] = {}
    for platform, day, found_ms, expected_ms in both.sort("platform", "day").iter_rows():
        if found_ms != expected_ms:
            wrong.setdefault(platform, {})[day] = found_ms, expected_ms
    platform, days = next(iter(wrong.items()))
    return f"time is not conserved on {platform} (day: found, expected): {days}"
