"""Rounds of every kind, and what they mean: told twice, once to a ledger and once result by result."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from ledger.plans import Planned, PlanSet
from ledger.rounds import LATE, Round
from projections.asof import Known
from projections.changes import outcome_changes
from tests.spec import Story

OUTCOMES = ("unknown", "up", "degraded", "down")
SECOND = 1000
PLATFORMS = ("a", "b", "c")
STALE_AFTER_MS = 2500
NEVER_MS = 10**15


class Result(NamedTuple):
    """One agent saw one platform."""

    agent: str
    platform: str
    at_ms: int
    outcome: str
    for_ever: bool = False


# ---------------------------------------------------------------- the meaning, naively


def says(results: Iterable[Result], at_ms: int, stale_after_ms: int) -> str:
    """What the results of one agent on one platform say at an instant."""
    before = [result for result in results if result.at_ms <= at_ms]
    if not before:
        return "unknown"
    last = max(before, key=lambda result: result.at_ms)  # the first of those at one instant
    return last.outcome if last.for_ever or at_ms < last.at_ms + stale_after_ms else "unknown"


def meaning(results: Sequence[Result], stale_after_ms: int, until_ms: int = NEVER_MS) -> list[tuple]:
    """The changes, by asking what is said at every instant at which it could change."""
    rows = []
    for platform, agent in sorted({(result.platform, result.agent) for result in results}):
        own = [result for result in results if (result.platform, result.agent) == (platform, agent)]
        said = "unknown"
        for at_ms in sorted({r.at_ms + later for r in own for later in (0, stale_after_ms)}):
            now = says(own, at_ms, stale_after_ms)
            if now != said and at_ms < until_ms:
                rows.append((platform, agent, at_ms, OUTCOMES.index(now)))
            said = now
    return rows


# ---------------------------------------------------------------- rounds


def round_of(
    plan: PlanSet,
    number: int,
    start_ms: int,
    outcomes: Sequence[str | None],
    deviations_ms: Sequence[int] | None = None,
) -> Round:
    """A round by the outcome of each platform of its plan; None where there is no result."""
    deviations_ms = deviations_ms or [0] * len(outcomes)
    late_ms = {i: late for i, late in enumerate(deviations_ms) if not 0 <= late < LATE}
    return Round(
        agent=plan.agent,
        number=number,
        plan=plan.reference,
        start_ms=start_ms,
        n=len(outcomes),
        not_up={i: (o, 0, "") for i, o in enumerate(outcomes) if o not in (None, "up")},
        missing=[i for i, outcome in enumerate(outcomes) if outcome is None],
        jitter=bytes(LATE if i in late_ms else late for i, late in enumerate(deviations_ms)),
        late_ms=late_ms,
    )


def results_of(found: Round, plan: PlanSet) -> list[Result]:
    """What a round says, result by result."""
    return [
        Result(
            found.agent,
            planned.platform,
            found.start_ms + planned.offset_ms + found.deviation_ms(index),
            outcome,
            plan.transitions,
        )
        for index, planned in enumerate(plan.platforms)
        if (outcome := found.outcome(index)) is not None
    ]


class Told(NamedTuple):
    """An agent's plans and rounds."""

    plans: Sequence[PlanSet]
    rounds: Sequence[Round]

    @property
    def results(self) -> list[Result]:
        """In the order in which they are recorded."""
        plans = {plan.reference: plan for plan in self.plans}
        return [result for found in self.rounds for result in results_of(found, plans[found.plan])]


def plan_of(agent: str, version: int, offsets_ms: dict[str, int], *, transitions: bool = False) -> PlanSet:
    """A plan whose rounds last a second."""
    platforms = tuple(Planned(platform=name, offset_ms=offset) for name, offset in offsets_ms.items())
    return PlanSet(
        agent=agent, plan_version=version, period_ms=SECOND, transitions=transitions, platforms=platforms
    )


outcomes = st.sampled_from(["up", "up", "up", "up", None, None, "down", "degraded", "unknown"])
deviations_ms = st.one_of(st.integers(0, 254), st.integers(0, 254), st.integers(-999, 999))
paces_ms = st.sampled_from([SECOND] * 6 + [2 * SECOND, 3 * SECOND, 10 * SECOND, 300, 1, 0, -1, -1700, -8000])


@st.composite
def tellings(draw, agent: str = "paris", max_rounds: int = 14) -> Told:
    """Rounds at any pace, late and early, with lost rounds, missing results, new plans and returns to the past."""
    offsets_ms = st.dictionaries(st.sampled_from(PLATFORMS), st.integers(0, 999), min_size=1)
    transitions = draw(st.booleans()) and draw(st.booleans())
    plans = [
        plan_of(agent, version, each, transitions=transitions)
        for version, each in enumerate(draw(st.lists(offsets_ms, min_size=1, max_size=2)), start=1)
    ]
    rounds, start_ms = [], 2000 * SECOND
    for number in range(1, draw(st.integers(1, max_rounds)) + 1):
        plan = draw(st.sampled_from(plans))
        n = len(plan.platforms)
        seen = draw(st.lists(outcomes, min_size=n, max_size=n))
        late = draw(st.lists(deviations_ms, min_size=n, max_size=n))
        rounds.append(round_of(plan, number, start_ms, seen, late))
        start_ms += draw(paces_ms)
    return Told(plans, rounds)


# ---------------------------------------------------------------- the ledger


def ledger_of(*told: Told) -> Story:
    """A ledger to which all of this was told."""
    story = Story()
    for plans, rounds in told:
        for plan in plans:
            story.fact(f"plan:{plan.agent}", plan)
        story.ledger.append_rounds(plans[0].agent, rounds)
    return story


def changes(
    known: Known,
    platforms: Iterable[str] = PLATFORMS,
    stale_after_ms: int = STALE_AFTER_MS,
    until_ms: int = NEVER_MS,
) -> list[tuple]:
    """The rows of `outcome_changes`."""
    return outcome_changes(known, list(platforms), stale_after_ms, until_ms).rows()
