"""A round that goes on: what is known of it so far, and the record that it becomes when it closes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from consumers.agent.clock import Distrust
from consumers.agent.judging import Judged
from consumers.agent.sentences import without_original
from ledger.plans import PlanSet
from ledger.rounds import LATE, LATENCY_MS_MAX, Round

ERRORS_BYTES_MAX = 700_000
"""Longer errors together do not fit into a record of a million bytes; their originals are left out."""


class Begun(NamedTuple):
    """The beginning of a round: its number, and both clocks at it."""

    number: int
    start_ms: int
    monotonic_ms: int


class Result(NamedTuple):
    """What was found of one platform, and how much later than planned its probe began."""

    judged: Judged
    deviation_ms: int


@dataclass
class InFlight:
    """A round that goes on."""

    plan: PlanSet
    begun: Begun
    results: dict[int, Result] = field(default_factory=dict)

    def due_ms(self, index: int) -> int:
        """When a platform is to be probed, by the monotonic clock."""
        return self.begun.monotonic_ms + self.plan.platforms[index].offset_ms

    @property
    def closes_ms(self) -> int:
        """When it closes at the latest, by the monotonic clock."""
        return self.begun.monotonic_ms + self.plan.period_ms

    def take(self, index: int, judged: Judged, started_ms: int) -> None:
        """Take down what was found of a platform whose probe began at a moment of the monotonic clock."""
        self.results[index] = Result(judged, started_ms - self.due_ms(index))

    def is_of_another_time(self, distrust: Distrust | None) -> bool:
        """Whether the clock was off, or has moved, by a whole round or more."""
        return distrust is not None and abs(distrust.by_ms) >= self.plan.period_ms

    def closed(self, distrust: Distrust | None = None) -> Round | None:
        """The record; what has no result is missing. None if nothing has one.

        With a clock that is not trusted nothing is known of any platform. If it is off, or has moved, by a
        whole round or more, there is none: it would speak of another time.
        """
        if not self.results or self.is_of_another_time(distrust):
            return None
        results = dict(sorted(self.results.items()))
        if distrust:
            unknown = Judged("unknown", 0, distrust.why.text)
            results = {index: each._replace(judged=unknown) for index, each in results.items()}
        return _round(self.plan, self.begun, _short_enough(results))


def _short_enough(results: Mapping[int, Result]) -> Mapping[int, Result]:
    if sum(len(each.judged.error.encode()) for each in results.values()) <= ERRORS_BYTES_MAX:
        return results
    return {
        index: each._replace(judged=each.judged._replace(error=without_original(each.judged.error)))
        for index, each in results.items()
    }


def _round(plan: PlanSet, begun: Begun, results: Mapping[int, Result]) -> Round:
    n = len(plan.platforms)
    late_ms = {i: each.deviation_ms for i, each in results.items() if not 0 <= each.deviation_ms < LATE}
    jitter = bytearray(n)
    for index, each in results.items():
        jitter[index] = LATE if index in late_ms else each.deviation_ms
    up = {index: each.judged for index, each in results.items() if each.judged.outcome == "up"}
    return Round(
        agent=plan.agent,
        number=begun.number,
        plan=plan.reference,
        start_ms=begun.start_ms,
        n=n,
        not_up={
            index: (each.judged.outcome, each.judged.status, each.judged.error)
            for index, each in results.items()
            if index not in up
        },
        missing=[index for index in range(n) if index not in results],
        odd_status={
            i: found.status for i, found in up.items() if found.status != plan.platforms[i].usual_status
        },
        jitter=bytes(jitter),
        late_ms=late_ms,
        latencies=_latencies(n, results),
    )


def _latencies(n: int, results: Mapping[int, Result]) -> bytes:
    low, high = bytearray(n), bytearray(n)
    for index, each in results.items():
        latency_ms = min(each.judged.latency_ms, LATENCY_MS_MAX)
        low[index], high[index] = latency_ms & 255, latency_ms >> 8
    return bytes(low + high)
