"""The fold of an agent's rounds to steps. Its cost follows what changes, not how much was probed.

Where a round differs from the last one in what was not up, something changed, and nowhere else.
This holds as long as nothing can have become stale between the two rounds and every probe of the new one is
later than all before. Deviations lie between 0 and 254 ms unless a round names them, so both can be seen
from a round's start; where they cannot, each result is looked at for itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from ledger.plans import PlanSet
from ledger.rounds import LATE, NotUp, Round
from projections.steps import CODES, UP, Steps, hear, say

FOR_EVER_MS = 1 << 60
"""How long the outcome of a source holds that logs only changes."""


class Result(NamedTuple):
    """The last result of a platform: when it was, and until when its outcome holds."""

    at_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class PlanInUse:
    """A plan as the fold needs it: only the platforms that are asked for, by their index."""

    plan: PlanSet
    names: dict[int, str]
    offsets_ms: tuple[int, ...]
    hold_ms: int
    """How long an outcome holds without a next one."""

    @classmethod
    def of(cls, plan: PlanSet, platforms: frozenset[str], stale_after_ms: int) -> "PlanInUse":
        """A plan cut to some platforms."""
        return cls(
            plan=plan,
            names={i: p.platform for i, p in enumerate(plan.platforms) if p.platform in platforms},
            offsets_ms=tuple(planned.offset_ms for planned in plan.platforms),
            hold_ms=FOR_EVER_MS if plan.transitions else stale_after_ms,
        )

    def probed(self, found: Round) -> set[int]:
        """The indexes of the platforms that have a result in a round."""
        return self.names.keys() - found.missing

    def instant_ms(self, found: Round, index: int) -> int:
        """When a platform was probed."""
        return found.start_ms + self.offsets_ms[index] + found.deviation_ms(index)

    def result(self, found: Round, index: int) -> Result:
        """The result of a platform, as far as it must be kept."""
        at_ms = self.instant_ms(found, index)
        return Result(at_ms, at_ms + self.hold_ms)


def outcome_of(found: Round, index: int) -> int:
    """The outcome of a platform that is not missing."""
    not_up = found.not_up.get(index)
    return CODES[not_up[0]] if not_up else UP


class Run:
    """Rounds of one agent, each later than those before on every platform that it probed."""

    def __init__(self) -> None:
        self.steps: defaultdict[str, Steps] = defaultdict(list)
        self.first_ms: dict[str, int] = {}
        """When each platform was first probed."""
        self._quiet: dict[str, Result] = {}
        """The last results of the platforms that the last round did not probe."""
        self._plan: PlanInUse | None = None
        self._found: Round | None = None
        """The last round, of that plan; for the platforms that it probed it is the last result."""
        self._earliest_ms = 0
        """No platform was probed in it before this plus its offset."""
        self._reach_ms = -FOR_EVER_MS
        """A round of the same plan is later than all before if it starts, deviation included, after this."""

    @classmethod
    def kept(
        cls, steps: Mapping[str, Steps], first_ms: Mapping[str, int], last: Mapping[str, Result]
    ) -> Self:
        """A run as it stands in a checkpoint; the last one lacks the round that `going_on` adds."""
        run = cls()
        run.steps.update(steps)
        run.first_ms.update(first_ms)
        run._quiet.update(last)
        return run

    def going_on(self, found: Round, plan: PlanInUse, reach_ms: int) -> Self:
        """The run, whose results so far are those that its last round, of that plan, did not probe."""
        self._found, self._plan, self._reach_ms = found, plan, reach_ms
        self._earliest_ms, _ = _bounds_ms(found)
        return self

    @property
    def quiet(self) -> Mapping[str, Result]:
        """The last results of the platforms that the last round did not probe."""
        return self._quiet

    @property
    def reach_ms(self) -> int:
        """See `_reach_ms`; it is part of what a checkpoint keeps."""
        return self._reach_ms

    def take(self, found: Round, plan: PlanInUse) -> bool:
        """Fold one more round; False, and nothing folded, if a result is not later than the last."""
        earliest_ms, latest_ms = _bounds_ms(found)
        if (
            plan is self._plan
            and self._found is not None
            and earliest_ms > self._reach_ms
            and latest_ms - self._earliest_ms <= plan.hold_ms
        ):
            self._compare(self._found, found, plan)
        elif not self._hear_each(found, plan):
            return False
        self._found, self._plan, self._earliest_ms = found, plan, earliest_ms
        self._reach_ms = max(self._reach_ms, latest_ms)
        return True

    def _compare(self, before: Round, now: Round, plan: PlanInUse) -> None:
        """Fold what differs from the last round; whatever does not, holds on."""
        differing = _differing(before.not_up, now.not_up)
        if before.missing != now.missing:  # who is missing in both differs in nothing
            differing = self._fold_missing(before, now, plan, differing)
        for index in differing:
            if (name := plan.names.get(index)) is not None:
                say(self.steps[name], plan.instant_ms(now, index), outcome_of(now, index))

    def _fold_missing(
        self, before: Round, now: Round, plan: PlanInUse, differing: Iterable[int]
    ) -> list[int]:
        """Keep the last results of who fell silent, hear who is back; of the others those that differ."""
        were_missing, are_missing = frozenset(before.missing), frozenset(now.missing)
        for index in plan.names.keys() & (are_missing - were_missing):
            self._quiet[plan.names[index]] = plan.result(before, index)
        for index in plan.names.keys() & (were_missing - are_missing):
            self._hear(plan.names[index], plan.instant_ms(now, index), outcome_of(now, index))
        return [index for index in differing if index not in were_missing and index not in are_missing]

    def _hear_each(self, found: Round, plan: PlanInUse) -> bool:
        """Fold every result of a round; False if one is not later than the platform's last."""
        self._settle()
        if plan is not self._plan:
            # Offsets no longer cancel: only what is later than every instant so far is surely later.
            self._reach_ms = max((last.at_ms for last in self._quiet.values()), default=-FOR_EVER_MS)
        probed = plan.probed(found)
        for index in probed:
            last = self._quiet.get(plan.names[index])
            if last is not None and plan.instant_ms(found, index) <= last.at_ms:
                return False
        for index in probed:
            self._hear(plan.names[index], plan.instant_ms(found, index), outcome_of(found, index))
        return True

    def _hear(self, name: str, at_ms: int, outcome: int) -> None:
        last = self._quiet.pop(name, None)
        if last is None:
            self.first_ms[name] = at_ms
        hear(self.steps[name], last.until_ms if last else at_ms, at_ms, outcome)

    def _settle(self) -> None:
        """Put the results of the last round with those of the platforms that it did not probe."""
        if self._found is not None and self._plan is not None:
            for index in self._plan.probed(self._found):
                self._quiet[self._plan.names[index]] = self._plan.result(self._found, index)
            self._found = None

    def last(self) -> dict[str, Result]:
        """The last result of every platform that was probed."""
        self._settle()
        return self._quiet


def _differing(before: Mapping[int, NotUp], now: Mapping[int, NotUp]) -> list[int]:
    """The indexes that only one of the two has, or each with another outcome, each once.

    Loops, of which each round has two: sets of items hash their text, and a comprehension is a call more.
    """
    differing = []
    for index, not_up in now.items():
        if index not in before or before[index][0] != not_up[0]:
            differing.append(index)
    for index in before:
        if index not in now:
            differing.append(index)  # noqa: PERF401 - see above
    return differing


def _bounds_ms(found: Round) -> tuple[int, int]:
    """Between which instants, before a platform's offset is added, all probes of a round lie."""
    earliest_ms, latest_ms = found.start_ms, found.start_ms + LATE - 1
    if found.late_ms:
        earliest_ms = min(earliest_ms, found.start_ms + min(found.late_ms.values()))
        latest_ms = max(latest_ms, found.start_ms + max(found.late_ms.values()))
    return earliest_ms, latest_ms
