"""Timelines by hand: what was seen minute by minute, without a ledger behind it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl

from ledger.instants import MINUTE_MS
from ledger.interval import Interval
from ledger.terms import Terms
from projections.availability import Measure, counted_down_ms, measure, over_daily_ms
from projections.calendar import day_interval, local_days
from projections.classes import VERDICTS, ClassSpan, Timeline, classified
from projections.day_sums import Columns, DaySums
from projections.figures import CLASSES
from projections.layouts import layout
from projections.periods import Part, Period

PARIS = ZoneInfo("Europe/Paris")

SEEN_AS = {"up": "up", "down": "down", "degraded": "up", "unknown": "unknown"}
"""The class of counted time, where `degraded` counts as up."""


def terms(*, readings=None, **clauses) -> Terms:
    """Terms that measure always, unless the readings say otherwise."""
    return Terms(**clauses, readings={"service-hours": "24/7"} | (readings or {}))


def period(first_day="2026-11-02", days=30, agreed=None, number=1, parts=None) -> Period:
    """Some local days in Paris as a period of a contract."""
    first = date.fromisoformat(first_day)
    bounds = Interval(
        day_interval(PARIS, first).start_ms, day_interval(PARIS, first + timedelta(days=days)).start_ms
    )
    agreed = agreed or terms()
    return Period(
        interval=bounds,
        number=number,
        complete=True,
        parts=parts or (Part(bounds, agreed, 1),),
        terms=agreed,
        terms_version=1,
        zone=PARIS,
    )


def minutes(bounds: Interval, start: int, end: int) -> Interval:
    """From one minute to another, counted from the start of the bounds."""
    return Interval(bounds.start_ms + start * MINUTE_MS, bounds.start_ms + end * MINUTE_MS)


def by_hand(
    judged: Period, marks: Iterable[tuple[int, int, str]] = (), platform="p", classes=SEEN_AS
) -> Timeline:
    """A platform that was up except from one minute to another; a mark may name the class too: `class/verdict`.

    Later marks paint over earlier ones. Everything is counted one span at a time, without the code that is
    tested.
    """
    bounds = judged.interval
    painted = [(minutes(bounds, start, end), what) for start, end, what in marks]
    edges = {edge for span, _ in painted for edge in span if bounds.holds(edge)}
    spans: list[ClassSpan] = []
    for start_ms, end_ms in pairwise(sorted({bounds.start_ms, *edges, bounds.end_ms})):
        what = [what for span, what in painted if span.holds(start_ms)]
        class_, verdict = _named(what[-1] if what else "up", classes)
        if spans and (spans[-1].class_, spans[-1].verdict) == (class_, verdict):
            start_ms = spans.pop().start_ms  # noqa: PLW2901 - the neighbour goes on
        spans.append(ClassSpan(start_ms, end_ms, class_, verdict))
    return timeline(platform, spans, judged)


def _named(what: str, classes) -> tuple[str, str]:
    class_, _, verdict = what.rpartition("/")
    return class_ or classes[verdict], verdict


def timeline(platform: str, spans: Sequence[ClassSpan], judged: Period) -> Timeline:
    """A timeline of spans that cover the period."""
    sums = {day: Counter() for day, _ in local_days(judged.zone, judged.interval)}
    for span in spans:
        for day, within in local_days(judged.zone, Interval(span.start_ms, span.end_ms)):
            sums[day][span.class_] += within.length_ms
    days = DaySums(
        Columns(
            {day: place for place, day in enumerate(sums)},
            {name: [sums[day][name] for day in sums] for name in CLASSES},
        )
    )
    segments = pl.DataFrame(
        {
            "start_ms": [span.start_ms for span in spans],
            "end_ms": [span.end_ms for span in spans],
            "class": [CLASSES.index(span.class_) for span in spans],
            "verdict": [VERDICTS.index(span.verdict) for span in spans],
        }
    )
    totals = {name: sum(day[name] for day in days.values()) for name in CLASSES}
    return Timeline(platform, totals, days, segments)


def seen(judged: Period, verdicts: Sequence[tuple[int, str]], platform="p") -> pl.DataFrame:
    """Verdicts from minutes on, the first from minute 0, as `verdicts_over` gives them."""
    starts = [minutes(judged.interval, at, at).start_ms for at, _ in verdicts]
    return pl.DataFrame(
        {
            "platform": [platform] * len(starts),
            "start_ms": starts,
            "end_ms": [*starts[1:], judged.interval.end_ms],
            "verdict": [VERDICTS.index(verdict) for _, verdict in verdicts],
        },
        schema={"platform": pl.String, "start_ms": pl.Int64, "end_ms": pl.Int64, "verdict": pl.Int8},
    )


def laid(judged: Period, hours=None, maintenance=(), forced=()):
    """A layout from intervals; without hours everything is in service hours."""
    hours = (judged.interval,) if hours is None else tuple(hours)
    return layout(judged.interval, hours, tuple(maintenance), tuple(forced))


def one(judged: Period, verdicts: Sequence[tuple[int, str]], **layers) -> Timeline:
    """The timeline of one platform from its verdicts and its layers, by the code that is tested."""
    return classified(seen(judged, verdicts), {"p": laid(judged, **layers)}, judged)["p"]


def of_days(totals_ms, days_ms, agreed: Terms) -> Measure:
    """The measure of a time, given whole and by local days."""
    down_ms = (counted_down_ms(day_ms, agreed.readings) for day_ms in days_ms)
    return measure(totals_ms, sum(over_daily_ms(down_ms, agreed)), agreed)
