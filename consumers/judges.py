"""Contracts judged by several processes: each takes some of them, and gives back what they come to.

The rounds are folded before, once for all of them; who judges is given the steps of his platforms, and reads
himself only the rounds that statements tell of.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from consumers.assess import Hands
from consumers.counting import done_here
from consumers.workers import Workers
from ledger.application import open_engine
from ledger.assessments import Assessments
from ledger.progress import Progress, Stages
from projections.asof import Known, StepsByAgent
from projections.assessment import is_judged
from projections.changes import Observed, observed
from projections.concluding import JUDGING, LAYING_OUT, Concluded, Problem, conclude
from projections.moment import AsOf

if TYPE_CHECKING:
    from projections.steps import Steps

MANY_CONTRACTS = 20
"""Fewer are judged here in less time than it takes another process to read the ledger."""


class Brief(NamedTuple):
    """What one process judges: some contracts of a ledger, as known at a moment, against what stands."""

    url: str
    as_of: AsOf
    names: Sequence[str]
    standing: Mapping[str, Assessments]
    folded: Mapping[int, StepsByAgent]
    """What the agents say of the contracts' platforms, by how long what they said holds."""

    def steps(
        self, _known: Known, _agents: Sequence[str], _platforms: frozenset[str], stale_after_ms: int
    ) -> StepsByAgent:
        """In place of folding."""
        return self.folded[stale_after_ms]


def hands_of(workers: Workers) -> Hands:
    """Who assesses by these processes."""
    return Hands(workers.fold, partial(judged_by, workers))


def judge_elsewhere(brief: Brief) -> list[Concluded | Problem]:
    """Judge through an engine of one's own.

    Raises:
        DamagedLedgerError: a round is not what the ledger says of it.
        UnusableLedgerError: the ledger cannot be opened.
    """
    engine = open_engine(brief.url, create=False)
    try:
        known = Known.at(engine, brief.as_of, brief.steps)
        known = known.about(known.contract(name) for name in brief.names)
        return conclude(known, brief.names, brief.standing, _counted(done_here.add))
    finally:
        engine.close()


def judged_by(
    workers: Workers,
    known: Known,
    names: Sequence[str],
    standing: Mapping[str, Assessments],
    heard: Stages,
) -> list[Concluded | Problem]:
    """What `conclude` gives, by as many processes as there are.

    Raises:
        DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
    """
    if workers.at_hand == 1 or sum(is_judged(known, name) for name in names) < MANY_CONTRACTS:
        return conclude(known, names, standing, heard)
    briefs = _briefs(workers, known, names, standing)  # folds, and counts that
    telling = workers.counting(partial(_hear, heard, len(names)))
    found = workers.spread(
        briefs,
        judge_elsewhere,
        lambda brief: conclude(known, brief.names, standing, _counted(telling)),
        telling,
    )
    by_name = {each.contract: each for several in found for each in several}
    return [by_name[name] for name in names]


def _briefs(
    workers: Workers, known: Known, names: Sequence[str], standing: Mapping[str, Assessments]
) -> list[Brief]:
    stale_after_ms = {
        version.terms.stale_after_ms for name in names for version in known.contract(name).versions
    }
    seen = {each: observed(known, known.together, each) for each in sorted(stale_after_ms)}
    processes = min(workers.at_hand, len(names))
    shares = [names[first::processes] for first in range(processes)]
    return [
        Brief(
            workers.url,
            known.as_of,
            share,
            {name: standing[name] for name in share},
            {each: _of(known, share, found) for each, found in seen.items()},
        )
        for share in shares
    ]


def _of(known: Known, names: Sequence[str], found: Observed) -> StepsByAgent:
    """What was observed of the platforms of some contracts, by agent."""
    chosen = {each.platform for name in names for each in known.contract(name).platforms}
    steps: defaultdict[str, dict[str, Steps]] = defaultdict(dict)
    for platform in chosen & found.keys():
        for agent, its in found[platform].items():
            steps[agent][platform] = its
    return dict(steps)


# ---------------------------------------------------------------- how far it is


def _counted(telling: Progress) -> Stages:
    """Each contract counts once when it is judged, and once when what is new of it is laid out."""
    return lambda _what, _done, _of: telling(1)


def _hear(heard: Stages, of: int, steps: int) -> None:
    """All begin with judging, and come to laying out at about the same time."""
    if steps <= of:
        heard(JUDGING, steps, of)
    else:
        heard(LAYING_OUT, steps - of, of)
