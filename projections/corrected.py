"""What a correction changes, before anybody makes it: of what the agent said, and of each period's days.

The correction is laid behind the facts that are known, and both are judged as statements judge them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ledger import corrections as subject
from ledger.contracts import Contract, require_signed
from ledger.corrections import ResultsCorrected
from ledger.errors import BadInputError, RefusedError
from ledger.fact import GENESIS_HASH, RecordedFact
from ledger.instants import format_instant
from ledger.interval import Interval, intersect, total_ms
from ledger.terms import Terms, zone_of
from projections.asof import Known
from projections.attention import concerned, signed
from projections.changes import observed_within, said_within
from projections.figures import Figures, PeriodFigures, SpanFigures, Verdict
from projections.judgement import Judgement, judge_each
from projections.periods import Period, periods_of
from projections.statement import period_figures
from projections.steps import CODES


class OutcomeChange(Figures):
    """For how long the agent said one outcome and would say another, or the same one."""

    before: Verdict
    after: Verdict
    length_ms: int


class PeriodDays(Figures):
    """The days of a period as they are known now, and as they would be known with the correction."""

    period: PeriodFigures
    days_accrued_before: int
    days_accrued_after: int
    days_granted_before: int
    days_granted_after: int


class ContractChange(Figures):
    """What a correction comes to for one client.

    The periods are those that the interval touches, and others whose days it moves because the cap is shared.
    """

    contract: str
    client: str
    zone: str
    interval: SpanFigures
    periods: tuple[PeriodDays, ...]
    not_judged: str | None
    """Why the contract cannot be judged, if it cannot: then no period is named."""


class CorrectionPreview(Figures):
    """What a correction would change, for each client whose platform it concerns, by the contract's name."""

    correction: str
    agent: str
    platform: str
    interval: SpanFigures
    said: tuple[OutcomeChange, ...]
    """Of the time in which the agent had a result, corrections made before included."""
    silent_ms: int
    """For how long it had none: that is not corrected."""
    contracts: tuple[ContractChange, ...]

    @property
    def changed_ms(self) -> int:
        """For how long the agent would say something else than it does now."""
        return sum(each.length_ms for each in self.said if each.before != each.after)


def preview(known: Known, corrected: ResultsCorrected) -> CorrectionPreview:
    """What a correction would change; that it may be made at all is the subject's `decide`.

    Raises:
        BadInputError: the agent has no result in the interval.
        RefusedError: it says all of that already.
        DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
    """
    during = corrected.interval.interval
    contracts = {name: each for name, each in signed(known) if concerned(each, [corrected.platform], during)}
    now = known.about(contracts.values())
    then = _with(now, corrected)
    stale_after_ms = _stale_after_ms(now, corrected.platform)
    who = corrected.agent, corrected.platform, stale_after_ms, during
    observed = observed_within(now, *who)
    _require_result(corrected, observed)
    said = tuple(_changes(said_within(now, *who), said_within(then, *who), observed))
    _require_change(corrected, said)
    return CorrectionPreview(
        correction=corrected.correction,
        agent=corrected.agent,
        platform=corrected.platform,
        interval=_span(during, "UTC"),
        said=said,
        silent_ms=during.length_ms - total_ms(observed),
        contracts=tuple(_contract(now, then, contract, during) for contract in contracts.values()),
    )


# ---------------------------------------------------------------- supposing it were made


def _with(known: Known, corrected: ResultsCorrected) -> Known:
    """Known with the correction as well; the rounds are the same, and folded only once."""
    position = known.as_of.position + 1
    made = RecordedFact(
        position=position,
        stream=subject.stream_of(corrected.correction),
        sequence=1,
        fact_id=f"supposed/{position}",
        occurred_ms=known.as_of.moment_ms,
        recorded_ms=known.as_of.moment_ms,
        source="/constat",
        previous_hash=GENESIS_HASH,
        hash=GENESIS_HASH,
        fact=corrected,
    )
    return replace(known, as_of=replace(known.as_of, position=position), facts=[*known.facts, made])


# ---------------------------------------------------------------- what the agent says


def _changes(
    before: Mapping[int, list[Interval]], after: Mapping[int, list[Interval]], observed: Sequence[Interval]
) -> Iterator[OutcomeChange]:
    """From which outcome to which, for how long; silence is left out, because it stays silence."""
    for was, code_before in CODES.items():
        spans = intersect(before.get(code_before, []), observed)
        for becomes, code_after in CODES.items():
            if length_ms := total_ms(intersect(spans, after.get(code_after, []))):
                yield OutcomeChange(before=was, after=becomes, length_ms=length_ms)


def _require_result(corrected: ResultsCorrected, observed: Sequence[Interval]) -> None:
    if not observed:
        raise BadInputError(
            f"{corrected.agent} has no result on {corrected.platform} in that interval, and silence cannot "
            "be corrected; name an interval, or an agent, that has results (`constat explain --platform … "
            "--at …` shows them)"
        )


def _require_change(corrected: ResultsCorrected, said: Sequence[OutcomeChange]) -> None:
    """Refuse what is so already: it would stand in the register, and nobody could say why."""
    if any(each.before != each.after for each in said):
        return
    what = f"says {corrected.outcome}" if corrected.outcome else "is annulled"
    raise RefusedError(
        f"in all of that interval in which {corrected.agent} has results on {corrected.platform} it {what} "
        "already, so nothing would change; name the interval or the outcome that is wrong (`constat explain "
        "--platform … --at …` shows what each agent says)"
    )


def _stale_after_ms(known: Known, platform: str) -> int:
    """The longest that a result holds under the contracts that have the platform."""
    agreed = [
        version.terms.stale_after_ms
        for contract in known.contracts.values()
        if any(member.platform == platform for member in contract.platforms)
        for version in contract.versions
    ]
    return max(agreed, default=Terms().stale_after_ms)


# ---------------------------------------------------------------- one client


def _contract(now: Known, then: Known, contract: Contract, during: Interval) -> ContractChange:
    its = require_signed(contract)
    try:
        periods, why = tuple(_days(now, then, contract, during)), None
    except (BadInputError, RefusedError) as error:  # a contract that cannot be judged can be seen wrongly too
        periods, why = (), str(error)
    return ContractChange(
        contract=its.contract,
        client=its.client,
        zone=its.zone,
        interval=_span(during, its.zone),
        periods=periods,
        not_judged=why,
    )


def _days(now: Known, then: Known, contract: Contract, during: Interval) -> Iterator[PeriodDays]:
    begun = periods_of(contract, now.as_of.moment_ms)
    if not begun:
        return
    judged = zip(begun, judge_each(now, contract, begun), judge_each(then, contract, begun), strict=True)
    for period, before, after in judged:
        found = _period(period, before, after)
        is_moved = (found.days_accrued_before, found.days_granted_before) != (
            found.days_accrued_after,
            found.days_granted_after,
        )
        if is_moved or period.interval.overlaps(during):
            yield found


def _period(period: Period, before: Judgement, after: Judgement) -> PeriodDays:
    return PeriodDays(
        period=period_figures(period),
        days_accrued_before=before.penalties.days_accrued,
        days_accrued_after=after.penalties.days_accrued,
        days_granted_before=before.penalties.days_granted,
        days_granted_after=after.penalties.days_granted,
    )


def _span(interval: Interval, zone: str) -> SpanFigures:
    start, end = (format_instant(each, zone_of(zone)) for each in interval)
    return SpanFigures(start=start, end=end)
