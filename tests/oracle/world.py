"""What one instant counts as, asked of all facts anew each time: slow, and meant to be obviously right.

The comments number the rules of the specification of the figures. `t` stands for the time that begins at it,
so "given before t" is `given <= t`.
"""

import itertools
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from math import gcd
from typing import get_args

from tests.oracle.facts import (
    Amended,
    Claimed,
    Corrected,
    Ended,
    Fact,
    Joined,
    Left,
    Mailed,
    Notice,
    Result,
    Ruled,
    Signed,
    Terms,
    Worked,
)
from tests.oracle.wall_clock import (
    HOUR_MS,
    MINUTE_MS,
    french_holidays,
    is_open,
    local_day,
    midnight_ms,
    open_minutes,
    quarter_of,
    wall_clock,
)

FOREVER_MS = 1 << 60
CLASSES = ("outside", "excluded-maintenance", "excluded-force-majeure", "unknown", "down", "up")

Points = Callable[["World", int, int], Iterable[int]]
"""The instants of an interval between which nothing changes."""


class World:
    """The facts recorded until a moment, under the readings in force or some others."""

    def __init__(self, facts: Sequence[Fact], known_ms: int, readings: dict[str, str], points: Points):
        self.known_ms = known_ms
        self.points = points
        self.facts = [fact for fact in facts if fact.recorded_ms <= known_ms]  # 6
        self.by_kind = {kind: [f for f in self.facts if isinstance(f, kind)] for kind in get_args(Fact)}
        self.signed = self.of(Signed)[0]
        self.zone = self.signed.zone
        versions = [(self.signed.first_day, self.signed.terms)]
        versions += [(fact.from_day, fact.terms) for fact in self.of(Amended)]
        self.versions = [
            (midnight_ms(self.zone, day), replace(terms, readings=terms.readings | readings))
            for day, terms in versions
        ]
        self.start_ms = midnight_ms(self.zone, self.signed.first_day)  # 1.1
        last_days = [day for day in (self.signed.last_day, *(f.last_day for f in self.of(Ended))) if day]
        self.end_ms = after(self.zone, min(last_days)) if last_days else FOREVER_MS
        self.notices = self.of(Notice)
        self.works = {(fact.maintenance, fact.kind): fact.at_ms for fact in self.of(Worked)}
        self.results = self._results()
        self.holds_on = cache(self.holds_on)
        self.ceiling_reached_ms = cache(self.ceiling_reached_ms)

    def of(self, kind: type) -> list:
        return self.by_kind[kind]

    def _results(self) -> dict[str, dict[str, list[tuple[int, Result]]]]:
        by_platform: dict[str, dict[str, list[tuple[int, Result]]]] = {}
        for fact in sorted(self.of(Result), key=lambda fact: fact.at_ms):
            by_platform.setdefault(fact.platform, {}).setdefault(fact.agent, []).append((fact.at_ms, fact))
        return by_platform

    # ------------------------------------------------------------ 1. what is measured

    def terms_at(self, t: int) -> Terms:
        """1.1: the version in force; before the first one there is nothing to measure, so any will do."""
        in_force = [terms for from_ms, terms in self.versions if from_ms <= t]
        return in_force[-1] if in_force else self.versions[0][1]

    def holds_on(self, platform: str) -> list[tuple[int, int]]:
        """1.4: the platform's time in the contract."""
        stays: list[tuple[int, int]] = []
        for fact in self.facts:
            if isinstance(fact, Joined) and fact.platform == platform:
                stays.append((midnight_ms(self.zone, fact.from_day), FOREVER_MS))
            if isinstance(fact, Left) and fact.platform == platform:
                stays[-1] = (stays[-1][0], after(self.zone, fact.last_day))
        return stays

    def is_outside(self, platform: str, t: int) -> bool:
        if not self.start_ms <= t < self.end_ms:
            return True
        if not any(start_ms <= t < end_ms for start_ms, end_ms in self.holds_on(platform)):
            return True
        return not self.is_open_at(self.terms_at(t).reading("service-hours"), t)  # 1.3

    def is_open_at(self, schedule: str, t: int) -> bool:
        local = wall_clock(self.zone, t)
        return is_open(schedule, local, holidays(self.terms_at(t), local.date()))

    # ------------------------------------------------------------ 2. what was observed

    def outcome(self, agent: str, platform: str, t: int) -> str:
        """2.1 and 2.4: what an agent says of a platform; `unknown` if nothing of it holds."""
        corrections = [
            fact
            for fact in self.of(Corrected)
            if (fact.agent, fact.platform) == (agent, platform) and fact.from_ms <= t < fact.to_ms
        ]
        observed = self.observed(agent, platform, t)
        if corrections and observed != "unknown":  # silence cannot be restated
            return corrections[-1].outcome or "unknown"
        return observed

    def observed(self, agent: str, platform: str, t: int) -> str:
        """2.1: the same, before any correction."""
        results = self.results[platform][agent]
        before = bisect_right(results, t, key=lambda result: result[0])
        if before == 0:
            return "unknown"
        last = results[before - 1][1]
        is_stale = t >= last.at_ms + self.terms_at(t).stale_after_seconds * 1000
        return "unknown" if is_stale and not last.logs_only_changes else last.outcome

    def verdict(self, platform: str, t: int) -> str:
        """2.2 and 2.3."""
        terms = self.terms_at(t)
        said = {agent: self.outcome(agent, platform, t) for agent in self.results.get(platform, {})}
        known = {agent: outcome for agent, outcome in said.items() if outcome != "unknown"}
        if len(known) < terms.agents_min:
            return "unknown"
        down = [agent for agent, outcome in known.items() if outcome == "down"]
        weight = {agent: terms.agent_weights.get(agent, 1) for agent in known}
        is_down = {
            "majority": 2 * len(down) > len(known),
            "any": len(down) > 0,
            "all": len(down) == len(known),
            "weighted": 2 * sum(weight[agent] for agent in down) > sum(weight.values()),
        }[terms.reading("quorum")]
        if is_down:
            return "down"
        return "degraded" if "degraded" in known.values() else "up"

    def counts_as(self, platform: str, t: int) -> str:
        """The verdict with `degraded` taken as the terms say: unknown, down or up."""
        verdict = self.verdict(platform, t)
        return self.terms_at(t).reading("degraded") if verdict == "degraded" else verdict

    # ------------------------------------------------------------ 3. what is excluded

    def is_announced_work(self, platform: str, t: int) -> bool:
        """3.1 and 3.2, before any ceiling."""
        names = {fact.maintenance for fact in self.notices if platform in fact.platforms}
        return any(self.is_excused_by(maintenance, t) for maintenance in names)

    def is_excused_by(self, maintenance: str, t: int) -> bool:
        terms = self.terms_at(t)
        clock = terms.reading("notice-clock")
        notices = [fact for fact in self.notices if fact.maintenance == maintenance]
        published = [
            fact for fact in notices if (fact.recorded_ms if clock == "recorded" else fact.given_ms) <= t
        ]
        if not published or not holds(published[-1], t):
            return False  # the last notice takes back what the others had announced
        given = [
            (self.given_ms(fact, following, clock), fact)
            for fact, following in itertools.zip_longest(notices, notices[1:])
        ]
        given = [(given_ms, fact) for given_ms, fact in given if given_ms <= t and fact in published]
        if published[-1] not in [fact for _, fact in given]:
            return False  # and announces nothing before it was given
        if terms.reading("notice") == "binding" and not any(
            holds(fact, t)
            and given_ms <= fact.from_ms - terms.notice_hours * HOUR_MS
            and not any(later.kind == "withdrawn" for _, later in given[place:])
            for place, (given_ms, fact) in enumerate(given)
        ):
            return False
        if terms.reading("maintenance-hours") == "allowed-windows" and not self.is_open_at(
            terms.maintenance_windows, t
        ):
            return False
        if terms.reading("maintenance-extent") == "work":
            started_ms = self.works.get((maintenance, "started"), FOREVER_MS)
            return started_ms <= t < self.works.get((maintenance, "finished"), FOREVER_MS)
        return True

    def given_ms(self, notice: Notice, following: Notice | None, clock: str) -> int:
        """3.1: by the mails about it if any was tried; never, if it came with the next notice or after it."""
        place = self.facts.index(notice)
        until = self.facts.index(following) if following else len(self.facts)
        mails = [
            fact
            for fact in self.of(Mailed)
            if fact.maintenance == notice.maintenance and place < self.facts.index(fact) < until
        ]
        published_ms = notice.recorded_ms if clock == "recorded" else notice.given_ms
        if not mails or notice.kind == "withdrawn":
            return published_ms
        accepted_ms = [
            fact.recorded_ms if clock == "recorded" else fact.at_ms
            for fact in mails
            if fact.kind == "accepted"
            and not any(
                later.kind == "bounced" and later.person == fact.person
                for later in mails[mails.index(fact) :]
            )
        ]
        given_ms = max(published_ms, min(accepted_ms, default=FOREVER_MS))
        if following and given_ms >= (following.recorded_ms if clock == "recorded" else following.given_ms):
            return FOREVER_MS  # a move may say that it was given before this one was accepted
        return given_ms

    def is_maintenance(self, platform: str, t: int) -> bool:
        return self.is_announced_work(platform, t) and t < self.ceiling_cut_ms(platform, t)

    def ceiling_reached_ms(self, platform: str, quarter: date) -> int:
        """3.3: from this instant on, 24 hours of the quarter's service hours were excluded."""
        start_ms = max(self.start_ms, midnight_ms(self.zone, quarter))
        next_quarter = quarter_of(quarter + timedelta(days=95))
        end_ms = min(self.end_ms, self.known_ms, midnight_ms(self.zone, next_quarter))
        excluded_ms = 0
        for t, until_ms in self.steps(start_ms, end_ms):
            if not self.is_outside(platform, t) and self.is_announced_work(platform, t):
                if excluded_ms + until_ms - t > 24 * HOUR_MS:
                    return t + 24 * HOUR_MS - excluded_ms
                excluded_ms += until_ms - t
        return FOREVER_MS

    def ceiling_cut_ms(self, platform: str, t: int) -> int:
        """Where the ceiling of the quarter of an instant is reached; never, if there is none."""
        if self.terms_at(t).reading("maintenance-ceiling") == "none":
            return FOREVER_MS
        return self.ceiling_reached_ms(platform, quarter_of(local_day(self.zone, t)))

    def is_force_majeure(self, platform: str, t: int) -> bool:
        """3.4: the last ruling counts; a claim that nobody ruled on counts only if `claimed` ones do."""
        for claim in (fact for fact in self.of(Claimed) if platform in fact.platforms):
            rulings = [fact for fact in self.of(Ruled) if fact.claim == claim.claim]
            claimed = self.terms_at(t).reading("force-majeure") == "claimed" and not rulings
            intervals = [(claim.from_ms, claim.to_ms)] if claimed else []
            intervals += rulings[-1].accepted if rulings else ()
            if any(from_ms <= t < to_ms for from_ms, to_ms in intervals):
                return True
        return False

    # ------------------------------------------------------------ 4. classes

    def class_of(self, platform: str, t: int) -> str:
        if self.is_outside(platform, t):
            return "outside"
        if self.is_maintenance(platform, t):
            return "excluded-maintenance"
        if self.is_force_majeure(platform, t):
            return "excluded-force-majeure"
        return self.counts_as(platform, t)

    # ------------------------------------------------------------ time, step by step

    def steps(self, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """The interval in pieces within which nothing changes."""
        inner = {t for t in self.points(self, start_ms, end_ms) if start_ms < t < end_ms}
        bounds = sorted({start_ms, *inner, end_ms}) if start_ms < end_ms else []
        return list(itertools.pairwise(bounds))


def every_second(_world: World, start_ms: int, end_ms: int) -> Iterable[int]:
    """The literal way: a step a second, for facts that lie on whole seconds."""
    return range(start_ms, end_ms, 1000)


def every_change(world: World, start_ms: int, end_ms: int) -> Iterable[int]:
    """The same in fewer steps: every instant that any fact names, and every time a clock's hands could matter."""
    for fact in world.facts:
        yield from (value for name, value in vars(fact).items() if name.endswith("_ms"))
        if isinstance(fact, Result):
            yield from (fact.at_ms + 1000 * terms.stale_after_seconds for _, terms in world.versions)
        if isinstance(fact, Ruled):
            yield from (instant for interval in fact.accepted for instant in interval)
    hands_ms = gcd(*(MINUTE_MS * minute for minute in (15, *schedule_minutes(world))))
    yield from range(start_ms - start_ms % hands_ms, end_ms, hands_ms)


def schedule_minutes(world: World) -> set[int]:
    texts = {terms.reading("service-hours") for _, terms in world.versions}
    texts |= {terms.maintenance_windows for _, terms in world.versions}
    return {minute for text in texts for day in open_minutes(text) for span in day for minute in span}


def holds(notice: Notice, t: int) -> bool:
    return notice.kind != "withdrawn" and notice.from_ms <= t < notice.to_ms


def holidays(terms: Terms, day: date) -> frozenset[date]:
    assert terms.holiday_calendar in ("FR", ""), "the oracle knows only the holidays of France"
    public = french_holidays(day.year) if terms.holiday_calendar else frozenset()
    return public | frozenset(terms.extra_holidays)


def after(zone: str, last_day: date) -> int:
    """The local midnight at which a last day is over."""
    return midnight_ms(zone, date.fromordinal(last_day.toordinal() + 1))
