"""`constat correct`: what may be corrected, and what is said of silence."""

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
    figures = corrected("2026-09-08T07:00Z", "2026-09-08T07:02:30Z", "--json")

    assert answer.out.splitlines()[1:] == ["acme: 2026-09-08 09:00:00+02:00 to 09:02:30+02:00 Europe/Paris"]
    assert "Europe/Paris" not in figures.out
