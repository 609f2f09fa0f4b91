"""Results of a blackbox exporter, as a Prometheus server keeps them.

A sample of 0 or 1 is a result of the platform that one of its labels names. Where the scrape of the exporter
failed (`up` is 0) nobody probed: that is `unknown`, and no outage of the platform. Where there is no sample
there is no result.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import polars as pl

from ledger.errors import BadInputError, counted
from ledger.instants import DAY_MS, MINUTE_MS, format_instant
from ledger.intake.failed_scrapes import FailedScrapes
from ledger.intake.frames import RESULTS
from ledger.intake.names import slugs, unmatched
from ledger.intake.prometheus_api import Labels, Prometheus, Selector, Series
from ledger.intake.results import Results, named
from ledger.intake.sampling import Sampling
from ledger.rounds import LATENCY_MS_MAX, OUTCOMES

PART_MS = DAY_MS
SAMPLES = 500_000
"""So many are read at once of a metric: as JSON some fifteen megabytes."""
USUAL_MS = 15_000
"""So often a probe is scraped, for all that is known before. So 80 are read by the day, 2,000 by the hour."""
LATE_MS = 5 * MINUTE_MS
"""How far behind what was stored last a later reading begins: a scrape is stored under the moment at which it
began, once it has ended."""
PROBE = "probe_success"
_STATUS = "probe_http_status_code"
_DURATION = "probe_duration_seconds"
_UP = "up"
_ID = ["series", "observed_ms"]
_NOBODY = "the exporter could not be scraped (up 0)"
_ERROR = f"{PROBE} 0"


@dataclass
class PrometheusSource:
    """One selector of a server, read part by part."""

    server: Prometheus
    selector: Selector
    agent: str
    label: str = "instance"
    """The label that names the platform."""
    names: Mapping[str, str] = field(default_factory=dict)
    """A value of that label -> the platform's name."""
    sampling: Sampling = field(default_factory=Sampling)
    failed: FailedScrapes = field(default_factory=FailedScrapes)
    """How often the exporter could not be scraped, in this reading."""
    probes: set[Labels] = field(default_factory=set)
    """The series that are probes; `up` is also of what is none."""
    found: set[str] = field(default_factory=set)
    """The platforms that the server said last to have series of."""
    read_whole: set[str] = field(default_factory=set)
    """Those that were read from the beginning to an end: a server names series long before and after they
    have samples, so not each of them gets into the agent's plan."""

    @property
    def name(self) -> str:
        """The server and the selector."""
        return f"{self.server.name} {self.selector}"

    def place(self, line: int) -> str:
        """A sample, by its number in a part."""
        return f"sample {line}"

    def parts(self, from_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
        """An interval cut into what is asked for at once."""
        most_ms = SAMPLES * USUAL_MS // max(len(self.probes), 1)
        part_ms = max(MINUTE_MS, min(PART_MS, most_ms))
        for start_ms in range(from_ms, until_ms, part_ms):
            yield start_ms, min(start_ms + part_ms, until_ms)

    def look_up(self, from_ms: int, until_ms: int) -> set[str]:
        """Begin a reading: find out which series there are in an interval; the names of their platforms."""
        self.server.warnings.clear()
        self.failed.begin()
        sets = self.server.label_sets(self.selector, from_ms, until_ms)
        self.probes |= set(sets)
        self.found = set(slugs((self._platform(labels) for labels in sets), self.names).values())
        return self.found

    def read(self, from_ms: int, until_ms: int) -> Results:
        """The results of an interval.

        Raises:
            UnreachableSourceError: the server does not answer.
            BadInputError: it refuses, or its samples are no results.
        """
        probed = self.server.samples(self.selector, from_ms, until_ms)
        self._require_apart(probed)
        self.probes |= {each.labels for each in probed}
        ids = {labels: number for number, labels in enumerate(sorted(self.probes))}
        found = self._with_details(_stacked(probed, ids), ids, from_ms, until_ms)
        scraped = self._failed_scrapes(ids, from_ms, until_ms)
        texts = {number: self._platform(labels) for labels, number in ids.items()}
        frame = self._results(pl.concat([found, scraped.join(found, on=_ID, how="anti")]), texts)
        results = named(frame, self.names)
        self.sampling.add(results.frame.select(pl.col("platform").cast(pl.String), "observed_ms"))
        series = {number: labels for labels, number in ids.items()}
        self.failed.add(scraped, series, self.sampling.usual_ms)
        return results

    def notes(self) -> tuple[str, ...]:
        """What the server did not say."""
        misnamed = unmatched(self.names, map(self._platform, self.probes))
        return (*misnamed, *self.sampling.notes(), *self.news())

    def news(self) -> tuple[str, ...]:
        """What it did not say in this reading, and may have said in the one before."""
        times = counted(self.failed.count, "time")
        unknown = f"{times} the exporter could not be scraped: unknown, and not down"
        warnings = (f"the server warns: {warning}" for warning in self.server.warnings)
        return (*([unknown] if self.failed.count else ()), *warnings)

    def _platform(self, labels: Labels) -> str:
        value = dict(labels).get(self.label)
        if not value:
            raise BadInputError(
                f"a series of {self.selector} has no label {self.label!r}: {_shown(labels)}; say with "
                "--label which one names the platform"
            )
        return value

    def _require_apart(self, probed: list[Series]) -> None:
        """Refuse two series of one platform at a time: two probes, of which one would hide the other."""
        seen: dict[str, list[tuple[int, int, Labels]]] = {}
        for each in probed:
            moments_ms = each.samples["observed_ms"]
            extent = (moments_ms[0], moments_ms[-1], each.labels)
            seen.setdefault(self._platform(each.labels), []).append(extent)
        for platform, extents in seen.items():
            for (_, end_ms, labels), (start_ms, _, other) in pairwise(sorted(extents)):
                if start_ms <= end_ms:
                    raise BadInputError(
                        f"{platform} has two series at {format_instant(start_ms)}: {_shown(labels)} and "
                        f"{_shown(other)}; narrow --query to one of them, and give the other to another "
                        "--agent if both are probes of it"
                    )

    def _with_details(
        self, found: pl.DataFrame, ids: Mapping[Labels, int], from_ms: int, until_ms: int
    ) -> pl.DataFrame:
        odd = found.filter(~pl.col("value").is_in([0.0, 1.0]).fill_null(value=False))
        if not odd.is_empty():
            said = odd["value"][0]
            raise BadInputError(f"{self.selector} says {said}; name a metric that is 0 or 1, as {PROBE}")
        status = self._detail(_STATUS, ids, from_ms, until_ms)
        duration = self._detail(_DURATION, ids, from_ms, until_ms)
        return (
            found.join(status.rename({"value": "status"}), on=_ID, how="left")
            .join(duration.rename({"value": "seconds"}), on=_ID, how="left")
            .select(
                *_ID,
                outcome=pl.when(pl.col("value") == 1.0).then(OUTCOMES.index("up")).otherwise(_DOWN),
                status=pl.col("status").fill_nan(0).fill_null(0).clip(0, 999),
                latency_ms=(pl.col("seconds") * 1000).fill_nan(0).fill_null(0).clip(0, LATENCY_MS_MAX),
                error=pl.when(pl.col("value") == 1.0).then(pl.lit("")).otherwise(pl.lit(_ERROR)),
            )
        )

    def _detail(self, metric: str, ids: Mapping[Labels, int], from_ms: int, until_ms: int) -> pl.DataFrame:
        """What another metric of the same probes says, where this one is a probe's own."""
        if self.selector.metric != PROBE:
            return _stacked([], ids)
        return _stacked(self.server.samples(self.selector.of(metric), from_ms, until_ms), ids)

    def _failed_scrapes(self, ids: Mapping[Labels, int], from_ms: int, until_ms: int) -> pl.DataFrame:
        """When the exporter itself did not answer."""
        if self.selector.metric == _UP:
            return _stacked([], ids).select(*_ID, **_UNKNOWN)
        # Everything that is scraped has this metric, so a selector without matchers would read all of it.
        jobs = {value for labels in ids for name, value in labels if name == "job"}
        selector = self.selector.of(_UP)
        up = self.server.samples(selector.within("job", jobs) if jobs else selector, from_ms, until_ms)
        down = [Series(each.labels, each.samples.filter(pl.col("value") == 0.0)) for each in up]
        return _stacked(down, ids).select(*_ID, **_UNKNOWN)

    def _results(self, found: pl.DataFrame, texts: Mapping[int, str]) -> pl.DataFrame:
        columns = {
            "line": pl.int_range(1, pl.len() + 1),
            "agent": pl.lit(self.agent),
            "platform": pl.col("series").replace_strict(texts, return_dtype=pl.String),
        }
        return found.select(
            columns.get(name, pl.col(name)).cast(kind).alias(name) for name, kind in RESULTS.items()
        )


_DOWN = OUTCOMES.index("down")
_UNKNOWN = {
    "outcome": pl.lit(OUTCOMES.index("unknown")),
    "status": pl.lit(0.0),
    "latency_ms": pl.lit(0.0),
    "error": pl.lit(_NOBODY),
}


def _stacked(found: list[Series], ids: Mapping[Labels, int]) -> pl.DataFrame:
    """The samples of some series in one frame, each with its number; other series are left out."""
    empty = pl.DataFrame(schema={"series": pl.Int64, "observed_ms": pl.Int64, "value": pl.Float64})
    frames = [
        each.samples.select(pl.lit(ids[each.labels], dtype=pl.Int64).alias("series"), "observed_ms", "value")
        for each in found
        if each.labels in ids
    ]
    return pl.concat([empty, *frames])


def _shown(labels: Labels) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}"
