"""Lists of daily operation: what is new of them is stored once, whatever comes in between."""

import csv
import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import operations
from ledger.application import Ledger
from ledger.errors import BadInputError, ConflictError
from ledger.incidents import IncidentOpened
from ledger.instants import format_instant
from ledger.intake.columns import Columns
from ledger.intake.files import open_csv
from ledger.intake.list_import import ImportedList, import_list
from ledger.intake.lists import BACKUPS, BROWSERS, EXPIRIES, KINDS, PLACEMENTS, REPLICAS, STORAGE, ListKind
from ledger.intake.rejects import RejectsFile
from ledger.operations import StorageMeasured
from ledger.verify import verify
from tests.spec import LATER, Story, ms

ROWS = {
    "backups": "acme-prod,b1,2026-10-06T03:00+02:00,OVHcloud,12",
    "replicas": "acme-prod,b1,2026-10-06T04:00+02:00,SCALEWAY",
    "expiries": "acme-prod,b1,2026-10-14T03:00+02:00",
    "placements": "acme-prod,2026-10-01T00:00+02:00,OVHcloud;3DS OUTSCALE",
    "storage": "acme-prod,2026-10-06T05:00+02:00,900",
    "browsers": "i1,acme-prod,2026-10-06T11:00+02:00,Firefox/72",
}


def began() -> Story:
    """A contract, and an incident of its platform."""
    story = Story().contract()
    opened = IncidentOpened(incident="i1", platforms=("acme-prod",), summary="slow")
    return story.fact("incident:i1", opened, "2026-10-06T10:00+02:00")


def took(
    story: Story, folder: Path, kind: ListKind, *rows: str, header: str = "", aside=None
) -> ImportedList:
    file = folder / f"{kind.name}.csv"
    file.write_text("\n".join([header or ",".join(kind.columns), *rows]) + "\n")
    source = open_csv(file, Columns(known=kind.columns, required=kind.required))
    return import_list(story.ledger, source, kind, now_ms=ms(LATER), aside=aside)


def with_everything(folder: Path) -> Story:
    story = began()
    for name, kind in KINDS.items():
        assert took(story, folder, kind, ROWS[name]).stored == 1
    return story


# ---------------------------------------------------------------- what rows become


def test_every_kind_of_list_becomes_facts_that_say_the_same(tmp_path):
    known = with_everything(tmp_path).known()

    operation = known.operations["acme-prod"]
    (backup,) = operation.backups
    assert (backup.backup, backup.operator, backup.size_bytes) == ("b1", "OVHcloud", 12)
    assert [
        format_instant(at) for at in (backup.taken_ms, backup.copies[0].replicated_ms, backup.expired_ms)
    ] == [
        "2026-10-06T01:00:00Z",
        "2026-10-06T02:00:00Z",
        "2026-10-14T01:00:00Z",
    ]
    assert operation.placements[0].operators == ("OVHcloud", "3DS OUTSCALE")
    assert operation.storage[0].used_bytes == 900
    (report,) = known.incidents["i1"].reports
    assert (report.platform, report.browser.text) == ("acme-prod", "Firefox 72")


def test_names_are_made_plain_as_those_of_results_are(tmp_path):
    story = began()

    imported = took(story, tmp_path, BACKUPS, "Manual (dev),Nuit du 6,2026-10-06T03:00+02:00,OVHcloud,")

    assert imported.renamed == {"Manual (dev)": "Manual-dev", "Nuit du 6": "Nuit-du-6"}
    assert story.known().operations["Manual-dev"].backup("Nuit-du-6")


def test_facts_are_recorded_in_order_of_time_whatever_the_order_of_the_rows(tmp_path):
    story = began()
    rows = [f"acme-prod,2026-10-{day:02}T05:00Z,{day}" for day in (9, 7, 8)]

    took(story, tmp_path, STORAGE, *rows)

    assert [each.used_bytes for each in story.known().operations["acme-prod"].storage] == [7, 8, 9]


# ---------------------------------------------------------------- again, overlapping, contradicting


@pytest.mark.parametrize("name", KINDS)
def test_the_same_list_again_stores_nothing(tmp_path, name):
    story = with_everything(tmp_path)
    before = story.engine.head()

    again = took(story, tmp_path, KINDS[name], ROWS[name], ROWS[name])

    assert (again.read, again.stored, again.rejected) == (2, 0, 0)
    assert story.engine.head() == before


def test_of_an_overlapping_list_only_what_is_new_is_stored(tmp_path):
    story = with_everything(tmp_path)

    assert took(story, tmp_path, STORAGE, ROWS["storage"], "acme-prod,2026-10-07T05:00+02:00,901").stored == 1


def test_a_list_that_says_less_of_a_backup_contradicts_nothing(tmp_path):
    story = with_everything(tmp_path)
    header = "platform,backup,taken_at,operator"

    again = took(story, tmp_path, BACKUPS, "acme-prod,b1,2026-10-06T03:00+02:00,OVHcloud", header=header)

    assert (again.stored, again.rejected) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "row", "sentence"),
    [
        (BACKUPS, "acme-prod,b1,2026-10-06T03:01+02:00,OVHcloud,12", "if it is another backup give it another name"),
        (BACKUPS, "acme-prod,b1,2026-10-06T03:00+02:00,OVHcloud,13", "13 bytes of backup b1 of acme-prod"),
        (REPLICAS, "acme-prod,b1,2026-10-06T04:30+02:00,SCALEWAY", "the copy of backup b1 with SCALEWAY of acme-prod"),
        (EXPIRIES, "acme-prod,b1,2026-10-15T03:00+02:00", "what is recorded stays; take the row out"),
        (PLACEMENTS, "acme-prod,2026-10-01T00:00+02:00,OVHcloud", "the data lie at one moment in one way"),
        (STORAGE, "acme-prod,2026-10-06T05:00+02:00,901", "901 bytes of the storage at 2026-10-06T03:00:00Z"),
        (BROWSERS, "i1,acme-prod,2026-10-06T11:00+02:00,Firefox/73", "correct its time if two people reported it"),
    ],
)  # fmt: skip
def test_a_list_that_contradicts_the_ledger_is_refused_and_the_answer_says_what_to_do(
    tmp_path, kind, row, sentence
):
    story = with_everything(tmp_path)
    before = story.engine.head()

    with pytest.raises(BadInputError, match="where the ledger already has") as refused:
        took(story, tmp_path, kind, row)

    assert sentence in str(refused.value)
    assert "line 2" in str(refused.value)
    assert story.engine.head() == before


def test_rows_that_contradict_each_other_are_both_refused(tmp_path):
    with pytest.raises(
        BadInputError, match=r"line 2: .* where line 3 says(.|\n)*line 3: .* where line 2 says"
    ):
        took(began(), tmp_path, STORAGE, "acme-prod,2026-10-06T05:00Z,1", "acme-prod,2026-10-06T05:00Z,2")


@pytest.mark.parametrize(
    ("kind", "row", "sentence"),
    [
        (REPLICAS, "acme-prod,b9,2026-10-06T04:30+02:00,SCALEWAY", "record that it was taken first"),
        (EXPIRIES, "acme-prod,b9,2026-10-06T04:30+02:00", "record that it was taken first"),
        (BROWSERS, "i9,acme-prod,2026-10-06T11:00+02:00,Firefox/72", "open it first"),
        (BROWSERS, "i1,rival-prod,2026-10-06T11:00+02:00,Firefox/72", "does not concern rival-prod"),
        (BROWSERS, "i1,acme-prod,2026-10-06T11:00+02:00,Firefox", "write its name and major version"),
        (STORAGE, "acme-prod,2026-10-06T05:00,1", "has no zone; add its offset"),
        (STORAGE, "acme-prod,2126-10-06T05:00Z,1", "lies in the future"),
        (STORAGE, "acme-prod,2026-10-06T05:00Z,1 GB", "is no number of bytes"),
        (STORAGE, ",2026-10-06T05:00Z,1", "names no platform"),
        (STORAGE, "acme-prod,2026-10-06T05:00Z", "has 2 columns where the header has 3"),
        (BACKUPS, "acme-prod,b2,2026-10-06T05:00Z,,", "operator is missing"),
        (PLACEMENTS, "acme-prod,2026-10-06T05:00Z,OVHcloud;", "write the main one first"),
    ],
)  # fmt: skip
def test_what_is_no_row_is_refused_with_its_line_and_a_sentence(tmp_path, kind, row, sentence):
    story = began()
    before = story.engine.head()

    with pytest.raises(BadInputError) as refused:
        took(story, tmp_path, kind, row)

    assert "line 2: " in str(refused.value)
    assert sentence in str(refused.value)
    assert story.engine.head() == before


def test_the_first_ten_bad_rows_are_named_and_the_rest_counted_and_no_good_row_is_stored(tmp_path):
    story = began()
    rows = [f"acme-prod,2026-10-06T05:{minute:02}Z,x" for minute in range(14)]

    with pytest.raises(BadInputError) as refused:
        took(story, tmp_path, STORAGE, "acme-prod,2026-10-06T06:00Z,1", *rows)

    lines = str(refused.value).splitlines()
    assert "14 measurements cannot be taken; nothing of it was stored" in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:11]] == [f"line {n}" for n in range(3, 13)]
    assert lines[11] == "  and 4 more"
    assert "acme-prod" not in story.known().operations


def test_bad_rows_are_put_aside_and_once_corrected_can_be_imported_as_they_are(tmp_path):
    story = began()
    file = tmp_path / "storage.csv"
    file.write_text(
        "platform,measured_at,used_bytes\nacme-prod,2026-10-06T05:00Z,x\nacme-prod,2026-10-06T06:00Z,2\n"
    )
    columns = Columns(known=STORAGE.columns, required=STORAGE.required)
    source = open_csv(file, columns)

    with RejectsFile(tmp_path / "aside.csv", [source]) as aside:
        imported = import_list(story.ledger, source, STORAGE, now_ms=ms(LATER), aside=aside)
    corrected = tmp_path / "corrected.csv"
    corrected.write_text((tmp_path / "aside.csv").read_text().replace(",x,", ",1,"))
    again = import_list(story.ledger, open_csv(corrected, columns), STORAGE, now_ms=ms(LATER))

    assert (imported.stored, imported.rejected, again.stored) == (1, 1, 1)
    assert {each.used_bytes for each in story.known().operations["acme-prod"].storage} == {1, 2}


# ---------------------------------------------------------------- laws


@given(
    first=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=30),
    second=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=30),
)
def test_two_lists_leave_the_same_whether_they_came_apart_or_as_one(tmp_path_factory, first, second):
    """Rows of one hour and platform always say the same here, so that nothing contradicts."""
    folder = tmp_path_factory.mktemp("lists")

    def rows(some):
        return [
            f"p{p},{format_instant(ms('2026-10-01T00:00Z') + h * 3_600_000)},{h * 10 + p}" for h, p in some
        ]

    apart, together = began(), began()
    took(apart, folder, STORAGE, *rows(first))
    took(apart, folder, STORAGE, *rows(second))
    took(apart, folder, STORAGE, *rows(first))
    took(together, folder, STORAGE, *rows(first + second))

    def held(story):
        known = story.known().operations
        return {
            (p, each.measured_ms, each.used_bytes) for p, state in known.items() for each in state.storage
        }

    expected = {(f"p{p}", ms("2026-10-01T00:00Z") + h * 3_600_000, h * 10 + p) for h, p in first + second}
    assert held(apart) == held(together) == expected
    assert len(list(apart.engine.facts())) == len(list(together.engine.facts()))


# ---------------------------------------------------------------- two writers


def test_another_writer_makes_an_import_stop_and_the_same_again_completes_it_without_storing_twice(tmp_path):
    story = began()
    file = tmp_path / "storage.csv"
    rows = [f"acme-prod,{format_instant(1_791_000_000_000 + n * 1000)},{n}" for n in range(1200)]
    file.write_text("\n".join([",".join(STORAGE.columns), *rows]) + "\n")
    source = open_csv(file, Columns(known=STORAGE.columns, required=STORAGE.required))

    def meddle(done: int, _: int) -> None:
        if done == 500:
            story.fact("operations:acme-prod", StorageMeasured(platform="acme-prod", used_bytes=7), 0)

    with pytest.raises(ConflictError, match="another writer was first"):
        import_list(story.ledger, source, STORAGE, now_ms=ms(LATER), storing=meddle)
    again = import_list(story.ledger, source, STORAGE, now_ms=ms(LATER))

    assert again.stored == 700
    assert len(story.known().operations["acme-prod"].storage) == 1201


# ---------------------------------------------------------------- killed

_KILLED = """
import os, signal, sys
from pathlib import Path
from ledger.application import Ledger
from ledger.intake.columns import Columns
from ledger.intake.files import open_csv
from ledger.intake.list_import import import_list
from ledger.intake.lists import BACKUPS

def die(done, of):
    if done >= 1000:
        os.kill(os.getpid(), signal.SIGKILL)

source = open_csv(Path(sys.argv[2]), Columns(known=BACKUPS.columns, required=BACKUPS.required))
with Ledger.open(sys.argv[1]) as ledger:
    import_list(ledger, source, BACKUPS, now_ms=2_000_000_000_000, storing=die)
"""


def test_an_import_that_was_killed_leaves_a_sound_ledger_and_the_same_again_completes_it(tmp_path):
    file, url = tmp_path / "backups.csv", f"sqlite:///{tmp_path}/ledger.db"
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(BACKUPS.columns)
    writer.writerows(
        [f"p{n % 7}", f"n{n}", format_instant(1_700_000_000_000 + n * 1000), "OVHcloud", n]
        for n in range(2300)
    )
    file.write_text(text.getvalue())

    died = subprocess.run([sys.executable, "-c", _KILLED, url, str(file)], check=False)
    with Ledger.open(url) as ledger:
        stored = ledger.engine.head().position
        source = open_csv(file, Columns(known=BACKUPS.columns, required=BACKUPS.required))
        again = import_list(ledger, source, BACKUPS, now_ms=2_000_000_000_000)
        taken = sum(
            len(ledger.load(operations.stream_of(f"p{n}"), operations.INITIAL, operations.evolve)[0].backups)
            for n in range(7)
        )
        sound = verify(ledger.engine)

    assert died.returncode == -signal.SIGKILL
    assert (stored, again.stored, taken) == (1000, 1300, 2300)
    assert sound.misfit is None
