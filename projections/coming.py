"""Coming maintenance: what is announced from a moment on, to which client, in time or not, who has the mail.

Work that is announced and not over yet counts, so that what is going on now is shown as well. Of each work
the last notice is shown, as it was given to each client; who withdraws it takes it out.
"""

from ledger.contracts import Contract, require_signed
from ledger.interval import Interval
from ledger.maintenance import Maintenance
from projections.asof import Known
from projections.attention import concerned, signed
from projections.figures import AsOfFigures, Figures, Instant, NoticeFigures
from projections.moment import as_of_figures
from projections.periods import period_between
from projections.register_exclusions import last_notice
from projections.scope import Scope


class ClientComing(Figures):
    """An announced work as one client was told of it; times are in its zone."""

    contract: str
    client: str
    zone: str
    platforms: tuple[str, ...]
    latest_given_at: Instant
    """Given later than this, the notice comes too late for the terms."""
    notice: NoticeFigures


class MaintenanceComing(Figures):
    """An announced work that is not over."""

    maintenance: str
    summary: str
    """What will be done, as it was first announced."""
    started: bool
    clients: tuple[ClientComing, ...]
    without_contract: tuple[str, ...]
    """Platforms of the work that belong to no contract then: nobody is told of them."""


class Coming(Figures):
    """Every announced work that is not over at a moment, what begins first before what begins later."""

    as_of: AsOfFigures
    maintenances: tuple[MaintenanceComing, ...]


def coming(known: Known, contract: str | None = None) -> Coming:
    """What is announced from the moment known on; of one contract only, if one is named.

    Raises:
        BadInputError: no contract of that name was known.
    """
    if contract is not None:
        known.contract(contract)
    announced = [
        (each.announced.start_ms, each.name, each)
        for each in known.maintenances.values()
        if each.announced and each.finished_ms is None and known.as_of.moment_ms < each.announced.end_ms
    ]
    found = (_maintenance(known, each, contract) for *_, each in sorted(announced, key=lambda each: each[:2]))
    return Coming(
        as_of=as_of_figures(known.as_of),
        maintenances=tuple(each for each in found if contract is None or each.clients),
    )


def _maintenance(known: Known, maintenance: Maintenance, only: str | None) -> MaintenanceComing:
    announced = maintenance.announced
    assert announced is not None
    told = {
        name: (contract, platforms)
        for name, contract in signed(known)
        if (platforms := concerned(contract, maintenance.platforms, announced))
    }
    somebodys = {platform for _, platforms in told.values() for platform in platforms}
    return MaintenanceComing(
        maintenance=maintenance.name,
        summary=maintenance.notices[0].text,
        started=maintenance.started_ms is not None,
        clients=tuple(
            _client(known, maintenance, announced, *each)
            for name, each in told.items()
            if only is None or name == only
        ),
        without_contract=tuple(each for each in maintenance.platforms if each not in somebodys),
    )


def _client(
    known: Known,
    maintenance: Maintenance,
    announced: Interval,
    contract: Contract,
    platforms: tuple[str, ...],
) -> ClientComing:
    scope = Scope(known, contract, period_between(contract, announced, announced.end_ms))
    terms = scope.terms_at(announced.start_ms)
    of_client = require_signed(contract)
    return ClientComing(
        contract=of_client.contract,
        client=of_client.client,
        zone=of_client.zone,
        platforms=platforms,
        latest_given_at=scope.at(announced.start_ms - terms.notice_ms),
        notice=last_notice(maintenance, scope),
    )
