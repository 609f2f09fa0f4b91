"""The fold of an agent's rounds to steps. Its cost follows what changes, not how much was probed.

Of the last round only what was not up is kept; where that differs from the new round, something changed.
This holds as long as nothing can have become stale between the two rounds and every probe of the new one is
later than all before. Deviations lie between 0 and 254 ms unless a round names them, so both can be seen
from a round's start; where they cannot, each result is looked at for itself.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from ledger.plans import PlanSet
from ledger.rounds import LATE, Round
from projections.steps import CODES, UP, Steps, hear, say

FOR_EVER_MS = 1 << 60
"""How long the outcome of a source holds that logs only changes."""

_MISSING = -1
"""Stands for an outcome where a round has no result."""


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

    def exceptions(self, found: Round) -> dict[int, int]:
        """What is not simply up: index -> outcome, or `_MISSING`."""
        names = self.names
        now = {i: CODES[not_up[0]] for i, not_up in found.not_up.items() if i in names}
        if found.missing:
            now |= dict.fromkeys(names.keys() & found.missing, _MISSING)
        return now

    def probed(self, exceptions: dict[int, int]) -> set[int]:
        """The indexes of the platforms that have a result in a round with these exceptions."""
        return self.names.keys() - {i for i, outcome in exceptions.items() if outcome == _MISSING}

    def instant_ms(self, found: Round, index: int) -> int:
        """When a platform was probed."""
        return found.start_ms + self.offsets_ms[index] + found.deviation_ms(index)


class Result(NamedTuple):
    """The last result of a platform: when it was, and until when its outcome holds."""

    at_ms: int
    until_ms: int


class _Taken(NamedTuple):
    """The last round that was folded; the platforms that it probed have no other last result."""

    found: Round
    plan: PlanInUse
    exceptions: dict[int, int]
    earliest_ms: int
    """No platform was probed before this plus its offset."""


class Run:
    """Rounds of one agent, each later than those before on every platform that it probed."""

    def __init__(self) -> None:
        self.steps: defaultdict[str, Steps] = defaultdict(list)
        self.first_ms: dict[str, int] = {}
        """When each platform was first probed."""
        self._quiet: dict[str, Result] = {}
        """The last results of the platforms that the last round did not probe."""
        self._taken: _Taken | None = None
        self._reach_ms = -FOR_EVER_MS
        """A round of the last plan is later than all before if it starts, deviation included, after this."""

    def take(self, found: Round, plan: PlanInUse) -> bool:
        """Fold one more round; False, and nothing folded, if a result is not later than the last."""
        earliest_ms, latest_ms = _bounds_ms(found)
        taken, exceptions = self._taken, plan.exceptions(found)
        if (
            taken is not None
            and taken.plan is plan
            and earliest_ms > self._reach_ms
            and latest_ms - taken.earliest_ms <= plan.hold_ms
        ):
            if exceptions != taken.exceptions:
                self._compare(taken, found, exceptions)
        elif not self._hear_each(found, plan, exceptions):
            return False
        self._taken = _Taken(found, plan, exceptions, earliest_ms)
        self._reach_ms = max(self._reach_ms, latest_ms)
        return True

    def _compare(self, taken: _Taken, found: Round, now: dict[int, int]) -> None:
        """Fold what differs from the last round; whatever does not, holds on."""
        plan, before = taken.plan, taken.exceptions
        for index in {index for index, _ in before.items() ^ now.items()}:
            name, outcome = plan.names[index], now.get(index, UP)
            if outcome == _MISSING:
                self._quiet[name] = _result(taken, index)
            elif before.get(index) == _MISSING:
                self._hear(name, plan.instant_ms(found, index), outcome)
            else:
                say(self.steps[name], plan.instant_ms(found, index), outcome)

    def _hear_each(self, found: Round, plan: PlanInUse, now: dict[int, int]) -> bool:
        """Fold every result of a round; False if one is not later than the platform's last."""
        self._settle(plan)
        results = [
            (plan.names[index], plan.instant_ms(found, index), now.get(index, UP))
            for index in plan.probed(now)
        ]
        if any(name in self._quiet and at_ms <= self._quiet[name].at_ms for name, at_ms, _ in results):
            return False
        for name, at_ms, outcome in results:
            self._hear(name, at_ms, outcome)
        return True

    def _hear(self, name: str, at_ms: int, outcome: int) -> None:
        last = self._quiet.pop(name, None)
        if last is None:
            self.first_ms[name] = at_ms
        hear(self.steps[name], last.until_ms if last else at_ms, at_ms, outcome)

    def _settle(self, next_plan: PlanInUse | None) -> None:
        """Put the results of the last round with those of the platforms that it did not probe."""
        if self._taken is None:
            return
        taken, self._taken = self._taken, None
        for index in taken.plan.probed(taken.exceptions):
            self._quiet[taken.plan.names[index]] = _result(taken, index)
        if next_plan is not taken.plan:
            # Offsets no longer cancel: only what is later than every instant so far is surely later.
            self._reach_ms = max((result.at_ms for result in self._quiet.values()), default=-FOR_EVER_MS)

    def last(self) -> dict[str, Result]:
        """The last result of every platform that was probed."""
        self._settle(None)
        return self._quiet


def _bounds_ms(found: Round) -> tuple[int, int]:
    """Between which instants, before a platform's offset is added, all probes of a round lie."""
    earliest_ms, latest_ms = found.start_ms, found.start_ms + LATE - 1
    if found.late_ms:
        earliest_ms = min(earliest_ms, found.start_ms + min(found.late_ms.values()))
        latest_ms = max(latest_ms, found.start_ms + max(found.late_ms.values()))
    return earliest_ms, latest_ms


def _result(taken: _Taken, index: int) -> Result:
    at_ms = taken.plan.instant_ms(taken.found, index)
    return Result(at_ms, at_ms + taken.plan.hold_ms)
