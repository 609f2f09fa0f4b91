"""Files of results: what is taken, what is refused, and what a second import stores."""

import csv

import polars as pl
import pytest

from ledger.errors import BadInputError, ConflictError, UnusableLedgerError
from ledger.intake import importing
from ledger.intake.columns import Columns
from ledger.intake.files import open_source
from ledger.intake.importing import import_source
from ledger.intake.rejects import RejectsFile
from projections.changes import outcome_changes
from tests.spec import Story, ms

NOW_MS = ms("2026-11-01T00:00:00Z")
HEADER = "platform,observed_at,outcome,status,latency_ms,error\n"
GOOD = HEADER + "".join(
    f"p{number},2026-10-06T09:{minute:02}:0{number}+02:00,{'down' if minute == 3 else 'up'},200,80,\n"
    for minute in range(6)
    for number in range(3)
)


@pytest.fixture
def story():
    return Story()


def take(story, path, *, aside=None, transitions=False, **columns):
    source = open_source(path, Columns(agent="paris", **columns))
    return import_source(story.ledger, source, now_ms=NOW_MS, aside=aside, transitions=transitions)


def written(tmp_path, text, name="results.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def changes(story):
    return outcome_changes(story.known(), ["p0", "p1", "p2"], 150_000, NOW_MS).rows()


def test_the_same_file_again_stores_nothing(story, tmp_path):
    path = written(tmp_path, GOOD)

    first, again = take(story, path), take(story, path)

    assert (first.stored, again.stored) == (18, 0)
    assert story.engine.round_head("paris").number == 6


def test_who_may_not_append_rounds_records_no_plan_and_puts_nothing_aside(story, tmp_path, monkeypatch):
    def refuse(_engine):
        raise UnusableLedgerError("you may not write to the probes")

    monkeypatch.setattr(type(story.engine), "require_right_to_rounds", refuse)
    source = open_source(written(tmp_path, GOOD + "p1,never,up,,,\n"), Columns(agent="paris"))

    with (
        pytest.raises(UnusableLedgerError),
        RejectsFile(tmp_path / "aside.csv", [source]) as aside,
    ):
        import_source(story.ledger, source, now_ms=NOW_MS, aside=aside)

    assert story.engine.head().position == 0
    assert not (tmp_path / "aside.csv").exists()


def test_an_overlapping_file_stores_only_what_is_new(story, tmp_path):
    lines = GOOD.splitlines(keepends=True)
    take(story, written(tmp_path, "".join(lines[:10])))

    second = take(story, written(tmp_path, GOOD, "all.csv"))

    assert second.stored == 9


def test_the_order_of_rows_and_of_files_does_not_matter(tmp_path):
    lines = GOOD.splitlines(keepends=True)
    whole, parts = Story(), Story()
    take(whole, written(tmp_path, GOOD))

    take(parts, written(tmp_path, HEADER + "".join(reversed(lines[8:])), "late.csv"))
    take(parts, written(tmp_path, HEADER + "".join(lines[1:8]), "early.csv"))

    assert changes(parts) == changes(whole)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("p0,2026-10-06T10:00:00,up,,,", "zone"),
        ("p0,2026-10-06,up,,,", "write both and an offset: 2026-10-06T00:00+02:00 in Europe/Paris"),
        ("p0,,up,,,", "observed_at is missing"),
        ("p0,2026-10-06T10:00:00+02:00,,,,", "outcome is missing"),
        ("p0,1791266400,up,,,", "say --time epoch-s"),
        ("p0,1791266400000,up,,,", "say --time epoch-ms"),
        ("p0", "has 1 column where the header has 6"),
        ("p0,2026-10-06T10:00:00+02:00,sideways,,,", "sideways"),
        ("p0,2027-10-06T10:00:00+02:00,up,,,", "future"),
        ("p0,2026-10-06T09:03:00+02:00,up,,,", "p0"),
        ("complete garbage", "line 20"),
        (",2026-10-06T10:00:00+02:00,up,,,", "platform"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_nothing_of_the_file_is_stored(story, tmp_path, row, reason):
    with pytest.raises(BadInputError) as refused:
        take(story, written(tmp_path, GOOD + row + "\n"))

    assert "line 20" in str(refused.value)
    assert reason in str(refused.value)
    assert "--rejects" in str(refused.value)
    assert story.engine.head().position == 0
    assert story.engine.agents() == []


def test_only_the_first_ten_bad_rows_are_named_and_the_rest_counted(story, tmp_path):
    bad = "".join(f"p0,2026-10-06T10:{minute:02}:00,up,,,\n" for minute in range(25))

    with pytest.raises(BadInputError, match="and 15 more"):
        take(story, written(tmp_path, GOOD + bad))


def test_good_rows_are_stored_and_bad_ones_put_aside_when_asked(story, tmp_path):
    path = written(tmp_path, GOOD + "p0,2026-10-06T10:00:00,up,,,\n")

    with aside_of(tmp_path, path) as aside:
        imported = take(story, path, aside=aside)

    assert (imported.stored, imported.rejected) == (18, 1)
    assert put_aside(tmp_path)[0][-3:-1] == [str(path), "20"]


def aside_of(tmp_path, *paths):
    return RejectsFile(tmp_path / "bad.csv", [open_source(path, Columns(agent="paris")) for path in paths])


def put_aside(tmp_path):
    """The rows that were put aside, without their header."""
    with (tmp_path / "bad.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
def test_what_was_put_aside_is_imported_as_it_is_once_it_is_corrected(story, tmp_path, ending):
    bad = GOOD + 'p0,2026-10-06T10:00:00+02:00,sideways,200,80,"a, b"\n'
    frame = pl.read_csv(written(tmp_path, bad), infer_schema=False)
    path = tmp_path / f"all.{ending}"
    getattr(frame, f"write_{ending}")(path)
    with aside_of(tmp_path, path) as aside:
        take(story, path, aside=aside)

    corrected = (tmp_path / "bad.csv").read_text().replace(",sideways,", ",down,")
    imported = take(story, written(tmp_path, corrected, "corrected.csv"))

    assert (imported.read, imported.stored) == (1, 1)
    assert set(imported.unused) == {"file", "line", "reason"}


def test_a_line_that_is_put_aside_keeps_the_columns_that_are_not_read(story, tmp_path):
    path = written(tmp_path, "site,platform,observed_at,outcome\nLyon,p0,2026-10-06T10:00:00Z,sideways\n")

    with aside_of(tmp_path, path) as aside:
        take(story, path, aside=aside)

    assert put_aside(tmp_path)[0][:4] == ["Lyon", "p0", "2026-10-06T10:00:00Z", "sideways"]


def test_a_line_that_cannot_be_cut_is_put_aside_whole(story, tmp_path):
    path = written(tmp_path, GOOD + "a,b\n")

    with aside_of(tmp_path, path) as aside:
        take(story, path, aside=aside)

    assert put_aside(tmp_path)[0][0] == "a,b"


def test_files_of_different_columns_are_put_aside_in_one_file(story, tmp_path):
    first = written(tmp_path, "platform,observed_at,outcome\np0,2026-10-06T10:00:00Z,sideways\n", "1.csv")
    second = written(tmp_path, "outcome,observed_at,platform,site\nfine,2026-10-06T10:00:00Z,p1,x\n", "2.csv")

    with aside_of(tmp_path, first, second) as aside:
        take(story, first, aside=aside)
        take(story, second, aside=aside)

    assert [row[:4] for row in put_aside(tmp_path)] == [
        ["p0", "2026-10-06T10:00:00Z", "sideways", ""],
        ["p1", "2026-10-06T10:00:00Z", "fine", "x"],
    ]


def test_no_file_is_made_when_nothing_is_put_aside(story, tmp_path):
    path = written(tmp_path, GOOD)

    with aside_of(tmp_path, path) as aside:
        take(story, path, aside=aside)

    assert not (tmp_path / "bad.csv").exists()


def test_a_contradiction_with_what_is_stored_is_refused_and_names_the_correction(story, tmp_path):
    take(story, written(tmp_path, GOOD))
    before = changes(story)

    with pytest.raises(BadInputError, match="constat correct"):
        take(story, written(tmp_path, HEADER + "p0,2026-10-06T09:03:00+02:00,up,200,80,\n", "other.csv"))

    assert changes(story) == before


def test_a_missing_column_is_named_with_the_way_to_map_it(story, tmp_path):
    with pytest.raises(BadInputError, match="--map platform=NAME"):
        take(story, written(tmp_path, GOOD.replace("platform,", "site,", 1)))

    assert (
        take(
            story, written(tmp_path, GOOD.replace("platform,", "site,", 1)), renamed={"platform": "site"}
        ).stored
        == 18
    )


@pytest.mark.parametrize(("mark", "named"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_file_with_another_separator_is_told_to_use_commas(story, tmp_path, mark, named):
    with pytest.raises(
        BadInputError, match=f"separates the columns by {named}; the separator must be a comma"
    ):
        take(story, written(tmp_path, GOOD.replace(",", mark)))


def test_an_object_without_its_time_is_told_that_it_is_missing(story, tmp_path):
    path = written(tmp_path, '{"platform": "p0", "outcome": "up"}\n', "results.ndjson")

    with pytest.raises(BadInputError, match="line 1: observed_at is missing"):
        take(story, path)


@pytest.mark.parametrize("name", ["results.csv", "results.parquet", "results.ndjson"])
def test_a_file_that_does_not_say_who_probed_needs_an_agent(tmp_path, name):
    frame = pl.read_csv(written(tmp_path, GOOD, "good.csv"))
    getattr(frame, f"write_{name.partition('.')[2]}")(tmp_path / name)

    with pytest.raises(BadInputError, match="--agent NAME"):
        import_source(Story().ledger, open_source(tmp_path / name, Columns()), now_ms=NOW_MS)


def test_a_record_that_does_not_say_who_probed_is_refused_where_others_do(story, tmp_path):
    text = (
        "agent,platform,observed_at,outcome\nlyon,p0,2026-10-06T10:00:00Z,up\n,p0,2026-10-06T10:01:00Z,up\n"
    )

    with pytest.raises(BadInputError, match="line 3: names no agent; say who probed with --agent NAME"):
        import_source(story.ledger, open_source(written(tmp_path, text), Columns()), now_ms=NOW_MS)


def test_a_leap_second_is_the_first_instant_of_the_next_minute(story, tmp_path):
    take(story, written(tmp_path, HEADER + "p0,2016-12-31T23:59:60Z,up,,,\n"), transitions=True)

    assert changes(story) == [("p0", "paris", ms("2017-01-01T00:00:00Z"), 1)]


@pytest.mark.parametrize(("form", "factor"), [("epoch-s", 1000), ("epoch-ms", 1)])
def test_times_may_be_numbers(story, tmp_path, form, factor):
    at_ms = ms("2026-10-06T09:00:00Z")

    take(story, written(tmp_path, HEADER + f"p0,{at_ms // factor},up,,,\n"), time=form, transitions=True)

    assert changes(story)[0][2] == at_ms


def test_csv_ndjson_and_parquet_hold_the_same_results(tmp_path):
    path = written(tmp_path, GOOD)
    frame = pl.read_csv(path)
    frame.write_ndjson(tmp_path / "results.ndjson")
    frame.write_parquet(tmp_path / "results.parquet")
    stories = {ending: Story() for ending in ("csv", "ndjson", "parquet")}

    for ending, each in stories.items():
        assert take(each, tmp_path / f"results.{ending}").stored == 18

    assert changes(stories["csv"]) == changes(stories["ndjson"]) == changes(stories["parquet"])


def test_a_truncated_parquet_file_is_refused_and_nothing_is_stored(story, tmp_path):
    pl.read_csv(written(tmp_path, GOOD)).write_parquet(tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-40])

    with pytest.raises(BadInputError, match=r"cut\.parquet"):
        take(story, tmp_path / "cut.parquet")

    assert story.engine.agents() == []


# ---------------------------------------------------------------- two importers of one agent


def overtaken(monkeypatch, what, other):
    """Let another importer do something just before `what` is called for the first time."""
    original = getattr(importing, what)

    def called(*arguments, **options):
        monkeypatch.setattr(importing, what, original)
        other()
        return original(*arguments, **options)

    monkeypatch.setattr(importing, what, called)


@pytest.mark.parametrize("what", ["stored_results", "plan_for", "rounds_of"])
@pytest.mark.parametrize("platform", ["p0", "p9"])
def test_an_importer_that_was_overtaken_is_told_and_stores_nothing(
    story, tmp_path, monkeypatch, what, platform
):
    take(story, written(tmp_path, GOOD))
    others = written(tmp_path, f"{HEADER}{platform},2026-10-07T10:00:00Z,up,,,\n", "others.csv")
    mine = written(tmp_path, f"{HEADER}p1,2026-10-08T10:00:00Z,up,,,\n", "mine.csv")
    overtaken(monkeypatch, what, lambda: take(story, others))

    with pytest.raises(ConflictError):
        take(story, mine)

    assert story.engine.round_head("paris").number == 7
    assert take(story, mine).stored == 1


def test_numbers_behind_a_head_that_is_no_longer_the_last_are_void(story, tmp_path, monkeypatch):
    # The other importer stores the very result that is new here: only the head, read first, can tell.
    take(story, written(tmp_path, GOOD))
    mine = written(tmp_path, f"{HEADER}p1,2026-10-08T10:00:00Z,up,,,\n", "mine.csv")
    overtaken(monkeypatch, "only_new", lambda: take(story, mine))

    with pytest.raises(ConflictError):
        take(story, mine)

    assert story.engine.round_head("paris").number == 7


# ---------------------------------------------------------------- one origin of a name


def test_a_platform_written_otherwise_than_before_is_refused_and_not_merged(story, tmp_path):
    row = "{},2026-10-06T09:0{}:00Z,up,,,\n"
    take(story, written(tmp_path, HEADER + row.format("Acme Prod", 0)))

    for number, other in enumerate(("Acme (Prod)", "Acme-Prod"), start=1):
        path = written(tmp_path, HEADER + row.format(other, number), "other.csv")
        with pytest.raises(BadInputError, match=r"would be named Acme-Prod, as 'Acme Prod' was"):
            take(story, path)

    assert take(story, written(tmp_path, HEADER + row.format("Acme Prod", 3))).stored == 1
    (plan,) = story.known().plans.values()
    assert [(each.platform, each.written) for each in plan.platforms] == [("Acme-Prod", "Acme Prod")]
