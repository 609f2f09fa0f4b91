"""The inbox of operations: what needs somebody now, what costs first before what costs later.

A pure fold like every other: of what is known, at the moment asked about (`as_of.moment_ms`), because most
of it grows overdue while nothing is recorded. One function for each kind; each gives everything that is
open, overdue or not.
"""

from collections.abc import Callable, Iterator

from ledger.claims import Claim, ClaimFiled
from ledger.contracts import Contract, require_signed
from ledger.directory import INITIAL
from ledger.instants import DAY_MS, HOUR_MS, format_instant
from ledger.interval import Interval
from ledger.maintenance import Maintenance
from ledger.terms import zone_of
from projections.asof import Known
from projections.assessment import due_periods
from projections.attention import Attention, Inbox, InboxItem, concerned, signed
from projections.last_rounds import silent_agents
from projections.moment import as_of_figures
from projections.periods import PERIOD_DAYS_MAX, periods_of, terms_at
from projections.reassessing import due_revisions
from projections.support_clock import due_requests
from projections.undelivered import failed_mails, notices_not_given
from projections.units import hours


def inbox(known: Known, contract: str | None = None) -> Inbox:
    """Everything that needs somebody, of one contract or of all.

    Raises:
        BadInputError: no contract of that name was known.
    """
    if contract is not None:
        known.contract(contract)
    found = [each for kind in EACH for each in kind(known) if contract in (None, *each.contracts)]
    found.sort(key=lambda each: (each.due_ms, each.kind, each.subject, each.contracts, each.about))
    as_of = known.as_of
    return Inbox(
        as_of=as_of_figures(as_of),
        at=format_instant(as_of.moment_ms),
        items=tuple(_item(each, known) for each in found),
    )


def _item(found: Attention, known: Known) -> InboxItem:
    """Times are those of the contract's zone where it concerns one contract."""
    alone = known.contracts[found.contracts[0]] if len(found.contracts) == 1 else None
    zone = zone_of(require_signed(alone).zone) if alone else None
    left_ms = found.due_ms - known.as_of.moment_ms
    return InboxItem(
        kind=found.kind,
        subject=found.subject,
        contracts=found.contracts,
        what=found.what,
        reply=found.reply,
        about=found.about,
        since=format_instant(found.since_ms, zone),
        due=format_instant(found.due_ms, zone),
        hours_left=hours(left_ms),
        overdue=left_ms < 0,
        positions=tuple(dict.fromkeys(found.positions)),
    )


# ---------------------------------------------------------------- one function for each kind


def open_requests(known: Known) -> Iterator[Attention]:
    """Support requests without an answer [Gestion d'incidents]."""
    for due in due_requests(known):
        asked = due.requested
        platforms = (asked.platform,) if asked.platform else ()
        yield Attention(
            kind="support-request",
            subject=asked.request,
            contracts=(asked.contract,),
            since_ms=due.request.requested_ms,
            due_ms=due.lost_ms,
            what=f"{due.promised_hours}",
            about=platforms,
            positions=due.request.positions,
        )


def unruled_claims(known: Known) -> Iterator[Attention]:
    """Claims of force majeure on which nobody decided: without a ruling the period is assessed against us."""
    for name, claim in known.claims.items():
        if claim.filed is None or claim.ruling:
            continue
        filed = claim.filed
        assessed_ms = {
            contract: each_ms
            for contract, agreed in signed(known)
            if (each_ms := _assessed_ms(agreed, filed)) is not None
        }
        if assessed_ms:
            yield _unruled(name, claim, filed, assessed_ms)


def _unruled(name: str, claim: Claim, filed: ClaimFiled, assessed_ms: dict[str, int]) -> Attention:
    return Attention(
        kind="claim-unruled",
        subject=name,
        contracts=tuple(assessed_ms),
        since_ms=claim.filed_ms,
        due_ms=min(assessed_ms.values()),
        about=filed.platforms if len(assessed_ms) == 1 else (),
        positions=(claim.position,),
    )


def _assessed_ms(contract: Contract, filed: ClaimFiled) -> int | None:
    """When the first period of a contract that a claim touches is assessed, its grace included."""
    claimed = filed.claimed.interval
    if not concerned(contract, filed.platforms, claimed):
        return None
    begun = periods_of(contract, claimed.end_ms + (PERIOD_DAYS_MAX + 1) * DAY_MS)
    return next((period.due_ms for period in begun if period.interval.overlaps(claimed)), None)


def untold_losses(known: Known) -> Iterator[Attention]:
    """Losses of data of which the administrators of some platforms were not told; that is due at once."""
    for incident in known.incidents.values():
        if not incident.data_loss:
            continue
        alerted = {platform for platform, _ in incident.alerted}
        untold = [platform for platform in incident.platforms if platform not in alerted]
        for name, contract in signed(known):
            platforms = concerned(contract, untold, Interval.at(incident.opened_ms))
            if platforms:
                yield Attention(
                    kind="data-loss-not-alerted",
                    subject=incident.name,
                    contracts=(name,),
                    since_ms=incident.opened_ms,
                    due_ms=incident.opened_ms,
                    about=platforms,
                    positions=tuple(step.position for step in incident.story),
                )


def unfinished_maintenances(known: Known) -> Iterator[Attention]:
    """Work that began and is not over: due when what was announced ends, and at once if nothing is."""
    for maintenance in known.maintenances.values():
        if maintenance.started_ms is not None and maintenance.finished_ms is None:
            yield _unfinished(known, maintenance, maintenance.started_ms)


def _unfinished(known: Known, maintenance: Maintenance, started_ms: int) -> Attention:
    announced = maintenance.announced
    during = announced or Interval.at(started_ms)
    return Attention(
        kind="maintenance-unfinished",
        subject=maintenance.name,
        contracts=tuple(
            name
            for name, contract in signed(known)
            if concerned(contract, maintenance.platforms, _around(during, started_ms))
        ),
        since_ms=started_ms,
        due_ms=announced.end_ms if announced else started_ms,
        what="announced" if announced else "withdrawn",
        about=maintenance.platforms,
        positions=(maintenance.notices[-1].position, *maintenance.work_positions),
    )


def _around(during: Interval, started_ms: int) -> Interval:
    """What was announced, and the work that may have begun before it or after it."""
    return Interval(min(during.start_ms, started_ms), max(during.end_ms, started_ms + 1))


def old_lists(known: Known) -> Iterator[Attention]:
    """Lists of administrators of which three quarters of the time that they may stand are over [RGPD]."""
    now = Interval.at(known.as_of.moment_ms)
    for name, contract in signed(known):
        lists = known.directories.get(name, INITIAL).lists
        terms = terms_at(contract, now.start_ms)
        if not lists or not terms or not _is_running(contract, now):
            continue
        made = lists[-1]
        stands_ms = terms.directory_sync_hours_max * HOUR_MS
        if 4 * (now.start_ms - made.occurred_ms) >= 3 * stands_ms:
            yield Attention(
                kind="administrators-old",
                subject=name,
                contracts=(name,),
                since_ms=made.occurred_ms,
                due_ms=made.occurred_ms + stands_ms,
                positions=(made.position,),
            )


def _is_running(contract: Contract, now: Interval) -> bool:
    return bool(concerned(contract, (each.platform for each in contract.platforms), now))


def due_assessments(known: Known) -> Iterator[Attention]:
    """Periods that ended, their grace included, and were not assessed, or are to be assessed again."""
    for name, contract in signed(known):
        for period in due_periods(known, name):
            yield Attention(
                kind="assessment-due",
                subject=f"{name}/{period.number}",
                contracts=(name,),
                since_ms=period.interval.end_ms,
                due_ms=period.due_ms,
                positions=(contract.position,),
            )
    yield from due_revisions(known)


EACH: tuple[Callable[[Known], Iterator[Attention]], ...] = (
    notices_not_given,
    failed_mails,
    open_requests,
    unruled_claims,
    untold_losses,
    unfinished_maintenances,
    old_lists,
    silent_agents,
    due_assessments,
)
