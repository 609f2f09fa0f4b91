"""What each agent alone saw of a period: the same time, hours and exclusions, by one agent's word.

It is evidence and no figure of the contract: nothing is promised of what one agent sees. Where the agents
differ, it shows which of them said what, and how much each of them looked.
"""

from collections.abc import Iterator

from ledger.contracts import Contract
from projections.asof import Known
from projections.availability import measured, percent
from projections.changes import said_of
from projections.classes import timelines_of
from projections.figures import AgentAvailability, ClassesMs
from projections.layouts import members
from projections.periods import Period
from projections.verdicts import verdicts_over


def seen_alone(known: Known, contract: Contract, period: Period) -> tuple[AgentAvailability, ...]:
    """Each platform of a period as each agent that said anything of it saw it, by platform and agent.

    Corrections are laid over what an agent said, as everywhere.

    Raises:
        DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
    """
    platforms = frozenset(members(contract, period))
    stale_after_ms = {part.terms.stale_after_ms for part in period.parts}
    spoke = {
        key for each in stale_after_ms for key, steps in said_of(known, platforms, each).items() if steps
    }
    found = [
        figures
        for agent in sorted({agent for _, agent in spoke})
        for figures in _by(agent, known, contract, period)
        if (figures.platform, agent) in spoke
    ]
    return tuple(sorted(found, key=lambda each: (each.platform, each.agent)))


def _by(agent: str, known: Known, contract: Contract, period: Period) -> Iterator[AgentAvailability]:
    seen = verdicts_over(known, members(contract, period), period.parts, alone=agent)
    for name, line in timelines_of(seen, known, contract, period).items():
        measure = measured(line, period.terms)
        bounds = measure.share_bounds
        yield AgentAvailability(
            platform=name,
            agent=agent,
            classes_ms=ClassesMs.model_validate(line.totals_ms),
            percent=None if measure.share is None else percent(measure.share),
            percent_bounds=bounds and (percent(bounds[0]), percent(bounds[1])),
            coverage_percent=None if measure.coverage is None else percent(measure.coverage),
        )
