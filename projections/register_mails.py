"""What became of the mails about a notice, to one contract, its own only."""

from collections.abc import Callable, Sequence

from ledger.mails import Mail, MailAbandoned, MailAccepted, MailBounced, MailFact, MailRefused, MailUnanswered
from projections.figures import MailFigures
from projections.scope import Scope


def mail_figures(mails: Sequence[tuple[str, Mail]], at: Callable[[int], str]) -> tuple[MailFigures, ...]:
    """One for each administrator to whom a mail was tried; `at` writes an instant."""
    return tuple(_mail(mail, at) for _, mail in mails)


def _mail(mail: Mail, at: Callable[[int], str]) -> MailFigures:
    assert mail.last is not None
    assert mail.fate is not None
    return MailFigures(
        person=mail.last.person,
        fate=mail.fate,
        at=at(mail.last_ms),
        attempts=mail.attempts,
        reply=reply(mail.last),
        message_id=mail.last.message_id,
        sha256=mail.last.sha256,
        position=mail.position,
    )


def reply(fact: MailFact) -> str | None:
    """What was answered, in the words of whoever answered."""
    match fact:
        case MailAccepted() | MailRefused():
            return f"{fact.code} {fact.reply}"
        case MailUnanswered():
            return fact.trouble
        case MailBounced():
            return f"{fact.status} {fact.diagnostic}"
        case MailAbandoned():
            return fact.why
    return None


def escalated_at(cause: int, contract: str, scope: Scope) -> str | None:
    """When ops were told that a contract had not been told of a fact."""
    for escalation in scope.known.escalations.values():
        fact = escalation.escalated
        if fact and (fact.cause, fact.contract) == (cause, contract):
            return scope.at(escalation.occurred_ms)
    return None
