"""From the classes of one platform's time to its availability, tranches and days (5.1 to 5.5 of the rules)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

from tests.oracle.facts import Terms
from tests.oracle.pieces import Piece
from tests.oracle.wall_clock import MINUTE_MS
from tests.oracle.world import CLASSES


@dataclass(frozen=True)
class Platform:
    classes_ms: dict[str, int]
    days_ms: dict[str, dict[str, int]]
    percent: str | None
    percent_bounds: tuple[str, str] | None
    coverage_percent: str | None
    target_met: bool
    counted_down_ms: int
    penalised_ms: Fraction
    tranches: int
    days: int


def judge_platform(terms: Terms, pieces: Sequence[Piece]) -> Platform:
    classes = {name: sum(p.length_ms for p in pieces if p.class_ == name) for name in CLASSES}
    up, down, base = counted(terms, classes)
    penalised = penalised_time(terms, pieces) if is_missed(terms, pieces) else Fraction(0)
    tranches = count_tranches(terms, pieces, penalised)
    observed = classes["up"] + classes["down"]
    return Platform(
        classes_ms=classes,
        days_ms={str(day): day_classes(pieces, day) for day in sorted({p.day for p in pieces})},
        percent=percent(up, base),
        percent_bounds=bounds(terms, classes),
        coverage_percent=percent(observed, observed + classes["unknown"]),
        target_met=not is_missed(terms, pieces),
        counted_down_ms=down,
        penalised_ms=penalised,
        tranches=tranches,
        days=tranches * terms.days_per_tranche,
    )


def day_classes(pieces: Sequence[Piece], day: date) -> dict[str, int]:
    return {c: sum(p.length_ms for p in pieces if p.day == day and p.class_ == c) for c in CLASSES}


def counted(terms: Terms, classes: dict[str, int], unknown_as: str | None = None) -> tuple[int, int, int]:
    """5.1: what counts as up, what counts as down, and the base."""
    unknown_as = unknown_as or terms.reading("unknown-time")
    excluded = classes["excluded-maintenance"] + classes["excluded-force-majeure"]
    up = classes["up"] + (excluded if terms.reading("excluded-time") == "counts-as-up" else 0)
    up += classes["unknown"] if unknown_as == "as-up" else 0
    down = classes["down"] + (classes["unknown"] if unknown_as == "as-down" else 0)
    return up, down, up + down


def percent(part: int, whole: int) -> str | None:
    """Cut after two decimals."""
    if whole == 0:
        return None
    hundredths = 10_000 * part // whole
    return f"{hundredths // 100}.{hundredths % 100:02}"


def bounds(terms: Terms, classes: dict[str, int]) -> tuple[str, str] | None:
    """The share with all unknown time down, and with all of it up."""
    worst_up, _, worst_base = counted(terms, classes, "as-down")
    best_up, _, best_base = counted(terms, classes, "as-up")
    worst, best = percent(worst_up, worst_base), percent(best_up, best_base)
    return (worst, best) if worst is not None and best is not None else None


def totals(terms: Terms, pieces: Sequence[Piece]) -> tuple[int, int, int]:
    return counted(terms, {name: sum(p.length_ms for p in pieces if p.class_ == name) for name in CLASSES})


def daily_excess(terms: Terms, pieces: Sequence[Piece]) -> int:
    """How much of the down time exceeds each local day's minutes."""
    allowed_ms = terms.daily_allowance_minutes * MINUTE_MS
    days = {p.day for p in pieces}
    downs = [totals(terms, [p for p in pieces if p.day == day])[1] for day in days]
    return sum(max(0, down_ms - allowed_ms) for down_ms in downs)


def is_missed(terms: Terms, pieces: Sequence[Piece]) -> bool:
    """5.2: without a base nothing is missed."""
    up, _, base = totals(terms, pieces)
    share_missed = base > 0 and Fraction(up, base) < terms.target_percent / 100
    daily_missed = daily_excess(terms, pieces) > 0
    target = terms.reading("target")
    return (target != "daily" and share_missed) or (target != "share" and daily_missed)


def penalised_time(terms: Terms, pieces: Sequence[Piece]) -> Fraction:
    """5.3."""
    _, down, base = totals(terms, pieces)
    if terms.reading("penalised") == "all":
        return Fraction(down)
    beyond_share = down - (1 - terms.target_percent / 100) * base
    beyond_daily = Fraction(daily_excess(terms, pieces))
    target = terms.reading("target")
    chosen = {"share": beyond_share, "daily": beyond_daily, "both": max(beyond_share, beyond_daily)}
    return max(Fraction(0), chosen[target])


def count_tranches(terms: Terms, pieces: Sequence[Piece], penalised: Fraction) -> int:
    """5.4."""
    if terms.reading("tranche-over") == "period":
        return whole_tranches(terms, penalised)
    downs = outages(terms, pieces)
    spared = sum(downs) - penalised
    tranches = 0
    for down in downs:  # the earliest first
        taken = min(spared, Fraction(down))
        spared -= taken
        tranches += whole_tranches(terms, down - taken)
    return tranches


def whole_tranches(terms: Terms, time: Fraction) -> int:
    count = time / (terms.tranche_minutes * MINUTE_MS)
    return floor(count) if terms.reading("tranche") == "complete" else ceil(count)


def outages(terms: Terms, pieces: Sequence[Piece]) -> list[int]:
    """The counted down time of each maximal interval in which the verdict counts as down, oldest first."""
    bad = {"down", "unknown"} if terms.reading("unknown-time") == "as-down" else {"down"}
    found: list[int] = []
    was_bad = False
    for piece in pieces:
        is_bad = piece.counts_as in bad
        if is_bad and not was_bad:
            found.append(0)
        if is_bad and piece.class_ in bad:
            found[-1] += piece.length_ms
        was_bad = is_bad
    return found
