"""How often an exporter was away: as often as it was missed, and not as often as there are targets."""

import polars as pl
import pytest

from ledger.intake.failed_scrapes import FailedScrapes

TARGETS = 13
SERIES = {number: (("instance", str(number)),) for number in range(TARGETS)}
EVERY_MS = 15_000


def failed(*moments):
    """`(series, seconds)` at which the exporter did not answer."""
    rows = [(series, int(1000 * at_s)) for series, at_s in moments]
    return pl.DataFrame(rows, schema=["series", "observed_ms"], orient="row")


def all_targets(*begin_s):
    """Every target misses it, a second after the one before."""
    return failed(*((series, at_s + series) for at_s in begin_s for series in SERIES))


def counted(*parts, usual_ms=EVERY_MS):
    found = FailedScrapes()
    for part in parts:
        found.add(part, SERIES, usual_ms)
    return found.count


@pytest.mark.parametrize("usual_ms", [EVERY_MS, 0])
def test_four_failures_seen_by_thirteen_targets_are_four(usual_ms):
    assert counted(all_targets(0, 15, 30, 45), usual_ms=usual_ms) == 4


def test_two_exporters_that_are_away_at_other_times_are_counted_one_after_the_other():
    assert counted(failed((0, 0), (0, 15), (1, 7200), (1, 7215))) == 4


def test_a_failure_that_two_parts_share_is_one():
    first, second = failed((0, 1), (1, 2)), failed((2, 3), (3, 4), (0, 16))

    assert counted(first, second) == 2


def test_what_is_read_once_more_is_not_counted_once_more_also_in_the_next_reading():
    found = FailedScrapes()
    found.add(all_targets(0, 15), SERIES, EVERY_MS)
    found.begin()

    found.add(all_targets(0, 15, 30), SERIES, EVERY_MS)

    assert found.count == 1
