"""When a notice was given to one contract: by the mails that told its administrators of it (rule 3.1).

Where mails about a notice were tried, it takes back what was announced before from its publication, and
announces from the moment at which the first administrator's mail server had accepted it. So nobody gains by
a message that did not arrive. Where none was tried, both moments are its publication.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ledger.instants import END_OF_TIME_MS
from ledger.mails import Mail
from ledger.maintenance import Maintenance, Notice
from projections.asof import Known

MailsByCause = Mapping[int, Sequence[tuple[str, Mail]]]
"""The position of a notice -> the mails of one contract about it, by name, in the order of the people."""


@dataclass(frozen=True, slots=True)
class Given:
    """Both clocks of when a notice was given to a contract; None if nobody has it yet."""

    given_ms: int | None
    recorded_ms: int | None


def mails_of(known: Known, contract: str) -> MailsByCause:
    """The mails that told, or should have told, a contract's administrators."""
    if not known.mails:
        return {}
    return known.latest(("mails", contract), known.as_of.position, lambda: _mails_of(known, contract))


def _mails_of(known: Known, contract: str) -> MailsByCause:
    found: dict[int, list[tuple[str, Mail]]] = {}
    for name, mail in known.mails.items():
        if mail.last and mail.last.contract == contract:
            found.setdefault(mail.last.cause, []).append((name, mail))
    return {cause: sorted(mails, key=_person) for cause, mails in found.items()}


def _person(each: tuple[str, Mail]) -> str:
    assert each[1].last is not None
    return each[1].last.person


def given(notice: Notice, mails: Sequence[tuple[str, Mail]]) -> Given:
    """When a notice was given, by the mails about it; never before it was published."""
    if not mails:
        return Given(notice.given_ms, notice.recorded_ms)
    accepted = [
        (mail.accepted_ms, mail.accepted_recorded_ms)
        for _, mail in mails
        if mail.accepted_ms is not None and mail.accepted_recorded_ms is not None
    ]
    if not accepted:
        return Given(None, None)
    return Given(
        max(notice.given_ms, min(at_ms for at_ms, _ in accepted)),
        max(notice.recorded_ms, min(recorded_ms for _, recorded_ms in accepted)),
    )


# ---------------------------------------------------------------- a maintenance as a contract was told of it


def maintenances_of(known: Known, contract: str) -> Mapping[str, Maintenance]:
    """Every maintenance as it was given to a contract; as it was published, where no mail was tried."""
    mails = mails_of(known, contract)
    if not mails:
        return known.maintenances
    return known.latest(("given", contract), known.as_of.position, lambda: _told(known, mails))


def _told(known: Known, mails: MailsByCause) -> Mapping[str, Maintenance]:
    return {name: as_told(maintenance, mails) for name, maintenance in known.maintenances.items()}


def as_told(maintenance: Maintenance, mails: MailsByCause) -> Maintenance:
    """The maintenance with each notice at the moment at which it was given."""
    notices = maintenance.notices
    if not any(notice.position in mails for notice in notices):
        return maintenance
    untils = [*(Given(notice.given_ms, notice.recorded_ms) for notice in notices[1:]), Given(None, None)]
    told = [
        each
        for notice, until in zip(notices, untils, strict=True)
        for each in _as_told(notice, mails.get(notice.position, ()), until)
    ]
    return replace(maintenance, notices=tuple(told))


def _as_told(notice: Notice, mails: Sequence[tuple[str, Mail]], until: Given) -> Iterator[Notice]:
    """What a notice takes back, from its publication; and what it announces, once it was given.

    Given only after the next one was published, it announces nothing any more. Each clock answers that for
    itself: the ledger may take an acceptance down after the notice that came after it.
    """
    if notice.announced is None or not mails:
        yield notice
        return
    if notice.kind == "moved":
        yield replace(notice, kind="taken-back", announced=None)
    when = given(notice, mails)
    yield replace(
        notice,
        given_ms=_unless_too_late(when.given_ms, until.given_ms),
        recorded_ms=_unless_too_late(when.recorded_ms, until.recorded_ms),
    )


def _unless_too_late(at_ms: int | None, until_ms: int | None) -> int:
    if at_ms is None or (until_ms is not None and at_ms >= until_ms):
        return END_OF_TIME_MS
    return at_ms
