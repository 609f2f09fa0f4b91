"""The verdict of several agents: every combination of what three of them say, under every quorum."""

from datetime import date
from itertools import product

import pytest

from ledger.instants import parse_instant
from tests.oracle.facts import Joined, Result, Signed, Terms
from tests.oracle.retelling import retell
from tests.oracle.wall_clock import HOUR_MS
from tests.oracle.world import World, every_change
from tests.projections.asked import asked
from tests.projections.months import LATER_MS, SIGNED_MS, ZONE

AGENTS = ("lyon", "nantes", "paris")
COMBINATIONS = list(product(("up", "degraded", "down", "unknown"), repeat=3))
START_MS = parse_instant("2026-11-02T00:00:00+01:00")
HOURS_MS = [START_MS + hour * HOUR_MS for hour in range(len(COMBINATIONS))]


def an_hour_each(terms: Terms) -> list:
    """The three agents say one combination after the other, each for an hour."""
    day = date(2026, 11, 2)
    results = [
        Result(SIGNED_MS, agent, "p", at_ms, outcomes[place], logs_only_changes=True)
        for place, agent in enumerate(AGENTS)
        for at_ms, outcomes in zip(HOURS_MS, COMBINATIONS, strict=True)
    ]
    return [Signed(SIGNED_MS, "acme", ZONE, day, None, terms), Joined(SIGNED_MS, "p", day), *results]


@pytest.mark.parametrize("weights", [{}, {"paris": 3}, {"lyon": 0, "nantes": 2}], ids=str)
@pytest.mark.parametrize("agents_min", [1, 2, 3])
@pytest.mark.parametrize("quorum", ["majority", "any", "all", "weighted"])
def test_three_agents_are_heard_as_the_rule_says(quorum, agents_min, weights):
    readings = {"quorum": quorum, "service-hours": "24/7"}
    facts = an_hour_each(Terms(agents_min=agents_min, agent_weights=weights, readings=readings))
    world = World(facts, LATER_MS, {}, every_change)

    said = asked(retell(facts), LATER_MS, (START_MS, HOURS_MS[-1] + HOUR_MS))

    spans = [(parse_instant(each.start), parse_instant(each.end), each.verdict) for each in said.stretches]
    for at_ms, outcomes in zip(HOURS_MS, COMBINATIONS, strict=True):
        verdicts = [verdict for start_ms, end_ms, verdict in spans if start_ms <= at_ms < end_ms]
        assert (verdicts or ["up"]) == [world.verdict("p", at_ms)], outcomes
