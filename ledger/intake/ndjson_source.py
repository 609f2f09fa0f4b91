"""Results as NDJSON: one JSON object a line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson
import polars as pl

from ledger.intake.columns import COLUMNS, Columns
from ledger.intake.lines import Block, blocks
from ledger.intake.sources import Record


@dataclass(frozen=True, slots=True)
class NdjsonBatch:
    """Some lines of an NDJSON file."""

    block: Block
    names: Mapping[str, str]

    @property
    def end(self) -> int:
        """Bytes read so far."""
        return self.block.end

    def frame(self) -> pl.DataFrame | None:
        """All lines, unless one is no object."""
        rows = []
        for line, cells, _, _ in self.records():
            if cells is None:
                return None
            rows.append((line, *(cells[name] for name in COLUMNS)))
        schema: dict[str, pl.DataType] = {"line": pl.UInt32(), **dict.fromkeys(COLUMNS, pl.String())}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def records(self) -> Iterator[Record]:
        """The lines one by one; blank ones are no records."""
        for number, line in self.block.lines():
            raw = line.decode(errors="replace")
            try:
                found = orjson.loads(line)
                if not isinstance(found, dict):
                    raise ValueError  # noqa: TRY301, TRY004 - one and the same fault
                cells = {ours: _text(found.get(theirs)) for ours, theirs in self.names.items()}
            except ValueError:
                yield Record(number, None, "is no JSON object of texts and numbers", raw)
            else:
                yield Record(number, cells, "", raw)


@dataclass(frozen=True, slots=True)
class NdjsonSource:
    """An NDJSON file of results. Each line names its own columns, so none is known to be unused."""

    path: Path
    columns: Columns

    @classmethod
    def open(cls, path: Path, columns: Columns) -> Self:
        """Nothing is read yet."""
        return cls(path, columns)

    @property
    def name(self) -> str:
        """The file's name."""
        return str(self.path)

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size

    @property
    def header(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(self.columns.theirs(column) for column in COLUMNS)

    @property
    def unused(self) -> tuple[str, ...]:
        """None."""
        return ()

    def batches(self) -> Iterator[NdjsonBatch]:
        """All lines."""
        names = {column: self.columns.theirs(column) for column in COLUMNS}
        for block in blocks(self.path):
            yield NdjsonBatch(block, names)

    def row(self, record: Record) -> Sequence[str]:
        """What is read of the line."""
        return (record.raw,) if record.cells is None else [record.cells[column] for column in COLUMNS]

    def place(self, line: int) -> str:
        """The line's number."""
        return f"line {line}"


def _text(value: object) -> str:
    """A JSON value as a cell: whole numbers without a fraction, nothing for null. ValueError if nested."""
    match value:
        case None:
            return ""
        case str():
            return value
        case float() if value.is_integer():
            return str(int(value))
        case bool() | int() | float():
            return str(value)
    raise ValueError("is nested")
