"""A statement asked of a story by milliseconds, and what of it a law compares."""

from collections.abc import Sequence

from ledger.interval import Interval
from projections.asof import Known
from projections.figures import Statement
from projections.moment import at_time
from projections.statement import statement
from tests.oracle.facts import Claimed, Corrected, Fact, Mailed, Notice, Result, Ruled, Worked
from tests.projections.months import Month
from tests.spec import Story


def asked(story: Story, known_ms: int, period: int | tuple[int, int], changes=None) -> Statement:
    """The statement of a period (by its number) or of an interval, as known at a moment."""
    known = Known.at(story.engine, at_time(story.engine, known_ms))
    return statement(known, "acme", str(period) if isinstance(period, int) else Interval(*period), changes)


def whole(month: Month) -> tuple[int, int]:
    return month.start_ms, month.end_ms


def classes_of(said: Statement) -> dict:
    """By platform, and by platform and day."""
    platforms = said.availability.platforms
    of_days = {(each.platform, day.day): day.classes_ms for each in platforms for day in each.days}
    sums = {each.platform: each.classes_ms for each in platforms} | of_days
    return {key: classes.model_dump() for key, classes in sums.items()}


def stretches_of(said: Statement) -> list[tuple[str, ...]]:
    """Every stretch without its reasons."""
    return [(each.platform, each.start, each.end, each.class_, each.verdict) for each in said.stretches]


def in_another_order(facts: Sequence[Fact], random) -> list[Fact]:
    """The same facts; of those recorded together any may come first, but each subject's keep their order."""
    waiting: dict[object, list[Fact]] = {}
    for fact in facts:
        waiting.setdefault(_subject(fact), []).append(fact)
    turns = [(fact.recorded_ms, random.random(), _subject(fact)) for fact in facts]
    return [waiting[subject].pop(0) for _, _, subject in sorted(turns, key=lambda turn: turn[:2])]


def _subject(fact: Fact) -> object:
    match fact:
        case Notice() | Mailed() | Worked():
            return fact.maintenance
        case Claimed() | Ruled():
            return fact.claim
        case Corrected():
            return fact.agent, fact.platform
        case Result():
            return fact  # a result has no order but that of its instant
    return "contract"
