"""Where the data lie: always with enough of the operators that the terms name [Architecture du service].

Before the first placement that is known nothing can be said, and nothing is found.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from ledger.interval import Interval, intersect
from ledger.operations import INITIAL, Placement
from ledger.terms import Terms
from projections.calendar import END_OF_TIME_MS
from projections.clauses import ARCHITECTURE
from projections.figures import CommitmentEntry, Finding
from projections.finding import finding, judged
from projections.scope import Scope


class _Lying(NamedTuple):
    """Where a platform's data lay during an interval of the period that one version of the terms rules."""

    platform: str
    interval: Interval
    placement: Placement
    terms: Terms


def operators(scope: Scope) -> CommitmentEntry:
    """Every placement that held at some time of the period."""
    lying = [each for platform in scope.own for each in _lying(platform, scope)]
    return judged(
        "operators",
        ARCHITECTURE,
        recorded=bool(lying),
        examined=len({each.placement.position for each in lying}),
        findings=(found for each in lying for found in _findings(each, scope)),
    )


def _lying(platform: str, scope: Scope) -> Iterator[_Lying]:
    placements = sorted(
        scope.known.operations.get(platform, INITIAL).placements,
        key=lambda each: (each.placed_ms, each.position),
    )
    turns = [*(each.placed_ms for each in placements), END_OF_TIME_MS]
    for placement, (start_ms, end_ms) in zip(placements, pairwise(turns), strict=True):
        for part in scope.period.parts:
            ruled = intersect([Interval(start_ms, end_ms)], [part.interval])
            for interval in intersect(ruled, scope.own[platform]):
                yield _Lying(platform, interval, placement, part.terms)


def _findings(lying: _Lying, scope: Scope) -> Iterator[Finding]:
    named = set(lying.terms.operators)
    found = set(lying.placement.operators)
    start_ms, end_ms = lying.interval
    if len(found & named) < lying.terms.operators_min:
        yield finding(
            scope,
            lying.platform,
            "too-few-operators",
            start_ms,
            end_ms,
            measured=str(len(found & named)),
            promised=str(lying.terms.operators_min),
            positions=[lying.placement.position],
        )
    if found - named:
        yield finding(
            scope,
            lying.platform,
            "unknown-operator",
            start_ms,
            end_ms,
            measured=", ".join(sorted(found - named)),
            promised=", ".join(lying.terms.operators),
            positions=[lying.placement.position],
        )
