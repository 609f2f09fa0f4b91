"""A file as CSV: a header, then one record a line, commas, `"` around what holds a comma.

A line is a record: a quoted text may not run over the end of its line, so that one damaged line never
swallows the good ones behind it.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

import polars as pl

from ledger.errors import BadInputError, counted
from ledger.intake.columns import COLUMNS, Columns
from ledger.intake.lines import BOM, Block, blocks
from ledger.intake.sources import Record

_UNUSUAL = (b'"', b"\r", b"\0")
"""What the two ways of reading could understand differently; a block that holds one is read line by line."""


_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class CsvBatch:
    """Some lines of a CSV file; `places` says where our columns stand among its `width` ones."""

    block: Block
    width: int
    places: Mapping[str, int]

    @property
    def end(self) -> int:
        """Bytes read so far."""
        return self.block.end

    def frame(self) -> pl.DataFrame | None:
        """All lines at once, unless one is not cut into columns by its commas alone."""
        content = self.block.content
        if b"\r" in content:
            content = content.replace(b"\r\n", b"\n")
        if any(mark in content for mark in _UNUSUAL) or content.startswith(BOM):
            return None
        try:
            cells = pl.read_csv(
                content,
                has_header=False,
                new_columns=[f"column {place}" for place in range(self.width)],
                infer_schema=False,
                empty_string_is_null=False,
            )
        except pl.exceptions.PolarsError:
            return None
        lines = content.count(b"\n") + (not content.endswith(b"\n"))
        if cells.height != lines or content.count(b",") != lines * (self.width - 1):
            return None
        return cells.select(
            pl.int_range(self.block.first_line, self.block.first_line + lines, dtype=pl.UInt32).alias("line"),
            *(self._column(name) for name in COLUMNS),
        )

    def _column(self, name: str) -> pl.Expr:
        found = self.places.get(name)
        cells = pl.lit("") if found is None else pl.col(f"column {found}")
        return cells.alias(name)

    def records(self) -> Iterator[Record]:
        """The lines one by one; blank ones are no records."""
        for number, line in self.block.lines():
            raw = line.decode(errors="replace")
            try:
                cells = _cells(line, self.width)
            except ValueError as error:
                yield Record(number, None, str(error), raw)
            else:
                yield Record(number, {name: cells[place] for name, place in self.places.items()}, "", raw)


@dataclass(frozen=True, slots=True)
class CsvSource:
    """A CSV file, of results or of another list."""

    path: Path
    columns: Columns
    header: tuple[str, ...]
    places: Mapping[str, int]

    @classmethod
    def open(cls, path: Path, columns: Columns) -> Self:
        """Read the header.

        Raises:
            BadInputError: it is none, or a column is missing.
        """
        header = _header(path, columns)
        _require_commas(header)
        return cls(path, columns, header, columns.found_in(header))

    @property
    def name(self) -> str:
        """The file's name."""
        return str(self.path)

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size

    @property
    def unused(self) -> tuple[str, ...]:
        """The columns that are not read."""
        used = set(self.places.values())
        return tuple(name for place, name in enumerate(self.header) if place not in used)

    def batches(self) -> Iterator[CsvBatch]:
        """The lines behind the header."""
        for block in blocks(self.path):
            behind = block
            if block.first_line == 1:
                content = block.content.partition(b"\n")[2]
                behind = Block(2, content, block.end)
            if behind.content and not behind.content.isspace():
                yield CsvBatch(behind, len(self.header), self.places)

    def row(self, record: Record) -> Sequence[str]:
        """All columns of the line, those that are not read included."""
        return (record.raw,) if record.cells is None else _fields(record.raw.encode())

    def place(self, line: int) -> str:
        """The line's number; the header is line 1."""
        return f"line {line}"


def _header(path: Path, columns: Columns) -> tuple[str, ...]:
    first = next(blocks(path), None)
    lines = [] if first is None else list(islice(first.lines(), 1))
    if not lines or lines[0][0] != 1:
        raise BadInputError(f"line 1 is empty; it must name the columns: {', '.join(columns.known)}")
    try:
        return tuple(name.strip() for name in _fields(lines[0][1]))
    except ValueError as error:
        raise BadInputError(f"line 1 names no columns: it {error}") from None


def _require_commas(header: Sequence[str]) -> None:
    """A file without a comma in its first line, but with another separator, was saved for other programs."""
    found = [mark for mark in _OTHER_SEPARATORS if len(header) == 1 and mark in header[0]]
    if found:
        raise BadInputError(
            f"line 1 separates the columns by {_OTHER_SEPARATORS[found[0]]}; the separator must be a comma: "
            "save the file with commas"
        )


def _cells(line: bytes, width: int) -> Sequence[str]:
    cells = _fields(line)
    if len(cells) != width:
        raise ValueError(f"has {counted(len(cells), 'column')} where the header has {width}")
    return cells


def _fields(line: bytes) -> list[str]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if "\0" in text:
        raise ValueError("holds a zero byte; the file is damaged there")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise ValueError("is no line of CSV; close a quote on the line that opens it") from None
