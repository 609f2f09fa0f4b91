"""Notices that no administrator has yet, and mails that came back or were refused [Disponibilité du service].

Only contracts with a list of administrators are told by mail; a notice from before the first list was told
otherwise. Of a maintenance only its last notice matters, and only until what it announces is over. A mail
about a loss of data or a sub-processor that failed is late at once.
"""

from collections.abc import Iterator, Sequence

from ledger.contracts import Contract
from ledger.directory import INITIAL
from ledger.interval import Interval
from ledger.mails import Mail, MailAbandoned, MailFact
from ledger.maintenance import Maintenance, Notice
from projections.asof import Known
from projections.attention import Attention, concerned, signed
from projections.given import MailsByCause, mails_of
from projections.periods import terms_at
from projections.processor_changes import processor_changes
from projections.register_mails import reply

FAILED = ("bounced", "refused")


def notices_not_given(known: Known) -> Iterator[Attention]:
    """Each announcement that no administrator of a contract has; too late from `notice_hours` before it."""
    for name, contract in signed(known):
        mails = mails_of(known, name)
        for maintenance in known.maintenances.values():
            notice = _standing_notice(known, name, maintenance)
            if notice is None or notice.announced is None:
                continue
            platforms = concerned(contract, maintenance.platforms, notice.announced)
            tried = mails.get(notice.position, ())
            if platforms and not _is_given(tried):
                mail = _first(tried)
                yield Attention(
                    kind="notice-not-given",
                    subject=maintenance.name,
                    contracts=(name,),
                    since_ms=notice.given_ms,
                    due_ms=deadline_ms(contract, notice.announced),
                    what=(mail and mail.fate) or "not-tried",
                    reply=_said(mail) if mail else None,
                    about=platforms,
                    positions=(notice.position, *(mail.position for _, mail in tried)),
                )


def _standing_notice(known: Known, contract: str, maintenance: Maintenance) -> Notice | None:
    """The last notice, if it was to be mailed and is still of use to somebody."""
    notice = maintenance.notices[-1]
    is_mailed = known.directories.get(contract, INITIAL).known_before(notice.position)
    told = _announced(maintenance)
    return notice if is_mailed and told and known.as_of.moment_ms < told.end_ms else None


def _announced(maintenance: Maintenance) -> Interval | None:
    """What is announced or, once it was withdrawn, was."""
    announced = [each.announced for each in maintenance.notices if each.announced]
    return announced[-1] if announced else None


def _is_given(tried: Sequence[tuple[str, Mail]]) -> bool:
    return any(mail.accepted_ms is not None for _, mail in tried)


def _first(tried: Sequence[tuple[str, Mail]]) -> Mail | None:
    """The first administrator's mail that met any fate: it tells how far the notice came."""
    return next((mail for _, mail in tried if mail.fate), None)


def _said(mail: Mail) -> str | None:
    """What was last answered to a mail; nobody answers to one that was not sent."""
    if mail.last is None or isinstance(mail.last, MailAbandoned):
        return None
    return reply(mail.last)


def deadline_ms(contract: Contract, announced: Interval) -> int:
    """As early before the start as the terms in force then ask for; the start itself where there are none."""
    terms = terms_at(contract, announced.start_ms)
    return announced.start_ms - (terms.notice_ms if terms else 0)


# ---------------------------------------------------------------- mails that failed


def failed_mails(known: Known) -> Iterator[Attention]:
    """Each mail to an administrator that came back, was refused or has no address, while it is of use."""
    for name, contract in signed(known):
        mails = mails_of(known, name)
        people = known.directories.get(name, INITIAL).at(known.as_of.moment_ms) or ()
        for several in mails.values():
            for _, mail in several:
                if mail.last and mail.last.person in people and (what := _failed(mail)):
                    yield from _failure(known, contract, mail, what, mails)


def _failed(mail: Mail) -> str | None:
    """Why a mail has not arrived, where somebody may have to mend it."""
    last = mail.last
    if isinstance(last, MailAbandoned):
        return last.why if last.why == "no-address" else None
    return mail.fate if mail.fate in FAILED else None


def _failure(
    known: Known, contract: Contract, mail: Mail, what: str, mails: MailsByCause
) -> Iterator[Attention]:
    last = mail.last
    assert last is not None
    due_ms = _costs_ms(known, contract, mail, mails) if last.maintenance else mail.last_ms
    if due_ms is not None:
        yield Attention(
            kind="mail-failed",
            subject=last.maintenance or last.incident or _processor(known, last),
            contracts=(last.contract,),
            since_ms=mail.last_ms,
            due_ms=due_ms,
            what=what,
            reply=_said(mail),
            about=(last.person,),
            positions=(last.cause, mail.position),
        )


def _processor(known: Known, last: MailFact) -> str:
    """The sub-processor that a mail was about, if its cause is a change of one."""
    changes = processor_changes(known)
    return next((each.processor for each in changes if each.position == last.cause), last.mail)


def _costs_ms(known: Known, contract: Contract, mail: Mail, mails: MailsByCause) -> int | None:
    """What somebody has must only arrive before the work begins; None if it is of no use any more."""
    last = mail.last
    assert last is not None
    maintenance = known.maintenances.get(last.maintenance or "")
    notice = maintenance and _standing_notice(known, last.contract, maintenance)
    if not maintenance or not notice or notice.position != last.cause:
        return None
    told = _announced(maintenance)
    assert told is not None
    if notice.announced is None or _is_given(mails.get(notice.position, ())):
        return told.start_ms
    return deadline_ms(contract, told)
