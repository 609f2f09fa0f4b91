"""`constat bench` measures what it was asked to measure, or says which option to leave out."""

import pytest


@pytest.mark.parametrize(
    "options", [["--quick"], ["--month", "bad"], ["--kafka", "localhost:9092"], ["--json"]]
)
def test_a_plot_is_drawn_of_nothing_else(constat, tmp_path, options):
    answer = constat("bench", "--plot", str(tmp_path / "cost.svg"), *options)

    assert answer.code == 2
    assert "give no option but --keep" in answer.err
    assert not (tmp_path / "cost.svg").exists()


def test_another_month_is_not_measured_in_place_of_two_days(constat):
    answer = constat("bench", "--quick", "--month", "year")

    assert answer.code == 2
    assert "leave out --quick or --month" in answer.err
