"""Stories that are assessed, and what must hold of their assessments whatever happened."""

from collections import defaultdict

from consumers.assess import Job, assess
from ledger.assessments import AssessmentMade, PenaltyGranted, PenaltyReversed
from ledger.errors import BadInputError
from ledger.log import codec
from ledger.sealing import named
from projections.asof import Known
from projections.moment import at_head, at_seal
from projections.statement import statement
from tests.spec import Story, ms

ALWAYS = {"period": "calendar-month", "service-hours": "24/7"}
FIRST_MS = "2026-12-02T09:00:00Z"


def down(hours, day, month="2026-10"):
    """What an agent that logs only changes says of an outage of so many hours."""
    return f"{month}-{day:02}T08:00Z down, {month}-{day:02}T{8 + hours:02}:00Z up"


def two_months(last_day="2026-11-30", platforms=("acme-prod",), **terms):
    """October with an outage of five hours, November with one of four; all of it recorded on 1 December."""
    story = Story().contract("acme", last_day=last_day, platforms=platforms, readings=ALWAYS, **terms)
    story.at("2026-12-01T00:00:00Z").observed("paris", "acme-prod", "2026-09-30T22:00Z up")
    story.observed("paris", "acme-prod", down(5, 6))
    return story.observed("paris", "acme-prod", down(4, 10, month="2026-11"))


def assessed(story, at=FIRST_MS, **options):
    """Assess at a moment; the new revisions, as `(period, revision, days granted, penalties)`."""
    story.at(at)
    outcome = assess(Job(story.ledger, ms(at), **options))
    assert outcome.problems == ()
    return outcome, [
        (
            each.made.period_number,
            each.made.revision,
            each.made.days_granted,
            [_signed(penalty) for penalty in each.penalties],
        )
        for each in outcome.assessed
        if each.is_new
    ]


def _signed(penalty):
    return penalty.platform, penalty.days if isinstance(penalty, PenaltyGranted) else -penalty.days


def revisions(engine):
    """Every assessment of a ledger in order."""
    return [fact for fact in _facts(engine) if isinstance(fact, AssessmentMade)]


def _facts(engine):
    return [codec.recorded(kept).fact for kept in engine.facts()]


def standing(engine):
    """The days that stand of each contract, period and platform: penalties added up by somebody naive."""
    days = defaultdict(int)
    for fact in _facts(engine):
        if isinstance(fact, PenaltyGranted | PenaltyReversed):
            sign = 1 if isinstance(fact, PenaltyGranted) else -1
            days[fact.contract, fact.period_number, fact.platform] += sign * fact.days
    return {key: found for key, found in days.items() if found}


def stated(known, made):
    """The statement of an assessed period; None if the contract has no such period any more."""
    try:
        return statement(known, made.contract, str(made.period_number))
    except BadInputError:
        return None


def due_now(engine, now_ms):
    """What the statements of all ended periods grant, each asked for by itself, as known now."""
    known = Known.at(engine, at_head(engine, now_ms))
    found = {}
    for made in revisions(engine):
        figures = stated(known, made)
        if figures is None:
            continue
        found[made.contract, made.period_number] = figures.penalties.days_granted
    return {key: days for key, days in found.items() if days}


def check(engine, now_ms):
    """One assessment a revision, one effect a penalty, and what stands is what is due."""
    made = revisions(engine)
    keys = [(each.contract, each.period_number, each.revision) for each in made]
    assert len(keys) == len(set(keys))
    by_period = defaultdict(int)
    for (contract, number, _), days in standing(engine).items():
        by_period[contract, number] += days
    assert dict(by_period) == due_now(engine, now_ms)
    for each in made:
        seal = at_seal(engine, named(engine, each.seal))
        figures = stated(Known.at(engine, seal), each)
        assert each.statement_digest == (figures.digest if figures else each.figures_digest)
