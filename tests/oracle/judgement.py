"""The periods of a contract, each judged and granted its days; the numbers are those of the rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tests.oracle.facts import Fact, Joined
from tests.oracle.penalty import Platform, judge_platform
from tests.oracle.pieces import pieces_of
from tests.oracle.rolling import come_to
from tests.oracle.wall_clock import local_day, midnight_ms, next_month
from tests.oracle.world import Points, World, every_change

Period = int | tuple[int, int]
"""The k-th period of the contract, or an interval of instants."""


@dataclass(frozen=True)
class Judgement:
    start_ms: int
    end_ms: int
    number: int | None
    complete: bool
    platforms: dict[str, Platform]
    days_accrued: int
    days_granted: int
    days_left_under_cap: int


def judge(
    facts: Sequence[Fact],
    known_ms: int,
    period: Period,
    readings: dict[str, str] | None = None,
    points: Points = every_change,
) -> Judgement:
    """What a period comes to, as known at a moment."""
    world = World(facts, known_ms, readings or {}, points)
    if isinstance(period, int):
        return in_order(world, periods(world)[:period])[period - 1]
    start_ms, end_ms = max(period[0], world.start_ms), min(period[1], world.end_ms)
    before = in_order(world, [bounds for bounds in periods(world) if bounds[1] <= start_ms])
    return granted(world, judge_alone(world, start_ms, end_ms, None), before)


# ---------------------------------------------------------------- 1.2 periods


def periods(world: World) -> list[tuple[int, int]]:
    """Every period begun before the moment known, cut to the term."""
    found: list[tuple[int, int]] = []
    day = world.signed.first_day
    while (start_ms := midnight_ms(world.zone, day)) < min(world.end_ms, world.known_ms):
        by_month = world.versions[0][1].reading("period") == "calendar-month"
        day = next_month(day) if by_month else day + timedelta(days=30)
        found.append((start_ms, min(midnight_ms(world.zone, day), world.end_ms)))
    return found


# ---------------------------------------------------------------- 5.7 cap


def in_order(world: World, some: Sequence[tuple[int, int]]) -> list[Judgement]:
    """Periods of the contract from the first on, each granted what the earlier ones left under the cap."""
    judged: list[Judgement] = []
    for number, (start_ms, end_ms) in enumerate(some, 1):
        judged.append(granted(world, judge_alone(world, start_ms, end_ms, number), judged))
    return judged


def granted(world: World, judged: Judgement, earlier: Sequence[Judgement]) -> Judgement:
    """An interval that is none of the contract's periods comes after those that had ended when it begins."""
    terms = world.terms_at(judged.start_ms)
    if terms.reading("cap") == "contract-year":
        year = contract_year(world, judged.start_ms)
        earlier = [each for each in earlier if contract_year(world, each.start_ms) == year]
    left = max(0, terms.cap_days - sum(each.days_granted for each in earlier))
    days = min(judged.days_accrued, left)
    return replace(judged, days_granted=days, days_left_under_cap=left - days)


def contract_year(world: World, at_ms: int) -> int:
    """How many anniversaries of the first day have come; that of a 29 February is the 28th in other years."""
    first, day = world.signed.first_day, local_day(world.zone, at_ms)
    months = 12 * (day.year - first.year) + day.month - first.month
    last_of_month = (day + timedelta(days=1)).month != day.month
    return (months - (day.day < first.day and not last_of_month)) // 12


# ---------------------------------------------------------------- one period


def judge_alone(world: World, start_ms: int, end_ms: int, number: int | None) -> Judgement:
    """6: a period that had not ended runs to the moment known."""
    until_ms = min(end_ms, world.known_ms)
    terms = world.terms_at(start_ms)  # target, tranche and cap: those of the first day
    names = sorted({fact.platform for fact in world.of(Joined)})
    belongs = [n for n in names if any(max(s, start_ms) < min(e, until_ms) for s, e in world.holds_on(n))]
    platforms = {name: judge_platform(terms, pieces_of(world, name, start_ms, until_ms)) for name in belongs}
    if number is not None and world.versions[0][1].reading("period") == "rolling-30-days":
        platforms = {
            name: by_windows(world, name, platform, start_ms, until_ms)
            for name, platform in platforms.items()
        }
    days = [platform.days for platform in platforms.values()]
    accrued = sum(days) if terms.reading("several-platforms") == "each" else max(days, default=0)
    return Judgement(start_ms, until_ms, number, end_ms <= world.known_ms, platforms, accrued, 0, 0)


def by_windows(world: World, name: str, platform: Platform, start_ms: int, end_ms: int) -> Platform:
    """5.6: what the windows came to by the end of the period, less what they had come to before it."""
    by_end, before = come_to(world, name, end_ms), come_to(world, name, start_ms)
    return replace(
        platform,
        target_met=not by_end.in_breach - before.in_breach,
        penalised_ms=by_end.penalised_ms - before.penalised_ms,
        tranches=by_end.tranches - before.tranches,
        days=by_end.days - before.days,
    )
