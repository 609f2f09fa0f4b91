"""A ledger whose feed is relayed."""

import pytest

from tests.consumers.billing.penalties import ledger_at


@pytest.fixture
def ledger(tmp_path):
    with ledger_at(tmp_path / "constat.db") as opened:
        yield opened
