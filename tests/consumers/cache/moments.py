"""Ledgers of rounds that came one by one, and what was known of them at each."""

from projections.asof import Known
from projections.moment import at_time
from tests.projections.results import PLATFORMS, STALE_AFTER_MS, Told
from tests.spec import Story

AGENTS = ("lyon", "paris")


def story_of(*told: Told) -> Story:
    """A ledger to which rounds came one by one, agents in turn, and each plan before the first that names it.

    Every record has a moment of its own.
    """
    story, recorded = Story(), set()
    for number in range(max(len(each.rounds) for each in told)):
        for each in told:
            for found in each.rounds[number : number + 1]:
                version = int(found.plan.rpartition("/")[2])
                for plan in each.plans[:version]:
                    if plan.reference not in recorded:
                        recorded.add(plan.reference)
                        story.at(story.now_ms + 1000).fact(f"plan:{plan.agent}", plan)
                story.at(story.now_ms + 1000).ledger.append_rounds(found.agent, [found])
    return story


def moments_of(story: Story) -> list[Known]:
    """What was known at each round."""
    engine = story.engine
    return [Known.at(engine, at_time(engine, kept.recorded_ms)) for kept in engine.rounds()]


def asked(known: Known, platforms: frozenset[str] = frozenset(PLATFORMS)):
    return known, known.agents(), platforms, STALE_AFTER_MS
