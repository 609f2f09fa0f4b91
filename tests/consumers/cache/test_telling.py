"""Whoever is told what others folded comes to the fold of the rounds, whatever stands among what is told."""

import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.cache import folding, telling, told_segment
from consumers.cache.files import CacheFile, plan_hashes
from consumers.cache.folding import CachedFold
from consumers.cache.telling import tales_of, told
from consumers.cache.told_segment import ToldSegment
from ledger.errors import UnreachableLedgerError
from ledger.log.changes import Tale
from projections.observed import fold_agents
from tests.consumers.cache.moments import AGENTS, asked, moments_of, story_of
from tests.projections.results import PLATFORMS, STALE_AFTER_MS, tellings


class Board:
    """A place for tales in memory, of one partition."""

    partitions = 1

    def __init__(self, tales: Sequence[Tale] = ()) -> None:
        self.kept = list(tales)

    def partition_of(self, _agent: str) -> int:
        return 0

    def require(self) -> None:
        """Everybody may tell."""

    def tales(
        self, _partition: int, first: int = 0, *, of: tuple[bytes, ...] = (b"",)
    ) -> tuple[list[Tale], int]:
        return [tale for tale in self.kept[first:] if tale.key.startswith(of)], len(self.kept)

    def publish(self, _partition: int, tales: Sequence[Tale]) -> list[Tale]:
        self.kept += tales
        return []


class Silent(Board):
    """One of which nobody gives anything."""

    def tales(self, *_: object, **__: object):
        raise UnreachableLedgerError("no broker")


@pytest.fixture(autouse=True)
def little_is_worth_asking(monkeypatch):
    monkeypatch.setattr(folding, "WORTH_ASKING", 1)


def tales_by(folder: Path, known, stops: Sequence[int] = (), at_once: int = 100) -> list[Tale]:
    """What somebody tells who folds so many rounds at once, and was stopped after some before."""
    fold = CachedFold(folder)
    for rounds in stops:
        next(fold.in_parts(known, AGENTS, STALE_AFTER_MS, rounds, lambda _: None), None)
    for _ in fold.in_parts(known, AGENTS, STALE_AFTER_MS, at_once, lambda _: None):
        pass
    plans = plan_hashes(known)
    return [
        tale
        for agent in AGENTS
        for tale in tales_of(
            agent, STALE_AFTER_MS, CacheFile(folder, agent, STALE_AFTER_MS).read(plans).segments, plans, ()
        )
    ]


def fold_told(known, tales: Sequence[Tale], folder: Path):
    """The fold of somebody whose engine is told these."""
    known.engine.changes = Board(tales)
    try:
        return CachedFold(folder)(*asked(known))
    finally:
        known.engine.changes = None


@pytest.fixture
def tales(month, tmp_path):
    """Six of each agent, three rounds apart."""
    return tales_by(tmp_path / "teller", moments_of(month)[-1])


def paris_number(tales, number: int) -> int:
    """Where a tale of paris stands."""
    prefix = telling._key("paris", STALE_AFTER_MS) + str(number).encode()
    return next(index for index, tale in enumerate(tales) if tale.key == prefix)


# ---------------------------------------------------------------- the same as without


@given(tellings("paris"), tellings("lyon"), st.data())
def test_whoever_takes_over_what_is_told_and_goes_on_has_the_fold_of_the_rounds(paris, lyon, data):
    moments = moments_of(story_of(paris, lyon))
    moment = st.integers(0, len(moments) - 1)
    with tempfile.TemporaryDirectory() as name:
        told_until = moments[data.draw(moment)]
        every = tales_by(Path(name) / "teller", told_until, at_once=12)
        some = data.draw(st.lists(st.sampled_from(every))) if every else []
        for index in data.draw(st.lists(moment, min_size=1, max_size=3)):
            known = moments[index]
            assert fold_told(known, some, Path(name) / "reader") == fold_agents(*asked(known))


@given(tellings("paris"), tellings("lyon"), st.data())
def test_everybody_tells_the_same_however_far_and_in_however_many_parts_he_folded(paris, lyon, data):
    moments = moments_of(story_of(paris, lyon))
    stops = data.draw(st.lists(st.integers(1, 20), max_size=4))
    with tempfile.TemporaryDirectory() as name:
        whole = tales_by(Path(name) / "one", moments[-1])
        until = moments[data.draw(st.integers(0, len(moments) - 1))]
        less = tales_by(Path(name) / "other", until, stops, at_once=12)

    assert set(less) <= set(whole)
    assert len({tale.key for tale in whole}) == len(whole)


def test_who_is_told_folds_only_what_comes_behind_the_last_checkpoint(month, tales, tmp_path, decoded):
    known = moments_of(month)[-1]
    decoded.clear()

    found = fold_told(known, tales, tmp_path / "reader")

    assert sorted(decoded) == [(agent, number) for agent in AGENTS for number in (18, 19, 20)]
    assert found == fold_agents(*asked(known))


def test_who_has_folded_it_himself_asks_nobody(month, tmp_path, monkeypatch):
    known = moments_of(month)[-1]
    CachedFold(tmp_path)(*asked(known))
    monkeypatch.setattr(folding, "take_over", lambda *_: pytest.fail("asked"))

    assert fold_told(known, [], tmp_path) == fold_agents(*asked(known))


def test_a_question_about_few_agents_does_not_count_the_rounds_of_the_others(month, tmp_path):
    known = moments_of(month)[-1]
    CachedFold(tmp_path)(known, ["paris"], frozenset(PLATFORMS), STALE_AFTER_MS)

    assert CachedFold(tmp_path).behind(known, ["paris"], STALE_AFTER_MS) == 0


def test_where_nobody_answers_it_is_folded_all_the_same(month, tmp_path):
    known = moments_of(month)[-1]
    known.engine.changes = Silent()

    assert CachedFold(tmp_path)(*asked(known)) == fold_agents(*asked(known))


# ---------------------------------------------------------------- what is left


def taken(month, tales) -> int:
    """How many checkpoints of paris are taken of what is told."""
    known = moments_of(month)[-1]
    return len(told(dict(tales), "paris", STALE_AFTER_MS, plan_hashes(known)).places)


def test_of_what_is_told_everything_is_taken(month, tales):
    assert taken(month, tales) == 6


def test_behind_a_gap_nothing_is_taken(month, tales):
    del tales[paris_number(tales, 2)]

    assert taken(month, tales) == 2


def test_what_another_code_folded_is_left(month, tales, monkeypatch):
    monkeypatch.setattr(telling, "code", lambda: "0" * 64)

    assert taken(month, tales) == 0
    assert (
        taken(month, [tale._replace(key=tale.key.replace(tale.key[5:21], b"0" * 16)) for tale in tales]) == 0
    )


def test_what_was_folded_by_another_plan_is_left(tales):
    plans = {"paris/1": "sha256:another"}

    assert len(told(dict(tales), "paris", STALE_AFTER_MS, plans).places) == 0
    assert len(told(dict(tales), "paris", STALE_AFTER_MS, {}).places) == 0


def test_what_is_told_of_another_staleness_or_agent_is_left_under_whatever_name_it_stands(month, tales):
    forged = [
        tale._replace(
            key=tale.key.replace(telling._key("lyon", STALE_AFTER_MS), telling._key("paris", STALE_AFTER_MS))
        )
        for tale in tales
        if tale.key.startswith(telling._key("lyon", STALE_AFTER_MS))
    ]

    assert len(forged) == 6
    assert taken(month, forged) == 0


def spoilt(tale: Tale, **other) -> Tale:
    """A tale that says something else."""
    content = msgspec.json.decode(zlib.decompress(tale.value))
    return tale._replace(value=zlib.compress(msgspec.json.encode(content | other)))


OTHER = ["lyon", STALE_AFTER_MS, "another code"]
FORGED = {
    "no predecessor": {"after": None},
    "another predecessor": {"after": [9, "sha256:00", 9]},
    "another version": {"v": 2},
    "another fold": {"of": OTHER},
    "an unknown word": {"more": 1},
    "columns of other lengths": {"value": []},
    "a run that is not there": {"run": [99]},
    "a platform without a name": {"names": []},
    "no such kind": {"kind": [3]},
    "no plans": {"plans": {}},
    "no place": {"place": []},
    "an instant that no clock shows": {"at_ms": [1 << 61]},
    "no number": {"at_ms": [None]},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_checkpoint_that_cannot_be_one_is_left_with_all_behind_it(month, tales, forged):
    place = paris_number(tales, 3)
    tales[place] = spoilt(tales[place], **forged)

    assert taken(month, tales) == 3


@pytest.mark.parametrize(
    "value", [b"x", b"", zlib.compress(b"x"), zlib.compress(b"{}"), zlib.compress(b"[]")]
)
def test_bytes_that_are_none_of_ours_are_left(month, tales, value):
    place = paris_number(tales, 3)
    tales[place] = tales[place]._replace(value=value)

    assert taken(month, tales) == 3


def test_what_unpacks_to_far_more_than_a_segment_is_left(month, tales, monkeypatch):
    place = paris_number(tales, 0)
    whole = zlib.decompress(tales[place].value)
    bomb = zlib.compress(b" " * (1 << 20) + whole)
    monkeypatch.setattr(told_segment, "BYTES_MAX", 1 << 16)

    assert len(bomb) < len(whole) + 2_000
    assert ToldSegment.unpacked(tales[place].value)
    assert taken(month, [tales[place]._replace(value=bomb)]) == 0


def test_a_checkpoint_of_rounds_that_the_ledger_has_not_changes_no_figure(month, tales, tmp_path):
    known = moments_of(month)[-1]
    place = paris_number(tales, 5)
    said = msgspec.json.decode(zlib.decompress(tales[place].value))["place"]
    tales[place] = spoilt(tales[place], place=[said[0], "sha256:another", *said[2:]])

    assert taken(month, tales) == 6
    assert fold_told(known, tales, tmp_path / "reader") == fold_agents(*asked(known))


def test_who_folds_to_tell_comes_to_the_end_where_others_tell_of_rounds_that_are_not_there(
    month, tales, tmp_path
):
    known, folder = moments_of(month)[-1], tmp_path / "next"
    place = paris_number(tales, 5)
    said = msgspec.json.decode(zlib.decompress(tales[place].value))["place"]
    forged = [*tales]
    forged[place] = spoilt(tales[place], place=[said[0], "sha256:another", *said[2:]])
    known.engine.changes = Board(forged)
    CachedFold(folder).take_over(known, AGENTS, STALE_AFTER_MS)

    assert tales_by(folder, known, at_once=12) == tales
