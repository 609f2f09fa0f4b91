"""An Uptime Kuma's beats taken into the ledger, by one agent or two.

Where every beat is there they are the results of an agent that looks at its own rhythm. Where Kuma has left
only changes they are those of a second agent, which logs only changes. It falls silent (`unknown`) where the
beats begin: one source is never two witnesses of one moment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from ledger.application import Ledger
from ledger.errors import counted
from ledger.instants import HOUR_MS, MINUTE_MS, format_instant
from ledger.intake.frames import RESULTS
from ledger.intake.importing import Imported, Kind, import_results
from ledger.intake.kuma import NOT_PROBED, PENDING, KumaFile, Monitor, dense_from, results
from ledger.intake.names import slugs, unmatched
from ledger.intake.own_agents import require_not_probing
from ledger.intake.results import Results
from ledger.intake.resuming import last_results, last_round_ms
from ledger.intake.sampling import NAMED, Sampling
from ledger.intake.stored import stored_results
from ledger.rounds import OUTCOMES

LATE_MS = 10 * MINUTE_MS
"""How far behind what was stored last a later reading begins: a beat is stored under the moment at which it
began, and may take as long as its time-out."""
ONLY_CHANGES = Kind(transitions=True, period_ms=HOUR_MS)
"""A round names every platform that has no result in it, so the changes of an hour share some rounds."""
CHANGES = "-changes"
"""Ends the name of the agent that logs only changes."""
ADVICE = (
    "beats do not change, so this agent was given another --pending or another Kuma: name another --agent"
)
BEHIND_MS = 1
"""So long after its last beat an agent falls silent where the other one carries on: one of them is known."""
_KEPT = {name: kind for name, kind in RESULTS.items() if name != "line"}
_TEXT = _KEPT | {"agent": pl.String(), "platform": pl.String()}
_UNKNOWN = OUTCOMES.index("unknown")


@dataclass(frozen=True)
class KumaSource:
    """A file, who its prober is, and how it is read."""

    file: KumaFile
    agent: str
    pending: str = "down"
    """The outcome of a failed try that Kuma tries again before it says down."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The name of a monitor -> the platform's name."""


def import_kuma(ledger: Ledger, source: KumaSource) -> Imported:
    """Store what is new of a file.

    Raises:
        BadInputError: the file is none of Uptime Kuma 2, or contradicts what is stored.
        RefusedError: one of its two agents is one of our own that probes.
        ConflictError: see `import_source`.
    """
    require_not_probing(ledger, (source.agent, source.agent + CHANGES))
    read = _read(ledger, source)
    changes = _lined(_changes(ledger, read))
    beats = read.fresh.filter(pl.col("observed_ms") >= pl.col("since_ms"))
    dense = _lined(beats)
    whole = _lined(_of(source.agent, beats, _handed_over(read, beats)))
    # The changes first: whoever is ended in between reads them again, because the beats are not stored yet.
    before = import_results(ledger, source.file, read.results(changes), advice=ADVICE, kind=ONLY_CHANGES)
    after = import_results(ledger, source.file, read.results(whole), advice=ADVICE)
    sampling = Sampling()
    sampling.add(dense.select(pl.col("platform").cast(pl.String), "observed_ms"))
    return replace(
        before.followed_by(after), notes=(*read.misnamed(), *sampling.notes(), *_notes(read, changes, dense))
    )


# ---------------------------------------------------------------- what is new


@dataclass(frozen=True)
class _Read:
    """The beats behind what is stored; of each platform until when it is, since when none was deleted."""

    source: KumaSource
    monitors: Mapping[str, Monitor]
    """By platform."""
    stored_ms: Mapping[str, int]
    """Only platforms of the agent's plan."""
    since_ms: Mapping[str, int]
    last: pl.DataFrame
    """What the agent said last of its platforms (`stored.STORED`)."""
    fresh: pl.DataFrame

    @property
    def holes(self) -> dict[str, tuple[int, int]]:
        """Of each platform the time between what is stored and the beats that are all there, if any."""
        return {
            name: (self.stored_ms.get(name, 0), at_ms)
            for name, at_ms in self.since_ms.items()
            if self.stored_ms.get(name, 0) + self.monitors[name].reach_ms < at_ms
        }

    def misnamed(self) -> Iterator[str]:
        """What is said of names that no monitor has."""
        return unmatched(self.source.names, (each.name for each in self.monitors.values()))

    def results(self, frame: pl.DataFrame) -> Results:
        """Results with how Kuma writes their platforms."""
        written = {name: each.name for name, each in self.monitors.items() if name != each.name}
        return Results(frame, {text: name for name, text in written.items()}, written)


def _read(ledger: Ledger, source: KumaSource) -> _Read:
    found = source.file.monitors()
    platforms = slugs((each.name for each in found), source.names)
    monitors = {platforms[each.name]: each for each in found}
    last_ms = last_round_ms(ledger, source.agent) or 0
    plan = ledger.plans_of(source.agent).last
    last = last_results(ledger, source.agent, last_ms + MINUTE_MS).cast({"platform": pl.String})
    stored_ms = {each.platform: last_ms for each in (plan.platforms if plan else ())}
    stored_ms |= dict(last.select("platform", "observed_ms").iter_rows())
    begin_ms = min((stored_ms.get(name, 0) for name in monitors), default=0) - LATE_MS
    beats = source.file.beats(max(begin_ms, 0)).filter(
        pl.col("monitor").is_in([each.number for each in found])
    )
    names = {each.number: name for name, each in monitors.items()}
    since_ms = {names[number]: at_ms for number, at_ms in dense_from(source.file, beats, found).items()}
    fresh = (
        results(beats, names, source.agent, source.pending)
        .with_columns(
            stored_ms=_by_platform({name: stored_ms.get(name, 0) for name in monitors}),
            since_ms=_by_platform(since_ms),
        )
        .filter(pl.col("observed_ms") > pl.col("stored_ms") - LATE_MS)
    )
    return _Read(source, monitors, stored_ms, since_ms, last, fresh)


def _by_platform(values: Mapping[str, int]) -> pl.Expr:
    return pl.col("platform").replace_strict(values, return_dtype=pl.Int64)


def _lined(found: pl.DataFrame) -> pl.DataFrame:
    """Results with a number each, as `RESULTS`."""
    numbered = found.sort("observed_ms").with_columns(line=pl.int_range(1, pl.len() + 1))
    return numbered.select(pl.col(name).cast(kind) for name, kind in RESULTS.items())


# ---------------------------------------------------------------- what is left of the rest


def _changes(ledger: Ledger, read: _Read) -> pl.DataFrame:
    """What is left of the holes, and where each of them ends."""
    agent = read.source.agent + CHANGES
    behind = (pl.col("observed_ms") > pl.col("stored_ms")) & (pl.col("observed_ms") < pl.col("since_ms"))
    thinned = read.fresh.filter(behind & pl.col("platform").is_in(list(read.holes)))
    new = _not_stored(ledger, agent, _of(agent, _carried(read), thinned))
    # Where nothing is new it has fallen silent before: the same hole would end later each time it is read.
    ends_ms = {name: read.holes[name][1] for name in new["platform"].unique()}
    ends = _silent(ends_ms, f"from here on agent {read.source.agent} has every beat")
    return _of(agent, new, _not_stored(ledger, agent, _of(agent, ends)))


def _carried(read: _Read) -> pl.DataFrame:
    """What each platform with a hole was when it began: between two changes it stayed so."""
    known = read.last.filter(pl.col("platform").is_in(list(read.holes)))
    rest = {"agent": pl.lit(""), "status": 0, "latency_ms": 0, "error": pl.lit("")}
    return known.with_columns(pl.col("observed_ms") + BEHIND_MS, **rest).select(*_KEPT)


def _handed_over(read: _Read, dense: pl.DataFrame) -> pl.DataFrame:
    """Where the agent of the beats falls silent because the other one carries on what it said last."""
    kept = _carried(read).join(dense, on="platform", how="semi")
    ends_ms = dict(kept.select("platform", "observed_ms").iter_rows())
    return _of(read.source.agent, _silent(ends_ms, f"what is left is of agent {read.source.agent}{CHANGES}"))


def _silent(ends_ms: Mapping[str, int], why: str) -> pl.DataFrame:
    rows = [("", name, end_ms, _UNKNOWN, 0, 0, why) for name, end_ms in ends_ms.items()]
    return pl.DataFrame(rows, schema=_KEPT, orient="row")


def _of(agent: str, *frames: pl.DataFrame) -> pl.DataFrame:
    """Results of an agent: all columns but the line, in one frame, with platforms as text."""
    columns = [pl.col(name).cast(kind) for name, kind in _TEXT.items()]
    return pl.concat([each.select(columns) for each in frames]).with_columns(agent=pl.lit(agent))


def _not_stored(ledger: Ledger, agent: str, found: pl.DataFrame) -> pl.DataFrame:
    """Without the instants that an import that broke off has stored: where it fell silent a change may be."""
    if found.is_empty():
        return found
    span_ms = int(found["observed_ms"].min()), int(found["observed_ms"].max())  # type: ignore[arg-type]
    stored = stored_results(ledger.engine, agent, ledger.plans_of(agent), *span_ms)
    return found.join(stored.cast({"platform": pl.String}), on=["platform", "observed_ms"], how="anti")


# ---------------------------------------------------------------- what is told


def _notes(read: _Read, changes: pl.DataFrame, dense: pl.DataFrame) -> list[str]:
    notes = []
    thinned = sorted(changes["platform"].unique().cast(pl.String))
    for name in thinned[:NAMED]:
        monitor = read.monitors[name]
        late_s = monitor.retries_max * (monitor.retry_interval_s or monitor.interval_s)
        late = f"; an outage there began up to {late_s} s before it says so" if late_s else ""
        until = format_instant(read.since_ms[name])
        notes.append(
            f"{name}: until {until} only changes are left, of agent {read.source.agent}{CHANGES}{late}"
        )
    if len(thinned) > NAMED:
        notes.append(f"and {counted(len(thinned) - NAMED, 'more platform')} of which only changes are left")
    told = dense.select(
        pending=pl.col("error").cast(pl.String).str.starts_with(PENDING).sum(),
        maintenance=pl.col("error").cast(pl.String).str.starts_with(NOT_PROBED).sum(),
    ).row(0)
    if told[0]:
        notes.append(f"{counted(told[0], 'failed beat')} that Kuma tried again: {read.source.pending}")
    if told[1]:
        notes.append(
            f"{counted(told[1], 'beat')} in a maintenance of Kuma, which probes nothing then: unknown"
        )
    if days := read.source.file.counted_days():
        notes.append(
            f"{counted(days, 'day')} of one monitor each are left as counts, which have no moment: not taken"
        )
    return notes
