"""What a correction changes, in lines for the terminal of ops: before it is made, and once it is recorded."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from consumers.cli.times import duration
from consumers.pages.harmless import harmless_text
from consumers.pages.previewed import span
from ledger.errors import counted
from projections.corrected import ContractChange, CorrectionPreview, OutcomeChange, PeriodDays

_INSTANT = timedelta(milliseconds=1)


def lines(found: CorrectionPreview) -> Iterator[str]:
    """What the agent would say, and what that comes to for each client."""
    yield f"{found.agent} on {found.platform}, {span(found.interval)}:"
    for each in found.said:
        yield f"  {_outcome(each)}"
    if found.silent_ms:
        yield f"  {duration(found.silent_ms)} without a result stay unknown"
    if not found.contracts:
        yield f"{found.platform} is in no contract then: no figure changes"
    for contract in found.contracts:
        client = harmless_text(contract.client)
        yield f"{contract.contract} ({client}): {span(contract.interval)} {contract.zone}"
        yield from (f"  {each}" for each in _periods(contract))


def in_short(found: CorrectionPreview) -> Iterator[str]:
    """The same in few lines, for whoever has made it."""
    changed = [each for each in found.said if each.before != each.after]
    yield f"{found.agent} on {found.platform}: {', '.join(map(_outcome, changed))}"
    for contract in found.contracts:
        yield f"{contract.contract}: {span(contract.interval)} {contract.zone}"
        yield from (f"{contract.contract}: {each}" for each in _periods(contract))


def _outcome(change: OutcomeChange) -> str:
    if change.before == change.after:
        return f"{duration(change.length_ms)} stay {change.after}"
    return f"{duration(change.length_ms)} {change.before} become {change.after}"


def _periods(found: ContractChange) -> Iterator[str]:
    if found.not_judged:
        yield f"its days cannot be told: {found.not_judged}"
    for each in found.periods:
        yield _days(each)


def _days(found: PeriodDays) -> str:
    """The days that are granted, and where the cap or the moment makes a difference those accrued as well."""
    period = found.period
    first = datetime.fromisoformat(period.start).date()
    last = (datetime.fromisoformat(period.end) - _INSTANT).date()
    which = f"period {period.number} ({first} to {last}{'' if period.complete else ', so far'})"
    granted = _from_to(found.days_granted_before, found.days_granted_after)
    if (found.days_accrued_before, found.days_accrued_after) == (
        found.days_granted_before,
        found.days_granted_after,
    ):
        return f"{which}: {granted}"
    accrued = _from_to(found.days_accrued_before, found.days_accrued_after)
    return f"{which}: {granted} granted of {accrued} accrued"


def _from_to(before: int, after: int) -> str:
    if before == after:
        return f"{counted(after, 'day')} as before"
    return f"{counted(before, 'day')} before, {counted(after, 'day')} with it"
