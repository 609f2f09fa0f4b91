"""Results as Parquet: columns of text, numbers or instants."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import orjson
import polars as pl

from ledger.errors import BadInputError
from ledger.intake.columns import COLUMNS, Columns
from ledger.intake.sources import Record

BATCH_ROWS = 200_000
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(frozen=True, slots=True)
class ParquetBatch:
    """Some rows of a Parquet file, already as text."""

    cells: pl.DataFrame

    @property
    def end(self) -> int:
        """Rows read so far."""
        return int(self.cells["line"][-1])

    def frame(self) -> pl.DataFrame:
        """All rows."""
        return self.cells

    def records(self) -> Iterator[Record]:
        """The rows one by one."""
        for row in self.cells.iter_rows(named=True):
            line = row.pop("line")
            yield Record(line, row, "", orjson.dumps(row).decode())


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """A Parquet file of results. A column of instants is read as such, whatever the form of times."""

    path: Path
    columns: Columns
    schema: Mapping[str, pl.DataType]
    places: Mapping[str, int]

    @classmethod
    def open(cls, path: Path, columns: Columns) -> Self:
        """Read the names and kinds of the columns.

        Raises:
            BadInputError: the file is no Parquet file or cut short, or a column is missing.
        """
        try:
            schema = pl.read_parquet_schema(path)
        except _UNREADABLE as error:
            raise BadInputError(_damaged("has no readable end", error)) from error
        places = columns.found_in(list(schema))
        if isinstance(schema[columns.theirs("observed_at")], pl.Datetime):
            columns = replace(columns, time="iso")
        return cls(path, columns, schema, places)

    @property
    def name(self) -> str:
        """The file's name."""
        return str(self.path)

    @property
    def size(self) -> int:
        """In rows."""
        return int(pl.scan_parquet(self.path).select(pl.len()).collect().item())

    @property
    def header(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(self.columns.theirs(column) for column in COLUMNS)

    @property
    def unused(self) -> tuple[str, ...]:
        """The columns that are not read."""
        used = set(self.places.values())
        return tuple(name for place, name in enumerate(self.schema) if place not in used)

    def batches(self) -> Iterator[ParquetBatch]:
        """All rows; numbered from 1."""
        start, size = 0, self.size
        while start < size:
            try:
                rows = pl.scan_parquet(self.path).slice(start, BATCH_ROWS).select(self._as_text()).collect()
            except _UNREADABLE as error:
                raise BadInputError(
                    f"{self.path}: {_damaged(f'cannot be read from row {start + 1} on', error)}"
                ) from error
            yield ParquetBatch(rows.with_row_index("line", offset=start + 1))
            start += rows.height

    def _as_text(self) -> list[pl.Expr]:
        expressions = []
        for name in COLUMNS:
            theirs = self.columns.theirs(name)
            cells = _text(pl.col(theirs), self.schema[theirs]) if name in self.places else pl.lit("")
            expressions.append(cells.fill_null("").alias(name))
        return expressions

    def row(self, record: Record) -> Sequence[str]:
        """What is read of the row."""
        return [record.cells[column] for column in COLUMNS] if record.cells else (record.raw,)

    def place(self, line: int) -> str:
        """The row's number."""
        return f"row {line}"


def _text(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.Datetime):
        zone = "%:z" if kind.time_zone else ""
        return column.dt.to_string(f"%Y-%m-%dT%H:%M:%S%.6f{zone}")
    if kind.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return (
            pl.when(column.is_nan())
            .then(pl.lit(""))
            .when(whole == column)
            .then(whole.cast(pl.String))
            .otherwise(column.cast(pl.String))
        )
    if kind.is_nested() or kind == pl.Binary:
        return pl.lit(f"<{kind}>")
    return column.cast(pl.String)


def _damaged(what: str, error: BaseException) -> str:
    return f"{what} ({str(error).splitlines()[0]}); it is cut short or no Parquet file: copy it again"
