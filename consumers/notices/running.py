"""`constat notify` as it runs: send what is due, escalate what may be late; once, or until it is ended."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import NamedTuple, Self

from consumers.directory.source import is_writable
from consumers.directory.store import Store, open_store
from consumers.evidence import Evidence
from consumers.notices.escalating import escalate, mail_ops, urgent_from_ms
from consumers.notices.letter import Letterhead
from consumers.notices.messages import NEVER_MS, Clock
from consumers.notices.sending import Sender, Step
from consumers.notices.smtp import Server, SmtpServer
from consumers.settings import Settings
from consumers.stopping import Stop
from ledger.application import Ledger
from ledger.errors import BadInputError, UnknownOutcomeError, UnreachableLedgerError
from ledger.escalations import NoticeEscalated
from ledger.instants import HOUR_MS
from ledger.mails import MailAccepted, is_needless
from projections.asof import Known


class Waiting(NamedTuple):
    """Mails that are to be sent, and not yet: how many, and when the first of them is due."""

    mails: int
    next_ms: int

    @classmethod
    def of(cls, found: Sender, known: Known) -> Self:
        """What waits by what is known."""
        due = [due_ms for _, due_ms in found.wanted(found.pending(known))]
        return cls(len(due), min(due, default=NEVER_MS))


@dataclass(frozen=True, slots=True)
class Done:
    """What one run did, and when there is something to do again if nothing is recorded until then."""

    steps: tuple[Step, ...]
    escalated: tuple[NoticeEscalated, ...]
    next_ms: int
    waiting: Waiting
    unwritten: tuple[str, ...] = ()
    """The mails whose bytes could not be had; why is in the log."""
    ops_told: tuple[NoticeEscalated, ...] = ()
    """What ops were mailed, of what was escalated now or before."""

    @property
    def is_well(self) -> bool:
        """Whether everything that was still of use was taken and nothing had to be escalated."""
        are_taken = all(isinstance(step.fact, MailAccepted) or is_needless(step.fact) for step in self.steps)
        return are_taken and not self.escalated and not self.unwritten


def letterhead(settings: Settings, secret: bytes) -> Letterhead:
    """Who writes.

    Raises:
        BadInputError: nobody said from which address.
    """
    address = settings.smtp_from
    if not address:
        raise BadInputError(
            "nobody is named as the sender; set CONSTAT_SMTP_FROM to the address that mails come from and "
            "that bounces go to"
        )
    provider = settings.provider or address.rpartition("@")[2]
    _require_address("CONSTAT_SMTP_FROM", address, provider)
    if settings.ops_email:
        _require_address("CONSTAT_OPS_EMAIL", settings.ops_email)
    return Letterhead(address, provider, secret)


def _require_address(variable: str, address: str, name: str = "") -> None:
    if not is_writable(name, address):
        raise BadInputError(
            f"{variable}: {address!r} or the name {name!r} with it cannot stand in the head of a mail; "
            "write an address as ops@example.com"
        )


def sender(  # noqa: PLR0913, PLR0917 - everything that sending touches
    ledger: Ledger, store: Store, evidence: Evidence, server: Server, settings: Settings, clock: Clock
) -> Sender:
    """Who sends, by the settings."""
    return Sender(ledger, store, evidence, server, letterhead(settings, store.secret), clock)


@contextmanager
def sending(ledger: Ledger, settings: Settings, clock: Clock) -> Iterator[Sender]:
    """Who sends from the directory of the settings; closed afterwards."""
    with closing(open_store(settings.directory, create=False)) as store:
        yield sender(ledger, store, Evidence(settings.evidence), SmtpServer(settings), settings, clock)


def run_once(found: Sender, settings: Settings) -> Done:
    """Send what is due, then escalate what nobody has."""
    hours_before_ms = int(settings.escalate_hours_before * HOUR_MS)
    found.send_due()
    escalated = escalate(found, found.known(), hours_before_ms)
    known = found.known()
    return Done(
        steps=tuple(found.steps),
        escalated=tuple(escalated),
        next_ms=_next_ms(found, known, hours_before_ms),
        waiting=Waiting.of(found, known),
        unwritten=tuple(found.unwritten),
        ops_told=tuple(mail_ops(found, known, settings.ops_email)) if settings.ops_email else (),
    )


def _next_ms(found: Sender, known: Known, hours_before_ms: int) -> int:
    """When a message is due again, or becomes urgent or useless."""
    pending, now_ms = found.pending(known), found.clock()
    urgent = urgent_from_ms(known, pending, hours_before_ms, now_ms)
    wanted = [min(due_ms, message.occasion.over_ms) for message, due_ms in found.wanted(pending)]
    return min([NEVER_MS, *wanted, *urgent])


def follow(
    found: Sender,
    settings: Settings,
    stop: Stop,
    heard: Callable[[Done], None],
    troubled: Callable[[str], None],
) -> None:
    """Run whenever something was recorded or is due, until told to stop; a message on its way is finished.

    A ledger that is away is asked again; what is not known to be in it is looked at anew.
    """
    seen, next_ms = -1, 0
    while not stop.is_asked:
        try:
            position = found.ledger.engine.head().position
            if position != seen or found.clock() >= next_ms:
                done = run_once(found, settings)
                heard(done)
                seen, next_ms = position, done.next_ms  # what came meanwhile may not have been looked at
        except (UnreachableLedgerError, UnknownOutcomeError) as error:
            troubled(str(error))
            seen = -1
        stop.wait(settings.notify_seconds)
