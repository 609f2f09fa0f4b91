"""What is for designated administrators alone: they are named by ids, and nobody else is taken for one."""

import pytest

from tests.consumers.directory.lists import TWO, synchronised

ASK = ("support", "file", "r1", "-c", "acme", "--subject", "x", "--by")


def test_only_a_designated_administrator_opens_a_request(signed):
    assert signed("support", "file", "r0", *ASK[3:], "anybody").code == 0
    synchronised(signed, TWO)

    answer = signed(*ASK, "p-9")

    assert (answer.code, "they were: p-1, p-2" in answer.err) == (2, True)
    assert signed(*ASK, "p-1").code == 0


def test_whoever_filed_before_the_first_list_and_is_in_none_is_taken_with_a_warning(signed):
    synchronised(signed, TWO, "--made-at", "2026-10-01T08:00:00Z")
    early = ("--at", "2026-09-30T08:00:00Z")

    stranger = signed(*ASK, "p-9", *early)
    listed = signed("support", "file", "r2", *ASK[3:], "p-1", *early)

    assert (stranger.code, listed.code, listed.err) == (0, 0, "")
    assert stranger.err == (
        "constat: warning: p-9 is in no list of administrators of acme: the first one is of "
        "2026-10-01T08:00:00Z, so nobody could be asked for at 2026-09-30T08:00:00Z; if the person or the "
        "time is a slip, file it anew under another number\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (*ASK, "zoe@acme.example"),
        (*ASK, "p-1", "--account", "zoe@acme.example"),
        ("incident", "alert", "i1", "--platform", "acme-prod", "--administrator", "zoe@acme.example"),
    ],
)
def test_an_address_is_no_id_and_is_neither_recorded_nor_repeated(signed, tmp_path, arguments):
    signed("incident", "open", "i1", "--platform", "acme-prod", "--summary", "x")

    answer = signed(*arguments)

    assert (answer.code, "an id of a person has no @" in answer.err) == (2, True)
    assert "zoe" not in answer.err
    assert b"zoe@acme" not in (tmp_path / "constat.db").read_bytes()


def test_an_alert_by_hand_names_designated_administrators_only(signed):
    both = ("--platform", "acme-prod", "--platform", "rival-prod")
    signed("incident", "open", "i1", *both, "--summary", "a disk", "--data-loss")
    alert = ("incident", "alert", "i1", "--platform", "acme-prod", "--administrator")
    assert signed(*alert, "anybody").code == 0
    synchronised(signed, TWO)

    answer = signed(*alert, "p-77")

    assert answer.code == 2
    assert "p-77 was no designated administrator of acme" in answer.err
    assert "only those are to be told of a loss of data; they were: p-1, p-2" in answer.err
    assert signed(*alert, "p-1", "--administrator", "p-77").code == 2
    assert signed(*alert, "p-1").code == 0


def test_an_alert_by_hand_names_an_administrator_of_each_client_that_it_is_for(signed):
    synchronised(signed, TWO + "rival,p-9,Ann,ann@rival.example,en\n")
    both = ("--platform", "acme-prod", "--platform", "rival-prod")
    signed("incident", "open", "i1", *both, "--summary", "a disk", "--data-loss")
    alert = ("incident", "alert", "i1", *both, "--administrator", "p-1")

    answer = signed(*alert)

    assert (answer.code, "p-1 was no designated administrator of rival" in answer.err) == (2, True)
    assert signed(*alert, "--administrator", "p-9").code == 0
