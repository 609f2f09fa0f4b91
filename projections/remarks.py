"""What a reader must know of the figures: over which counted time the last word of a source is taken to hold.

What a source that logs only changes said last holds until it says something else (rule 2.1), and nobody knows
whether it still looks. The figures follow the rule; who reads them is told how much counted time falls in the
time of such a word. It need not rest on it: another agent may have probed then, too.
"""

from collections.abc import Iterable, Iterator, Mapping

from ledger.instants import format_instant
from ledger.interval import Interval, intersect, subtract, total_ms, union
from projections.asof import Known
from projections.changes import said_of
from projections.classes import VERDICTS, Timeline
from projections.figures import Remark
from projections.last_rounds import last_round
from projections.periods import Period
from projections.steps import Steps, known_within, outcome_at


def remarks(known: Known, period: Period, lines: Mapping[str, Timeline]) -> tuple[Remark, ...]:
    """One for each agent and platform, by platform; while the period runs, up to the moment of knowledge."""
    agents = _only_changes(known, lines)
    if not agents:
        return ()
    said = said_of(known, frozenset(lines), period.terms.stale_after_ms)  # of all, as they were folded
    found = [
        remark
        for agent, platforms in agents.items()
        for remark in _of_agent(
            known, period, agent, {each: said.get((each, agent), []) for each in platforms}, lines
        )
    ]
    return tuple(sorted(found, key=lambda each: (each.platform, each.agent)))


def together(found: Iterable[Remark]) -> Iterator[tuple[Remark, str]]:
    """Remarks that differ in the platform alone, as one of them and the names of all its platforms."""
    alike: dict[tuple[str, str, str, str, int], list[Remark]] = {}
    for each in found:
        alike.setdefault((each.kind, each.agent, each.since, each.outcome, each.counted_ms), []).append(each)
    for same in alike.values():
        yield same[0], ", ".join(each.platform for each in same)


def _only_changes(known: Known, lines: Mapping[str, Timeline]) -> dict[str, set[str]]:
    """The agents that log only changes, each with the platforms of the period that a plan of its names."""
    named: dict[str, set[str]] = {}
    for plan in known.plans.values():
        if plan.transitions and (found := {each.platform for each in plan.platforms} & lines.keys()):
            named.setdefault(plan.agent, set()).update(found)
    return named


def _of_agent(
    known: Known, period: Period, agent: str, said: Mapping[str, Steps], lines: Mapping[str, Timeline]
) -> Iterator[Remark]:
    last = last_round(known, agent)
    end_ms = period.interval.end_ms
    if last is None or last.start_ms >= end_ms:
        return
    behind = Interval(max(last.start_ms, period.interval.start_ms), end_ms)
    for platform, steps in said.items():
        own = subtract(known_within(steps, *behind), _corrected(known, agent, platform))
        held = intersect(own, _counted(lines[platform]))
        if held:
            yield Remark(
                kind="held-to-the-end" if period.complete else "held-so-far",
                platform=platform,
                agent=agent,
                outcome=VERDICTS[_last_said(steps, held)],
                since=format_instant(last.start_ms, period.zone),
                counted_ms=total_ms(held),
            )


def _counted(line: Timeline) -> list[Interval]:
    return [Interval(each.start_ms, each.end_ms) for each in line.spans if each.class_ in {"up", "down"}]


def _corrected(known: Known, agent: str, platform: str) -> list[Interval]:
    """Where a correction speaks in place of the agent."""
    found = [each.corrected for each in known.corrections.values() if each.corrected is not None]
    return union(each.interval.interval for each in found if (each.agent, each.platform) == (agent, platform))


def _last_said(steps: Steps, held: list[Interval]) -> int:
    return outcome_at(steps, held[-1].end_ms - 1)
