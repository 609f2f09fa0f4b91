"""What every test may ask for."""

import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from consumers.cli.main import main

settings.register_profile(
    "constat",
    max_examples=int(os.environ.get("CONSTAT_EXAMPLES", "50")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("constat")


class Answer(NamedTuple):
    """What a command said and how it left."""

    code: int
    out: str
    err: str


@pytest.fixture
def constat(tmp_path, monkeypatch, capfdbinary) -> Callable[..., Answer]:
    """Run a command in this process, in an empty folder, on that folder's ledger."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSTAT_LEDGER", f"sqlite:///{tmp_path}/constat.db")
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["constat", *map(str, arguments)])
        capfdbinary.readouterr()
        try:
            main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        sys.stdout.flush()
        captured = capfdbinary.readouterr()
        return Answer(code, captured.out.decode(), captured.err.decode())

    return run
