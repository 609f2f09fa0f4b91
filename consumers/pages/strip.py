"""A platform's period as a strip: one mark for each local day, and a closer look at the eventful days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from ledger.instants import HOUR_MS, MINUTE_MS, from_ms, parse_instant
from ledger.interval import Interval
from projections.calendar import day_interval
from projections.figures import Class, ClassesMs, PlatformAvailability, Statement, Stretch, Verdict

Mark = Literal[
    "outside", "up", "excluded-maintenance", "excluded-force-majeure", "unknown", "down-1", "down-2", "down-3"
]
"""What a day is shown as: the gravest thing in it. Down has three severities."""

DOWN_2_FROM_MS = 10 * MINUTE_MS
DOWN_3_FROM_MS = HOUR_MS


@dataclass(frozen=True, slots=True)
class Cell:
    """One local day of a strip."""

    day: date
    mark: Mark
    classes_ms: ClassesMs


@dataclass(frozen=True, slots=True)
class Segment:
    """What of a stretch lies in a day, in milliseconds from the day's start."""

    start_ms: int
    end_ms: int
    class_: Class
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class EventfulDay:
    """A local day, whole, with the stretches in it; what lies between them was up or outside."""

    day: date
    length_ms: int
    hours: tuple[tuple[int, int], ...]
    """Every third hour of the wall clock, and where it stands, in milliseconds from the day's start."""
    classes_ms: ClassesMs
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Strips:
    """Every platform's cells under the same days; None where a platform has none."""

    days: tuple[date, ...]
    rows: dict[str, tuple[Cell | None, ...]]

    def cut(self, length: int) -> "Iterator[Strips]":
        """The same in blocks of at most so many days."""
        for first in range(0, len(self.days), length):
            taken = slice(first, first + length)
            yield Strips(self.days[taken], {name: cells[taken] for name, cells in self.rows.items()})


def strips(statement: Statement) -> Strips:
    """The strips of all platforms of a statement."""
    found = {
        each.platform: {cell.day: cell for cell in cells(each)} for each in statement.availability.platforms
    }
    days = tuple(sorted({day for its in found.values() for day in its}))
    return Strips(days, {name: tuple(its.get(day) for day in days) for name, its in found.items()})


def cells(platform: PlatformAvailability) -> list[Cell]:
    """The days of a platform's period in order."""
    return [
        Cell(date.fromisoformat(each.day), mark_of(each.classes_ms), each.classes_ms)
        for each in platform.days
    ]


def mark_of(classes_ms: ClassesMs) -> Mark:
    """The gravest class of a day: down before unknown before excluded before up before outside."""
    if classes_ms.down:
        return _severity(classes_ms.down)
    if classes_ms.unknown:
        return "unknown"
    if classes_ms.excluded_force_majeure:
        return "excluded-force-majeure"
    if classes_ms.excluded_maintenance:
        return "excluded-maintenance"
    return "up" if classes_ms.up else "outside"


def _severity(down_ms: int) -> Mark:
    if down_ms < DOWN_2_FROM_MS:
        return "down-1"
    return "down-2" if down_ms < DOWN_3_FROM_MS else "down-3"


def eventful_days(statement: Statement, platform: PlatformAvailability) -> list[EventfulDay]:
    """The days of a platform that a stretch touches: those that were not simply up or outside."""
    zone = ZoneInfo(statement.zone)
    stretches = [each for each in statement.stretches if each.platform == platform.platform]
    found = []
    for cell in cells(platform):
        whole = day_interval(zone, cell.day)
        segments = tuple(_segments(stretches, whole))
        if segments:
            hours = tuple(_hours(zone, whole))
            found.append(EventfulDay(cell.day, whole.length_ms, hours, cell.classes_ms, segments))
    return found


def _segments(stretches: Sequence[Stretch], day: Interval) -> Iterator[Segment]:
    for each in stretches:
        start_ms, end_ms = (
            max(parse_instant(each.start), day.start_ms),
            min(parse_instant(each.end), day.end_ms),
        )
        if start_ms < end_ms:
            yield Segment(start_ms - day.start_ms, end_ms - day.start_ms, each.class_, each.verdict)


def _hours(zone: ZoneInfo, day: Interval) -> Iterator[tuple[int, int]]:
    for at_ms in range(day.start_ms, day.end_ms, HOUR_MS):
        local = from_ms(at_ms).astimezone(zone)
        if local.hour % 3 == 0 and local.minute == 0:
            yield local.hour, at_ms - day.start_ms
