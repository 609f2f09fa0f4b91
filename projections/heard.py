"""What the agents said around some intervals, from the rounds themselves, as they were recorded.

An outcome holds from its instant to the agent's next result on that platform, but no longer than the terms'
`stale_after` (that of a source which logs only changes holds until its next result). Corrections are not
applied: the originals are the evidence, and a correction is a reason beside them.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from ledger import rounds
from ledger.interval import Interval, clip, union
from ledger.log.interface import KeptRound
from ledger.plans import PlanSet
from ledger.rounds import Round
from projections.asof import Known
from projections.periods import Part

SILENT = "silent"
"""The detail of an agent from which nothing (more) was heard."""
UNKNOWN = "unknown"
"""The outcome of who does not know, or says nothing."""


class Result(NamedTuple):
    """One result of an agent on a platform."""

    at_ms: int
    number: int
    outcome: str
    detail: str | None
    """Status and error, as far as there were any."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that an agent said within an interval, and the first and last round in which it did.

    Silence has no round of its own: it names the rounds after which nothing more was heard, if they end at
    the interval or within it.
    """

    agent: str
    outcome: str
    detail: str | None
    first_round: int | None
    last_round: int | None


class Heard:
    """The results of every agent that probes some platforms, around intervals of a period."""

    def __init__(self, known: Known, parts: Sequence[Part], around: Mapping[str, Sequence[Interval]]) -> None:
        """Read the rounds, each once, that can have a result which holds into a platform's intervals."""
        self._parts = parts
        self._plans = [plan for plan in known.plans.values() if _probes_any(plan, around)]
        self._results = _results(known, self._plans, _widened(around, parts))

    def said(self, platform: str, interval: Interval) -> list[Said]:
        """What each agent said of a platform in an interval: by agent, then in order of time."""
        return [
            said
            for agent, transitions in self._agents_of(platform)
            for said in self._said_by(agent, platform, interval, transitions=transitions)
        ]

    def spoke(self, agent: str, platform: str, interval: Interval) -> bool:
        """Whether an agent itself said an outcome of a platform in an interval, before any correction."""
        return any(
            said.outcome != UNKNOWN
            for name, transitions in self._agents_of(platform)
            if name == agent
            for said in self._said_by(agent, platform, interval, transitions=transitions)
        )

    def _agents_of(self, platform: str) -> list[tuple[str, bool]]:
        return sorted({(plan.agent, plan.transitions) for plan in self._plans if _probes(plan, platform)})

    def _said_by(self, agent: str, platform: str, interval: Interval, *, transitions: bool) -> Iterable[Said]:
        results = self._results.get((platform, agent), [])
        told: dict[tuple[str, bool], Said] = {}
        for part in self._parts:
            hold_ms = None if transitions else part.terms.stale_after_ms
            for piece in clip([interval], part.interval):
                for result, is_silence in _holding(results, piece, hold_ms):
                    said = _one(agent, result, is_silence=is_silence)
                    key = said.outcome, is_silence
                    told[key] = _later(told[key], said) if key in told else said
        return told.values()


def _one(agent: str, result: Result | None, *, is_silence: bool) -> Said:
    number = None if result is None else result.number
    if result is None or is_silence:
        return Said(agent, UNKNOWN, SILENT, number, number)
    return Said(agent, result.outcome, result.detail, number, number)


def _later(before: Said, now: Said) -> Said:
    """The same thing said again."""
    return replace(
        before,
        detail=before.detail or now.detail,
        first_round=now.first_round if before.first_round is None else before.first_round,
        last_round=before.last_round if now.last_round is None else now.last_round,
    )


def _holding(
    results: Sequence[Result], piece: Interval, hold_ms: int | None
) -> Iterator[tuple[Result | None, bool]]:
    """The results that hold in a piece in order of time, and each silence in it with the result before it."""
    first = bisect_right(results, piece.start_ms, key=lambda result: result.at_ms) - 1
    last = bisect_right(results, piece.end_ms - 1, key=lambda result: result.at_ms)
    if first < 0:
        if last == 0 or results[0].at_ms > piece.start_ms:
            yield None, True
        first = 0
    turns = [*(result.at_ms for result in results[first:last]), piece.end_ms]
    for result, (at_ms, next_ms) in zip(results[first:last], pairwise(turns), strict=True):
        until_ms = next_ms if hold_ms is None else min(next_ms, at_ms + hold_ms)
        if until_ms > piece.start_ms:
            yield result, False
        if until_ms < next_ms:
            yield (result if until_ms >= piece.start_ms else None), True


# ---------------------------------------------------------------- reading the rounds


def _probes(plan: PlanSet, platform: str) -> bool:
    return any(planned.platform == platform for planned in plan.platforms)


def _probes_any(plan: PlanSet, around: Mapping[str, Sequence[Interval]]) -> bool:
    return any(planned.platform in around for planned in plan.platforms)


def _widened(around: Mapping[str, Sequence[Interval]], parts: Sequence[Part]) -> dict[str, list[Interval]]:
    """The intervals in which a result lies that can hold into those asked for, by the longest terms."""
    stale_ms = max(part.terms.stale_after_ms for part in parts)
    return {
        platform: union(Interval(start_ms - stale_ms, end_ms) for start_ms, end_ms in intervals)
        for platform, intervals in around.items()
    }


def _results(
    known: Known, plans: Sequence[PlanSet], wanted: Mapping[str, list[Interval]]
) -> dict[tuple[str, str], list[Result]]:
    found: defaultdict[tuple[str, str], dict[int, Result]] = defaultdict(dict)
    by_reference = {plan.reference: plan for plan in plans}
    indexes = {
        plan.reference: [(i, p.platform) for i, p in enumerate(plan.platforms) if p.platform in wanted]
        for plan in plans
    }
    for kept in _rounds(known, plans, wanted):
        heard, _ = rounds.decode(kept.value, with_latencies=False)
        plan = by_reference.get(heard.plan)
        if plan is None:
            continue
        missing = set(heard.missing)
        for index, platform in indexes[heard.plan]:
            at_ms = heard.start_ms + plan.platforms[index].offset_ms + heard.deviation_ms(index)
            if index not in missing and (plan.transitions or _lies_in(at_ms, wanted[platform])):
                # Of two results at one instant the first recorded counts, as everywhere.
                found[platform, heard.agent].setdefault(at_ms, _result(heard, index, at_ms))
    return {key: [results[at_ms] for at_ms in sorted(results)] for key, results in found.items()}


def _rounds(
    known: Known, plans: Sequence[PlanSet], wanted: Mapping[str, list[Interval]]
) -> Iterator[KeptRound]:
    """The rounds that may hold such results, in the order of the log wherever two lie at one instant.

    A result lies less than two rounds after the start of its own, or less than one before it. A source that
    logs only changes is read from its beginning, because its last change may be long ago.
    """
    every_result = sorted({plan.agent for plan in plans if not plan.transitions})
    only_changes = sorted({plan.agent for plan in plans if plan.transitions})
    intervals = union(interval for each in wanted.values() for interval in each)
    if only_changes and intervals:
        reach_ms = _longest_ms(plans)
        yield from known.rounds(agents=only_changes, start_until_ms=intervals[-1].end_ms + reach_ms)
    if every_result:
        reach_ms = _longest_ms(plans)
        starts = union(Interval(start - 2 * reach_ms, end + reach_ms) for start, end in intervals)
        for start_ms, end_ms in starts:
            yield from known.rounds(agents=every_result, start_from_ms=start_ms, start_until_ms=end_ms)


def _longest_ms(plans: Sequence[PlanSet]) -> int:
    return max(plan.period_ms for plan in plans)


def _lies_in(instant_ms: int, intervals: Sequence[Interval]) -> bool:
    after = bisect_right(intervals, instant_ms, key=lambda interval: interval.start_ms)
    return after > 0 and intervals[after - 1].holds(instant_ms)


def _result(heard: Round, index: int, at_ms: int) -> Result:
    outcome, status, error = heard.not_up.get(index, ("up", heard.odd_status.get(index, 0), ""))
    detail = " ".join(part for part in (str(status) if status else "", error) if part)
    return Result(at_ms, heard.number, outcome, detail or None)
