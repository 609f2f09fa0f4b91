"""Raw samples of a Prometheus server, as it scraped them.

Asked by `/api/v1/query` with a range selector, which gives what is stored. Never by `query_range`: that lays
a grid over the samples and fills it with the newest one of the five minutes before, so that an exporter which
is gone looks well for five minutes more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ledger.errors import BadInputError
from ledger.instants import SECOND_MS
from ledger.intake.web import RefusedQueryError, Web

SAMPLES: dict[str, pl.DataType] = {"observed_ms": pl.Int64(), "value": pl.Float64()}
_SELECTOR = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{.*\})?\s*", re.DOTALL)
_TOO_MUCH = 422
"""Prometheus: the query failed while it ran; most often it would load too many samples."""

Labels = tuple[tuple[str, str], ...]
"""A series without the name of its metric, sorted."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric and its matchers, as `probe_success{job="blackbox"}`."""

    metric: str
    matchers: str = ""

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """A selector as a person writes it.

        Raises:
            BadInputError: it is another expression: only a selector has raw samples.
        """
        matched = _SELECTOR.fullmatch(text)
        if not matched or "__name__" in text:
            raise BadInputError(
                f"{text!r} is no plain selector; name one metric and its matchers, as "
                'probe_success{job="blackbox"}: what an expression calculates are no samples'
            )
        return cls(matched[1], matched[2] or "")

    def of(self, metric: str) -> "Selector":
        """The same series of another metric."""
        return Selector(metric, self.matchers)

    def within(self, label: str, values: Iterable[str]) -> "Selector":
        """Only those series of which a label has one of some values."""
        pattern = "|".join(re.escape(value) for value in sorted(values))
        quoted = pattern.replace("\\", "\\\\").replace('"', '\\"')
        own = self.matchers.removeprefix("{").removesuffix("}").strip().removesuffix(",")
        return Selector(self.metric, "{" + ", ".join(filter(None, (own, f'{label}=~"{quoted}"'))) + "}")

    def __str__(self) -> str:
        return self.metric + self.matchers


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one set of labels (`SAMPLES`)."""

    labels: Labels
    samples: pl.DataFrame


class Prometheus:
    """One server, or another one with its API (Thanos, Mimir, VictoriaMetrics)."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self.warnings: dict[str, None] = {}
        """What the server said beside its answers in this reading: that some is missing, for example."""

    @property
    def name(self) -> str:
        """Its address."""
        return self._web.address.shown

    def label_sets(self, selector: Selector, from_ms: int, until_ms: int) -> list[Labels]:
        """The sets of labels that a selector has in an interval."""
        path = "/api/v1/series"
        interval = (("start", _seconds(from_ms)), ("end", _seconds(until_ms)))
        found = self._ask(path, ("match[]", str(selector)), *interval)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self._other(path)
        return [_labels(each) for each in found]

    def samples(self, selector: Selector, from_ms: int, until_ms: int) -> list[Series]:
        """Every sample in `[from_ms, until_ms)`; an interval that is too much for the server is halved.

        Raises:
            UnreachableSourceError: the server does not answer.
            BadInputError: it refuses, or what it says is no matrix.
        """
        parts: dict[Labels, list[pl.DataFrame]] = {}
        for start_ms, end_ms, matrix in self._parts(selector, from_ms, until_ms):
            for each in matrix:
                found = _samples(each, start_ms, end_ms)
                if not found.is_empty():
                    parts.setdefault(_labels(each["metric"]), []).append(found)
        return [Series(labels, pl.concat(frames)) for labels, frames in sorted(parts.items())]

    def _parts(self, selector: Selector, from_ms: int, until_ms: int) -> Iterator[tuple[int, int, Any]]:
        # Version 2 closes an interval on both sides, version 3 leaves its beginning open. One millisecond
        # more at the beginning has both, and what lies outside is dropped.
        query = f"{selector}[{until_ms - from_ms + 1}ms]"
        try:
            found = self._ask("/api/v1/query", ("query", query), ("time", _seconds(until_ms)))
        except RefusedQueryError as error:
            if error.status != _TOO_MUCH or until_ms - from_ms <= SECOND_MS:
                raise
            middle_ms = (from_ms + until_ms) // 2
            yield from self._parts(selector, from_ms, middle_ms)
            yield from self._parts(selector, middle_ms, until_ms)
        else:
            if not isinstance(found, dict):
                raise self._other("/api/v1/query")
            yield from_ms, until_ms, _matrix(found, selector)

    def _ask(self, path: str, *parameters: tuple[str, str]) -> Any:  # noqa: ANN401 - by path
        answer = self._web.json(path, parameters)
        if not isinstance(answer, dict) or answer.get("status") != "success" or "data" not in answer:
            raise self._other(path)
        self.warnings |= dict.fromkeys(answer.get("warnings") or ())
        return answer["data"]

    def _other(self, path: str) -> BadInputError:
        return BadInputError(
            f"{self.name}{path} does not answer as Prometheus does; name the address before /api/v1"
        )


def _matrix(found: Mapping[str, Any], selector: Selector) -> list[Any]:
    if found.get("resultType") != "matrix":
        raise BadInputError(f"{selector} gives a {found.get('resultType')} and no samples; name one metric")
    result: list[Any] = found["result"]
    return result


def _labels(metric: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, value) for name, value in metric.items() if name != "__name__"))


def _samples(each: Mapping[str, Any], from_ms: int, until_ms: int) -> pl.DataFrame:
    times_s, values = zip(*each.get("values") or [(0.0, "0")], strict=True)
    found = pl.DataFrame(
        {
            "observed_ms": (pl.Series(times_s, dtype=pl.Float64) * 1000).round().cast(pl.Int64),
            "value": pl.Series(values, dtype=pl.String).cast(pl.Float64, strict=False),
        },
        schema=SAMPLES,
    )
    return found.filter(pl.col("observed_ms").is_between(from_ms, until_ms, closed="left"))


def _seconds(instant_ms: int) -> str:
    return f"{instant_ms // 1000}.{instant_ms % 1000:03}"
