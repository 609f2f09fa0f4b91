"""`constat import`: what is said of each file, what is never overwritten, and which code it leaves with."""

import json

import pytest

HEADER = "platform,observed_at,outcome\n"
GOOD = HEADER + "acme-prod,2026-09-08T09:00:00+02:00,up\n"
LATER = HEADER + "acme-prod,2026-09-09T09:00:00+02:00,up\n"
BAD = HEADER + "acme-prod,2026-09-10T09:00:00+02:00,up\nacme-prod,2026-09-10T09:01:00+02:00,sideways\n"
IMPORT = ("import", "results", "--agent", "paris")


@pytest.fixture
def signed(constat, tmp_path):
    """A ledger with the template's contract, beside three files of results."""
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    (tmp_path / "acme.toml").write_text(text)
    for name, content in (("good.csv", GOOD), ("later.csv", LATER), ("bad.csv", BAD)):
        (tmp_path / name).write_text(content)
    assert constat("contract", "sign", "acme.toml").code == 0
    return constat


# ---------------------------------------------------------------- rejects


def test_a_file_of_results_is_never_overwritten_by_its_rejects(signed, tmp_path):
    answer = signed(*IMPORT, "bad.csv", "--rejects", tmp_path / "." / "bad.csv")

    assert answer.code == 2
    assert "is one of the files to import" in answer.err
    assert (tmp_path / "bad.csv").read_text() == BAD


def test_an_existing_file_of_rejects_is_not_overwritten(signed, tmp_path):
    (tmp_path / "aside.csv").write_text("precious")

    answer = signed(*IMPORT, "bad.csv", "--rejects", "aside.csv")

    assert answer.code == 2
    assert "aside.csv exists already" in answer.err
    assert (tmp_path / "aside.csv").read_text() == "precious"


def test_rejects_need_a_folder_that_is_there(signed):
    assert "there is no folder" in signed(*IMPORT, "bad.csv", "--rejects", "nowhere/aside.csv").err


def test_an_import_that_put_something_aside_leaves_with_one(signed, tmp_path):
    answer = signed(*IMPORT, "bad.csv", "--rejects", "aside.csv")

    assert answer.code == 1
    assert "2 results read" not in answer.out
    assert "1 result read, 1 stored, 1 put aside" in answer.out
    assert (tmp_path / "aside.csv").read_text().splitlines()[0] == (
        "platform,observed_at,outcome,file,line,reason"
    )


# ---------------------------------------------------------------- several files


def test_every_file_is_told_of_the_good_are_stored_and_nothing_of_the_bad(signed):
    answer = signed(*IMPORT, "good.csv", "bad.csv", "missing.csv", "later.csv")
    again = signed(*IMPORT, "good.csv", "later.csv")

    assert answer.code == 2
    assert "good.csv: 1 result read, 1 stored" in answer.out
    assert "later.csv: 1 result read, 1 stored" in answer.out
    assert "bad.csv: 1 result cannot be taken; nothing of it was stored" in answer.err
    assert "missing.csv: there is no such file" in answer.err
    assert again.out.count("0 stored") == 2


def test_every_file_is_told_of_to_machines_too(signed):
    answer = signed(*IMPORT, "good.csv", "bad.csv", "--json")

    good, bad = json.loads(answer.out)
    assert answer.code == 2
    assert (good["file"], good["stored"], good["error"]) == ("good.csv", 1, None)
    assert (bad["file"], bad["stored"]) == ("bad.csv", 0)
    assert "sideways" in bad["error"]


# ---------------------------------------------------------------- who, and what of


def test_the_agent_is_asked_for_where_the_file_does_not_name_one(signed):
    answer = signed("import", "results", "good.csv")

    assert answer.code == 2
    assert "no column says who probed; name the agent with --agent NAME" in answer.err


def test_a_platform_that_no_contract_has_is_stored_with_a_warning(signed, tmp_path):
    (tmp_path / "other.csv").write_text(GOOD.replace("acme-prod", "acme-prd"))

    answer = signed(*IMPORT, "other.csv")
    (told,) = json.loads(signed(*IMPORT, "other.csv", "--json").out)

    assert answer.code == 0
    assert "warning: no contract has acme-prd" in answer.err
    assert told["platforms_without_contract"] == ["acme-prd"]
    assert signed(*IMPORT, "good.csv").err == ""


@pytest.mark.parametrize("written", ["Acme-Prod", "acme_prod", "acme-prd", "acme.prod"])
def test_a_platform_that_may_be_another_spelling_of_one_of_a_contract_is_said_to_be(
    signed, tmp_path, written
):
    (tmp_path / "other.csv").write_text(GOOD.replace("acme-prod", written))

    answer = signed(*IMPORT, "other.csv")
    (told,) = json.loads(signed(*IMPORT, "other.csv", "--json").out)
    (tmp_path / "other.csv").write_text(GOOD)
    again = signed(*IMPORT, "other.csv")

    assert answer.code == 0
    assert (
        f"constat: warning: {written} may be acme-prod, which a contract has; if it is, write" in answer.err
    )
    assert told["perhaps_another_spelling_of"] == {written: "acme-prod"}
    assert "1 result read, 1 stored" in again.out  # what the warning advises


def test_a_platform_that_is_like_none_of_a_contract_is_not_taken_for_one(signed, tmp_path):
    (tmp_path / "other.csv").write_text(GOOD.replace("acme-prod", "billing-test"))

    (told,) = json.loads(signed(*IMPORT, "other.csv", "--json").out)

    assert told["perhaps_another_spelling_of"] == {}
    assert " may be " not in signed(*IMPORT, "other.csv").err


def test_an_import_makes_no_ledger(constat, tmp_path):
    (tmp_path / "good.csv").write_text(GOOD)

    answer = constat(*IMPORT, "good.csv")

    assert answer.code == 2
    assert "sign a contract first, which makes one" in answer.err
    assert not (tmp_path / "constat.db").exists()


def test_changes_of_which_a_row_is_left_out_are_refused_and_part_of_them_is_not(constat, tmp_path):
    """Seen to be taken without a word: the ledger kept the row that the file no longer had."""
    head = "platform,observed_at,outcome\n"
    first, left_out, last = (
        "acme-prod,2026-10-01T09:00:00Z,down\n",
        "acme-prod,2026-10-01T09:05:00Z,up\n",
        "acme-prod,2026-10-01T11:00:00Z,down\n",
    )
    (tmp_path / "whole.csv").write_text(f"{head}{first}{left_out}{last}")
    (tmp_path / "less.csv").write_text(f"{head}{first}{last}")
    (tmp_path / "part.csv").write_text(f"{head}{left_out}{last}acme-prod,2026-10-01T12:00:00Z,up\n")
    (tmp_path / "acme.toml").write_text(constat("contract", "template", "jamespot").out)
    assert constat("contract", "sign", "acme.toml").code == 0
    take = ("import", "results", "--agent", "paris", "--transitions")
    assert constat(*take, "whole.csv").code == 0

    less, part, whole = constat(*take, "less.csv"), constat(*take, "part.csv"), constat(*take, "whole.csv")

    assert (less.code, part.code, whole.code) == (2, 0, 0)
    assert (
        "says down of acme-prod until the source's next row, where the ledger already has up at "
        "2026-10-01T09:05:00Z; a row that was imported before is left out: put it back"
    ) in less.err
