"""Stretches: every interval of a period that is not simply up or outside, with what makes it so."""

from collections.abc import Iterator, Mapping, Sequence

from ledger.contracts import Contract
from ledger.interval import Interval
from projections.asof import Known
from projections.classes import ClassSpan, Timeline
from projections.clauses import AVAILABILITY, QUALITY
from projections.figures import Because, Class, Stretch
from projections.heard import Heard, Said
from projections.periods import Period
from projections.reasons import Reasons
from projections.scope import Scope

CLAUSES: Mapping[Class, str] = {
    "outside": QUALITY,
    "excluded-maintenance": AVAILABILITY,
    "excluded-force-majeure": QUALITY,
    "unknown": QUALITY,
    "down": QUALITY,
    "up": QUALITY,
}
"""The section that a class rests on."""


def stretches(
    known: Known, contract: Contract, period: Period, timelines: Mapping[str, Timeline]
) -> tuple[Stretch, ...]:
    """The stretches of every platform, by its name and then in order of time."""
    return told(known, contract, period, {name: list(_telling(line)) for name, line in timelines.items()})


def told(
    known: Known, contract: Contract, period: Period, spans: Mapping[str, Sequence[ClassSpan]]
) -> tuple[Stretch, ...]:
    """Any spans of some platforms with what makes them so, by platform and then in order of time."""
    scope = Scope(known, contract, period)
    heard = Heard(known, period.parts, {name: _intervals(each) for name, each in spans.items() if each})
    reasons = Reasons(scope, heard)
    return tuple(
        _stretch(name, span, [*reasons.of(name, span), *_agents(name, span, heard)], scope)
        for name in sorted(spans)
        for span in spans[name]
    )


def _telling(timeline: Timeline) -> Iterator[ClassSpan]:
    for span in timeline.spans:
        if span.class_ != "outside" and (span.class_, span.verdict) != ("up", "up"):
            yield span


def _intervals(spans: Sequence[ClassSpan]) -> list[Interval]:
    return [Interval(span.start_ms, span.end_ms) for span in spans]


def _agents(platform: str, span: ClassSpan, heard: Heard) -> Iterator[Because]:
    for said in heard.said(platform, Interval(span.start_ms, span.end_ms)):
        if _matters(said, span):
            yield Because(
                kind="agent",
                name=said.agent,
                first_round=said.first_round,
                last_round=said.last_round,
                outcome=said.outcome,
                detail=said.detail,
            )


def _matters(said: Said, span: ClassSpan) -> bool:
    """An agent that was silent all along is a reason only why nothing is known."""
    return said.first_round is not None or span.verdict == "unknown"


def _stretch(platform: str, span: ClassSpan, because: list[Because], scope: Scope) -> Stretch:
    return Stretch(
        platform=platform,
        start=scope.at(span.start_ms),
        end=scope.at(span.end_ms),
        class_=span.class_,
        verdict=span.verdict,
        length_ms=span.end_ms - span.start_ms,
        because=tuple(because),
        clause=CLAUSES[span.class_],
    )
