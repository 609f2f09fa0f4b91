"""The commitments of a contract beside availability, each judged by the facts recorded of it."""

from ledger.contracts import Contract
from projections.administrators import administrators_list, has_directory
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
    """Every commitment in a period, always all of them and in one order.

    The list of administrators comes last, and only where one was ever kept: who keeps it elsewhere reads
    nothing of it, and earlier statements keep their digests (decision record 0060).
    """
    scope = Scope(known, contract, period)
    found = tuple(judge(scope) for judge in JUDGES)
    return (*found, administrators_list(scope)) if has_directory(scope) else found
