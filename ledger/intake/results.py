"""The results of a source: read batch by batch, the fast way wherever everything is usual."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl

from ledger.errors import BadInputError
from ledger.intake.frames import RESULTS, read_frame
from ledger.intake.names import slugs
from ledger.intake.rejects import Rejects
from ledger.intake.rows import read_row
from ledger.intake.sources import Batch, Source

READERS = 2
"""Batches that are read at the same time; each takes some dozen megabytes."""

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


def silent(done: int, of: int) -> None:
    """No one is watching."""
    del done, of


@dataclass(frozen=True, slots=True)
class Results:
    """The results that a source holds (`frames.RESULTS`, in no order that matters)."""

    frame: pl.DataFrame
    renamed: Mapping[str, str]
    """The names that could not stay as they were, and what they became."""
    written: Mapping[str, str]
    """Platform -> how the source writes it, where that is not its name."""


def read_results(source: Source, now_ms: int, rejects: Rejects, progress: Progress = silent) -> Results:
    """Read a source to its end; what holds no result joins the rejects. No result is later than `now_ms`.

    Raises:
        BadInputError: the source cannot be read, or two of its names would become one.
    """
    size = source.size
    frames = [pl.DataFrame(schema=RESULTS)]
    for batch, fast in _read_ahead(source, now_ms):
        frames.append(read_slowly(batch, source, now_ms, rejects) if fast is None else fast)
        progress(batch.end, size)
    try:
        return named(pl.concat(frames))
    except BadInputError as error:
        raise BadInputError(f"{source.name}: {error}") from None


def _read_ahead(source: Source, now_ms: int) -> Iterator[tuple[Batch, pl.DataFrame | None]]:
    """Every batch in order, with what the fast way makes of it; some are being read while one is used."""
    with ThreadPoolExecutor(READERS) as readers:
        ahead: deque[tuple[Batch, Future[pl.DataFrame | None]]] = deque()
        for batch in source.batches():
            ahead.append((batch, readers.submit(read_fast, batch, source, now_ms)))
            if len(ahead) > READERS:
                first, fast = ahead.popleft()
                yield first, fast.result()
        for first, fast in ahead:
            yield first, fast.result()


def read_fast(batch: Batch, source: Source, now_ms: int) -> pl.DataFrame | None:
    """All results of a batch at once; None if anything in it is unusual."""
    cells = batch.frame()
    if cells is None:
        return None
    return read_frame(cells, source.columns.time, source.columns.agent, now_ms)


def read_slowly(batch: Batch, source: Source, now_ms: int, rejects: Rejects) -> pl.DataFrame:
    """The results of a batch one by one; records that hold none join the rejects."""
    return pl.DataFrame(list(_rows(batch, source, now_ms, rejects)), schema=RESULTS, orient="row")


def _rows(batch: Batch, source: Source, now_ms: int, rejects: Rejects) -> Iterator[tuple[Any, ...]]:
    time, agent = source.columns.time, source.columns.agent
    for record in batch.records():
        try:
            if record.cells is None:
                raise ValueError(record.fault)  # noqa: TRY301 - a fault, like those of the cells
            yield (record.line, *read_row(record.cells, time, agent, now_ms))
        except ValueError as error:
            rejects.add(record.line, str(error))


def named(frame: pl.DataFrame, given: Mapping[str, str] | None = None) -> Results:
    """Results with the texts of their source made names; `given` says the names of some platforms.

    Raises:
        BadInputError: two texts would become one name.
    """
    renamed: dict[str, str] = {}
    written: dict[str, str] = {}
    for column in ("agent", "platform"):
        texts = frame[column].unique().cast(pl.String)
        names = slugs(texts, given if column == "platform" else None)
        changed = {text: name for text, name in names.items() if text != name}
        if changed:
            plain = pl.col(column).cast(pl.String).replace(changed).cast(pl.Categorical)
            frame = frame.with_columns(plain)
            written = {name: text for text, name in changed.items()} if column == "platform" else written
        renamed |= changed
    return Results(frame, renamed, written)
