"""Two clients with a platform each."""

import pytest

from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft
from ledger.terms import Terms


@pytest.fixture
def signed(tmp_path, constat):
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db") as ledger:
        for name in ("acme", "rival"):
            contract = ContractSigned(contract=name, client=name, first_day="2026-01-01", terms=Terms())
            added = PlatformAdded(contract=name, platform=f"{name}-prod", from_day="2026-01-01")
            ledger.append(Draft(f"contract:{name}", contract, 0), Draft(f"contract:{name}", added, 0))
    return constat
