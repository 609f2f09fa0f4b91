"""Random contracts over nights on which clocks are set: their facts, and what may be asked of them.

Everything is drawn as facts of the oracle, in the order of the ledger; `tests.oracle.retelling` tells the same
to a ledger. Only what the doors of the ledger let in is drawn. Contracts are short, because the oracle looks
at every quarter of an hour; a few last longer than thirty days, so that periods follow each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import strategies as st

from ledger.readings import QUESTIONS
from tests.oracle.facts import (
    Amended,
    Claimed,
    Corrected,
    Ended,
    Fact,
    Joined,
    Left,
    Mailed,
    Notice,
    Result,
    Ruled,
    Signed,
    Terms,
    Worked,
)
from tests.oracle.wall_clock import HOUR_MS, MINUTE_MS, midnight_ms

ZONE = "Europe/Paris"
SIGNED_MS = midnight_ms(ZONE, date(2026, 9, 1))
LATER_MS = midnight_ms(ZONE, date(2027, 12, 31))
DAY_MS = 24 * HOUR_MS
QUARTERS_MS = [midnight_ms(ZONE, date(year, month, 1)) for year in (2026, 2027) for month in (1, 4, 7, 10)]
"""Where calendar quarters begin."""
PLATFORMS = ("a", "b", "c")
AGENTS = {"paris": False, "lyon": False, "status-page": True}
"""Each agent, and whether it logs only changes."""
WATCHING = [(), ("paris",), ("status-page",), ("lyon", "status-page"), ("lyon", "paris"), tuple(AGENTS)]
"""Who watches: mostly several, so that they disagree."""

FIRST_DAYS = [
    date(2026, 10, 24),  # the next night is 25 hours from midnight to midnight
    date(2027, 3, 27),  # the next one 23, and five days on a quarter begins
    date(2026, 9, 29),  # a month and a quarter end on the second day
    date(2026, 11, 10),  # the second day is a public holiday
]
LENGTHS = [1, 2, 3, 3, 4, 4, 6, 6, 33]


@dataclass(frozen=True)
class Month:
    """The facts of one contract, in the order of the ledger, and about when things happen."""

    facts: list[Fact]
    start_ms: int
    end_ms: int

    @property
    def platforms(self) -> list[str]:
        return sorted({fact.platform for fact in self.facts if isinstance(fact, Joined)})

    def of(self, kind: type) -> list:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def and_also(self, *facts: Fact) -> "Month":
        """The same with more facts, each behind all that were recorded before it or with it."""
        ordered = sorted([*self.facts, *facts], key=lambda fact: fact.recorded_ms)
        return Month(ordered, self.start_ms, self.end_ms)


# ---------------------------------------------------------------- terms

_VALUES = {question.name: [choice.value for choice in question.choices] for question in QUESTIONS}
_VALUES["service-hours"] += ["24/7", "24/7", "Sa-Su 00:00-24:00; We 01:30-03:30"]

_any_readings = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in _VALUES.items()}
)

GENEROUS = {"service-hours": "24/7", "maintenance-hours": "anywhere", "maintenance-extent": "announced"}
"""Under these so much is excluded that a ceiling is reached."""
CEILING = {"maintenance-ceiling": "one-day-a-quarter"}
readings = st.one_of(_any_readings, _any_readings.map(lambda some: some | GENEROUS | CEILING))

terms = st.builds(
    Terms,
    target_percent=st.sampled_from([Fraction("99.5"), Fraction("99.5"), Fraction(90), Fraction(100)]),
    daily_allowance_minutes=st.sampled_from([7, 0, 90]),
    tranche_minutes=st.sampled_from([60, 60, 25]),
    days_per_tranche=st.sampled_from([1, 2]),
    cap_days=st.sampled_from([365, 365, 5, 0]),
    holiday_calendar=st.sampled_from(["FR", ""]),
    extra_holidays=st.lists(st.sampled_from([day + timedelta(days=2) for day in FIRST_DAYS]), max_size=1).map(
        tuple
    ),
    notice_hours=st.sampled_from([24, 24, 1, 0]),
    maintenance_windows=st.sampled_from(
        ["Mo-Fr 00:00-07:00; Sa-Su 00:00-24:00", "24/7", "Mo-Su 02:15-05:00"]
    ),
    stale_after_seconds=st.sampled_from([150, 7200, 100_000]),
    agents_min=st.sampled_from([1, 1, 2]),
    agent_weights=st.dictionaries(st.sampled_from(sorted(AGENTS)), st.integers(0, 3), max_size=3),
    readings=readings,
)

# ---------------------------------------------------------------- when


def instants(start_ms: int, end_ms: int) -> st.SearchStrategy[int]:
    """Mostly whole half hours, so that things meet; sometimes any millisecond."""
    on_the_half_hour = st.integers(0, (end_ms - start_ms) // (30 * MINUTE_MS)).map(
        lambda halves: start_ms + halves * 30 * MINUTE_MS
    )
    return st.one_of(on_the_half_hour, on_the_half_hour, st.integers(start_ms, end_ms))


@st.composite
def intervals(draw, start_ms: int, end_ms: int) -> tuple[int, int]:
    from_ms = draw(instants(start_ms, end_ms - HOUR_MS))
    lengths_ms = st.sampled_from([1, 10 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 5 * HOUR_MS, DAY_MS, 2 * DAY_MS])
    return from_ms, from_ms + draw(lengths_ms)


some_platforms = st.lists(st.sampled_from(PLATFORMS), min_size=1, max_size=3, unique=True).map(tuple)
DELAYS_MS = st.sampled_from([0, 0, HOUR_MS, 3 * DAY_MS])
"""How long after it happened something is recorded."""

# ---------------------------------------------------------------- what happens


@st.composite
def contracts(draw, first_day: date, days: int) -> list[Fact]:
    """Signed, perhaps amended once or ended early, with platforms that come and go."""
    signed_terms = draw(terms)
    last_day = first_day + timedelta(days=days - 1)
    some_day = st.integers(0, days - 1).map(lambda n: first_day + timedelta(days=n))
    is_open = draw(st.booleans())
    facts: list[Fact] = [
        Signed(SIGNED_MS, "acme", ZONE, first_day, None if is_open else last_day, signed_terms)
    ]
    for name in PLATFORMS[: draw(st.integers(1, 3))]:
        facts += draw(memberships(name, some_day))
    if days > 1 and draw(st.booleans()):
        from_day = first_day + timedelta(days=draw(st.integers(1, days - 1)))
        amended = draw(terms)
        cut = signed_terms.reading("period")  # an amendment cannot change how periods are cut
        amended = Terms(**{**vars(amended), "readings": amended.readings | {"period": cut}})
        facts.append(Amended(SIGNED_MS + draw(DELAYS_MS), from_day, amended))
    if draw(st.integers(0, 5)) == 0:
        facts.append(Ended(SIGNED_MS + 4 * DAY_MS, draw(some_day)))
    return facts


@st.composite
def memberships(draw, name: str, some_day: st.SearchStrategy[date]) -> list[Fact]:
    joined = draw(some_day) if draw(st.booleans()) else date(2026, 9, 1)
    facts: list[Fact] = [Joined(SIGNED_MS, name, joined)]
    if draw(st.integers(0, 3)) == 0:
        left = max(draw(some_day), joined - timedelta(days=1))
        facts.append(Left(SIGNED_MS + draw(DELAYS_MS), name, left))
        if draw(st.booleans()):
            facts.append(Joined(SIGNED_MS + 4 * DAY_MS, name, left + timedelta(days=draw(st.integers(1, 2)))))
    return facts


@st.composite
def observations(draw, agent: str, start_ms: int, end_ms: int) -> list[Fact]:
    """A few results, far apart: the agent is silent in between."""
    platforms = draw(some_platforms)
    delay_ms = draw(DELAYS_MS)
    outcomes = st.sampled_from(["up", "up", "up", "down", "down", "degraded", "unknown"])
    seen = draw(
        st.dictionaries(
            st.tuples(st.sampled_from(platforms), instants(start_ms - HOUR_MS, end_ms)),
            outcomes,
            min_size=2,
            max_size=12,
        )
    )
    return [
        Result(max(SIGNED_MS, at_ms + delay_ms), agent, platform, at_ms, outcome, AGENTS[agent])
        for (platform, at_ms), outcome in seen.items()
    ]


@st.composite
def maintenances(draw, name: str, start_ms: int, end_ms: int) -> list[Fact]:
    """Announced early or late, moved, withdrawn, worked; each step recorded when given or later."""
    given = instants(start_ms - 3 * DAY_MS, end_ms)
    steps = ["published", *draw(st.lists(st.sampled_from(["moved"]), max_size=2))]
    steps += ["withdrawn"] if draw(st.integers(0, 3)) == 0 else []
    given_ms = sorted(draw(st.lists(given, min_size=len(steps), max_size=len(steps))))
    facts: list[Fact] = []
    recorded_ms = SIGNED_MS
    for kind, at_ms in zip(steps, given_ms, strict=True):
        recorded_ms = max(recorded_ms, at_ms + draw(DELAYS_MS))
        announced = (0, 0) if kind == "withdrawn" else draw(announcements(at_ms, start_ms, end_ms))
        platforms = draw(some_platforms) if kind == "published" else ()
        facts.append(Notice(recorded_ms, name, kind, at_ms, platforms, *announced))
        if draw(st.integers(0, 2)) == 0:
            facts += draw(mails(name, at_ms, recorded_ms))
            recorded_ms = facts[-1].recorded_ms
    if draw(st.booleans()):
        facts += draw(works(name, facts[0].recorded_ms, start_ms, end_ms))
    return facts


@st.composite
def mails(draw, name: str, given_ms: int, recorded_ms: int) -> list[Fact]:
    """A mail about the notice before, accepted or refused; an accepted one may come back."""
    at_ms = given_ms + draw(st.sampled_from([0, 10 * MINUTE_MS, HOUR_MS, DAY_MS]))
    recorded_ms = max(recorded_ms, at_ms)
    fate = draw(st.sampled_from(["accepted", "accepted", "refused", "bounced"]))
    first = "accepted" if fate == "bounced" else fate
    facts: list[Fact] = [Mailed(recorded_ms, name, first, "p-1", at_ms)]
    return facts + ([Mailed(recorded_ms, name, fate, "p-1", recorded_ms)] if fate == "bounced" else [])


@st.composite
def back_dated(draw, name: str, start_ms: int, end_ms: int) -> list[Fact]:
    """Announced, and moved by a little: given, as is said later, about when the first notice was accepted."""
    given_ms = draw(instants(start_ms - 3 * DAY_MS, end_ms))
    accepted_ms = given_ms + HOUR_MS
    moved_ms = accepted_ms + draw(st.sampled_from([-HOUR_MS, -1, 0, 1, HOUR_MS]))
    from_ms, to_ms = draw(intervals(start_ms, end_ms))
    after_ms = draw(st.sampled_from([0, 1, 30 * MINUTE_MS]))
    last_ms = max(moved_ms, accepted_ms) + draw(DELAYS_MS)
    facts: list[Fact] = [
        Notice(given_ms, name, "published", given_ms, draw(some_platforms), from_ms, to_ms),
        Mailed(accepted_ms, name, "accepted", "p-1", accepted_ms),
        Notice(last_ms, name, "moved", moved_ms, (), from_ms + after_ms, to_ms + after_ms),
    ]
    return facts + (draw(mails(name, moved_ms, last_ms)) if draw(st.booleans()) else [])


def announcements(at_ms: int, start_ms: int, end_ms: int) -> st.SearchStrategy[tuple[int, int]]:
    """Any interval, or one that begins a whole day after it is announced, or a millisecond earlier."""
    exactly = st.sampled_from([DAY_MS, DAY_MS - 1]).map(
        lambda ahead_ms: (at_ms + ahead_ms, at_ms + ahead_ms + HOUR_MS)
    )
    return st.one_of(intervals(start_ms, end_ms), intervals(start_ms, end_ms), exactly)


def long_work(from_ms: int) -> Fact:
    """Two days, announced long before: more than a ceiling lets be excluded in a quarter."""
    return Notice(SIGNED_MS, "long", "published", SIGNED_MS, PLATFORMS, from_ms, from_ms + 2 * DAY_MS)


@st.composite
def works(draw, name: str, recorded_ms: int, start_ms: int, end_ms: int) -> list[Fact]:
    started_ms, finished_ms = draw(intervals(start_ms, end_ms))
    recorded_ms = max(recorded_ms, started_ms)
    facts: list[Fact] = [Worked(recorded_ms, name, "started", started_ms)]
    if draw(st.integers(0, 3)):
        facts.append(Worked(max(recorded_ms, finished_ms), name, "finished", finished_ms))
    return facts


@st.composite
def claims(draw, name: str, start_ms: int, end_ms: int) -> list[Fact]:
    """Filed, and ruled on up to twice: accepted, rejected or accepted in part."""
    from_ms, to_ms = draw(intervals(start_ms, end_ms))
    recorded_ms = from_ms + draw(DELAYS_MS)
    facts: list[Fact] = [Claimed(recorded_ms, name, draw(some_platforms), from_ms, to_ms)]
    middle_ms = (from_ms + to_ms) // 2
    accepted = st.sampled_from([(), ((from_ms, to_ms),), ((from_ms, max(middle_ms, from_ms + 1)),)])
    rulings = draw(st.lists(accepted, max_size=2))
    return facts + [Ruled(recorded_ms + n * DAY_MS, name, ruled) for n, ruled in enumerate(rulings)]


@st.composite
def corrections(draw, start_ms: int, end_ms: int) -> list[Fact]:
    from_ms, to_ms = draw(intervals(start_ms, end_ms))
    recorded_ms = max(SIGNED_MS, from_ms + draw(DELAYS_MS))
    outcome = draw(st.sampled_from([None, "up", "down", "degraded"]))
    agent, platform = draw(st.sampled_from(sorted(AGENTS))), draw(st.sampled_from(PLATFORMS))
    return [Corrected(recorded_ms, agent, platform, from_ms, to_ms, outcome)]


# ---------------------------------------------------------------- a month, and a question


@st.composite
def months(draw, lengths: Sequence[int] = LENGTHS) -> Month:
    first_day, days = draw(st.sampled_from(FIRST_DAYS)), draw(st.sampled_from(lengths))
    start_ms = midnight_ms(ZONE, first_day)
    end_ms = midnight_ms(ZONE, first_day + timedelta(days=days))
    facts = draw(contracts(first_day, days))
    for agent in draw(st.sampled_from(WATCHING)):
        facts += draw(observations(agent, start_ms, end_ms))
    for number in range(draw(st.integers(0, 3))):
        of_a_kind = draw(st.sampled_from([maintenances, maintenances, back_dated]))
        facts += draw(of_a_kind(f"m{number}", start_ms, end_ms))
    if draw(st.integers(0, 2)) == 0:
        facts.append(long_work(draw(instants(start_ms, end_ms))))
    for number in range(draw(st.integers(0, 2))):
        facts += draw(claims(f"f{number}", start_ms, end_ms))
    for _ in range(draw(st.integers(0, 2))):
        facts += draw(corrections(start_ms, end_ms))
    return Month([], start_ms, end_ms).and_also(*facts)


def moments(month: Month) -> st.SearchStrategy[int]:
    """When something is asked: mostly when all is known, sometimes while facts are still to come."""
    within = instants(month.start_ms + 1, month.end_ms + 4 * DAY_MS)
    return st.one_of(st.just(LATER_MS if month.of(Signed)[0].last_day else month.end_ms), within)
