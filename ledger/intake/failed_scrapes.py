"""How often an exporter could not be scraped: moments, and not targets.

Each target is scraped at a moment of its own, so an exporter that is away is missed once by each of them, a
little apart. That is one failure of the exporter, however many platforms it left unknown.
"""

from collections.abc import Mapping

import polars as pl

from ledger.intake.prometheus_api import Labels


class FailedScrapes:
    """Counts failures in order of time; what is read once more is not counted once more."""

    def __init__(self) -> None:
        self.count = 0
        self._until_ms: dict[Labels, int] = {}
        """Of a series its last failure."""
        self._missed: set[Labels] = set()
        """The series that missed the exporter in the failure that was counted last."""
        self._began_ms = 0

    def begin(self) -> None:
        """Count from nothing again: another reading tells only of what is new in it."""
        self.count = 0

    def add(self, failed: pl.DataFrame, of: Mapping[int, Labels], usual_ms: int) -> None:
        """Some more of them: `series`, a number, and `observed_ms`.

        Two failures lie `usual_ms` apart; 0 if nobody knows how far.
        """
        for number, at_ms in failed.select("series", "observed_ms").sort("observed_ms").iter_rows():
            self._add(of[number], at_ms, usual_ms)

    def _add(self, series: Labels, at_ms: int, usual_ms: int) -> None:
        if at_ms <= self._until_ms.get(series, -1):
            return
        self._until_ms[series] = at_ms
        if series in self._missed or 0 < usual_ms <= at_ms - self._began_ms or not self._missed:
            self.count += 1
            self._missed, self._began_ms = set(), at_ms
        self._missed.add(series)
