"""A source of results: a file cut into batches, each readable all at once or record by record.

A batch that is in every way usual is read at once, as a frame of text columns. Any other is read record by
record, which knows the line of each and says what is wrong with it. Both ways give the same text for the
same record, or the first one gives nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import polars as pl

from ledger.intake.columns import Columns


class Record(NamedTuple):
    """One record of a source. `cells` is None if it cannot even be cut into columns; `fault` says why."""

    line: int
    cells: Mapping[str, str] | None
    fault: str
    raw: str
    """The record as the source has it, to be put aside."""


class Batch(Protocol):
    """Some consecutive records."""

    @property
    def end(self) -> int:
        """How much of the source is read once this batch is, in the units of `Source.size`."""

    def frame(self) -> pl.DataFrame | None:
        """`line` and our columns as text, empty where a cell is; None if anything is unusual."""

    def records(self) -> Iterator[Record]:
        """The same, one by one."""


class Source(Protocol):
    """A file, or whatever else holds results. May be read several times."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def size(self) -> int:
        """How much there is to read."""

    @property
    def columns(self) -> Columns:
        """How its columns are read."""

    @property
    def header(self) -> tuple[str, ...]:
        """All its columns, by its own names."""

    @property
    def unused(self) -> tuple[str, ...]:
        """Its columns that are not read."""

    def batches(self) -> Iterator[Batch]:
        """All records in order.

        Raises:
            BadInputError: it cannot be read at all, or not to its end.
        """

    def row(self, record: Record) -> Sequence[str]:
        """A record's cells in the order of the header; one that cannot be cut into columns stands whole."""

    def place(self, line: int) -> str:
        """Where a record stands, as messages say it: `line 12`."""
