"""Whose clock runs: open support requests, and when their hours are over [Gestion d'incidents].

The hours are those of the calendar, from the filing on, by the terms of the day of filing. They are reckoned
at the moment asked about (`as_of.moment_ms`), because an open request grows older while nothing is recorded.
An answer at the last instant is in time: a request is lost once its hours are exceeded.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from ledger.contracts import Contract, require_signed
from ledger.instants import HOUR_MS, format_instant
from ledger.support import Request, SupportRequested
from ledger.terms import zone_of
from projections.asof import Known
from projections.figures import AsOfFigures, Figures, Instant
from projections.moment import as_of_figures
from projections.periods import terms_at
from projections.units import hours

Clock = Literal["running", "warning", "lost"]


class OpenRequest(Figures):
    """A request without an answer, and what is left of its hours. Hours are cut after two decimals."""

    request: str
    contract: str
    platform: str | None
    subject: str
    by: str
    filed_at: Instant
    promised_hours: int
    hours_used: str
    hours_left: str
    """Negative once it is lost."""
    lost_at: Instant
    """The last instant at which an answer is in time."""
    clock: Clock
    position: int


class SupportClock(Figures):
    """Every open request at a moment, the first to be lost first."""

    as_of: AsOfFigures
    at: Instant
    """The moment at which the hours are reckoned."""
    warning_hours: int
    requests: tuple[OpenRequest, ...]

    @property
    def is_lost(self) -> bool:
        """Whether any of them is lost."""
        return any(each.clock == "lost" for each in self.requests)


class Due(NamedTuple):
    """An open request with the contract whose terms it is under."""

    requested: SupportRequested
    request: Request
    contract: Contract
    promised_hours: int

    @property
    def lost_ms(self) -> int:
        """The last instant at which an answer is in time."""
        return self.request.requested_ms + self.promised_hours * HOUR_MS


def support_clock(known: Known, *, warning_hours: int, contract: str | None = None) -> SupportClock:
    """Every request, of one contract or of all, that was filed by the moment asked about and not answered.

    Raises:
        BadInputError: no contract of that name was known.
    """
    if contract is not None:
        known.contract(contract)
    due = sorted(due_requests(known, contract), key=lambda each: (each.lost_ms, each.requested.request))
    as_of = known.as_of
    return SupportClock(
        as_of=as_of_figures(as_of),
        at=format_instant(as_of.moment_ms),
        warning_hours=warning_hours,
        requests=tuple(_figures(each, as_of.moment_ms, warning_hours * HOUR_MS) for each in due),
    )


def due_requests(known: Known, contract: str | None = None) -> Iterator[Due]:
    """Every open request at the moment asked about, of one contract or of all."""
    for request in known.requests.values():
        requested = request.requested
        if requested is None or contract not in (None, requested.contract):
            continue
        agreed = known.contracts.get(requested.contract)
        if agreed is None or not _is_open(request, known.as_of.moment_ms):
            continue
        yield Due(requested, request, agreed, _promised_hours(agreed, request.requested_ms))


def _is_open(request: Request, moment_ms: int) -> bool:
    answered_ms = request.answered_ms
    return request.requested_ms <= moment_ms and (answered_ms is None or answered_ms > moment_ms)


def _promised_hours(contract: Contract, filed_ms: int) -> int:
    """By the terms of that day; before the contract's first day by those that were signed."""
    terms = terms_at(contract, filed_ms) or require_signed(contract).terms
    return terms.support_answer_hours


def _figures(due: Due, moment_ms: int, warning_ms: int) -> OpenRequest:
    zone = zone_of(require_signed(due.contract).zone)
    left_ms = due.lost_ms - moment_ms
    return OpenRequest(
        request=due.requested.request,
        contract=due.requested.contract,
        platform=due.requested.platform,
        subject=due.requested.subject,
        by=due.requested.by,
        filed_at=format_instant(due.request.requested_ms, zone),
        promised_hours=due.promised_hours,
        hours_used=hours(moment_ms - due.request.requested_ms),
        hours_left=hours(left_ms),
        lost_at=format_instant(due.lost_ms, zone),
        clock="lost" if left_ms < 0 else "warning" if left_ms <= warning_ms else "running",
        position=due.request.positions[0],
    )
