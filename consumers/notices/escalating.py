"""Tell ops before it is too late that nobody has a notice, or that nobody was told of a loss of data."""

from collections.abc import Iterator, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from consumers.notices.letter import Letterhead
from consumers.notices.messages import Message, by_occasion, is_for_good
from consumers.notices.occasions import Occasion
from consumers.notices.sending import Sender
from consumers.notices.smtp import NoReplyError
from ledger import escalations
from ledger.errors import ConflictError, RefusedError
from ledger.escalations import NoticeEscalated
from ledger.instants import format_instant, from_ms
from ledger.mails import is_needless
from projections.asof import Known

_WHY = {
    "attempted": "unanswered",
    "refused": "refused",
    "unanswered": "unanswered",
    "bounced": "bounced",
    "abandoned": "no-address",
}


def escalate(sender: Sender, known: Known, hours_before_ms: int) -> list[NoticeEscalated]:
    """Take down, once for each, what nobody has and must have soon, or will not get by itself."""
    found = []
    now_ms = sender.clock()
    for occasion, several in _needed(known, sender.pending(known)):
        if occasion.escalation in known.escalations or not _is_urgent(
            occasion, several, now_ms + hours_before_ms
        ):
            continue
        if now_ms < occasion.over_ms:
            found += _escalated(sender, _fact(occasion, several), now_ms)
    return found


def urgent_from_ms(
    known: Known, found: Sequence[Message], hours_before_ms: int, now_ms: int
) -> Iterator[int]:
    """When each notice that nobody has becomes urgent, of those that will only be."""
    for occasion, several in _needed(known, found):
        if occasion.deadline_ms is not None and not _is_given(several):
            urgent_ms = occasion.deadline_ms - hours_before_ms
            if urgent_ms > now_ms:
                yield urgent_ms


def _needed(known: Known, found: Sequence[Message]) -> Iterator[tuple[Occasion, Sequence[Message]]]:
    """The messages of each occasion; nothing of one that a later notice has replaced for everybody."""
    for occasion, several in by_occasion(known, found):
        if not several or not all(message.is_replaced or _is_needless(message) for message in several):
            yield occasion, several


def _is_needless(message: Message) -> bool:
    return message.state.last is not None and is_needless(message.state.last)


def _is_given(several: Sequence[Message]) -> bool:
    return any(message.state.accepted_ms is not None for message in several)


def _is_urgent(occasion: Occasion, several: Sequence[Message], by_ms: int) -> bool:
    """Nobody has it, something went wrong, and it is late, an alert, or nothing that mends itself."""
    is_untried = bool(several) and not any(message.state.last for message in several)
    if _is_given(several) or is_untried:
        return False
    is_late = occasion.deadline_ms is not None and by_ms >= occasion.deadline_ms
    return is_late or occasion.is_alert or all(is_for_good(message.state) for message in several)


def _fact(occasion: Occasion, several: Sequence[Message]) -> NoticeEscalated:
    fates = [message.state.fate for message in several if message.state.fate]
    return NoticeEscalated.model_validate(
        {
            "escalation": occasion.escalation,
            "contract": occasion.contract,
            "maintenance": occasion.name if occasion.is_notice else None,
            "incident": occasion.name if occasion.is_alert else None,
            "cause": occasion.cause,
            "why": _WHY[fates[0]] if fates else "no-address",
            "deadline": occasion.deadline_ms,
        }
    )


def _escalated(sender: Sender, fact: NoticeEscalated, now_ms: int) -> list[NoticeEscalated]:
    try:
        sender.ledger.record(
            escalations.stream_of(fact.escalation),
            escalations.INITIAL,
            escalations.evolve,
            lambda state: escalations.escalate(state, fact),
            occurred_ms=now_ms,
        )
    except (RefusedError, ConflictError):
        return []  # another process did
    return [fact]


# ---------------------------------------------------------------- by mail


def mail_ops(sender: Sender, known: Known, ops_email: str) -> list[NoticeEscalated]:
    """Mail ops what was escalated and has not been mailed from here; what fails is tried at the next run.

    What they have now.
    """
    now_ms = sender.clock()
    still = [
        occasion.escalation
        for occasion, several in _needed(known, sender.pending(known))
        if now_ms < occasion.over_ms and not _is_given(several) and occasion.escalation in known.escalations
    ]
    mailed = []
    for name in sender.store.not_yet_mailed(still):
        fact = known.escalations[name].escalated
        assert fact is not None
        message = _message(fact, ops_email, sender.head, now_ms)
        try:
            reply = sender.server.send(sender.head.address, ops_email, message)
        except NoReplyError:
            break
        if reply.is_taken:
            sender.store.mailed(name)
            mailed.append(fact)
    sender.server.close()
    return mailed


def _message(fact: NoticeEscalated, ops_email: str, head: Letterhead, now_ms: int) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Constat", addr_spec=head.address)
    message["To"] = Address(addr_spec=ops_email)
    message["Subject"] = told(fact)
    message["Date"] = format_datetime(from_ms(now_ms))
    message["Message-ID"] = head.message_id(f"escalation.{fact.escalation}")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{told(fact)}.\n\n{_where(fact)} every attempt with the server's reply.\n"
        "Reach the administrators another way, or mend what is wrong: mails are tried again by themselves.\n",
        cte="quoted-printable",
    )
    return message.as_bytes()


def _where(fact: NoticeEscalated) -> str:
    if fact.maintenance or fact.incident:
        return f"The register of {fact.contract} has"
    return f"`constat processor announced --contract {fact.contract}` shows"


def told(fact: NoticeEscalated) -> str:
    """One sentence for ops."""
    what = f"announcement {fact.cause} of a sub-processor"
    if fact.maintenance:
        what = f"notice {fact.cause} of {fact.maintenance}"
    elif fact.incident:
        what = f"alert of {fact.incident}"
    until = f"; in time until {format_instant(fact.deadline)}" if fact.deadline is not None else ""
    return f"Nobody at {fact.contract} has the {what} ({fact.why}){until}"
