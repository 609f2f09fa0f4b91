"""What `constat assess --json` prints: the seal, and every period that was looked at."""

from typing import Self

from consumers.assess import AssessedPeriod, Outcome
from consumers.seal import is_recorded
from ledger.assessments import AssessmentMade, PenaltyFact
from ledger.instants import format_instant
from ledger.seals import Seal
from projections.figures import Figures, Instant, Remark


class SealFigures(Figures):
    """The seal that says what was known; not recorded in a dry run, and where nothing was new."""

    seal: str
    position: int
    recorded: bool
    occurred_at: Instant

    @classmethod
    def of(cls, seal: Seal) -> Self:
        """Of a seal that was made."""
        assert seal.made
        return cls(
            seal=seal.made.seal,
            position=seal.made.position,
            recorded=is_recorded(seal),
            occurred_at=format_instant(seal.occurred_ms),
        )


class PenaltyFigures(Figures):
    """Free days that a revision granted or took back."""

    type: str
    """The type of the fact."""
    platform: str
    days: int

    @classmethod
    def of(cls, penalty: PenaltyFact) -> Self:
        """Of a fact."""
        return cls(type=penalty.TYPE, platform=penalty.platform, days=penalty.days)


class AssessedFigures(AssessmentMade):
    """The last assessment of a period, and what is told of one that is new."""

    new: bool
    penalties: tuple[PenaltyFigures, ...]
    remarks: tuple[Remark, ...]
    unmeasured: tuple[str, ...]
    """The platforms of which nothing was measured in the period, although some of their time counts."""

    @classmethod
    def of(cls, each: AssessedPeriod) -> Self:
        """Of a period that was looked at."""
        return cls(
            **dict(each.made),
            new=each.is_new,
            penalties=tuple(map(PenaltyFigures.of, each.penalties)),
            remarks=each.remarks,
            unmeasured=each.unmeasured,
        )


class ProblemFigures(Figures):
    """A contract that could not be assessed, and why."""

    contract: str
    why: str


class OutcomeFigures(Figures):
    """Everything that was assessed as known at a seal."""

    seal: SealFigures
    dry_run: bool
    assessed: tuple[AssessedFigures, ...]
    problems: tuple[ProblemFigures, ...]


def figures(outcome: Outcome, *, dry_run: bool) -> OutcomeFigures:
    """An outcome as figures."""
    return OutcomeFigures(
        seal=SealFigures.of(outcome.seal),
        dry_run=dry_run,
        assessed=tuple(map(AssessedFigures.of, outcome.assessed)),
        problems=tuple(ProblemFigures(contract=each.contract, why=each.why) for each in outcome.problems),
    )
