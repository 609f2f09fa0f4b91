"""The rule of maintenance, asked of one instant after the other on the night on which clocks are set."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ledger.instants import HOUR_MS, MINUTE_MS, format_instant, from_ms
from ledger.terms import Terms
from projections.exclusions import exclusions
from projections.periods import period_between, with_readings
from tests.projections.excluded import PROD, acme
from tests.spec import Story, span

STEP_MS = 30 * MINUTE_MS
NIGHT = span("2026-10-23T20:00:00Z/2026-10-25T12:00:00Z").interval
"""A Friday evening to the Sunday on which clocks are set, in steps of half an hour."""
STEPS = NIGHT.length_ms // STEP_MS

WINDOWS = "Fr 00:00-24:00; Sa 00:00-07:00; Su 00:00-03:00"
WINDOW_ENDS = {4: 24, 5: 7, 6: 3}
"""The hour at which the window of each weekday ends, Monday 0; all begin at midnight."""
PARIS = ZoneInfo("Europe/Paris")

steps = st.integers(0, STEPS)
announced = st.tuples(steps, steps).filter(lambda pair: pair[0] < pair[1])
given_steps = st.integers(-60, STEPS)
histories = st.lists(st.tuples(given_steps, st.one_of(announced, st.none())), min_size=1, max_size=4)
"""When each notice was given, and what it announced; None for a withdrawal."""


def instant(step: int) -> int:
    return NIGHT.start_ms + step * STEP_MS


def told(history, work) -> Story:
    """The notices as given, each recorded three hours after the one before."""
    story = acme(maintenance_windows=WINDOWS).at(instant(-120))
    (first_given, first), *later = history
    story.notice("m1", [PROD], told_as(first or (0, STEPS)), instant(first_given))
    for number, (given_step, pair) in enumerate(later, start=1):
        story.at(instant(-120 + 6 * number))
        if pair is None:
            story.withdrawn("m1", instant(given_step))
        else:
            story.moved("m1", told_as(pair), instant(given_step))
    if work:
        story.worked("m1", instant(work[0]), instant(work[1]))
    return story


def told_as(pair) -> str:
    return "/".join(format_instant(instant(step)) for step in pair)


# ---------------------------------------------------------------- the rule, of one instant


def rule(t_ms: int, notices, terms: Terms, work) -> str | None:
    """What it says of an instant: that it is excluded, why it is not, or nothing at all."""
    clock = "recorded_ms" if terms.readings.notice_clock == "recorded" else "given_ms"
    ordered = sorted((getattr(notice, clock), notice.position, notice.announced) for notice in notices)
    given_before = [(given_ms, announced) for given_ms, _, announced in ordered if given_ms <= t_ms]
    in_force = given_before[-1][1] if given_before else None
    in_time = in_force is not None and in_force.holds(t_ms) and timely(t_ms, given_before, terms)
    works = work is not None and instant(work[0]) <= t_ms < instant(work[1])
    if in_time and in_window(t_ms, terms) and (works or terms.readings.maintenance_extent == "announced"):
        return "excluded"
    had_been = any(announced and announced.holds(t_ms) for _, announced in given_before)
    ever = any(announced and announced.holds(t_ms) for _, _, announced in ordered)
    reasons = {
        "withdrawn": had_been and in_force is None,
        "moved": had_been and not in_force.holds(t_ms) if in_force else False,
        "too-late": ever and not in_time,
        "outside-window": ever and not in_window(t_ms, terms),
        "no-work": ever,
        "overrun": works and in_force is not None and t_ms >= in_force.end_ms,
    }
    return next((code for code, applies in reasons.items() if applies), None)


def timely(t_ms: int, given_before, terms: Terms) -> bool:
    for place, (given_ms, announced) in enumerate(given_before):
        withdrawn_since = any(later is None for _, later in given_before[place + 1 :])
        if announced and announced.holds(t_ms) and not withdrawn_since:
            early = announced.start_ms - given_ms >= 24 * HOUR_MS
            if early or terms.readings.notice == "best-effort":
                return True
    return False


def in_window(t_ms: int, terms: Terms) -> bool:
    shown = from_ms(t_ms).astimezone(PARIS)
    return terms.readings.maintenance_hours == "anywhere" or shown.hour < WINDOW_ENDS[shown.weekday()]


@given(
    histories,
    st.one_of(announced, st.none()),
    st.fixed_dictionaries(
        {
            "notice": st.sampled_from(["binding", "best-effort"]),
            "notice-clock": st.sampled_from(["given", "recorded"]),
            "maintenance-hours": st.sampled_from(["allowed-windows", "anywhere"]),
            "maintenance-extent": st.sampled_from(["announced", "work"]),
        }
    ),
)
def test_every_instant_is_judged_as_the_rule_says_of_it_alone(history, work, readings):
    known = told(history, work).known()
    contract = with_readings(known.contract("acme"), readings)
    period = period_between(contract, NIGHT, known.as_of.moment_ms)

    found = exclusions(known, contract, PROD, period)

    terms, notices = contract.versions[0].terms, known.maintenances["m1"].notices
    for t_ms in range(NIGHT.start_ms, NIGHT.end_ms, STEP_MS):
        expected = rule(t_ms, notices, terms, work)
        assert said_of(t_ms, found) == ([expected] if expected else [])


def said_of(t_ms: int, found) -> list[str]:
    excluded = [span for each in found for span in each.excluded]
    not_excluded = [span_and_why for each in found for span_and_why in each.not_excluded]
    return ["excluded" for span in excluded if span.holds(t_ms)] + [
        code for span, code in not_excluded if span.holds(t_ms)
    ]
