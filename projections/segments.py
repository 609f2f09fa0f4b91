"""The segments of one agent's fold as a table, from which the checkpoint at any of them is put together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import polars as pl

from projections.checkpoint import Checkpoint, Place, Rows, RunState, Segment
from projections.fold import Result
from projections.steps import OUTCOMES, Steps

STEP, FIRST, HELD = range(3)
"""What a row of the table is."""

SCHEMA = {
    "segment": pl.UInt32(),
    "kind": pl.UInt8(),
    "run": pl.UInt32(),
    "platform": pl.UInt32(),
    "at_ms": pl.Int64(),
    "value": pl.Int64(),
}
"""`platform` is an index into the names; the rest as in `checkpoint.Rows`."""


@dataclass(frozen=True)
class Segments:
    """Consecutive segments, from an agent's first round on."""

    places: tuple[Place, ...] = ()
    names: tuple[str, ...] = ()
    """The platforms that the table names by their index here."""
    table: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA), compare=False)

    def extended(self, added: Sequence[Segment]) -> "Segments":
        """With more segments behind the last one."""
        if not added:
            return self
        index = {name: number for number, name in enumerate(self.names)}
        tables = [
            _table(number, kind, rows, index)
            for number, segment in enumerate(added, start=len(self.places))
            for kind, rows in ((STEP, segment.steps), (FIRST, segment.firsts), (HELD, segment.held))
            if rows.runs
        ]
        places = (*self.places, *(segment.place for segment in added))
        return Segments(places, tuple(index), pl.concat([self.table, *tables]))

    def part(self, number: int) -> "Segments":
        """One of them alone, as if it were the first; it names only the platforms that it speaks of."""
        rows = self.table.filter(pl.col("segment") == number)
        spoken_of = rows["platform"].unique().sort()
        names = tuple(self.names[index] for index in spoken_of)
        return Segments(
            (self.places[number],), names, _renamed(rows, spoken_of.to_list(), range(len(names)), 0)
        )

    @classmethod
    def of_parts(cls, parts: Sequence["Segments"]) -> Self:
        """The segments of which these are the parts, from the first one on."""
        index: dict[str, int] = {}
        tables = [
            _renamed(
                part.table,
                range(len(part.names)),
                [index.setdefault(name, len(index)) for name in part.names],
                number,
            )
            for number, part in enumerate(parts)
        ]
        places = tuple(place for part in parts for place in part.places)
        return cls(places, tuple(index), pl.concat([pl.DataFrame(schema=SCHEMA), *tables]))

    def at(self, number: int) -> Checkpoint:
        """The checkpoint with which a segment ends, by its index."""
        place, until = self.places[number], self.table.filter(pl.col("segment") <= number)
        steps = self._steps(until)
        firsts = self._firsts(until)
        held = self._held(until, number)
        runs = [
            RunState(steps.get(run, {}), firsts.get(run, {}), held.get(run, {})) for run in range(place.runs)
        ]
        return Checkpoint(place, runs)

    def _steps(self, until: pl.DataFrame) -> Mapping[int, Mapping[str, Steps]]:
        found: dict[int, dict[str, Steps]] = {}
        # Within a group rows keep their order, and that of segments is the order of time.
        step = (pl.col("at_ms") * OUTCOMES + pl.col("value")).alias("step")
        grouped = until.filter(pl.col("kind") == STEP).group_by("run", "platform").agg(step)
        for run, platform, steps in grouped.iter_rows():
            found.setdefault(run, {})[self.names[platform]] = steps
        return found

    def _firsts(self, until: pl.DataFrame) -> Mapping[int, Mapping[str, int]]:
        found: dict[int, dict[str, int]] = {}
        rows = until.filter(pl.col("kind") == FIRST).select("run", "platform", "at_ms")
        for run, platform, at_ms in rows.iter_rows():
            found.setdefault(run, {})[self.names[platform]] = at_ms
        return found

    def _held(self, until: pl.DataFrame, number: int) -> Mapping[int, Mapping[str, Result]]:
        """Of a run that has ended, what it held at its end; of the last one, what it holds now."""
        found: dict[int, dict[str, Result]] = {}
        says = dict(self._who_says(number))
        for segment, run, platform, at_ms, until_ms in (
            until.filter(pl.col("kind") == HELD)
            .select("segment", "run", "platform", "at_ms", "value")
            .iter_rows()
        ):
            if says[run] == segment:
                found.setdefault(run, {})[self.names[platform]] = Result(at_ms, until_ms)
        return found

    def _who_says(self, number: int) -> Iterator[tuple[int, int]]:
        """Of each run up to a segment the one in which it ended, or the last one."""
        for run in range(self.places[number].runs):
            ended = (index for index in range(number) if self.places[index].runs > run + 1)
            yield run, next(ended, number)


def _renamed(
    rows: pl.DataFrame, platforms: Sequence[int], others: Sequence[int], segment: int
) -> pl.DataFrame:
    """Rows in their order, with other indexes of their platforms and of their segment."""
    renamed = pl.col("platform").replace_strict(platforms, others, return_dtype=pl.UInt32)
    return rows.with_columns(pl.lit(segment, pl.UInt32).alias("segment"), renamed)


def _table(segment: int, kind: int, rows: Rows, index: dict[str, int]) -> pl.DataFrame:
    platforms = [index.setdefault(name, len(index)) for name in rows.platforms]
    columns = {"run": rows.runs, "platform": platforms, "at_ms": rows.at_ms, "value": rows.values}
    return pl.DataFrame({"segment": segment, "kind": kind} | columns, schema=SCHEMA)
