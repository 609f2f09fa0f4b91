"""Commands answer the same with a cache, without one, and whatever lies in it."""

import pytest

from consumers.cache import folding
from consumers.cache.folder import folder_of

QUESTIONS = (
    ("statement", "--contract", "atelier-nord", "--period", "1"),
    ("statement", "--contract", "atelier-nord", "--period", "1", "--as-of", "2026-10-20T12:00Z"),
    ("penalties", "--contract", "atelier-nord", "--period", "1"),
)


@pytest.fixture
def cached(constat, monkeypatch, tmp_path):
    """The demo's ledger, whose rounds are enough to be kept."""
    monkeypatch.setattr(folding, "SPACING", 50)
    monkeypatch.setattr(folding, "WORTH_KEEPING", 1)
    monkeypatch.setenv("CONSTAT_CACHE", str(tmp_path / "cache"))
    assert constat("demo").code == 0
    monkeypatch.setenv("CONSTAT_LEDGER", f"sqlite:///{tmp_path}/constat-demo/ledger.db")
    for file in (tmp_path / "cache").rglob("*.fold"):
        file.unlink()
    return tmp_path / "cache"


def kept(folder):
    return sorted(folder.rglob("*.fold"))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda words: " ".join(words[:1] + words[5:]))
def test_the_bytes_are_the_same_with_and_without(constat, cached, question):
    without = constat(*question, "--json", "--no-cache")
    assert (without.code, kept(cached)) == (0, [])

    assert constat(*question, "--json") == without
    assert kept(cached)
    assert constat(*question, "--json") == without


def test_a_cache_that_is_off_keeps_nothing(constat, cached, monkeypatch):
    monkeypatch.setenv("CONSTAT_CACHE", "off")

    assert constat(*QUESTIONS[0], "--json").code == 0

    assert kept(cached) == []


def test_a_cache_lies_where_the_user_keeps_such_things(monkeypatch, tmp_path):
    monkeypatch.delenv("CONSTAT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder_of("sqlite:///constat.db").parent == tmp_path / "constat"

    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of("kafka://host:9092").parent == tmp_path / ".cache" / "constat"


def test_a_ledger_has_one_folder_however_its_file_is_named_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert folder_of("sqlite:///constat.db") == folder_of(f"{tmp_path}/constat.db")
    assert folder_of("other.db") != folder_of("constat.db")
