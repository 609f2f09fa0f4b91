"""What is told of a source that samples, however often a part of it is read."""

import polars as pl

from ledger.intake.sampling import Sampling


def minutes(*numbers):
    return pl.DataFrame({"platform": "acme", "observed_ms": [number * 60_000 for number in numbers]})


def told(*parts):
    sampling = Sampling()
    for part in parts:
        sampling.add(part)
    return sampling.notes()


def test_a_gap_is_told_once_however_often_it_is_read():
    once = told(minutes(0, 1, 2, 3, 10, 11, 12))

    assert once == told(minutes(0, 1, 2, 3, 10), minutes(3, 10, 11), minutes(2, 3, 10, 11), minutes(11, 12))
    assert "1 gap, the longest of 420 s" in once[0]


def test_what_is_read_once_more_does_not_change_how_often_it_was_looked():
    """Otherwise the last five minutes, read each minute, would outweigh the day before."""
    day = minutes(*range(0, 100, 2))
    end = [minutes(98, 99)] * 60

    assert "a result every 120 s" in told(day, *end)[0]
