"""Where things stand in the page's drawings, in whole units: the same statement draws the same bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from consumers.pages.strip import EventfulDay, Segment
from projections.figures import ClassesMs

CELL = 22
CELL_GAP = 2
CELL_HEIGHT = 26
STRIP_DAYS = 31
"""How many days a strip shows before the next begins below."""

LINE_WIDTH = 720
LINE_HEIGHT = 22
SLIVER = 4
"""What is short is drawn this wide, or nobody would see it."""

LANES: dict[str, tuple[int, int]] = {
    "down": (1, 20),
    "unknown": (5, 12),
    "excluded-force-majeure": (1, 10),
    "excluded-maintenance": (11, 10),
    "degraded": (7, 8),
    "outside": (9, 4),
}
"""Top and height by class: even without colour no two look alike."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a day's line."""

    x: int
    y: int
    width: int
    height: int
    class_: str


def cell_x(index: int) -> int:
    """Where the cell of a day stands."""
    return index * (CELL + CELL_GAP)


def strip_width(days: tuple[date, ...]) -> int:
    """How wide a strip of these days is."""
    return cell_x(len(days)) - CELL_GAP


def bars(day: EventfulDay) -> Iterator[Bar]:
    """The stretches of a day as rectangles, in order of time."""
    for segment in day.segments:
        x = _x(segment.start_ms, day)
        width = max(SLIVER, _x(segment.end_ms, day) - x)
        class_ = _class_of(segment)
        y, height = LANES[class_]
        yield Bar(min(x, LINE_WIDTH - width), y, width, height, class_)


def ticks(day: EventfulDay) -> list[tuple[int, int]]:
    """Every third hour of the wall clock, and where it stands."""
    return [(hour, _x(at_ms, day)) for hour, at_ms in day.hours]


def rest_of(classes_ms: ClassesMs) -> str:
    """What lies between the stretches of a day: up, outside, or some of each."""
    if not classes_ms.outside:
        return "up"
    return "mixed" if classes_ms.up else "outside"


def _x(offset_ms: int, day: EventfulDay) -> int:
    return offset_ms * LINE_WIDTH // day.length_ms


def _class_of(segment: Segment) -> str:
    # A stretch that counts as up is one that was not simply up.
    return "degraded" if segment.class_ == "up" else segment.class_
