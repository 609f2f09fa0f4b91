"""`constat bench` on half a day of twenty platforms: every line is there, and no time of other figures."""

import json
from xml.etree import ElementTree as ET

import pytest

from consumers.bench import beside, curves, on_kafka, replay, run, sizes
from consumers.bench.curves import Curve, Point
from consumers.bench.measure import Ratios, in_turns
from consumers.bench.month import MONTHS, Month
from consumers.bench.part import Part
from consumers.bench.peers import one_event_each, one_fact_each
from consumers.bench.plot import svg
from consumers.bench.sums import FROZEN, Sums
from consumers.bench.table import Line, as_text

NOON = Month("noon", platforms=20, minutes=720, not_up_tenths=60, notices=4)
SMALL = run.Extent(NOON, range(720), turns=1, parquet=range(720), events=range(540, 560))


@pytest.fixture
def part(tmp_path):
    return Part(NOON, range(720), tmp_path)


def test_the_table_has_a_line_for_each_way(constat, monkeypatch, tmp_path):
    monkeypatch.setattr(run, "QUICK", SMALL)

    answer = constat("bench", "--quick", "--json", "--keep", str(tmp_path / "kept"))

    table = json.loads(answer.out)
    told = " | ".join(line["what"] for line in table["lines"])
    for what in (
        "read and hashed",
        "free days",
        "as known at",
        "the sums from the cache",
        "moments, from the cache",
        "constat penalties",
        "one JSON event for each",
        "a fact of the decision log",
    ):
        assert what in told
    for what in ("Polars, Parquet as it arrived", "sorted by platform", "DuckDB", "bytes a result"):
        assert what in told
    assert table["machine"]["python"]
    assert (tmp_path / "kept" / "noon-0-720.db").exists()


@pytest.mark.parametrize("requires", [True, False])
def test_a_ratio_is_required_of_the_whole_month_alone(tmp_path, monkeypatch, requires):
    """What does not grow with the results weighs on two days, and half of the time they came below it."""
    monkeypatch.setattr(beside, "ONE_EVENT_LEAST", 1_000_000)

    lines = list(run.lines(tmp_path, SMALL._replace(requires=requires), lambda _: None, None))

    assert any(line.failed for line in lines) is requires
    assert (run.WHOLE.requires, run.QUICK.requires) == (True, False)


@pytest.mark.parametrize(("least", "code"), [(3, 0), (4, 1)])
def test_the_code_says_whether_a_line_was_below_its_ratio(constat, monkeypatch, least, code):
    line = Line("DuckDB", "that replay", Ratios((3.5,), 1.0, 0.3), least=least)
    monkeypatch.setattr(run, "lines", lambda *_: [line])

    assert constat("bench", "--quick").code == code


@pytest.mark.parametrize(("peer", "what"), [(one_event_each, "event"), (one_fact_each, "fact")])
def test_no_time_is_printed_of_a_way_that_comes_to_other_sums(part, monkeypatch, peer, what):
    monkeypatch.setattr(peer, "replay", lambda *_: Sums(0, 0, 0, 1))

    with pytest.raises(AssertionError, match=f"one {what} for each result comes to Sums"):
        list(beside.each_result(part, part, turns=1))


def test_another_month_is_replayed_alone(constat, monkeypatch):
    monkeypatch.setitem(MONTHS, "bad", NOON)

    answer = constat("bench", "--month", "bad")

    assert answer.code == 0, answer.err
    assert "free days" in answer.out
    assert "Polars" not in answer.out.rpartition("\n\n")[0]


def test_a_kept_folder_is_gone_on_with(part):
    part.replay()
    written = part.ledger.stat().st_mtime_ns

    assert Part(NOON, range(720), part.folder).replay() == part.replay()
    assert part.ledger.stat().st_mtime_ns == written


def test_no_time_is_printed_of_a_month_that_comes_to_other_sums(part, monkeypatch):
    monkeypatch.setitem(FROZEN, part.name, Sums(0, 0, 0, 1))

    with pytest.raises(AssertionError, match="and were Sums"):
        replay.require_frozen(part)


def test_a_line_below_its_ratio_fails_and_says_what_was_required():
    slow = Line("DuckDB", "that replay", Ratios((3.0, 3.5, 4.5), 1.0, 0.3), least=4)

    assert slow.failed
    assert "**3.5** (required: 4)" in as_text([slow])
    assert not slow._replace(least=3).failed


def test_a_ratio_is_to_the_runs_before_and_behind_it():
    def work(times):
        return lambda: sum(range(times * 200_000))

    (ratios,) = in_turns(work(1), [work(8)], turns=5)

    assert len(ratios.each) == 5
    assert 4 < ratios.median < 16


def test_on_a_broker_the_month_comes_to_the_same_sums(broker, part):
    lines = list(on_kafka.lines(part, broker, 1, lambda _: None))

    read, sizes_there = lines[:3], lines[3:]
    assert [line.what[:15] for line in read] == ["from the broker"] * 2 + ["a round on the "]
    with part.known() as known:
        values = [kept.value for kept in known.rounds()]
    raw = sum(map(len, values)) / sizes.results_in(values)
    *compressed, alone, together = [float(line.figure.removesuffix(" B")) for line in sizes_there]
    assert len(compressed) == 4
    assert max(compressed) < raw < together < alone < 2 * raw


def test_the_plot_is_an_image_with_both_curves(constat, monkeypatch, tmp_path):
    monkeypatch.setattr(curves, "PLATFORMS", (10, 20))
    monkeypatch.setattr(curves, "TENTHS", (1, 10))
    monkeypatch.setattr(curves, "DAYS", range(60))

    answer = constat("bench", "--plot", str(tmp_path / "cost.svg"))

    assert answer.code == 0, answer.err
    drawn = ET.parse(tmp_path / "cost.svg").getroot()
    assert len(drawn.findall(".//{*}circle")) == 4
    assert "more exceptions" in answer.out


def test_what_costs_in_proportion_lies_on_the_dashed_line():
    picture = svg([Curve("t", "x", [Point(1, 10), Point(10, 100)])], "caption")

    assert 'class="inproportion" d="M 0 300 L 420 0"' in picture
    assert 'class="cost" d="M 0 300 L 420 0"' in picture
