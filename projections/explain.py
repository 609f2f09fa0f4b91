"""Why time counts as it does: from an instant, an interval or a tranche back to rounds, facts and clause."""

from collections.abc import Sequence
from dataclasses import replace

from ledger.contracts import Contract
from ledger.errors import BadInputError
from ledger.interval import Interval, union
from projections.asof import Known
from projections.classes import ClassSpan, Timeline, timelines
from projections.figures import Stretch
from projections.periods import Period
from projections.stretches import told
from projections.tranche_time import tranche_intervals


def at_instant(
    known: Known, contract: Contract, period: Period, platform: str, instant_ms: int
) -> tuple[Stretch, ...]:
    """The whole stretch in which an instant lies, whatever its class.

    Raises:
        BadInputError: the platform does not belong to the contract then, or the instant lies outside it.
    """
    line = _line(known, contract, period, platform)
    spans = [span for span in line.spans if span.start_ms <= instant_ms < span.end_ms]
    if not spans:
        raise BadInputError("that instant lies outside the period, or after the moment of knowledge")
    return told(known, contract, period, {platform: spans})


def within(
    known: Known, contract: Contract, period: Period, platform: str, interval: Interval
) -> tuple[Stretch, ...]:
    """Every stretch that an interval touches, cut to it.

    Raises:
        BadInputError: as above.
    """
    line = _line(known, contract, period, platform)
    return told(known, contract, period, {platform: _cut(line.spans, [interval])})


def of_tranche(
    known: Known, contract: Contract, period: Period, platform: str, number: int
) -> tuple[Stretch, ...]:
    """The stretches that make up the n-th tranche of a platform.

    Raises:
        BadInputError: as above, or the platform has fewer tranches.
    """
    line = _line(known, contract, period, platform)
    intervals = tranche_intervals(line, period, number)
    return told(known, contract, period, {platform: _cut(line.spans, intervals)})


def _line(known: Known, contract: Contract, period: Period, platform: str) -> Timeline:
    lines = timelines(known, contract, period)
    if platform not in lines:
        raise BadInputError(
            f"{platform} does not belong to the contract in this period; those that do: {', '.join(lines)}"
        )
    return lines[platform]


def _cut(spans: Sequence[ClassSpan], intervals: Sequence[Interval]) -> list[ClassSpan]:
    return [
        replace(span, start_ms=max(span.start_ms, start_ms), end_ms=min(span.end_ms, end_ms))
        for start_ms, end_ms in union(intervals)
        for span in spans
        if span.start_ms < end_ms and start_ms < span.end_ms
    ]
