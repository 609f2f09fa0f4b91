"""The beats that an Uptime Kuma keeps in its SQLite file.

Tables `monitor`, `heartbeat` and `stat_daily` as the migrations of version 2 leave them (read up to
`2025-10-15-0002-add-response-to-heartbeat`). A beat has a status of 0 to 3 and a time in UTC without a zone.
A nightly job deletes every beat older than a day that was no change, but for the last hundred of a monitor:
before its oldest beat that was none, only changes of it are left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ledger.errors import BadInputError
from ledger.instants import DAY_MS, SECOND_MS, format_instant
from ledger.intake.foreign_sqlite import ForeignFile
from ledger.intake.rows import ERROR_CHARACTERS_MAX
from ledger.rounds import LATENCY_MS_MAX, OUTCOMES

_DOWN, _UP, _PENDING, _MAINTENANCE = range(4)
PENDING = "PENDING"
"""Begins the error of a failed try that was tried again."""
NOT_PROBED = "not probed: a maintenance of Uptime Kuma"
BEATS: dict[str, pl.DataType] = {
    "monitor": pl.Int64(),
    "important": pl.Int64(),
    "status": pl.Int64(),
    "time": pl.String(),
    "ping": pl.Float64(),
    "retries": pl.Int64(),
    "msg": pl.String(),
}
_COLUMNS = "monitor_id, important, status, time, ping, retries, msg"
_INSTANT = pl.col("time").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False).dt.epoch("ms")
_HTTP = r"^([1-5][0-9]{2}) - |status code ([1-5][0-9]{2})"


@dataclass(frozen=True, slots=True)
class Monitor:
    """What is probed, and how often."""

    number: int
    name: str
    interval_s: int
    retries_max: int
    retry_interval_s: int

    @property
    def reach_ms(self) -> int:
        """Two beats that lie no farther apart are neighbours: nothing was between them."""
        return 2 * self.interval_s * SECOND_MS


class KumaFile(ForeignFile):
    """An Uptime Kuma's file, which may be in use; nothing is written."""

    PROGRAM = "Uptime Kuma 2"
    CALLED = "kuma.db"
    IF_MISSING = "name the kuma.db of an Uptime Kuma, which is read by its file and not at its address"
    RECORD = "beat"

    def monitors(self) -> list[Monitor]:
        """Everything that is probed; a group only sums up others, and is none.

        Raises:
            BadInputError: it is no file of Uptime Kuma 2, or two monitors have one name.
        """
        rows = self._rows(
            "SELECT id, name, interval, maxretries, retry_interval FROM monitor "
            "WHERE type IS NOT 'group' ORDER BY id"
        )
        found = [Monitor(number, name or str(number), *rest) for number, name, *rest in rows]
        names = [each.name for each in found]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadInputError(
                f"{self.name}: two monitors are named {twice[0]!r}; rename one of them in Uptime Kuma"
            )
        return found

    def beats(self, from_ms: int = 0) -> pl.DataFrame:
        """The beats from an instant on, those of a monitor in their order: `BEATS` and `observed_ms`.

        Raises:
            BadInputError: the file cannot be read, or a beat is none.
        """
        begin = format_instant(from_ms)[:19].replace("T", " ")
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM heartbeat WHERE time >= ? ORDER BY monitor_id, time, id", (begin,)
        )
        found = pl.DataFrame(rows, schema=BEATS, orient="row").with_columns(observed_ms=_INSTANT)
        odd = found.filter(
            pl.col("observed_ms").is_null() | ~pl.col("status").is_between(_DOWN, _MAINTENANCE)
        )
        if not odd.is_empty():
            monitor, status, time = odd.select("monitor", "status", "time").row(0)
            raise BadInputError(
                f"{self.name}: a beat of monitor {monitor} has the time {time!r} and the status {status}; "
                "in version 2 that is 0 to 3, and a time in UTC: let version 2 migrate the file first"
            )
        return found

    def oldest_usual(self) -> tuple[Mapping[int, int], int]:
        """Of each monitor its oldest beat that was no change; and the newest beat of all, 0 without any."""
        usual = "SELECT monitor_id, MIN(time) FROM heartbeat WHERE important = 0 GROUP BY monitor_id"
        rows = [*self._rows(usual), *self._rows("SELECT 0, MAX(time) FROM heartbeat")]
        found = pl.DataFrame(rows, schema={"monitor": pl.Int64, "time": pl.String}, orient="row")
        moments = dict(found.select("monitor", _INSTANT.fill_null(0)).iter_rows())
        return moments, moments.pop(0)

    def counted_days(self) -> int:
        """How many days are left only as counts of beats."""
        return int(self._rows("SELECT COUNT(*) FROM stat_daily")[0][0])

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        with self.opened() as file:
            return file.execute(query, values).fetchall()


def dense_from(file: KumaFile, beats: pl.DataFrame, monitors: Sequence[Monitor]) -> Mapping[int, int]:
    """Of each monitor, the instant from which on every beat is there.

    A change right before the oldest beat that was none is there with it: nothing was between them to delete.
    """
    oldest_ms, newest_ms = file.oldest_usual()
    kept_ms = newest_ms - DAY_MS
    since_ms = {each.number: min(oldest_ms.get(each.number, kept_ms), kept_ms) for each in monitors}
    reach_ms = {each.number: each.reach_ms for each in monitors}
    own = beats.select(
        "monitor",
        "observed_ms",
        since=pl.col("monitor").replace_strict(since_ms, return_dtype=pl.Int64),
        reach=pl.col("monitor").replace_strict(reach_ms, return_dtype=pl.Int64),
    )
    near = own.filter(pl.col("observed_ms") >= pl.col("since") - pl.col("reach"))
    first = near.group_by("monitor").agg(pl.col("observed_ms").min())
    return since_ms | dict(first.iter_rows())


def results(beats: pl.DataFrame, names: Mapping[int, str], agent: str, pending: str) -> pl.DataFrame:
    """Beats as results, without their line: a retry as what it is taken for, a maintenance as unknown."""
    outcomes = {
        _DOWN: OUTCOMES.index("down"),
        _UP: OUTCOMES.index("up"),
        _PENDING: OUTCOMES.index(pending),
        _MAINTENANCE: OUTCOMES.index("unknown"),
    }
    said = pl.col("msg").fill_null("")
    error = (
        pl.when(pl.col("status") == _UP)
        .then(pl.lit(""))
        .when(pl.col("status") == _MAINTENANCE)
        .then(pl.lit(NOT_PROBED))
        .when(pl.col("status") == _PENDING)
        .then(pl.format(PENDING + ", retry {}: {}", "retries", said))
        .otherwise(said)
    )
    http = pl.coalesce(said.str.extract(_HTTP, 1), said.str.extract(_HTTP, 2))
    return beats.select(
        agent=pl.lit(agent),
        platform=pl.col("monitor").replace_strict(names, return_dtype=pl.String),
        observed_ms="observed_ms",
        outcome=pl.col("status").replace_strict(outcomes, return_dtype=pl.UInt8),
        status=http.cast(pl.Int16).fill_null(0),
        latency_ms=pl.col("ping").fill_null(0).clip(0, LATENCY_MS_MAX),
        error=error.str.slice(0, ERROR_CHARACTERS_MAX),
    )
