"""The commitments of a contract beside availability, each judged by the facts recorded of it."""

from ledger.contracts import Contract
from projections.asof import Known
from projections.backups import daily, kept, off_site
from projections.figures import CommitmentEntry
from projections.maintenance_quarters import maintenance_quarter
from projections.operators import operators
from projections.periods import Period
from projections.reported_incidents import browsers, data_loss_alert
from projections.scope import Scope
from projections.storage import storage
from projections.support_answers import support_answer

JUDGES = (
    support_answer,
    daily,
    off_site,
    kept,
    operators,
    storage,
    maintenance_quarter,
    browsers,
    data_loss_alert,
)


def commitments(known: Known, contract: Contract, period: Period) -> tuple[CommitmentEntry, ...]:
    """Every commitment in a period, always all of them and in one order."""
    scope = Scope(known, contract, period)
    return tuple(judge(scope) for judge in JUDGES)
