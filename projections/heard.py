"""What the agents said around some intervals, from the rounds themselves, as they were recorded.

An outcome holds from its instant to the agent's next result on that platform, but no longer than the terms'
`stale_after` (that of a source which logs only changes holds until its next result). Corrections are not
applied: the originals are the evidence, and a correction is a reason beside them.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ledger import rounds
from ledger.instants import MINUTE_MS
from ledger.interval import Interval, subtract, union
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
        wanted = _widened(around, parts)
        self._plans = [plan for plan in known.plans.values() if _probes_any(plan, wanted)]
        self._agents = _agents(self._plans, wanted)
        overheard = _overheard(known, wanted)
        self._results = _results(known, self._plans, wanted) if overheard is None else overheard

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
        return sorted(self._agents.get(platform, ()))

    def _said_by(self, agent: str, platform: str, interval: Interval, *, transitions: bool) -> Iterator[Said]:
        results = self._results.get((platform, agent), [])
        told: dict[tuple[str, bool], _Telling] = {}
        for part in self._parts:
            hold_ms = None if transitions else part.terms.stale_after_ms
            piece = _shared(interval, part.interval)
            if piece.length_ms:
                for result, is_silence in _holding(results, piece, hold_ms):
                    key = UNKNOWN if is_silence or result is None else result.outcome, is_silence
                    if (telling := told.get(key)) is None:
                        telling = told[key] = _Telling()
                    telling.hear(result, is_silence=is_silence)
        for (outcome, _), telling in told.items():
            yield Said(agent, outcome, telling.detail, telling.first_round, telling.last_round)


class _Telling:
    """The same thing said, once or again and again."""

    __slots__ = ("detail", "first_round", "last_round")

    def __init__(self) -> None:
        self.detail: str | None = None
        self.first_round: int | None = None
        self.last_round: int | None = None

    def hear(self, result: Result | None, *, is_silence: bool) -> None:
        if result is not None:
            self.last_round = result.number
            if self.first_round is None:
                self.first_round = result.number
        if self.detail is None:
            self.detail = SILENT if is_silence or result is None else result.detail


def _shared(one: Interval, other: Interval) -> Interval:
    """What two intervals share; without length if that is nothing."""
    return Interval(max(one.start_ms, other.start_ms), min(one.end_ms, other.end_ms))


def _holding(
    results: Sequence[Result], piece: Interval, hold_ms: int | None
) -> Iterator[tuple[Result | None, bool]]:
    """The results that hold in a piece in order of time, and each silence in it with the result before it."""
    # A result sorts by its instant, and behind the instant alone.
    first = bisect_left(results, (piece.start_ms + 1,)) - 1
    last = bisect_left(results, (piece.end_ms,))
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


def _agents(plans: Sequence[PlanSet], wanted: Container[str]) -> dict[str, set[tuple[str, bool]]]:
    """Who probes each platform, and whether it logs only changes."""
    found: defaultdict[str, set[tuple[str, bool]]] = defaultdict(set)
    for plan in plans:
        for planned in plan.platforms:
            if planned.platform in wanted:
                found[planned.platform].add((plan.agent, plan.transitions))
    return found


def _probes_any(plan: PlanSet, around: Mapping[str, Sequence[Interval]]) -> bool:
    return any(planned.platform in around for planned in plan.platforms)


def _widened(around: Mapping[str, Sequence[Interval]], parts: Sequence[Part]) -> dict[str, list[Interval]]:
    """The intervals in which a result lies that can hold into those asked for, by the longest terms."""
    stale_ms = max(part.terms.stale_after_ms for part in parts)
    return {
        platform: union(Interval(start_ms - stale_ms, end_ms) for start_ms, end_ms in intervals)
        for platform, intervals in around.items()
    }


Results = dict[tuple[str, str], list[Result]]
"""The results on each platform of each agent, in order of time."""

_SLOT = "overheard"
_SLICE_MS = 10 * MINUTE_MS
"""Of a thousand platforms few are not up in any ten minutes: only those are looked at in each round."""


def overhear(known: Known, asked: Iterable[tuple[Sequence[Part], Mapping[str, Sequence[Interval]]]]) -> None:
    """Read the rounds once for many questions that follow: parts of a period, and intervals by platform.

    More results than were asked for change no answer: what does not hold into an interval says nothing in it.
    """
    wanted: dict[str, list[Interval]] = {}
    for parts, around in asked:
        for platform, intervals in _widened(around, parts).items():
            wanted[platform] = union([*wanted.get(platform, []), *intervals])
    plans = [plan for plan in known.plans.values() if _probes_any(plan, wanted)]
    known.memo[_SLOT] = known.rounds_key, wanted, _results(known, plans, wanted) if wanted else {}


def _overheard(known: Known, wanted: Mapping[str, list[Interval]]) -> Results | None:
    """What was read before, if that was everything."""
    key, had, results = known.memo.get(_SLOT, (None, {}, {}))
    if key != known.rounds_key or not wanted.keys() <= had.keys():
        return None
    is_all = all(not subtract(intervals, had[platform]) for platform, intervals in wanted.items())
    return results if is_all else None


class _Wanted(NamedTuple):
    """A platform of a plan, and the intervals in which its results are asked for."""

    place: int
    platform: str
    offset_ms: int
    starts_ms: list[int]
    ends_ms: list[int]

    def holds(self, at_ms: int) -> bool:
        """Whether an instant lies in one of the intervals."""
        after = bisect_right(self.starts_ms, at_ms)
        return after > 0 and at_ms < self.ends_ms[after - 1]


def _bounds(intervals: Sequence[Interval]) -> tuple[list[int], list[int]]:
    return [each.start_ms for each in intervals], [each.end_ms for each in intervals]


class _Listener:
    """The platforms of a plan that are asked for, and which of them a round may say something wanted of.

    A result lies less than two rounds after the start of its own, or less than one before it.
    """

    def __init__(self, plan: PlanSet, wanted: Mapping[str, list[Interval]]) -> None:
        self.plan = plan
        self._all = [
            _Wanted(place, planned.platform, planned.offset_ms, *_bounds(wanted[planned.platform]))
            for place, planned in enumerate(plan.platforms)
            if planned.platform in wanted
        ]
        self._by_slice: defaultdict[int, list[_Wanted]] = defaultdict(list)
        if not plan.transitions:
            for each in self._all:
                for number in self._slices(wanted[each.platform]):
                    self._by_slice[number].append(each)

    def _slices(self, intervals: Sequence[Interval]) -> Iterator[int]:
        last, reach_ms = -1, self.plan.period_ms
        for start_ms, end_ms in intervals:
            first = max(last + 1, (start_ms - 2 * reach_ms) // _SLICE_MS)
            last = (end_ms + reach_ms) // _SLICE_MS
            yield from range(first, last + 1)

    def around(self, start_ms: int) -> Sequence[_Wanted]:
        """The platforms that a round which starts then may say something wanted of."""
        return self._all if self.plan.transitions else self._by_slice.get(start_ms // _SLICE_MS, ())


def _results(known: Known, plans: Sequence[PlanSet], wanted: Mapping[str, list[Interval]]) -> Results:
    found: defaultdict[tuple[str, str], dict[int, Result]] = defaultdict(dict)
    listeners = {plan.reference: _Listener(plan, wanted) for plan in plans}
    for kept in _rounds(known, plans, wanted):
        heard, _ = rounds.decode(kept.value, with_latencies=False)
        listener = listeners.get(heard.plan)
        if listener is None:
            continue
        is_missing, is_all = frozenset(heard.missing), listener.plan.transitions
        for each in listener.around(heard.start_ms):
            at_ms = heard.start_ms + each.offset_ms + heard.deviation_ms(each.place)
            if (is_all or each.holds(at_ms)) and each.place not in is_missing:
                # Of two results at one instant the first recorded counts, as everywhere.
                found[each.platform, heard.agent].setdefault(at_ms, _result(heard, each.place, at_ms))
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


def _result(heard: Round, index: int, at_ms: int) -> Result:
    not_up = heard.not_up.get(index)
    outcome, status, error = not_up or ("up", heard.odd_status.get(index, 0), "")
    detail = f"{status} {error}" if status and error else str(status) if status else error
    return Result(at_ms, heard.number, outcome, detail or None)
