"""`constat directory`: lists that are taken as a whole or not at all, and people who are erased everywhere."""

import json
import os
from contextlib import closing
from pathlib import Path

import pytest

from consumers.directory.store import Entry, UnusableDirectoryError, open_store
from ledger.errors import ConflictError
from tests.consumers.directory.lists import HEADING, TWO, synchronised
from tests.consumers.notices.postoffice import Mailroom, listening

SECRETS = (b"zoe@acme.example", "Zoé".encode(), b"Martin")


# ---------------------------------------------------------------- synchronise


def test_a_list_is_a_fact_without_a_name_and_the_store_has_the_addresses(signed, tmp_path):
    answer = synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z", "--json")

    recorded = json.loads(answer.out)
    assert (answer.code, recorded["stream"], recorded["occurred_at"]) == (
        0,
        "directory:acme",
        "2026-10-01T08:00:00Z",
    )
    assert not any(secret in (tmp_path / "constat.db").read_bytes() for secret in SECRETS)
    shown = json.loads(signed("directory", "show", "--json").out)
    assert shown["directories"][0]["administrators"] == [
        {"person": "p-1", "name": "Zoé Martin", "email": "zoe@acme.example", "language": None},
        {"person": "p-2", "name": "John Smith", "email": "john@acme.example", "language": "en"},
    ]


def test_a_list_is_as_old_as_its_file(signed):
    Path("list.csv").write_text(TWO)
    os.utime("list.csv", (1_790_000_000, 1_790_000_000))

    answer = signed("directory", "sync", "list.csv", "--json")

    assert json.loads(answer.out)["occurred_at"] == "2026-09-21T14:13:20Z"


def test_the_same_list_again_is_no_news_unless_it_was_made_later(signed):
    first = synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z", "--json")
    again = synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z")
    told = synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z", "--json")
    later = synchronised(signed, TWO, "--made-at", "2026-10-02T08:00:00Z", "--json")

    position = json.loads(first.out)["position"]
    assert again.code == 0
    assert again.out == (
        "nothing new: acme had this list of 2026-10-01T08:00:00Z already; if it was made anew since, say when "
        "with --made-at\n"
    )
    assert json.loads(told.out)["recorded"] == []
    assert json.loads(told.out)["in_force"] == ["acme"]
    assert json.loads(later.out)["position"] == position + 1


def test_the_same_list_again_brings_a_new_store_and_a_corrected_address_what_they_lack(signed):
    synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z")
    Path("directory.db").unlink()
    synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z")
    corrected = TWO.replace("zoe@", "zoe.martin@")

    answer = synchronised(signed, corrected, "--made-at", "2026-10-01T08:00:00Z")

    (shown,) = json.loads(signed("directory", "show", "--json").out)["directories"]
    assert [each["email"] for each in shown["administrators"]] == [
        "zoe.martin@acme.example",
        "john@acme.example",
    ]
    assert answer.out.startswith("the store has names and addresses as the file has them: acme had this list")


def test_of_two_lists_in_one_file_only_the_one_that_is_news_is_recorded(signed):
    synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z")

    both = TWO + "rival,p-9,Ann,ann@rival.example,en\n"
    answer = synchronised(signed, both, "--made-at", "2026-10-01T08:00:00Z", "--json")

    assert json.loads(answer.out)["stream"] == "directory:rival"
    assert json.loads(answer.out)["in_force"] == ["acme"]


@pytest.mark.parametrize("more", [(), ("--made-at", "2026-10-01T08:00:00Z")])
def test_a_file_that_is_not_there_is_said_to_be_none_and_makes_no_store(signed, more):
    answer = signed("directory", "sync", "adminstrators.csv", *more)

    assert (answer.code, answer.err) == (
        2,
        "constat: adminstrators.csv: there is no such file; check its name\n",
    )
    assert not Path("directory.db").exists()


def test_only_its_owner_reads_the_store(signed, tmp_path):
    synchronised(signed, TWO)

    assert (tmp_path / "directory.db").stat().st_mode & 0o077 == 0


def test_a_role_other_than_administrator_is_kept_and_names_no_administrator(signed):
    synchronised(
        signed,
        "contract,person,name,email,language,role\nacme,p-1,Z,z@a.example,,\nacme,p-2,J,j@a.example,,accounting\n",
    )

    shown = json.loads(signed("directory", "show", "--json").out)
    assert [each["person"] for each in shown["directories"][0]["administrators"]] == ["p-1"]


def test_a_list_takes_the_place_of_its_own_contract_only_and_forgets_who_left(signed, tmp_path):
    synchronised(signed, TWO + "rival,p-9,Ann,ann@rival.example,en\n")
    synchronised(signed, HEADING + "acme,p-2,John Smith,john@acme.example,en\n")

    shown = json.loads(signed("directory", "show", "--json").out)["directories"]
    assert {each["contract"]: [p["person"] for p in each["administrators"]] for each in shown} == {
        "acme": ["p-2"],
        "rival": ["p-9"],
    }
    assert not any(secret in (tmp_path / "directory.db").read_bytes() for secret in SECRETS)


def test_a_contract_whose_last_administrator_left_has_an_empty_list_if_that_is_said(signed):
    synchronised(signed, TWO)

    synchronised(signed, HEADING + "rival,p-9,Ann,ann@rival.example,en\n", "--also", "acme")

    shown = json.loads(signed("directory", "show", "--json").out)["directories"]
    assert {each["contract"]: len(each["administrators"]) for each in shown} == {"acme": 0, "rival": 1}


def test_an_id_that_gets_another_name_and_another_address_is_taken_with_a_warning(signed):
    synchronised(signed, TWO)
    other = HEADING + "acme,p-1,Ann Lee,ann@acme.example,\nacme,p-2,John Smith,j.smith@acme.example,en\n"

    answer = synchronised(signed, other, "--json")
    again = synchronised(signed, other, "--json")

    assert (answer.code, json.loads(answer.out)["changed"]) == (0, ["p-1"])
    assert answer.err.startswith("constat: warning: p-1 has another name and another address")
    assert "an id is never given to another person" in answer.err
    assert "p-2" not in answer.err
    assert not any(text in answer.err for text in ("Ann", "Zoé", "@"))
    assert (json.loads(again.out)["changed"], again.err) == ([], "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("acme,p-3,Zoé Martin,zoe@acme", None),
        ("acme,p-3,Zoé Martin,zoe.acme.example,", "list.csv:4: email: is no address"),
        *(
            (f"acme,p-3,Zoé Martin,{email},", "list.csv:4: email: is no address")
            for email in ("zoe..martin@x.example", "zoe.@x.example", ".zoe@x.example", "zoe@ex..example")
        ),
        ("acme,p-3,,zoe@acme.example,", "list.csv:4: name: is empty"),
        ("acme,zoe@acme.example,Zoé Martin,zoe@acme.example,", "list.csv:4: person: is no opaque id"),
        ("acme,p-3,Zoé Martin,zoe@acme.example,de", "list.csv:4: language: must be fr or en"),
        ("acme,p-1,Zoé Martin,zoe@acme.example,", "list.csv:4: person: p-1 stands twice for acme"),
        ("rival,p-1,Zoé Martin,other@acme.example,", "list.csv:4: person: p-1 has another name or address"),
        ("a cme,p-3,Zoé Martin,zoe@acme.example,", "list.csv:4: contract: is no name"),
        ("nobody,p-3,Zoé Martin,zoe@acme.example,", "no contract 'nobody'"),
        ('acme,p-3,"Zoé\nBcc: x",zoe@acme.example,', "list.csv:5: name: is empty or has characters"),
        ('acme,p-3,"Zoé', "cannot be read"),
    ],
)
def test_bad_input_names_file_line_and_reason_and_costs_nothing_that_is_stored(signed, tmp_path, line, said):
    synchronised(signed, TWO)
    before = [(tmp_path / name).read_bytes() for name in ("constat.db", "directory.db")]

    answer = synchronised(signed, TWO + line + "\n")

    if said is None:  # a short line has an empty language, and a domain without a point is one
        assert answer.code == 0
        return
    assert (answer.code, said in answer.err) == (2, True), answer.err
    assert "zoe@acme.example" not in answer.err
    assert [(tmp_path / name).read_bytes() for name in ("constat.db", "directory.db")] == before


def test_everything_that_is_wrong_in_a_file_is_said_at_once_line_by_line(signed):
    synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z")
    signed("directory", "erase", "p-1", "--by", "dpo", "--reason", "asked")

    answer = synchronised(
        signed,
        HEADING
        + "acme,p-1,Zoé Martin,zoe@acme.example,\n"
        + "nobody,p-2,John Smith,john@acme.example,\n"
        + "acme,p-3,,no-address,de\n"
        + "acme,p-3,Ann,ann@acme.example,\n"
        + 'acme,p-4,"Bob" Lee,bob@acme.example,\n',
        "--made-at",
        "2026-09-01T08:00:00Z",
        "--also",
        "elsewhere",
    )

    assert answer.code == 2
    told = answer.err.splitlines()[1:]
    assert [line.split(": ")[0].strip() for line in told] == [
        "list.csv:2",
        "list.csv:3",
        "list.csv:4",
        "list.csv:5",
        "list.csv:6",
        "--also elsewhere",
        "list.csv",
    ], answer.err
    assert "p-1 was erased" in told[0]
    assert "no contract 'nobody'" in told[1]
    assert all(
        column in told[2] for column in ("name: is empty", "email: is no address", "language: must be")
    )
    assert "p-3 stands twice for acme, first on line 4" in told[3]
    assert "cannot be read" in told[4]
    assert "no contract 'elsewhere'" in told[5]
    assert "the list of acme that is in force was made at 2026-10-01T08:00:00Z" in told[6]
    assert not any(text in answer.err for text in ("Martin", "zoe@", "john@"))


def test_one_address_of_two_ids_is_taken_with_a_warning_that_names_both_lines(signed):
    one_person = TWO + "rival,p-1,Zoé Martin,zoe@acme.example,\n"

    alone = synchronised(signed, one_person, "--json")
    answer = synchronised(signed, one_person + "rival,p-7,Zoé M,Zoe@acme.example,\n", "--json")

    assert (alone.code, json.loads(alone.out)["shared"], alone.err) == (0, [], "")
    assert answer.code == 0
    assert answer.err.startswith(
        "constat: warning: list.csv:5: email: p-7 has the address of p-1 on line 2; if they are one person, "
        "keep one id"
    )
    assert len(json.loads(answer.out)["shared"]) == 1
    assert "@" not in answer.err


def test_a_refused_list_makes_no_store(signed, tmp_path):
    answer = synchronised(signed, TWO + "nobody,p-3,Ann,ann@acme.example,\n")

    assert (answer.code, (tmp_path / "directory.db").exists()) == (2, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "list.csv:1: the heading lacks contract, person, name, email, language"),
        (HEADING.replace("language", "langue"), "lacks language"),
        (HEADING.replace("language", "language,phone"), "has unknown phone"),
        (HEADING, "names nobody"),
    ],
)
def test_a_file_that_is_no_list_is_refused(signed, text, said):
    answer = synchronised(signed, text)

    assert (answer.code, said in answer.err) == (2, True), answer.err


def test_an_older_list_is_refused_and_the_store_stays(signed, tmp_path):
    synchronised(signed, TWO, "--made-at", "2026-10-02T08:00:00Z")
    before = (tmp_path / "directory.db").read_bytes()

    answer = synchronised(signed, HEADING + "acme,p-3,X,x@a.example,\n", "--made-at", "2026-10-01T08:00:00Z")

    assert (answer.code, "synchronise a newer one" in answer.err) == (2, True)
    assert (tmp_path / "directory.db").read_bytes() == before


def test_a_list_that_the_ledger_refused_leaves_a_person_as_another_contract_has_them(tmp_path):
    with closing(open_store(tmp_path / "directory.db")) as store:
        store.replace({"rival": [Entry("rival", "p-1", "Zoé", "zoe@rival.example", "en", "administrator")]})
        before = store.entries()
        other = {"acme": [Entry("acme", "p-1", "Zoé Martin", "zoe@acme.example", None, "administrator")]}

        with pytest.raises(ConflictError), store.replaced(other):
            raise ConflictError("somebody was first")

        assert store.entries() == before


# ---------------------------------------------------------------- erase


def test_an_erased_person_is_nowhere_in_the_files(signed, tmp_path, monkeypatch):
    """Ledger, directory and evidence, after mails were sent, refused with the address in the reply, and bounced."""
    mailroom = Mailroom()
    with listening(mailroom) as port:
        for name, value in {"PORT": port, "SECURITY": "none", "FROM": "ops@provider.example"}.items():
            monkeypatch.setenv(f"CONSTAT_SMTP_{name}", str(value))
        synchronised(signed, TWO)
        Path("list.csv").unlink()
        times = ("--from", "2127-01-04T02:00:00Z", "--to", "2127-01-04T04:00:00Z")
        signed("notice", "publish", "m1", "--platform", "acme-prod", *times, "--summary", "x")
        assert signed("notify").code == 0
    held = holders(tmp_path)
    assert any("evidence" in each for each in held)

    answer = signed("directory", "erase", "p-1", "--by", "dpo", "--reason", "asked")

    assert (answer.code, "and 1 document with them" in answer.out) == (0, True), answer.out + answer.err
    assert holders(tmp_path) == []
    assert signed("verify").code == 0
    assert json.loads(signed("directory", "show", "--json").out)["directories"][0]["administrators"] == [
        {"person": "p-2", "name": "John Smith", "email": "john@acme.example", "language": "en"}
    ]
    again = signed("directory", "erase", "p-1", "--by", "dpo", "--reason", "asked")
    assert (again.code, "already erased" in again.err) == (2, True)
    back = synchronised(signed, TWO)
    assert (back.code, "p-1 was erased" in back.err) == (2, True)


def test_what_was_kept_while_a_person_was_erased_goes_with_the_second_erasure(signed, tmp_path, monkeypatch):
    with listening(Mailroom()) as port:
        for name, value in {"PORT": port, "SECURITY": "none", "FROM": "ops@provider.example"}.items():
            monkeypatch.setenv(f"CONSTAT_SMTP_{name}", str(value))
        synchronised(signed, TWO)
        Path("list.csv").unlink()
        times = ("--from", "2127-01-04T02:00:00Z", "--to", "2127-01-04T04:00:00Z")
        signed("notice", "publish", "m1", "--platform", "acme-prod", *times, "--summary", "x")
        signed("notify")
    message = Path(holders(tmp_path / "evidence")[0])
    kept = message.read_bytes()
    erase = ("directory", "erase", "p-1", "--by", "dpo", "--reason", "asked")
    signed(*erase)
    message.write_bytes(kept)

    again, nothing = signed(*erase), signed(*erase)

    assert (again.code, nothing.code) == (0, 2)
    assert holders(tmp_path) == []


def holders(folder: Path) -> list[str]:
    """Every file in which something of the person stands."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [str(file) for file in files if any(secret in file.read_bytes() for secret in SECRETS)]


def test_nobody_is_erased_whom_no_list_named(signed):
    synchronised(signed, TWO)

    answer = signed("directory", "erase", "p-9", "--by", "dpo", "--reason", "asked")

    assert (answer.code, "no list of acme ever named p-9" in answer.err) == (2, True)


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize("content", [b"", b"something else" * 100])
def test_what_is_no_directory_is_not_opened(tmp_path, content):
    (tmp_path / "directory.db").write_bytes(content)

    with pytest.raises(UnusableDirectoryError):
        open_store(tmp_path / "directory.db", create=False)


def test_a_directory_that_is_not_there_is_named(signed):
    answer = signed("directory", "show")

    assert (answer.code, "there is no directory at directory.db" in answer.err) == (2, True)
