"""Two who synchronise at once, in processes of their own: what was decided on a list that is no longer in force
never counts."""

from contextlib import closing, contextmanager

import pytest

from consumers.directory.keeping import Keeper
from consumers.directory.store import Entry, open_store
from consumers.evidence import Evidence
from ledger import directory
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.directory import DirectorySynchronised, PersonErased
from ledger.errors import ConstatError
from ledger.fact import Draft
from ledger.terms import Terms
from projections.asof import Known
from projections.moment import at_head
from tests.ledger.log.processes import ledger_at, started

EIGHT, NINE = 8 * 3_600_000, 9 * 3_600_000
A_MOMENT_S = 1.0


@pytest.fixture
def where(each_url):
    with ledger_at(each_url) as ledger:
        signed = ContractSigned(contract="acme", client="acme", first_day="2026-01-01", terms=Terms())
        added = PlatformAdded(contract="acme", platform="acme-prod", from_day="2026-01-01")
        ledger.append(Draft("contract:acme", signed, 0), Draft("contract:acme", added, 0))
    return each_url


def a_list(*people):
    return {
        "acme": [Entry("acme", each, each, f"{each}@a.example", None, "administrator") for each in people]
    }


def work(connection, where, folder, do):
    """Keep a directory, told when to go on after each reading; say what came of it."""
    with ledger_at(where, create=False) as ledger, closing(open_store(folder / "directory.db")) as store:

        def know():
            known = Known.at(ledger.engine, at_head(ledger.engine, 0))
            connection.send("read")
            connection.recv()
            return known

        try:
            do(Keeper(ledger, know, store, Evidence(folder / "evidence")))
        except ConstatError as error:
            connection.send(f"{type(error).__name__}: {error}")
        else:
            connection.send("done")


def synchronise(connection, where, folder, made_ms, *people):
    work(connection, where, folder, lambda keeper: keeper.synchronise(a_list(*people), made_ms, "ops"))


def erase(connection, where, folder, person):
    work(connection, where, folder, lambda keeper: keeper.erase(person, "asked for it", "ops", NINE))


def machine(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    return folder


def finish(connection):
    """Let one go on until its end; what came of it."""
    while True:
        connection.send("go on")
        if (said := connection.recv()) != "read":
            return said


def lists_of(where):
    with ledger_at(where, create=False) as ledger:
        facts = [each.fact for each in ledger.stream(directory.stream_of("acme"))]
    return [each.administrators for each in facts if isinstance(each, DirectorySynchronised)]


def people_in(folder):
    with closing(open_store(folder / "directory.db")) as store:
        return [each.person for each in store.entries()]


@contextmanager
def two_lists_at_once(where, tmp_path):
    """An older and a newer list, each on a machine of that name, that were decided on before either is written."""
    with (
        started(synchronise, where, machine(tmp_path, "old"), EIGHT, "p-old") as (_, older),
        started(synchronise, where, machine(tmp_path, "new"), NINE, "p-new") as (_, newer),
    ):
        assert (older.recv(), newer.recv()) == ("read", "read")
        yield older, newer


def test_of_two_lists_at_once_the_older_one_never_takes_the_place_of_the_newer_one(where, tmp_path):
    """Seen to fail where the end of the directory was asked for only when it was written."""
    with two_lists_at_once(where, tmp_path) as (older, newer):
        assert finish(newer) == "done"
        said = finish(older)

    assert said.startswith("RefusedError: the list of acme that is in force was made at")
    assert lists_of(where) == [("p-new",)]
    assert (people_in(tmp_path / "old"), people_in(tmp_path / "new")) == ([], ["p-new"])


def test_of_two_lists_at_once_the_newer_one_is_decided_anew_and_comes_second(where, tmp_path):
    with two_lists_at_once(where, tmp_path) as (older, newer):
        assert finish(older) == "done"
        assert finish(newer) == "done"

    assert lists_of(where) == [("p-old",), ("p-new",)]
    assert people_in(tmp_path / "new") == ["p-new"]


def test_a_list_that_was_decided_on_before_an_erasure_does_not_bring_the_person_back(where, tmp_path):
    one, other = machine(tmp_path, "one"), machine(tmp_path, "other")
    with started(synchronise, where, one, EIGHT, "p-1", "p-2") as (_, first):
        first.recv()
        assert finish(first) == "done"
    with (
        started(synchronise, where, one, NINE, "p-1", "p-2") as (_, again),
        started(erase, where, other, "p-2") as (_, erasing),
    ):
        assert (again.recv(), erasing.recv()) == ("read", "read")

        assert finish(erasing) == "done"
        said = finish(again)

    assert said.startswith("RefusedError: p-2 was erased")
    assert lists_of(where) == [("p-1", "p-2")]


def test_an_erasure_that_was_decided_on_before_a_list_names_the_person_is_decided_anew(where, tmp_path):
    one, other = machine(tmp_path, "one"), machine(tmp_path, "other")
    with started(synchronise, where, one, EIGHT, "p-1") as (_, first):
        first.recv()
        assert finish(first) == "done"
    with (
        started(erase, where, one, "p-1") as (_, erasing),
        started(synchronise, where, other, NINE, "p-1") as (_, again),
    ):
        assert (again.recv(), erasing.recv()) == ("read", "read")

        assert finish(again) == "done"
        assert finish(erasing) == "done"

    with ledger_at(where, create=False) as ledger:
        (*_, last) = ledger.stream(directory.stream_of("acme"))
    assert (type(last.fact), last.sequence) == (PersonErased, 3)
    assert people_in(one) == []


def test_of_two_on_one_store_the_second_one_reads_only_when_the_first_one_has_ended(where, tmp_path):
    """Else it could put its addresses under the list of the other one. Seen to fail without the turns."""
    with (
        started(synchronise, where, tmp_path, EIGHT, "p-old") as (_, older),
        started(synchronise, where, tmp_path, NINE, "p-new") as (_, newer),
    ):
        first, second = _in_order_of_reading(older, newer)
        assert first.recv() == "read"
        assert not second.poll(A_MOMENT_S), "both of them read"

        finish(first)
        finish(second)

    assert people_in(tmp_path) == [*lists_of(where)[-1]] == ["p-new"]


def _in_order_of_reading(one, other):
    while True:
        if one.poll(0.05):
            return one, other
        if other.poll(0.05):
            return other, one
