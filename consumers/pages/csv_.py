"""A statement as a sheet: a line for each platform and day, then each platform's totals. Durations in ms.

No cell can be taken for a formula: a text that a spreadsheet would calculate begins with an apostrophe.
"""

import csv
import io
from collections.abc import Iterator

from consumers.pages.harmless import harmless
from consumers.pages.time_table import length_of
from projections.figures import CLASSES, ClassesMs, PlatformAvailability, PlatformPenalty, Statement

TOTAL = "total"
COLUMNS = (
    "contract",
    "platform",
    "day",
    *(f"{class_.replace('-', '_')}_ms" for class_ in CLASSES),
    "percent",
    "percent_worst",
    "percent_best",
    "coverage_percent",
    "target_met",
    "counted_down_ms",
    "penalised_ms",
    "tranches",
    "days",
)
_FORMULA = ("=", "+", "-", "@", "'")

Cell = str | int | None


def rows(statement: Statement) -> str:
    """The sheet, the same bytes each time; figures as in `--json`, and nothing where there is no figure."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in _lines(harmless(statement)):
        writer.writerow([safe(cell) for cell in line] + [""] * (len(COLUMNS) - len(line)))
    return sheet.getvalue()


def _lines(statement: Statement) -> Iterator[list[Cell]]:
    platforms = statement.availability.platforms
    for each in platforms:
        for day in each.days:
            yield [statement.contract, each.platform, day.day, *_lengths(day.classes_ms)]
    penalties = {each.platform: each for each in statement.penalties.platforms}
    for each in platforms:
        yield [statement.contract, each.platform, TOTAL, *_totals(each, penalties[each.platform])]


def _lengths(classes_ms: ClassesMs) -> list[int]:
    return [length_of(classes_ms, class_) for class_ in CLASSES]


def _totals(measured: PlatformAvailability, penalty: PlatformPenalty) -> list[Cell]:
    worst, best = measured.percent_bounds or (None, None)
    return [
        *_lengths(measured.classes_ms),
        measured.percent,
        worst,
        best,
        measured.coverage_percent,
        "yes" if measured.target_met else "no",
        penalty.counted_down_ms,
        penalty.penalised_ms,
        penalty.tranches,
        penalty.days,
    ]


def safe(cell: Cell) -> str:
    """A cell that no spreadsheet calculates; nothing where there is no figure."""
    if not isinstance(cell, str):
        return "" if cell is None else str(cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
