"""A fold from the cache is the fold of the rounds, whatever lies in the cache."""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.cache import files
from consumers.cache.files import CacheFile, plan_hashes
from consumers.cache.folding import CachedFold
from ledger.files import UNFINISHED
from projections import stream
from projections.asof import Known
from projections.observed import fold_agents
from tests.consumers.cache.moments import AGENTS, asked, moments_of, story_of
from tests.projections.results import PLATFORMS, STALE_AFTER_MS, tellings
from tests.spec import Story

SOME = frozenset({"a", "c"})


# ---------------------------------------------------------------- the same as without


@given(tellings("paris"), tellings("lyon"), st.lists(st.integers(0, 1000), min_size=1, max_size=8))
def test_at_any_moment_asked_after_any_other_it_is_the_fold_of_the_rounds(paris, lyon, order):
    moments = moments_of(story_of(paris, lyon))
    with tempfile.TemporaryDirectory() as folder:
        for index in order:
            known = moments[index % len(moments)]
            assert CachedFold(Path(folder))(*asked(known)) == fold_agents(*asked(known))


@given(
    tellings("paris"),
    tellings("lyon"),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 14), st.integers(0, 14)), min_size=1, max_size=6),
)
def test_as_known_at_a_seal_it_is_the_fold_of_the_rounds_that_the_seal_fixes(paris, lyon, order):
    moments = moments_of(story_of(paris, lyon))
    with tempfile.TemporaryDirectory() as folder:
        for index, *numbers in order:
            known = moments[index % len(moments)]
            fixed = tuple((agent, number) for agent, number in zip(AGENTS, numbers, strict=True) if number)
            sealed = Known(replace(known.as_of, numbers=fixed), known.facts, known.engine)
            assert CachedFold(Path(folder))(*asked(sealed)) == fold_agents(*asked(sealed))


def test_what_is_asked_of_some_platforms_serves_who_asks_of_others(month, tmp_path):
    known = moments_of(month)[-1]
    assert CachedFold(tmp_path)(*asked(known, SOME)) == fold_agents(*asked(known, SOME))

    assert CachedFold(tmp_path)(*asked(known)) == fold_agents(*asked(known))


# ---------------------------------------------------------------- what it saves


def test_a_second_time_only_the_rounds_of_the_last_checkpoints_are_read(month, tmp_path, decoded):
    known = moments_of(month)[-1]
    CachedFold(tmp_path)(*asked(known))
    decoded.clear()

    CachedFold(tmp_path)(*asked(known))

    assert sorted(decoded) == [("lyon", 20), ("paris", 20)]
    assert CachedFold(tmp_path).behind(known, AGENTS, STALE_AFTER_MS) == 0


def test_of_a_past_moment_only_what_came_behind_its_last_checkpoint_is_read(month, tmp_path, decoded):
    moments = moments_of(month)
    CachedFold(tmp_path)(*asked(moments[-1]))
    decoded.clear()

    CachedFold(tmp_path)(*asked(moments[10]))

    assert sorted(decoded) == [("lyon", 9), ("lyon", 10), ("lyon", 11)]


def test_what_was_recorded_since_is_folded_behind_what_was_kept(month, tmp_path, decoded):
    CachedFold(tmp_path)(*asked(moments_of(month)[-1]))
    month.at(month.now_ms + 1000).round("paris", 60_000 * 20, {"a": "down"})
    known = moments_of(month)[-1]
    decoded.clear()

    found = CachedFold(tmp_path)(*asked(known))

    assert sorted(decoded) == [("lyon", 20), ("paris", 20), ("paris", 21)]
    assert found == fold_agents(*asked(known))


def test_of_runs_that_overlap_only_the_platforms_that_are_asked_for_are_sorted_from_the_rounds(
    month, tmp_path, decoded
):
    month.at(month.now_ms + 1000).round("paris", 30_000, {"a": "down", "b": "up", "c": None})
    known = moments_of(month)[-1]
    found = CachedFold(tmp_path)(*asked(known, frozenset({"c"})))
    decoded.clear()

    again = CachedFold(tmp_path)(*asked(known, frozenset({"c"})))

    assert len(decoded) == 2
    assert again == found == fold_agents(*asked(known, frozenset({"c"})))


def test_what_is_told_while_it_is_folded_comes_to_all_rounds_and_no_more(month, tmp_path):
    known, told = moments_of(month)[-1], []
    for _ in range(2):
        told.clear()
        CachedFold(tmp_path)(*asked(known), told.append)
        assert sum(told) == 40


def test_who_is_interrupted_leaves_what_was_folded_until_then(month, tmp_path, monkeypatch, decoded):
    known, take = moments_of(month)[-1], stream.Stream.take

    def interrupted(self, kept):
        if (self.agent, kept.number) == ("paris", 14):
            raise KeyboardInterrupt
        take(self, kept)

    with monkeypatch.context() as patched:
        patched.setattr(stream.Stream, "take", interrupted)
        with pytest.raises(KeyboardInterrupt):
            CachedFold(tmp_path)(*asked(known))
    decoded.clear()
    found = CachedFold(tmp_path)(*asked(known))

    assert min(number for agent, number in decoded if agent == "paris") == 12
    assert found == fold_agents(*asked(known))


def test_how_much_is_to_be_folded_is_told_by_the_head_of_a_file(month, tmp_path):
    known = moments_of(month)[-1]
    CachedFold(tmp_path)(*asked(known))
    assert CachedFold(tmp_path).behind(known, AGENTS, STALE_AFTER_MS) == 0

    head = b"\n".join(paris_file(tmp_path).read_bytes().split(b"\n", 2)[:2])
    paris_file(tmp_path).write_bytes(head)
    assert CachedFold(tmp_path).behind(known, AGENTS, STALE_AFTER_MS) == 0

    paris_file(tmp_path).write_bytes(head[:-1])
    assert CachedFold(tmp_path).behind(known, AGENTS, STALE_AFTER_MS) == 20


def test_where_the_sources_of_the_fold_are_not_there_nothing_is_kept_nor_found(month, tmp_path, monkeypatch):
    known = moments_of(month)[-1]
    CachedFold(tmp_path / "before")(*asked(known))
    monkeypatch.setattr(files, "__file__", str(tmp_path / "elsewhere" / "files.py"))
    files.code.cache_clear()

    for folder in ("before", "after"):
        assert CachedFold(tmp_path / folder)(*asked(known)) == fold_agents(*asked(known))
    assert CachedFold(tmp_path / "before").behind(known, AGENTS, STALE_AFTER_MS) == 40
    assert not list(tmp_path.glob("after/*"))


# ---------------------------------------------------------------- what may lie there


def test_what_killed_writers_left_is_removed_and_what_others_are_writing_is_not(month, tmp_path):
    old, young = tmp_path / f"{UNFINISHED}old", tmp_path / f"{UNFINISHED}young"
    for file, age_s in ((old, 3700), (young, 3500)):
        file.write_bytes(b"half")
        os.utime(file, (time.time() - age_s,) * 2)

    CachedFold(tmp_path)(*asked(moments_of(month)[-1]))

    assert not old.exists()
    assert young.exists()


def paris_file(folder: Path) -> Path:
    return CacheFile(folder, "paris", STALE_AFTER_MS).path


@pytest.mark.parametrize("place", [0, 70, -1, 300])
def test_a_damaged_file_is_as_if_it_were_not_there_and_is_made_anew(month, tmp_path, place):
    known = moments_of(month)[-1]
    CachedFold(tmp_path)(*asked(known))
    whole = paris_file(tmp_path).read_bytes()
    damaged = bytearray(whole)
    damaged[place] ^= 1
    paris_file(tmp_path).write_bytes(damaged)

    assert CachedFold(tmp_path)(*asked(known)) == fold_agents(*asked(known))
    assert paris_file(tmp_path).read_bytes() == whole


@pytest.mark.parametrize("length", [0, 10, 64, 65, 200])
def test_a_file_that_was_cut_short_is_as_if_it_were_not_there(month, tmp_path, length):
    known = moments_of(month)[-1]
    CachedFold(tmp_path)(*asked(known))
    paris_file(tmp_path).write_bytes(paris_file(tmp_path).read_bytes()[:length])

    assert CachedFold(tmp_path)(*asked(known)) == fold_agents(*asked(known))


def test_a_file_of_another_ledger_is_as_if_it_were_not_there(month, tmp_path):
    CachedFold(tmp_path)(*asked(moments_of(month)[-1]))
    other = Story().plan("paris", list(PLATFORMS))
    for minute in range(30):
        other.at(other.now_ms + 1000).round("paris", 60_000 * minute, {"c": "down"})
    known = moments_of(other)[-1]

    assert CachedFold(tmp_path)(*asked(known)) == fold_agents(*asked(known))


def test_a_file_of_another_code_is_as_if_it_were_not_there(month, tmp_path, monkeypatch):
    known = moments_of(month)[-1]
    CachedFold(tmp_path)(*asked(known))
    assert CacheFile(tmp_path, "paris", STALE_AFTER_MS).read(plan_hashes(known)).segments.places

    monkeypatch.setattr(files, "code", lambda: "another")

    assert not CacheFile(tmp_path, "paris", STALE_AFTER_MS).read(plan_hashes(known)).segments.places


def test_a_checkpoint_whose_plan_is_not_the_known_one_is_as_if_it_were_not_there(month, tmp_path):
    known = moments_of(month)[-1]
    CachedFold(tmp_path)(*asked(known))
    plans = dict(plan_hashes(known)) | {"paris/1": "sha256:" + "1" * 64}

    assert not CacheFile(tmp_path, "paris", STALE_AFTER_MS).read(plans).segments.places


def test_who_asks_of_a_moment_before_a_plan_takes_nothing_from_the_cache_that_came_after_it(tmp_path):
    story = Story().plan("paris", ["a"])
    for minute in range(10):
        story.at(story.now_ms + 1000).round("paris", 60_000 * minute, {"a": "down" if minute % 3 else "up"})
    story.plan("paris", ["a", "b"])
    for minute in range(10, 20):
        story.at(story.now_ms + 1000).round("paris", 60_000 * minute, {"b": "down"})
    moments = moments_of(story)
    CachedFold(tmp_path)(*asked(moments[-1]))
    whole = paris_file(tmp_path).read_bytes()

    for known in moments:
        assert CachedFold(tmp_path)(*asked(known)) == fold_agents(*asked(known))
        assert paris_file(tmp_path).read_bytes() == whole


def test_a_question_about_the_past_takes_nothing_out_of_the_cache(month, tmp_path):
    moments = moments_of(month)
    CachedFold(tmp_path)(*asked(moments[-1]))
    whole = paris_file(tmp_path).read_bytes()

    for known in moments:
        CachedFold(tmp_path)(*asked(known))
        assert paris_file(tmp_path).read_bytes() == whole


def test_where_nothing_can_be_kept_it_is_folded_all_the_same(month, tmp_path):
    known = moments_of(month)[-1]
    (tmp_path / "file").write_text("no folder")

    assert CachedFold(tmp_path / "file")(*asked(known)) == fold_agents(*asked(known))
