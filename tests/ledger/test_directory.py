"""Who is a designated administrator, from when on, and who was erased."""

import pytest

from ledger import directory
from ledger.directory import DirectorySynchronised, PersonErased
from ledger.errors import RefusedError
from tests.spec import Story, ms

FIRST, SECOND, THIRD = "2026-10-01T00:00:00Z", "2026-10-08T00:00:00Z", "2026-10-15T00:00:00Z"


def synchronised(story: Story, at: str, *people: str) -> Story:
    fact = DirectorySynchronised(contract="acme", administrators=people, count=len(people))
    return story.at(at).fact("directory:acme", fact)


def state(story: Story) -> directory.Directory:
    return story.known().directories["acme"]


@pytest.fixture
def story():
    return synchronised(synchronised(Story(), FIRST, "p-1", "p-2"), SECOND, "p-2", "p-3")


@pytest.mark.parametrize(
    ("at", "people"),
    [
        ("2026-09-30T23:59:59Z", None),
        (FIRST, ("p-1", "p-2")),
        (SECOND, ("p-2", "p-3")),
        (THIRD, ("p-2", "p-3")),
    ],
)
def test_a_list_holds_until_the_next_one(story, at, people):
    assert state(story).at(ms(at)) == people


def test_who_was_erased_is_an_administrator_until_then(story):
    erased = PersonErased(contract="acme", person="p-3", reason="asked", by="dpo")
    found = state(story.at(THIRD).fact("directory:acme", erased))

    assert found.at(ms(THIRD) - 1) == ("p-2", "p-3")
    assert found.at(ms(THIRD)) == ("p-2",)


def test_who_was_erased_does_not_come_back_under_the_old_id(story):
    erased = PersonErased(contract="acme", person="p-3", reason="asked", by="dpo")
    found = state(story.at(THIRD).fact("directory:acme", erased))

    with pytest.raises(RefusedError, match=r"p-3 was erased .* give the person another id"):
        directory.synchronise(found, "acme", ["p-2", "p-3"], ms(THIRD), "ops")
    with pytest.raises(RefusedError, match="already erased"):
        directory.erase(found, erased)


def test_nobody_is_erased_whom_no_list_named(story):
    with pytest.raises(RefusedError, match="no list of acme ever named p-9"):
        directory.erase(state(story), PersonErased(contract="acme", person="p-9", reason="asked", by="dpo"))


def test_an_older_list_does_not_take_the_place_of_a_newer_one(story):
    with pytest.raises(RefusedError, match="synchronise a newer one"):
        directory.synchronise(state(story), "acme", ["p-1"], ms(FIRST), "ops")


def test_a_list_names_each_once_and_in_order():
    found = directory.synchronise(directory.INITIAL, "acme", ["p-2", "p-1", "p-2"], 0, "ops")

    assert (found.administrators, found.count) == (("p-1", "p-2"), 2)


def test_only_designated_administrators_open_requests_once_there_is_a_list(story):
    directory.require_administrator(directory.INITIAL, "acme", "anybody", ms(FIRST))
    directory.require_administrator(state(story), "acme", "p-1", ms(FIRST))

    with pytest.raises(RefusedError, match=r"they were: p-2, p-3\."):
        directory.require_administrator(state(story), "acme", "p-1", ms(SECOND))
