"""A statement: one period of one contract as known at a moment, every figure with what is behind it."""

from collections.abc import Mapping

from ledger.contracts import Contract
from ledger.instants import format_instant
from ledger.interval import Interval
from projections.alone import seen_alone
from projections.asof import Known
from projections.canonical import sealed
from projections.commitments import commitments
from projections.figures import Availability, PeriodFigures, Statement
from projections.judgement import Judgement, judge
from projections.moment import as_of_figures
from projections.periods import Period
from projections.register import announced_later, register
from projections.remarks import remarks
from projections.selection import select
from projections.stretches import stretches


def statement(
    known: Known,
    contract_name: str,
    period: str | Interval,
    readings: Mapping[str, str] | None = None,
) -> Statement:
    """Lay out a period, by name or as an interval, under the readings in force or with some of them changed.

    Raises:
        BadInputError: no such contract, period or reading was known then.
    """
    contract, asked = select(known, contract_name, period, readings)
    return lay_out(known, contract, asked)


def part_of_statement(
    known: Known,
    contract_name: str,
    period: str | Interval,
    readings: Mapping[str, str] | None,
    part: str,
) -> Statement:
    """The same with availability, penalties and remarks, and of the rest only `part`; without a digest.

    The days of availability are there if it is the part: no other shows them. The part `agents` is
    what each of them alone saw.

    Raises:
        BadInputError: as above.
    """
    contract, asked = select(known, contract_name, period, readings)
    judged = judge(known, contract, asked)
    is_by_day = part == "availability"
    availability = judged.availability if is_by_day else judged.availability_in_all
    found = _laid_out(known, contract, judged, availability)
    if part == "register":
        later = announced_later(known, contract, asked)
        entries = register(known, contract, asked)
        return found.model_copy(update={"entries": entries, "announced_later": later})
    if part == "commitments":
        return found.model_copy(update={"commitments": commitments(known, contract, asked)})
    if part == "agents":
        return found.model_copy(update={"agents": seen_alone(known, contract, asked)})
    return found


def lay_out(known: Known, contract: Contract, period: Period, judged: Judgement | None = None) -> Statement:
    """Judge a period, unless it was, and put everything that belongs to it in one object, with its digest."""
    judged = judged or judge(known, contract, period)
    whole = {
        "entries": register(known, contract, period),
        "announced_later": announced_later(known, contract, period),
        "commitments": commitments(known, contract, period),
        "stretches": stretches(known, contract, period, judged.timelines),
    }
    return sealed(_laid_out(known, contract, judged, judged.availability).model_copy(update=whole))


def _laid_out(known: Known, contract: Contract, judged: Judgement, availability: Availability) -> Statement:
    assert contract.signed is not None
    signed, period = contract.signed, judged.period
    return Statement(
        contract=signed.contract,
        client=signed.client,
        language=signed.language,
        zone=signed.zone,
        terms_version=period.terms_version,
        readings=period.terms.readings.model_dump(by_alias=True),
        period=period_figures(period),
        as_of=as_of_figures(known.as_of, period.zone),
        availability=availability,
        penalties=judged.penalties,
        entries=(),
        commitments=(),
        stretches=(),
        remarks=remarks(known, period, judged.timelines),
    )


def period_figures(period: Period) -> PeriodFigures:
    """Which period it is."""
    return PeriodFigures(
        start=format_instant(period.interval.start_ms, period.zone),
        end=format_instant(period.interval.end_ms, period.zone),
        number=period.number,
        complete=period.complete,
    )
