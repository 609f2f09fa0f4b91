"""An outbox that knows its ledger, both in files of their own."""

from pathlib import Path

import pytest

from tests.ledger.log.processes import ledger_at, new_ledger
from tests.ledger.outbox.agents import begun


@pytest.fixture
def path(tmp_path):
    """The file of the outbox; its ledger is `ledger.db` beside it."""
    new_ledger(tmp_path / "ledger.db")
    return str(begun(tmp_path / "outbox.db", tmp_path / "ledger.db"))


@pytest.fixture
def ledger(path):
    """That ledger, open."""
    with ledger_at(Path(path).with_name("ledger.db")) as ledger:
        yield ledger
