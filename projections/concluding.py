"""What several contracts come to, as known at a seal: of each period that is due whether it is news, and why.

Contracts are judged each for itself, so that some of them can be judged elsewhere. What their statements tell
is read from the rounds once for all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ledger.assessments import AssessmentMade, Assessments
from ledger.errors import BadInputError, RefusedError
from ledger.progress import Stages
from projections.asof import Known
from projections.assessment import Conclusion, conclusions, overhear, statement_digest
from projections.figures import Remark
from projections.remarks import remarks
from projections.unknown import unmeasured

JUDGING = "judging contracts"
LAYING_OUT = "laying out what is new"


@dataclass(frozen=True, slots=True)
class Problem:
    """A contract that could not be assessed, and why."""

    contract: str
    why: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A conclusion that differs from what stands, the digest of the statement behind it, and its remarks."""

    conclusion: Conclusion
    statement_digest: str
    remarks: tuple[Remark, ...] = ()
    unmeasured: tuple[str, ...] = ()
    """The platforms of which nothing was measured in the period."""

    def drafted(self, seal: str, standing: Assessments) -> AssessmentMade:
        """As the next assessment of its period."""
        its = self.conclusion
        before = standing.periods.get(its.number)
        return AssessmentMade(
            contract=its.contract,
            period=its.period,
            period_number=its.number,
            revision=before.made.revision + 1 if before else 1,
            seal=seal,
            terms_version=its.terms_version,
            platforms=its.platforms,
            days_accrued=its.days_accrued,
            days_granted=its.days_granted,
            days_left_under_cap=its.days_left_under_cap,
            figures_digest=its.figures_digest,
            statement_digest=self.statement_digest,
        )


@dataclass(frozen=True, slots=True)
class Concluded:
    """What a contract's periods come to, in order, and those of them that are news."""

    contract: str
    periods: tuple[int, ...]
    """The numbers of all of them."""
    news: tuple[Revision, ...]


def conclude(
    known: Known, names: Sequence[str], standing: Mapping[str, Assessments], heard: Stages
) -> list[Concluded | Problem]:
    """What each contract comes to against what stands. One that cannot be judged keeps no other one waiting.

    Raises:
        DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
    """
    judged = dict(_judged(known, names, heard))
    news = {
        name: [each for each in found if each.is_new_to(standing[name])]
        for name, found in judged.items()
        if not isinstance(found, Problem)
    }
    overhear(known, news)
    found: list[Concluded | Problem] = []
    for number, (name, its) in enumerate(judged.items(), start=1):
        if isinstance(its, Problem):
            found.append(its)
        else:
            numbers = tuple(each.number for each in its)
            found.append(Concluded(name, numbers, tuple(_laid_out(known, each) for each in news[name])))
        heard(LAYING_OUT, number, len(names))
    return found


def _judged(
    known: Known, names: Sequence[str], heard: Stages
) -> Iterator[tuple[str, list[Conclusion] | Problem]]:
    for number, name in enumerate(names, start=1):
        try:
            yield name, conclusions(known, name)
        except (BadInputError, RefusedError) as error:
            yield name, Problem(name, str(error))
        heard(JUDGING, number, len(names))


def _laid_out(known: Known, conclusion: Conclusion) -> Revision:
    """Without what was judged: that is large, and nobody asks for it any more."""
    digest = statement_digest(known, conclusion)
    found = replace(conclusion, judged=None)
    if conclusion.judged is None:
        return Revision(found, digest)
    period, judgement = conclusion.judged
    lines = judgement.timelines
    return Revision(found, digest, remarks(known, period, lines), unmeasured(lines.values()))
