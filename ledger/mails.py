"""Mails: each message to one administrator about one notice, alert or announcement, and its fate.

An attempt is taken down before the message leaves, and the server's reply after it came. An attempt without
a reply is one whose fate is unknown: only then, and when it is known not to have arrived, is the same
message sent again, under the same Message-ID. Replies are kept without addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, Person, RecordedFact, Sha256, Text

# ---------------------------------------------------------------- facts


class MailFact(Fact):
    """What every fact of a mail says of it: what it tells whom, and which bytes it is."""

    mail: Name
    contract: Name
    person: Person
    maintenance: Name | None = None
    incident: Name | None = None
    cause: Annotated[int, Field(ge=1)]
    """The position of the fact that it tells of."""
    message_id: Text
    sha256: Sha256 | None = None
    """Of the message's bytes; None where none was written."""
    attempt: Annotated[int, Field(ge=0)]


class MailAttempted(MailFact):
    """The message is about to be handed to the mail server; whether it was is not known yet."""

    TYPE: ClassVar[str] = "constat.mail.attempted.v1"

    sender: Name
    """The directory from which it is sent; only one process sends from one."""


class MailAccepted(MailFact):
    """The mail server took the message; `occurred` is when it said so."""

    TYPE: ClassVar[str] = "constat.mail.accepted.v1"

    code: int
    reply: Text


class MailRefused(MailFact):
    """The mail server did not take the message: for now (4xx), or for good (5xx)."""

    TYPE: ClassVar[str] = "constat.mail.refused.v1"

    code: int
    reply: Text


class MailUnanswered(MailFact):
    """No reply came: the server could not be reached, or was lost on the way."""

    TYPE: ClassVar[str] = "constat.mail.unanswered.v1"

    trouble: Text
    may_have_arrived: bool
    """It was lost after the whole message had been handed over."""


class MailBounced(MailFact):
    """A message that had been accepted, or may have been, came back undelivered (RFC 3464)."""

    TYPE: ClassVar[str] = "constat.mail.bounced.v1"

    status: Annotated[str, Field(pattern=r"^[245]\.[0-9]{1,3}\.[0-9]{1,3}$")]
    diagnostic: Text
    report: Sha256
    """Of the bytes of the report."""


class MailAbandoned(MailFact):
    """The message is not sent, or not again, and why."""

    TYPE: ClassVar[str] = "constat.mail.abandoned.v1"

    why: Literal["no-address", "overtaken", "over"]
    """Nobody knows where to; a later notice takes its place; what it announces is over."""


def is_needless(fact: MailFact) -> bool:
    """Whether it says that nobody needs the message any more; one without an address is still needed."""
    return isinstance(fact, MailAbandoned) and fact.why != "no-address"


# ---------------------------------------------------------------- state

Fate = Literal["attempted", "accepted", "refused", "unanswered", "bounced", "abandoned"]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its facts leave it. Without `last` nothing was ever tried."""

    last: MailFact | None = None
    last_ms: int = 0
    accepted_ms: int | None = None
    """When it was first accepted, of those times that no bounce took back."""
    accepted_recorded_ms: int | None = None
    may_have_arrived: bool = False
    """Whether the fate of any attempt since the last bounce is unknown."""
    reports: tuple[str, ...] = ()
    position: int = 0
    """Of the last fact."""

    @property
    def fate(self) -> Fate | None:
        """What became of the last attempt; None before the first."""
        return FATES[type(self.last)] if self.last else None

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        return self.last.attempt if self.last else 0


INITIAL = Mail()


def stream_of(mail: str) -> str:
    """The stream that holds a mail's facts."""
    return f"mail:{mail}"


# ---------------------------------------------------------------- evolve


FATES: Mapping[type[MailFact], Fate] = {
    MailAttempted: "attempted",
    MailAccepted: "accepted",
    MailRefused: "refused",
    MailUnanswered: "unanswered",
    MailBounced: "bounced",
    MailAbandoned: "abandoned",
}


def evolve(state: Mail, recorded: RecordedFact) -> Mail:
    """The mail after one more of its facts."""
    fact = recorded.fact
    if not isinstance(fact, MailFact):
        return state
    after = replace(state, last=fact, last_ms=recorded.occurred_ms, position=recorded.position)
    match fact:
        case MailAccepted() if _came_back(state, fact.attempt):
            after = replace(state, position=recorded.position)
        case MailAccepted() if state.accepted_ms is None:
            accepted = recorded.occurred_ms, recorded.recorded_ms
            after = replace(after, accepted_ms=accepted[0], accepted_recorded_ms=accepted[1])
        case MailUnanswered(may_have_arrived=True):
            after = replace(after, may_have_arrived=True)
        case MailAttempted() if isinstance(state.last, MailAttempted):  # the one before has no reply
            after = replace(after, may_have_arrived=True)
        case MailBounced():
            after = replace(
                after,
                accepted_ms=None,
                accepted_recorded_ms=None,
                may_have_arrived=False,
                reports=(*state.reports, fact.report),
            )
    return after


def _came_back(state: Mail, attempt: int) -> bool:
    """Whether the report on an attempt was taken down before the reply to it."""
    return isinstance(state.last, MailBounced) and state.last.attempt == attempt


# ---------------------------------------------------------------- decide


def proceed(state: Mail, seen: Mail, fact: MailFact) -> MailFact:
    """Take down the next step of a mail, if nobody else has done anything to it since it was looked at."""
    if state != seen:
        raise RefusedError(f"another process has gone on with mail {fact.mail}; it sends what is due")
    return fact


def bounce(state: Mail, bounced: MailBounced) -> MailBounced:
    """Take back an acceptance, or what may be one, by a report that was not read before.

    One on an attempt of unknown fate is taken down too: else it would take back a later one's acceptance.
    """
    if bounced.report in state.reports:
        raise RefusedError(f"this report on mail {bounced.mail} was already read")
    if state.accepted_ms is None and not isinstance(state.last, MailAttempted) and not state.may_have_arrived:
        raise RefusedError(f"mail {bounced.mail} cannot have arrived, so it cannot have come back")
    return bounced
