"""`constat correct`: what may be corrected, and what is said of silence."""

import json

import pytest

RESULTS = """platform,observed_at,outcome
acme-prod,2026-09-08T09:00:00+02:00,down
acme-prod,2026-09-08T10:00:00+02:00,up
"""


@pytest.fixture
def corrected(constat, tmp_path):
    """Correct an interval of two results of one agent, an hour apart."""
    text = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    (tmp_path / "acme.toml").write_text(text)
    (tmp_path / "results.csv").write_text(RESULTS)
    constat("contract", "sign", "acme.toml")
    assert constat("import", "results", "results.csv", "--agent", "paris").code == 0

    def run(start, end, *options):
        who = ("--agent", "paris", "--platform", "acme-prod", "--reason", "a slip", "--by", "sre-1")
        return constat("correct", "k1", *who, "--from", start, "--to", end, *options)

    return run


def test_results_that_are_yet_to_come_are_not_corrected(corrected):
    answer = corrected("2026-09-08T09:00+02:00", "2126-09-08T09:00+02:00", "--outcome", "up")

    assert answer.code == 2
    assert "a correction speaks of results that were seen" in answer.err


@pytest.mark.parametrize("options", [(), ("--outcome", "up")])
def test_an_interval_of_which_the_agent_said_nothing_is_not_corrected(corrected, options):
    answer = corrected("2026-09-08T09:30+02:00", "2026-09-08T10:00+02:00", *options)

    assert answer.code == 2
    assert "silence cannot be corrected" in answer.err


def test_a_correction_says_how_much_of_its_interval_was_silent(corrected):
    answer = corrected("2026-09-08T09:00+02:00", "2026-09-08T10:00+02:00", "--outcome", "up")

    assert answer.code == 0
    assert "57 min 30 s of the interval had no result of paris on acme-prod" in answer.err


def test_a_correction_of_what_was_seen_says_nothing_more(corrected):
    answer = corrected("2026-09-08T09:00+02:00", "2026-09-08T09:02:30+02:00")

    assert (answer.code, answer.err) == (0, "")


def test_a_correction_shows_its_interval_back_on_the_clock_of_the_contract(corrected):
    answer = corrected("2026-09-08T07:00Z", "2026-09-08T07:02:30Z")

    assert "acme: 2026-09-08 09:00:00+02:00 to 09:02:30+02:00 Europe/Paris" in answer.out.splitlines()


def test_a_preview_says_what_would_become_what_and_the_days_and_writes_nothing(corrected, tmp_path):
    before = (tmp_path / "constat.db").read_bytes()

    answer = corrected("2026-09-08T09:00+02:00", "2026-09-08T10:02+02:00", "--outcome", "up", "--preview")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "paris on acme-prod, 2026-09-08 07:00+00:00 to 08:02+00:00:",
        "  2 min stay up",
        "  2 min 30 s down become up",
        "  57 min 30 s without a result stay unknown",
        "acme (Acme SAS): 2026-09-08 09:00+02:00 to 10:02+02:00 Europe/Paris",
        "  period 1 (2026-09-01 to 2026-09-30): 0 days as before",
    ]
    assert (tmp_path / "constat.db").read_bytes() == before


def test_a_preview_for_machines_and_what_is_recorded_have_the_same_figures(corrected):
    how = ("2026-09-08T09:00+02:00", "2026-09-08T10:00+02:00", "--outcome", "up", "--json")

    beforehand = json.loads(corrected(*how, "--preview").out)
    recorded = json.loads(corrected(*how).out)

    assert beforehand["said"] == [{"before": "down", "after": "up", "length_ms": 150_000}]
    assert beforehand["silent_ms"] == 3_450_000
    assert recorded["effect"] == beforehand
    assert recorded["type"] == "constat.results.corrected.v1"


def test_once_recorded_it_is_said_in_short_what_became_what_and_the_days(corrected):
    answer = corrected("2026-09-08T09:00+02:00", "2026-09-08T09:02:30+02:00", "--outcome", "up")

    assert answer.out.splitlines()[1:] == [
        "paris on acme-prod: 2 min 30 s down become up",
        "acme: 2026-09-08 09:00:00+02:00 to 09:02:30+02:00 Europe/Paris",
        "acme: period 1 (2026-09-01 to 2026-09-30): 0 days as before",
    ]


@pytest.mark.parametrize("how", [(), ("--preview",), ("--json",)])
def test_a_correction_that_changes_nothing_is_refused_with_what_to_do(corrected, tmp_path, how):
    before = (tmp_path / "constat.db").read_bytes()

    answer = corrected("2026-09-08T10:00+02:00", "2026-09-08T10:02+02:00", "--outcome", "up", *how)

    assert answer.code == 2
    assert "paris has results on acme-prod it says up already, so nothing would change" in answer.err
    assert (tmp_path / "constat.db").read_bytes() == before


def test_a_preview_of_a_name_that_was_used_says_so(corrected):
    corrected("2026-09-08T09:00+02:00", "2026-09-08T09:02:30+02:00", "--outcome", "up")

    answer = corrected("2026-09-08T09:00+02:00", "2026-09-08T09:02:30+02:00", "--preview")

    assert answer.code == 2
    assert "correction k1 was already made; correct the same interval again under another name" in answer.err
