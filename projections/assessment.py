"""Assessments: what each ended period of a contract comes to as known at a seal, as facts (spec 9).

A period is due once its end and the grace of its terms have passed. Only where what is assessed differs from
what stands does it become a new revision: a note in an incident moves no figure, so it makes none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.assessments import Assessed, AssessedPlatform, AssessmentMade, Assessments, stream_of
from ledger.contracts import Contract
from ledger.fact import Span, hash_of
from ledger.instants import format_instant
from ledger.log import codec
from projections import heard
from projections.asof import Known
from projections.canonical import as_json, canonical
from projections.clauses import QUALITY
from projections.figures import Penalties, Statement
from projections.judgement import Judgement, judge_each
from projections.periods import Period, periods_of
from projections.statement import lay_out, period_figures
from projections.stretches import intervals_told

CLAUSE = QUALITY
"""The section that grants free days."""

ASSESSED = ("contract", "terms_version", "readings", "period", "availability", "penalties")
"""What of a statement is assessed; the rest of it tells why, and may tell it better later."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What an ended period comes to; with nothing judged, that the contract has no such period any more."""

    contract: str
    period: Span
    number: int
    terms_version: int
    platforms: tuple[AssessedPlatform, ...]
    days_accrued: int
    days_granted: int
    days_left_under_cap: int
    figures_digest: str
    judged: tuple[Period, Judgement] | None = field(default=None, repr=False, compare=False)

    def is_new_to(self, state: Assessments) -> bool:
        """Whether nothing stands, or something else."""
        before = state.periods.get(self.number)
        return before is None or before.made.figures_digest != self.figures_digest


def conclusions(known: Known, name: str) -> list[Conclusion]:
    """What each period of a contract comes to that is due, or was assessed before, in order."""
    contract = known.contract(name)
    standing = known.assessments.get(name, Assessments()).periods
    begun = periods_of(contract, known.as_of.moment_ms)
    ended = [period for period in begun if period.complete]
    judgements = judge_each(known, contract, ended) if is_judged(known, name) else []
    found = [
        _concluded(name, period, judged)
        for period, judged in zip(ended, judgements, strict=False)
        if _is_due(period, standing, known)
    ]
    left = judgements[-1].penalties.days_left_under_cap if judgements else _cap(contract)
    gone = [standing[number] for number in sorted(standing) if number > len(begun)]
    return [*found, *(_withdrawn(each, left) for each in gone)]


def is_judged(known: Known, name: str) -> bool:
    """Whether any period of a contract is due, or was assessed before: only then are its rounds looked at."""
    standing = known.assessments.get(name, Assessments()).periods
    begun = periods_of(known.contract(name), known.as_of.moment_ms)
    return any(_is_due(period, standing, known) for period in begun if period.complete)


def due_count(known: Known, moment_ms: int) -> int:
    """How many periods of all contracts are due at a moment."""
    signed = [contract for contract in known.contracts.values() if contract.signed]
    return sum(
        period.due_ms <= moment_ms
        for contract in signed
        for period in periods_of(contract, moment_ms)
        if period.complete
    )


def due_periods(known: Known, name: str) -> list[Period]:
    """The periods of a contract that are due, and of which no assessment stands."""
    standing = known.assessments.get(name, Assessments()).periods
    moment_ms = known.as_of.moment_ms
    return [
        period
        for period in periods_of(known.contract(name), moment_ms)
        if period.complete and period.number not in standing and period.due_ms <= moment_ms
    ]


def overhear(known: Known, news: Mapping[str, Sequence[Conclusion]]) -> None:
    """Read once what the agents said around everything that the statements of new revisions tell."""
    judged = [each.judged for several in news.values() for each in several if each.judged]
    heard.overhear(known, ((period.parts, intervals_told(its.timelines)) for period, its in judged))


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader of a statement is told of its assessment, as far as it was known, and of its seal."""

    asked_at: str | None = None
    """The seal at which the statement was asked for."""
    revision: int = 0
    """The last one, or that which was made at the seal asked for; 0 if there is none."""
    seal: str = ""
    is_same: bool = True
    """Whether the statement has the figures that were assessed."""


def noted(known: Known, statement: Statement) -> Note:
    """What is known of the assessment of a statement's period."""
    asked_at, found = known.as_of.seal, None
    for kept in known.engine.facts_of(stream_of(statement.contract)):
        fact = codec.recorded(kept).fact
        if isinstance(fact, AssessmentMade) and fact.period_number == statement.period.number:
            is_known = kept.position <= known.as_of.position or fact.seal == asked_at
            found = fact if is_known else found
    if found is None:
        return Note(asked_at)
    return Note(asked_at, found.revision, found.seal, found.figures_digest == figures_digest(statement))


def figures_digest(statement: Statement) -> str:
    """The digest of what is assessed of a statement."""
    figures = as_json(statement)
    return _digest({name: figures[name] for name in ASSESSED})


def _digest(figures: dict[str, Any]) -> str:
    return hash_of(canonical(figures))


# ---------------------------------------------------------------- which periods


def _is_due(period: Period, standing: Mapping[int, Assessed], known: Known) -> bool:
    """Once assessed, a period is looked at again without a grace: whoever pays waits for the difference."""
    return period.due_ms <= known.as_of.moment_ms or period.number in standing


# ---------------------------------------------------------------- what they come to


def _concluded(name: str, period: Period, judged: Judgement) -> Conclusion:
    assert period.number
    penalties = judged.penalties
    figures = {
        "contract": name,
        "terms_version": period.terms_version,
        "readings": period.terms.readings.model_dump(by_alias=True),
        "period": period_figures(period).model_dump(mode="json", by_alias=True),
        "availability": judged.availability.model_dump(mode="json", by_alias=True),
        "penalties": penalties.model_dump(mode="json", by_alias=True),
    }
    return Conclusion(
        contract=name,
        period=Span.of(*period.interval),
        number=period.number,
        terms_version=period.terms_version,
        platforms=_spread(penalties, period.terms.readings.several_platforms),
        days_accrued=penalties.days_accrued,
        days_granted=penalties.days_granted,
        days_left_under_cap=penalties.days_left_under_cap,
        figures_digest=_digest(figures),
        judged=(period, judged),
    )


def _spread(penalties: Penalties, several_platforms: str) -> tuple[AssessedPlatform, ...]:
    """The days granted, given to the platforms that earned them, by name, until none is left (spec 9.4)."""
    left, found = penalties.days_granted, []
    most = max((each.days for each in penalties.platforms), default=0)
    worst = next((each.platform for each in penalties.platforms if each.days == most), None)
    for each in penalties.platforms:
        counts = several_platforms == "each" or each.platform == worst
        days = min(each.days, left) if counts else 0
        left -= days
        found.append(AssessedPlatform(platform=each.platform, days_accrued=each.days, days_granted=days))
    assert not left, "the days granted are those of the platforms"
    return tuple(found)


def _withdrawn(assessed: Assessed, left: int) -> Conclusion:
    """A period that was assessed, and that the contract, as it is known now, does not have."""
    made = assessed.made
    period = {
        "from": format_instant(made.period.start_ms),
        "to": format_instant(made.period.end_ms),
        "number": made.period_number,
    }
    return Conclusion(
        contract=made.contract,
        period=made.period,
        number=made.period_number,
        terms_version=made.terms_version,
        platforms=tuple(
            AssessedPlatform(platform=each.platform, days_accrued=0, days_granted=0)
            for each in made.platforms
        ),
        days_accrued=0,
        days_granted=0,
        days_left_under_cap=left,
        figures_digest=_digest({"contract": made.contract, "period": period, "withdrawn": True}),
    )


def _cap(contract: Contract) -> int:
    return contract.versions[0].terms.cap_days


def statement_digest(known: Known, conclusion: Conclusion) -> str:
    """The digest of the statement behind a conclusion.

    There is no statement of a period that is not: what is assessed stands for it.
    """
    if conclusion.judged is None:
        return conclusion.figures_digest
    contract = known.contract(conclusion.contract)
    return lay_out(known, contract, *conclusion.judged).digest
