"""What a statement, or a part of it, is about and what it comes to: the lines at the head of pages."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from consumers.pages import arithmetic
from consumers.pages.format import Format, offset
from consumers.pages.typography import NO_BREAK
from projections.assessment import Note
from projections.figures import MaintenanceEntry, NoticeFigures, PlatformPenalty, Statement
from projections.remarks import together


def heading(statement: Statement, form: Format, changed: Mapping[str, str]) -> Iterator[str]:
    """Contract, period, moment of knowledge, zone and the readings that were asked for, a line each."""
    words, period = form.words, statement.period
    yield words.contract_line.format(contract=statement.contract, version=statement.terms_version)
    covered = form.days(period.start, period.end)
    if period.number is None:
        yield words.period_other.format(days=covered)
    else:
        yield words.period_numbered.format(number=period.number, days=covered)
    if not period.complete:
        yield words.period_running
    yield words.as_known.format(
        instant=form.full_instant(statement.as_of.recorded_at), position=form.number(statement.as_of.position)
    )
    yield _zone(statement, form)
    if changed:
        # Nobody may take the figures of another reading for those that were agreed.
        readings = ", ".join(f"{name}={value}" for name, value in changed.items())
        yield words.readings_changed.format(readings=readings)


def assessed(note: Note, form: Format) -> Iterator[str]:
    """That the period was assessed, and whether these are the figures that were."""
    if note.revision:
        words = form.words
        yield words.assessed.format(revision=form.number(note.revision), seal=note.seal)
        if not note.is_same:
            yield words.assessed_otherwise


def _zone(statement: Statement, form: Format) -> str:
    ends = (statement.period.start, statement.period.end)
    first, last = (offset(datetime.fromisoformat(each)) for each in ends)
    if first == last:
        return form.words.zone_one_offset.format(zone=statement.zone, offset=first)
    return form.words.zone_two_offsets.format(zone=statement.zone, first=first, last=last)


def result(statement: Statement, form: Format) -> str:
    """The whole statement in a sentence: was the target met, and how many days are due."""
    return f"{target(statement, form)} {days(statement, form)}"


def due(statement: Statement, form: Format) -> tuple[str, str]:
    """The one figure that a reader looks for, and its noun: how many days are granted."""
    number, noun = form.counted(statement.penalties.days_granted, form.words.free_days).split(NO_BREAK, 1)
    return number, noun


def missed_by(statement: Statement, form: Format) -> Iterator[str]:
    """What each platform that missed the target had, beside what was promised."""
    for penalty in arithmetic.missed(statement):
        yield _missed_by(statement, penalty, form)


def _missed_by(statement: Statement, penalty: PlatformPenalty, form: Format) -> str:
    measured = next(each for each in statement.availability.platforms if each.platform == penalty.platform)
    return form.words.result_missed_by.format(
        platform=penalty.platform,
        share=form.share(measured.percent),
        target=arithmetic.promised(statement, form),
        down=form.duration(penalty.counted_down_ms),
        tranches=form.counted(penalty.tranches, form.words.tranches),
    )


def remarks(statement: Statement, form: Format) -> Iterator[str]:
    """Over which counted time the last word of a source is taken to hold; platforms alike, together."""
    for each, platforms in together(statement.remarks):
        words = form.words.remark_so_far if each.kind == "held-so-far" else form.words.remark
        yield words.format(
            platforms=platforms,
            agent=each.agent,
            since=form.full_instant(each.since),
            outcome=form.words.verdicts[each.outcome],
            length=form.duration(each.counted_ms),
        )


def is_met(statement: Statement) -> bool:
    """Whether no platform missed its target."""
    return all(each.target_met for each in statement.availability.platforms)


def is_unmeasured(statement: Statement) -> bool:
    """Whether there is no platform of which anything was measured, so that nobody can say what was met."""
    return all(each.percent is None for each in statement.availability.platforms)


def sign(statement: Statement) -> str:
    """The verdict where there is no colour."""
    if not is_met(statement):
        return "✗"
    return "?" if is_unmeasured(statement) else "✓"


def target(statement: Statement, form: Format) -> str:
    """Whether the target was met, and on how many platforms it was not."""
    words = form.words
    platforms = statement.availability.platforms
    missed = [each for each in platforms if not each.target_met]
    if not missed:
        if is_unmeasured(statement):
            return words.result_unmeasured
        if any(each.percent is None for each in platforms):
            return words.result_met_measured
        return words.result_met
    return words.result_missed.format(
        missed=form.counted(len(missed), words.platforms), all=form.number(len(platforms))
    )


def register(statement: Statement, form: Format) -> Iterator[str]:
    """How much stands in the register, and which of the notices in it were given in time."""
    words = form.words
    entries = form.counted(len(statement.entries), words.entries_counted)
    timely = _named_notices(statement, form, lambda notice: notice.in_time)
    late = _named_notices(statement, form, lambda notice: not notice.in_time and not notice.awaited)
    awaited = _named_notices(statement, form, lambda notice: notice.awaited is not None)
    if not (timely or late or awaited):
        yield words.notices_none.format(entries=entries)
        return
    notices = form.counted(len(timely) + len(late) + len(awaited), words.notices_counted)
    yield words.register_counts.format(entries=entries, notices=notices, in_time=form.number(len(timely)))
    for when, named in (
        (words.in_time, timely),
        (words.not_in_time, late),
        (words.notices_awaited, awaited),
    ):
        if named:
            yield words.notices_given.format(when=when, notices=", ".join(named))


def _named_notices(statement: Statement, form: Format, is_so: Callable[[NoticeFigures], bool]) -> list[str]:
    """The notices that announced something, by their maintenance; whoever withdraws announces nothing."""
    return [
        f"{entry.name} ({form.words.notices[notice.kind]})"
        for entry in (*statement.entries, *statement.announced_later)
        if isinstance(entry, MaintenanceEntry)
        for notice in entry.notices
        if notice.announced and is_so(notice)
    ]


def commitments(statement: Statement, form: Format) -> str:
    """How many of the other promises were kept, how many were broken, and of how many nobody knows."""
    states = Counter(each.state for each in statement.commitments)
    return form.words.commitments_counts.format(
        commitments=form.counted(len(statement.commitments), form.words.commitments_counted),
        kept=form.number(states["kept"]),
        broken=form.number(states["broken"]),
        unknown=form.number(states["nothing-recorded"]),
    )


def is_capped(statement: Statement) -> bool:
    """Whether fewer days are granted than were accrued."""
    return statement.penalties.days_granted < statement.penalties.days_accrued


def days(statement: Statement, form: Format) -> str:
    """How many days are granted, and of how many if the cap took some."""
    words, penalties = form.words, statement.penalties
    if not penalties.days_accrued:
        return words.result_nothing
    granted = form.counted(penalties.days_granted, words.free_days)
    if not is_capped(statement):
        return words.result_granted.format(days=granted)
    return words.result_capped.format(days=granted, accrued=form.number(penalties.days_accrued))
