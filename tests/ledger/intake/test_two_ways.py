"""The two ways of reading: what the fast one accepts, the slow one accepts as the same results."""

import csv
import string

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ledger.intake.columns import COLUMNS, Columns
from ledger.intake.files import open_source
from ledger.intake.rejects import Rejects
from ledger.intake.results import read_fast, read_slowly
from tests.spec import ms

NOW_MS = ms("2026-11-02T00:00:00Z")
LETTERS = [*string.printable, "é", "\ufeff", "\x85", "\u2003", "٣", "🟩"]
ROUGH = st.text(st.sampled_from(LETTERS), max_size=8)
OFFSETS = ["Z", "+00:00", "-11:30", "+02:00", "+14:00"]
DAYS = ["2026-10-06", "2026-10-31", "2024-02-29", "2001-01-01"]
ISO_TIMES = st.builds(
    "{}T{:02}:{:02}:{:02}{}{}".format,
    st.sampled_from(DAYS),
    st.integers(0, 12),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(["", ".000", ".123", ".999999"]),
    st.sampled_from(OFFSETS),
)
ODD_TIMES = st.builds(
    "{}{}{:02}:{:02}:{:02}{}{}".format,
    st.sampled_from(
        [*DAYS, "2026-02-29", "1999-12-31", "2000-01-01", "2016-12-31", "2027-01-01", "20261006"]
    ),
    st.sampled_from(["T", " ", "t", "TT"]),
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 61),
    st.sampled_from(["", ".1", ".1234", ".123456789", ",5", "."]),
    st.sampled_from([*OFFSETS, "", "z", " ", "+0200", "+02", "+23:59", "+24:00", "-00:00", "+02:60"]),
)
TIMES = {
    "iso": ISO_TIMES,
    "epoch-s": st.integers(946_684_800, 1_793_000_000).map(str),
    "epoch-ms": st.integers(946_684_800_000, 1_793_000_000_000).map(str),
}
USUAL = {
    "platform": st.sampled_from(["acme", "Manual (dev)", "p-01", " padded"]),
    "outcome": st.sampled_from(["up", "degraded", "down", "unknown"]),
    "agent": st.sampled_from(["", "paris", "lyon-1"]),
    "status": st.one_of(st.just(""), st.integers(0, 999).map(str)),
    "latency_ms": st.one_of(st.just(""), st.integers(0, 99_999).map(str), st.just("80.5")),
    "error": st.sampled_from(["", "timeout after 10 s", "x" * 600, " spaced "]),
}
ODD = {
    "platform": ROUGH,
    "observed_at": st.one_of(
        ODD_TIMES, ROUGH, st.sampled_from(["-1", "1e9", "1792747860.5", "1_7", "+17", "٣"])
    ),
    "outcome": st.one_of(ROUGH, st.sampled_from(["UP", " up", "", "0"])),
    "agent": ROUGH,
    "status": st.one_of(ROUGH, st.sampled_from(["-1", "+200", "1000", "٣", " 200", "200.0"])),
    "latency_ms": st.one_of(ROUGH, st.sampled_from(["-1", "1e3", "9" * 10, ".", ".5", "٣"])),
    "error": ROUGH,
}


def usual_row(time):
    return st.fixed_dictionaries({"observed_at": TIMES[time], **USUAL})


@st.composite
def files(draw):
    """Rows of a file and the form of its times; about one file in two has one odd cell."""
    time = draw(st.sampled_from(sorted(TIMES)))
    rows = draw(st.lists(usual_row(time), min_size=1, max_size=5))
    if draw(st.booleans()):
        column = draw(st.sampled_from(COLUMNS))
        rows[draw(st.integers(0, len(rows) - 1))][column] = draw(ODD[column])
    return time, rows


def both(path, time):
    """What each way makes of a file (None if the fast one passes it on), and what the slow one rejects."""
    source = open_source(path, Columns(time=time, agent="default"))
    rejects = Rejects(source)
    (batch,) = source.batches()
    return read_fast(batch, source, NOW_MS), read_slowly(batch, source, NOW_MS, rejects), rejects


def write(folder, ending, rows):
    path = folder / f"results{ending}"
    if ending == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    elif ending == ".ndjson":
        pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)).write_ndjson(path)
    else:
        pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)).write_parquet(path)
    return path


@pytest.mark.parametrize("ending", [".csv", ".ndjson", ".parquet"])
@given(data=st.data())
def test_usual_results_are_read_at_once_and_as_they_are_one_by_one(tmp_path, ending, data):
    time = data.draw(st.sampled_from(sorted(TIMES)))
    path = write(tmp_path, ending, data.draw(st.lists(usual_row(time), min_size=1, max_size=5)))

    fast, slow, rejects = both(path, time)

    assert rejects.kept == []
    assert_frame_equal(fast, slow)


@pytest.mark.parametrize("ending", [".csv", ".ndjson", ".parquet"])
@given(file=files())
def test_what_the_fast_way_accepts_the_slow_way_accepts_as_the_same(tmp_path, ending, file):
    time, rows = file
    path = write(tmp_path, ending, rows)

    fast, slow, rejects = both(path, time)

    if fast is not None:
        assert rejects.kept == []
        assert_frame_equal(fast, slow)
    else:
        assert slow.height + rejects.count == len(rows) or ending == ".csv"


@given(
    file=files(),
    at=st.integers(0, 400),
    damage=st.one_of(
        st.binary(max_size=3), ROUGH.map(str.encode), st.sampled_from([b"\n", b'"', b",", b"\r"])
    ),
)
def test_a_damaged_csv_file_is_read_the_same_in_both_ways_or_left_to_the_slow_one(tmp_path, file, at, damage):
    time, rows = file
    path = write(tmp_path, ".csv", rows)
    header, _, body = path.read_bytes().partition(b"\n")
    at %= len(body) - 1  # without its last newline the file would be read in two parts
    path.write_bytes(header + b"\n" + body[:at] + damage + body[at + 1 :])

    fast, slow, rejects = both(path, time)

    if fast is not None:
        assert rejects.kept == []
        assert_frame_equal(fast, slow)
