"""The rule of maintenance: which announced time is excluded, and why the rest is not.

A maintenance's notices are ordered by the moment at which they were given to the contract (`given.py`); the
announcement in force at an instant is the last one given until then. Announced time is excluded if it was
announced in time, lies in an allowed window and, where the terms ask for it, was really worked [Disponibilité
du service]. The ceiling over a quarter concerns several maintenances together and is in `ceiling.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import overload
from zoneinfo import ZoneInfo

from ledger.interval import Interval, clip, cut_out, intersect, subtract, union
from ledger.maintenance import Maintenance, Notice
from ledger.terms import Terms
from projections.calendar import END_OF_TIME_MS, maintenance_windows
from projections.figures import NotExcluded
from projections.given import Given
from projections.periods import Part


@dataclass(frozen=True, slots=True)
class Judged:
    """What is excluded, in normal form; and the other time that was asked for, each piece with one reason."""

    excluded: tuple[Interval, ...]
    not_excluded: tuple[tuple[Interval, NotExcluded], ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What was announced while one notice was in force."""

    in_force: Interval
    announced: Interval | None
    """By the notice in force; None while it is a withdrawal, or a move that nobody was given yet."""
    withdraws: bool
    before: tuple[Interval, ...]
    """What earlier notices had announced."""
    in_time: tuple[Interval, ...]
    """What announcements given in time, and not withdrawn since, had announced."""


def judge_maintenance(maintenance: Maintenance, part: Part, zone: ZoneInfo, known_ms: int) -> Judged:
    """Judge a maintenance within a part of a period, before any ceiling; open work lasts until known."""
    standings = _standings(maintenance, part.terms)
    work = _work(maintenance, known_ms)
    in_time = [
        span
        for standing in standings
        if standing.announced
        for span in clip(intersect([standing.announced], standing.in_time), standing.in_force)
    ]
    allowed = _allowed(part, zone)
    in_windows = union(span for each in in_time for span in cut_out(allowed, each))
    excluded = intersect(in_windows, work) if _only_work(part.terms) else in_windows
    return in_order(
        clip(excluded, part.interval),
        [
            ("withdrawn", _left(standings, withdrawn=True)),
            ("moved", _left(standings, withdrawn=False)),
            ("too-late", subtract(_ever_announced(maintenance), in_time)),
            ("outside-window", subtract(in_time, in_windows)),
            ("no-work", subtract(in_windows, excluded)),
            ("overrun", _overrun(standings, work)),
        ],
        part.interval,
    )


def in_order(
    excluded: Sequence[Interval],
    reasons: Iterable[tuple[NotExcluded, list[Interval]]],
    bounds: Interval,
) -> Judged:
    """Give every other instant within the bounds the first reason that applies to it."""
    taken = list(excluded)
    not_excluded: list[tuple[Interval, NotExcluded]] = []
    for why, spans in reasons:
        if not spans:
            continue
        first_here = subtract(clip(spans, bounds), taken)
        not_excluded += [(span, why) for span in first_here]
        taken += first_here
    return Judged(tuple(excluded), tuple(sorted(not_excluded)))


def joined(pieces: Iterable[Judged]) -> Judged:
    """What several judgements of different intervals say together."""
    each = list(pieces)
    if len(each) == 1:
        return each[0]
    excluded: list[Interval] = []
    reasons: dict[NotExcluded, list[Interval]] = {}
    for judged in each:
        excluded += judged.excluded
        for span, why in judged.not_excluded:
            reasons.setdefault(why, []).append(span)
    not_excluded = [(span, why) for why, spans in reasons.items() for span in union(spans)]
    return Judged(tuple(union(excluded)), tuple(sorted(not_excluded)))


# ---------------------------------------------------------------- notices in the order of their giving


@overload
def given_ms(given: Notice, terms: Terms) -> int: ...
@overload
def given_ms(given: Given, terms: Terms) -> int | None: ...
def given_ms(given: Notice | Given, terms: Terms) -> int | None:
    """When a notice was given, by the clock that the terms name; to one contract, if it has it yet."""
    return given.recorded_ms if terms.readings.notice_clock == "recorded" else given.given_ms


def given_in_time(notice: Notice, terms: Terms) -> bool:
    """Whether an announcement came long enough before the start of what it announces.

    Best effort asks only that it was given before the instant itself, so its start does not matter.
    """
    if notice.announced is None:
        return False
    early = given_ms(notice, terms) + terms.notice_ms <= notice.announced.start_ms
    return early or terms.readings.notice == "best-effort"


def in_force(maintenance: Maintenance, terms: Terms) -> Iterator[tuple[Notice, Interval]]:
    """Every notice in the order of their giving, from the moment it was given until the next one was."""
    notices = sorted(maintenance.notices, key=lambda notice: (given_ms(notice, terms), notice.position))
    turns = [*(given_ms(notice, terms) for notice in notices), END_OF_TIME_MS]
    for notice, (start_ms, end_ms) in zip(notices, pairwise(turns), strict=True):
        yield notice, Interval(start_ms, max(start_ms, end_ms))


def _standings(maintenance: Maintenance, terms: Terms) -> list[_Standing]:
    """What was announced while each notice was in force, one after the other."""
    standings = []
    before: list[Interval] = []
    in_time: list[Interval] = []
    for notice, while_in_force in in_force(maintenance, terms):
        withdraws = notice.kind == "withdrawn"
        if withdraws:
            in_time = []
        elif notice.announced and given_in_time(notice, terms):
            in_time = [*in_time, notice.announced]
        standings.append(
            _Standing(while_in_force, notice.announced, withdraws, tuple(before), tuple(in_time))
        )
        before += [notice.announced] if notice.announced else []
    return standings


# ---------------------------------------------------------------- what the reasons are about


def _allowed(part: Part, zone: ZoneInfo) -> list[Interval]:
    if part.terms.readings.maintenance_hours == "anywhere":
        return [part.interval]
    return maintenance_windows(part.terms, zone, part.interval)


def _only_work(terms: Terms) -> bool:
    return terms.readings.maintenance_extent == "work"


def _work(maintenance: Maintenance, known_ms: int) -> list[Interval]:
    if maintenance.started_ms is None:
        return []
    finished_ms = known_ms if maintenance.finished_ms is None else maintenance.finished_ms
    return union([Interval(maintenance.started_ms, finished_ms)])


def _ever_announced(maintenance: Maintenance) -> list[Interval]:
    return union(notice.announced for notice in maintenance.notices if notice.announced)


def _left(standings: Sequence[_Standing], *, withdrawn: bool) -> list[Interval]:
    """What had been announced and no longer was when it came: the announcement withdrawn, or moved away."""
    return union(
        span
        for standing in standings
        if standing.withdraws == withdrawn
        for span in clip(
            subtract(standing.before, [standing.announced] if standing.announced else []), standing.in_force
        )
    )


def _overrun(standings: Sequence[_Standing], work: Sequence[Interval]) -> list[Interval]:
    """Work after the end of what was then announced."""
    return union(
        span
        for standing in standings
        if standing.announced
        for span in clip(
            clip(work, standing.in_force), Interval(standing.announced.end_ms, standing.in_force.end_ms)
        )
    )
