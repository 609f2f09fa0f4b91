"""The days of a period, kept in columns: each platform finds its own."""

from datetime import date

import pytest

from projections.day_sums import Columns, DaySums
from projections.figures import CLASSES

DAYS = [date(2026, 10, 24), date(2026, 10, 25)]
COLUMNS = Columns(
    {day: place for place, day in enumerate(DAYS)},
    {name: [10 * place, 1, 2, 3] for place, name in enumerate(CLASSES)},
)
FIRST, SECOND = DaySums(COLUMNS), DaySums(COLUMNS, 2)


def test_each_platform_finds_its_own_days():
    assert list(FIRST) == list(SECOND) == DAYS
    assert [FIRST[day]["down"] for day in DAYS] == FIRST.of("down") == [40, 1]
    assert [sums["down"] for sums in SECOND.values()] == SECOND.of("down") == [2, 3]
    assert FIRST.totals_ms == {name: 10 * place + 1 for place, name in enumerate(CLASSES)}
    assert SECOND.totals_ms == dict.fromkeys(CLASSES, 5)
    assert FIRST == DaySums(COLUMNS) != SECOND


def test_a_day_outside_of_the_period_has_no_sums():
    with pytest.raises(KeyError):
        FIRST[date(2026, 10, 26)]
