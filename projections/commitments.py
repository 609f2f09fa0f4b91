"""The commitments of a contract beside availability, each judged by the facts recorded of it."""

from ledger.contracts import Contract
from projections.administrators import administrators_list, has_directory
from projections.asof import Known
from projections.backups import daily, kept, off_site
from projections.figures import CommitmentEntry
from projections.interventions import has_interventions, intervention_account
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

    That of the accounts and that of the list of administrators come last, and only where an intervention or a
    list was ever recorded: a statement that knows of none keeps the digest that it had before there were any
    (decision records 0060, 0070).
    """
    scope = Scope(known, contract, period)
    found = [judge(scope) for judge in JUDGES]
    if has_interventions(scope):
        found.append(intervention_account(scope))
    if has_directory(scope):
        found.append(administrators_list(scope))
    return tuple(found)
