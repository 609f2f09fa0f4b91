"""What a test needs and a machine may lack: it is skipped with the reason, or fails where that is required."""

import os
from typing import NoReturn

import pytest


def lacking(variable: str, why: str) -> NoReturn:
    """Skip the test that asks; fail it if the environment sets the variable, such as `CONSTAT_REQUIRE_KAFKA`."""
    if os.environ.get(variable):
        pytest.fail(f"{variable} is set, and {why}")
    pytest.skip(why)
