"""The benchmarks outside the product, of which no test runs the whole: each can at least be started."""

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("name", sorted(path.stem for path in BENCHMARKS.glob("*.py")))
def test_a_benchmark_finds_everything_of_the_product_that_it_names(name):
    module = importlib.import_module(f"benchmarks.{name}")

    assert callable(module.main)
