"""Every instant of a period is exactly one of six things, however the period is cut."""

from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.growing import Growing
from ledger.instants import MINUTE_MS
from ledger.interval import Interval, union
from projections.classes import classified, timelines
from projections.figures import CLASSES
from projections.periods import Part, period_between, period_named
from tests.projections.lines import laid, minutes, one, period, seen, terms
from tests.spec import Story, ms

OCTOBER_NIGHT = period("2026-10-24", days=3)
"""Three local days of 73 hours: the hour from two to three of the 25th happens twice."""
LENGTH = 73 * 60

instants = st.integers(0, LENGTH)
spans = st.lists(st.tuples(instants, instants).map(sorted).map(tuple), max_size=4)
verdicts = st.lists(
    st.tuples(instants, st.sampled_from(["unknown", "up", "degraded", "down"])), min_size=1, max_size=8
).map(lambda steps: [(0, steps[0][1]), *sorted(dict(steps[1:]).items())])


def intervals(drawn) -> list[Interval]:
    return union(minutes(OCTOBER_NIGHT.interval, start, end) for start, end in drawn)


def class_at(instant_ms, seen_at, hours, maintenance, forced) -> str:
    """The rule as it stands, for one instant."""
    if not any(each.holds(instant_ms) for each in hours):
        return "outside"
    if any(each.holds(instant_ms) for each in maintenance):
        return "excluded-maintenance"
    if any(each.holds(instant_ms) for each in forced):
        return "excluded-force-majeure"
    return {"unknown": "unknown", "down": "down"}.get(seen_at, "up")


# ---------------------------------------------------------------- time is conserved


@given(verdicts, spans, spans, spans)
def test_every_instant_has_the_first_class_that_fits_and_the_six_sum_to_the_period(
    steps, hours, maintenance, forced
):
    layers = {"hours": intervals(hours), "maintenance": intervals(maintenance), "forced": intervals(forced)}

    found = one(OCTOBER_NIGHT, steps, **layers)

    assert sum(found.totals_ms.values()) == OCTOBER_NIGHT.interval.length_ms == LENGTH * MINUTE_MS
    for minute in range(0, LENGTH, 7):
        instant_ms = OCTOBER_NIGHT.interval.start_ms + minute * MINUTE_MS
        span = next(each for each in found.spans if each.start_ms <= instant_ms < each.end_ms)
        seen_at = [verdict for at, verdict in steps if at <= minute][-1]
        assert span.verdict == seen_at
        assert span.class_ == class_at(instant_ms, seen_at, **layers)


@given(verdicts, spans, spans, spans)
def test_the_spans_cover_the_period_and_neighbours_differ(steps, hours, maintenance, forced):
    found = one(
        OCTOBER_NIGHT,
        steps,
        hours=intervals(hours),
        maintenance=intervals(maintenance),
        forced=intervals(forced),
    )

    assert found.spans[0].start_ms == OCTOBER_NIGHT.interval.start_ms
    assert found.spans[-1].end_ms == OCTOBER_NIGHT.interval.end_ms
    for before, after in pairwise(found.spans):
        assert before.end_ms == after.start_ms
        assert (before.class_, before.verdict) != (after.class_, after.verdict)
    for class_ in CLASSES:
        lengths = [each.end_ms - each.start_ms for each in found.spans if each.class_ == class_]
        assert sum(lengths) == found.totals_ms[class_]
        assert sum(day[class_] for day in found.days_ms.values()) == found.totals_ms[class_]


@given(verdicts, spans, spans, st.integers(1, LENGTH - 1))
def test_a_period_judged_in_two_pieces_has_the_same_classes(steps, maintenance, forced, cut):
    layers = {"maintenance": intervals(maintenance), "forced": intervals(forced)}
    bounds = OCTOBER_NIGHT.interval
    cut_ms = bounds.start_ms + cut * MINUTE_MS
    pieces = [Interval(bounds.start_ms, cut_ms), Interval(cut_ms, bounds.end_ms)]

    whole = one(OCTOBER_NIGHT, steps, **layers)
    halves = []
    for piece in pieces:
        half = replace(OCTOBER_NIGHT, interval=piece, parts=(Part(piece, OCTOBER_NIGHT.terms, 1),))
        halves.append(classified(seen(OCTOBER_NIGHT, steps), {"p": laid(half, **layers)}, half)["p"])

    for class_ in CLASSES:
        assert sum(half.totals_ms[class_] for half in halves) == whole.totals_ms[class_]


def test_a_local_day_has_the_hours_that_its_clock_showed():
    found = one(OCTOBER_NIGHT, [(0, "up")])

    assert [(day.isoformat(), sums["up"] // (60 * MINUTE_MS)) for day, sums in found.days_ms.items()] == [
        ("2026-10-24", 24),
        ("2026-10-25", 25),
        ("2026-10-26", 24),
    ]


def test_a_time_without_a_verdict_is_no_statement():
    late = seen(OCTOBER_NIGHT, [(0, "up"), (60, "down")]).tail(1)

    with pytest.raises(AssertionError, match="time is not conserved on p"):
        classified(late, {"p": laid(OCTOBER_NIGHT)}, OCTOBER_NIGHT)


@given(verdicts, verdicts, st.randoms())
def test_neither_the_order_of_rows_nor_another_platform_changes_a_figure(steps, others, random):
    rows = pl.concat([seen(OCTOBER_NIGHT, steps, "b"), seen(OCTOBER_NIGHT, others, "a")])
    shuffled = rows[random.sample(range(rows.height), rows.height)]

    found = classified(shuffled, dict.fromkeys("ba", laid(OCTOBER_NIGHT)), OCTOBER_NIGHT)

    assert list(found) == ["a", "b"]
    assert found["a"].spans == one(OCTOBER_NIGHT, others).spans
    assert found["b"].spans == one(OCTOBER_NIGHT, steps).spans
    for name, alone in ("a", others), ("b", steps):
        assert found[name].days_ms == one(OCTOBER_NIGHT, alone).days_ms
        assert found[name].totals_ms == one(OCTOBER_NIGHT, alone).totals_ms


def test_on_a_single_day_each_platform_has_its_own_sums():
    hour = Interval(OCTOBER_NIGHT.interval.start_ms, OCTOBER_NIGHT.interval.start_ms + 60 * MINUTE_MS)
    period = replace(OCTOBER_NIGHT, interval=hour, parts=(Part(hour, OCTOBER_NIGHT.terms, 1),))
    rows = pl.concat([seen(period, [(0, "up")], "a"), seen(period, [(0, "down")], "b")])

    found = classified(rows, dict.fromkeys("ab", laid(period)), period)

    assert [found["a"].totals_ms[each] for each in ("up", "down")] == [hour.length_ms, 0]
    assert [found["b"].totals_ms[each] for each in ("up", "down")] == [0, hour.length_ms]


# ---------------------------------------------------------------- what a class depends on


def test_excluded_time_is_excluded_whatever_was_seen_in_it():
    steps = [(0, "up"), (60, "down"), (90, "unknown"), (120, "degraded"), (180, "down")]
    worked = minutes(OCTOBER_NIGHT.interval, 60, 180)

    found = one(OCTOBER_NIGHT, steps, maintenance=[worked])

    assert found.totals_ms["excluded-maintenance"] == 120 * MINUTE_MS
    assert found.totals_ms["unknown"] == 0


def test_maintenance_comes_before_force_majeure_and_outside_before_both():
    both = [minutes(OCTOBER_NIGHT.interval, 0, 120)]

    found = one(
        OCTOBER_NIGHT,
        [(0, "down")],
        hours=[minutes(OCTOBER_NIGHT.interval, 60, LENGTH)],
        maintenance=both,
        forced=[minutes(OCTOBER_NIGHT.interval, 0, 180)],
    )

    assert found.totals_ms["outside"] == 60 * MINUTE_MS
    assert found.totals_ms["excluded-maintenance"] == 60 * MINUTE_MS
    assert found.totals_ms["excluded-force-majeure"] == 60 * MINUTE_MS


def test_each_part_reads_a_degraded_service_in_its_own_way():
    bounds = OCTOBER_NIGHT.interval
    amended_ms = bounds.start_ms + 24 * 60 * MINUTE_MS
    amended = replace(
        OCTOBER_NIGHT,
        parts=(
            Part(Interval(bounds.start_ms, amended_ms), terms(), 1),
            Part(Interval(amended_ms, bounds.end_ms), terms(readings={"degraded": "down"}), 2),
        ),
    )

    found = one(amended, [(0, "degraded")])

    assert [(each.class_, each.verdict) for each in found.spans] == [("up", "degraded"), ("down", "degraded")]
    assert found.totals_ms["up"] == 24 * 60 * MINUTE_MS


@pytest.mark.parametrize("worth", ["disputed", "as-up", "as-down"])
def test_time_that_nobody_observed_stays_unknown_whatever_it_is_worth(worth):
    read = period("2026-10-24", days=3, agreed=terms(readings={"unknown-time": worth}))

    found = one(read, [(0, "unknown"), (60, "up")])

    assert found.totals_ms["unknown"] == 60 * MINUTE_MS


# ---------------------------------------------------------------- exclusions and downtime


@given(verdicts, spans, spans, spans, st.sampled_from(["maintenance", "forced"]))
def test_an_added_exclusion_never_adds_downtime(steps, maintenance, forced, added, kind):
    layers = {"maintenance": intervals(maintenance), "forced": intervals(forced)}
    more = layers | {kind: intervals([*(maintenance if kind == "maintenance" else forced), *added])}

    before, after = one(OCTOBER_NIGHT, steps, **layers), one(OCTOBER_NIGHT, steps, **more)

    for day, sums in after.days_ms.items():
        assert sums["down"] <= before.days_ms[day]["down"]
        assert sums["unknown"] <= before.days_ms[day]["unknown"]


def test_under_a_ceiling_an_added_maintenance_uses_up_the_day_and_a_later_one_counts():
    readings = {"service-hours": "24/7", "maintenance-ceiling": "one-day-a-quarter"}
    story = Story().contract(readings=readings)
    story.observed("paris", "acme-prod", "2026-10-01T00:00+02:00 up, 2026-10-17T12:00+02:00 down")
    story.observed("paris", "acme-prod", "2026-10-17T14:00+02:00 up")
    story.notice("late", ["acme-prod"], "2026-10-17T12:00+02:00/2026-10-17T14:00+02:00")
    before = _october(story)

    story.notice("early", ["acme-prod"], "2026-10-10T00:00+02:00/2026-10-11T00:00+02:00")
    after = _october(story)

    assert before.totals_ms["down"] == 0
    assert after.totals_ms["down"] == 120 * MINUTE_MS
    assert after.totals_ms["excluded-maintenance"] == 24 * 60 * MINUTE_MS


# ---------------------------------------------------------------- from the ledger


def test_a_platform_is_measured_while_it_belongs_to_the_contract():
    story = Story().contract(readings={"service-hours": "24/7"}, platforms=["acme-prod", "acme-test"])
    contract = story.known().contract("acme")
    leaver = replace(contract.platforms[1], last_day=contract.signed.first_day)
    contract = replace(contract, platforms=Growing((contract.platforms[0], leaver)))
    known = story.known()

    first = timelines(known, contract, period_named(contract, "1", known.as_of.moment_ms))
    second = timelines(known, contract, period_named(contract, "2", known.as_of.moment_ms))

    assert list(first) == ["acme-prod", "acme-test"]
    assert first["acme-test"].totals_ms["unknown"] == 24 * 60 * MINUTE_MS
    assert first["acme-test"].totals_ms["outside"] == (721 - 24) * 60 * MINUTE_MS
    assert list(second) == ["acme-prod"]


def test_an_interval_that_was_asked_for_is_cut_where_it_was_asked():
    story = Story().contract(readings={"service-hours": "24/7"})
    story.observed("paris", "acme-prod", "2026-10-01T00:00+02:00 up, 2026-10-06T08:30+02:00 down")
    known = story.known()
    contract = known.contract("acme")
    asked = Interval(ms("2026-10-06T08:00+02:00"), ms("2026-10-06T09:00+02:00"))

    found = timelines(known, contract, period_between(contract, asked, known.as_of.moment_ms))

    assert found["acme-prod"].totals_ms["down"] == found["acme-prod"].totals_ms["up"] == 30 * MINUTE_MS


def _october(story):
    known = story.known()
    contract = known.contract("acme")
    return timelines(known, contract, period_named(contract, "1", known.as_of.moment_ms))["acme-prod"]
