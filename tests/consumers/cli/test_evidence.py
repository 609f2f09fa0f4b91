"""Evidence of claims, rulings, corrections and alerts: its bytes are kept before a fact names them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from consumers.evidence import Evidence
from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft, hash_of
from ledger.terms import Terms

SPAN = ("--from", "2026-10-06T09:00+02:00", "--to", "2026-10-06T10:00+02:00")
FILE = ("claim", "file", "flood", "--platform", "acme-prod", *SPAN, "--event", "a flood")
RULE = ("claim", "rule", "flood", "accepted", "--reason", "it was one", "--by", "judge-1")
OPEN = ("incident", "open", "i1", "--platform", "acme-prod", "--summary", "a disk", "--data-loss")
ALERT = ("incident", "alert", "i1", "--platform", "acme-prod")
CORRECT = (
    "correct",
    "c1",
    "--agent",
    "paris",
    "--platform",
    "acme-prod",
    *SPAN,
    "--reason",
    "r",
    "--by",
    "s-1",
)
RESULTS = "platform,observed_at,outcome\nacme-prod,2026-10-06T09:30:00+02:00,down\n"
PHOTO = b"\x89PNG a photograph of the water"
KILLED_BEFORE_THE_FACT = """
import os, signal, sys
from consumers.cli.main import main
from ledger.log.sqlite import SQLiteEngine
SQLiteEngine.append = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["constat", *sys.argv[1:]]
main()
"""


@pytest.fixture
def signed(tmp_path, constat):
    """A ledger with one contract of one platform, which one agent has probed, and a photograph."""
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db") as ledger:
        contract = ContractSigned(contract="acme", client="Acme", first_day="2026-10-01", terms=Terms())
        added = PlatformAdded(contract="acme", platform="acme-prod", from_day="2026-10-01")
        ledger.append(Draft("contract:acme", contract, 0), Draft("contract:acme", added, 0))
    (tmp_path / "paris.csv").write_text(RESULTS)
    assert constat("import", "results", "paris.csv", "--agent", "paris").code == 0
    (tmp_path / "water.png").write_bytes(PHOTO)
    return constat


@pytest.fixture
def store(tmp_path):
    return Evidence(tmp_path / "evidence")


def checked(constat):
    answer = constat("evidence", "check", "--json")
    return answer.code, json.loads(answer.out)


def test_what_a_claim_a_ruling_a_correction_and_an_alert_name_is_kept(signed, store, tmp_path):
    for number, command in enumerate((FILE, RULE, CORRECT, OPEN, ALERT)):
        (tmp_path / f"{number}.txt").write_text(f"document {number}")
        more = () if command is OPEN else ("--evidence", f"{number}.txt")
        assert signed(*command, *more).code == 0

    code, found = checked(signed)

    names = [(each["names"], each["positions"]) for each in found["documents"]]
    assert (code, found["is_well"], found["unnamed"]) == (0, True, [])
    assert names == [(["0.txt"], [4]), (["1.txt"], [5]), (["2.txt"], [6]), (["4.txt"], [8])]
    assert [store.read(each["sha256"]) for each in found["documents"]] == [
        f"document {number}".encode() for number in (0, 1, 2, 4)
    ]


def test_who_moves_or_changes_the_file_afterwards_changes_nothing(signed, tmp_path):
    signed(*FILE, "--evidence", "water.png")
    (tmp_path / "water.png").write_bytes(b"another")

    answer = signed("evidence", "show", hash_of(PHOTO), "--to", "again.png")

    assert (answer.code, (tmp_path / "again.png").read_bytes()) == (0, PHOTO)
    assert signed("evidence", "show", hash_of(PHOTO), "--to", "again.png").code == 2, "it exists"


def test_the_same_document_for_two_facts_is_one_file(signed, store):
    signed(*FILE, "--evidence", "water.png")
    signed(*RULE, "--evidence", "water.png")

    _, found = checked(signed)

    assert [each["positions"] for each in found["documents"]] == [[4, 5]]
    assert store.hashes() == {hash_of(PHOTO)}


# ---------------------------------------------------------------- killed, refused, full


def test_killed_between_a_file_is_left_that_no_fact_names(signed, store, tmp_path):
    environment = os.environ | {"CONSTAT_LEDGER": f"sqlite:///{tmp_path}/constat.db"}
    command = [sys.executable, "-c", KILLED_BEFORE_THE_FACT, *FILE, "--evidence", "water.png"]
    killed = subprocess.run(command, cwd=tmp_path, env=environment, check=False)

    code, found = checked(signed)

    assert killed.returncode == -signal.SIGKILL
    assert (code, found["documents"], found["unnamed"]) == (0, [], [hash_of(PHOTO)])
    assert store.read(hash_of(PHOTO)) == PHOTO
    assert "1 file that no fact names" in signed("evidence", "check").out
    assert signed(*FILE, "--evidence", "water.png").code == 0, "the same command again goes through"
    assert checked(signed)[1]["unnamed"] == []


def test_what_is_refused_leaves_nothing(signed, store, tmp_path):
    signed(*FILE)

    again = signed(*FILE, "--evidence", "water.png")

    assert (again.code, store.folder.exists()) == (2, False)
    assert signed(*RULE, "--evidence", str(tmp_path / "nothing.png")).code == 2


def test_no_fact_is_taken_down_whose_document_cannot_be_kept(signed, tmp_path):
    (tmp_path / "evidence").write_bytes(b"a file where the folder should be")
    before = (tmp_path / "constat.db").read_bytes()

    answer = signed(*FILE, "--evidence", "water.png")

    assert (answer.code, "CONSTAT_EVIDENCE" in answer.err) == (2, True)
    assert (tmp_path / "constat.db").read_bytes() == before


def test_the_folder_is_where_the_environment_says(signed, tmp_path, monkeypatch):
    monkeypatch.setenv("CONSTAT_EVIDENCE", str(tmp_path / "elsewhere"))
    signed(*FILE, "--evidence", "water.png")

    assert Evidence(tmp_path / "elsewhere").read(hash_of(PHOTO)) == PHOTO
    assert signed("evidence", "check").code == 0
    assert signed("evidence", "check", "--evidence", "evidence").code == 1


# ---------------------------------------------------------------- damaged


@pytest.fixture
def damaged(signed, store):
    """One bit of the document is not what it was."""
    signed(*FILE, "--evidence", "water.png")
    path = store.path_of(hash_of(PHOTO))
    path.write_bytes(bytes([PHOTO[0] ^ 1]) + PHOTO[1:])
    return signed


def test_a_damaged_document_is_found_and_named(damaged):
    answer = damaged("evidence", "check")

    assert answer.code == 1
    assert answer.out == (
        f"altered: {hash_of(PHOTO)[7:19]}  position 4: water.png; restore it from a copy\n"
        "1 document checked: 0 kept, 1 wrong\n"
    )
    code, found = checked(damaged)
    assert (code, found["is_well"], found["documents"][0]["state"]) == (1, False, "altered")


def test_a_damaged_document_is_not_shown(damaged):
    answer = damaged("evidence", "show", hash_of(PHOTO))

    assert (answer.code, answer.out, "altered" in answer.err) == (2, "", True)


def test_no_further_fact_names_a_damaged_document(damaged, tmp_path):
    before = (tmp_path / "constat.db").read_bytes()

    answer = damaged(*RULE, "--evidence", "water.png")

    assert (answer.code, "altered" in answer.err) == (2, True)
    assert (tmp_path / "constat.db").read_bytes() == before


def test_a_missing_document_is_found(signed, store):
    signed(*FILE, "--evidence", "water.png")
    store.erase(hash_of(PHOTO))

    answer = signed("evidence", "check")

    assert (answer.code, answer.out.splitlines()[0].startswith("missing: ")) == (1, True)
    assert signed("evidence", "list").out.startswith("missing ")


# ---------------------------------------------------------------- what is meant


def test_a_list_has_each_document_with_its_fact(signed):
    signed(*FILE, "--evidence", "water.png")

    answer = signed("evidence", "list")

    assert answer.out == f"kept        {hash_of(PHOTO)[7:19]}  position 4: water.png\n"
    assert json.loads(signed("evidence", "list", "--json").out)["documents"][0]["names"] == ["water.png"]


def test_a_document_is_shown_by_the_beginning_of_its_hash(signed):
    Path("water.png").write_text("in words")
    signed(*FILE, "--evidence", "water.png")

    assert signed("evidence", "show", hash_of(b"in words")[7:15]).out == "in words"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("0" * 8, "no fact names"), ("../../etc", "is no hash"), ("abc", "eight of its digits")],
)
def test_who_means_no_document_is_told(signed, text, sentence):
    answer = signed("evidence", "show", text)

    assert (answer.code, sentence in answer.err) == (2, True), answer.err


def test_a_name_that_would_move_the_terminal_does_not(signed, tmp_path):
    (tmp_path / "a\x1b[2Jb.txt").write_text("x")
    signed(*FILE, "--evidence", "a\x1b[2Jb.txt")

    assert "\x1b" not in signed("evidence", "list").out
