"""What a statement is about and what it comes to: the same lines at the head of every page."""

from collections.abc import Iterator
from datetime import datetime

from consumers.pages.format import Format, offset
from projections.figures import Statement


def heading(statement: Statement, form: Format) -> Iterator[str]:
    """Contract, period, moment of knowledge and zone, a line each."""
    words, period = form.words, statement.period
    yield words.contract_line.format(contract=statement.contract, version=statement.terms_version)
    days = form.days(period.start, period.end)
    if period.number is None:
        yield words.period_other.format(days=days)
    else:
        yield words.period_numbered.format(number=period.number, days=days)
    if not period.complete:
        yield words.period_running
    yield words.as_known.format(
        instant=form.full_instant(statement.as_of.recorded_at), position=form.number(statement.as_of.position)
    )
    yield _zone(statement, form)


def _zone(statement: Statement, form: Format) -> str:
    ends = (statement.period.start, statement.period.end)
    first, last = (offset(datetime.fromisoformat(each)) for each in ends)
    if first == last:
        return form.words.zone_one_offset.format(zone=statement.zone, offset=first)
    return form.words.zone_two_offsets.format(zone=statement.zone, first=first, last=last)


def result(statement: Statement, form: Format) -> str:
    """The whole statement in a sentence: was the target met, and how many days are due."""
    return f"{_target(statement, form)} {_days(statement, form)}"


def is_met(statement: Statement) -> bool:
    """Whether no platform missed its target."""
    return all(each.target_met for each in statement.availability.platforms)


def _target(statement: Statement, form: Format) -> str:
    words = form.words
    platforms = statement.availability.platforms
    missed = [each for each in platforms if not each.target_met]
    if not missed:
        return words.result_met
    return words.result_missed.format(
        missed=form.counted(len(missed), words.platforms), all=form.number(len(platforms))
    )


def _days(statement: Statement, form: Format) -> str:
    words, penalties = form.words, statement.penalties
    if not penalties.days_accrued:
        return words.result_nothing
    granted = form.counted(penalties.days_granted, words.free_days)
    if penalties.days_granted == penalties.days_accrued:
        return words.result_granted.format(days=granted)
    return words.result_capped.format(days=granted, accrued=form.number(penalties.days_accrued))
