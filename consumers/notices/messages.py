"""Which messages there are: one for each occasion and administrator, with what became of it so far."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from consumers.directory.store import Entry
from consumers.notices.letter import Letterhead
from consumers.notices.occasions import Occasion, mail_name, occasions
from ledger import mails
from ledger.directory import INITIAL
from ledger.instants import END_OF_TIME_MS, HOUR_MS, MINUTE_MS
from ledger.mails import Mail, MailAbandoned, MailAttempted, MailBounced, MailRefused, MailUnanswered
from projections.asof import Known

DELAYS_MS = (MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS)
"""After the first, second … attempt; after the last of these each hour."""
FOR_GOOD_MS = HOUR_MS
"""A refusal for good or a bounce is tried again this late: a person may have to mend it."""
LEASE_MS = 15 * MINUTE_MS
"""For so long an attempt of another machine may still be on its way; no timeout is that long."""
FOR_GOOD = 500


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one administrator. No `to`: nobody here knows the address."""

    occasion: Occasion
    person: str
    name: str
    to: Entry | None
    state: Mail
    is_past: bool = False
    """Whether it was never tried and told of nothing any more when the person became an administrator."""
    is_replaced: bool = False
    """Whether the person has had no notice of this work, and there is a later one to be told of."""

    def identity(self, head: Letterhead) -> dict[str, object]:
        """What every fact of this mail says."""
        occasion = self.occasion
        kept_id = self.state.last.message_id if self.state.last else head.message_id(self.name)
        return {
            "mail": self.name,
            "contract": occasion.contract,
            "person": self.person,
            "maintenance": occasion.name if occasion.is_notice else None,
            "incident": occasion.name if occasion.is_alert else None,
            "cause": occasion.cause,
            "message_id": kept_id,
        }

    @property
    def kept(self) -> str | None:
        """The hash of the bytes that were written for it, if they were."""
        return self.state.last.sha256 if self.state.last else None

    @property
    def may_have_arrived(self) -> bool:
        """Whether the fate of the last attempt is unknown."""
        last = self.state.last
        return isinstance(last, MailAttempted) or (isinstance(last, MailUnanswered) and last.may_have_arrived)

    @property
    def may_be_had(self) -> bool:
        """Whether the person has it, or may have it."""
        return self.state.accepted_ms is not None or self.may_have_arrived or self.state.may_have_arrived

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing more to do; what was accepted stays so, whatever was tried beside it."""
        last = self.state.last
        return self.state.accepted_ms is not None or (last is not None and mails.is_needless(last))

    def due_ms(self, sender: str) -> int:
        """From when on it may be tried; an attempt of our own that has no reply is one that was killed."""
        state = self.state
        match state.last:
            case None | MailAbandoned():
                return 0
            case MailAttempted() as last:
                return 0 if last.sender == sender else state.last_ms + LEASE_MS
        delay_ms = DELAYS_MS[min(state.attempts, len(DELAYS_MS)) - 1]
        return state.last_ms + (FOR_GOOD_MS if is_for_good(state) else delay_ms)


def is_for_good(state: Mail) -> bool:
    """Whether trying again alone will not mend it."""
    last = state.last
    return isinstance(last, MailBounced | MailAbandoned) or (
        isinstance(last, MailRefused) and last.code >= FOR_GOOD
    )


def messages(known: Known, people: Mapping[tuple[str, str], Entry], now_ms: int) -> list[Message]:
    """Every message that there ever was to be, in the order in which what they tell was recorded."""
    found = [
        Message(
            occasion,
            person,
            name,
            people.get((occasion.contract, person)),
            state,
            state.last is None and _was_past(known, occasion, person),
        )
        for occasion in occasions(known)
        if not _is_told_by_hand(known, occasion)
        for person in known.directories.get(occasion.contract, INITIAL).at(now_ms) or ()
        for name in (mail_name(known, occasion, person),)
        for state in (known.mails.get(name, mails.INITIAL),)
    ]
    last = _last_alone(found)
    return [replace(each, is_replaced=True) if _is_before(each, last) else each for each in found]


Told = tuple[str, str, str]
"""A contract, a person of it, and a work of which the person is told."""


def _last_alone(found: Sequence[Message]) -> Mapping[Told, int]:
    """The last notice of each work of which a person has had none, by its number: they need no other."""
    notices = [message for message in found if message.occasion.is_notice]
    begun = {_told(message) for message in notices if message.may_be_had}
    last = {_told(message): message.occasion.sequence for message in notices}  # in their order
    return {told: sequence for told, sequence in last.items() if told not in begun}


def _is_before(message: Message, last: Mapping[Told, int]) -> bool:
    return message.occasion.is_notice and message.occasion.sequence < last.get(_told(message), 0)


def _told(message: Message) -> Told:
    return message.occasion.contract, message.person, message.occasion.name


def _was_past(known: Known, occasion: Occasion, person: str) -> bool:
    ended = _ended(known, occasion)
    since = known.directories.get(occasion.contract, INITIAL).listed_since(person)
    return ended is not None and since is not None and ended < since


def _ended(known: Known, occasion: Occasion) -> int | None:
    """The position from which on there is nothing in it for whoever comes new; None if there still is.

    A loss of data that nobody of the client was told of is told however late it is.
    """
    if occasion.is_notice:
        work = known.maintenances[occasion.name]
        later = [each.position for each in work.notices[occasion.sequence + 1 :]]
        withdrawn = [occasion.cause] if occasion.kind == "withdrawn" else []
        finished = work.work_positions[-1:] if work.finished_ms is not None else ()
        return min([*later, *withdrawn, *finished], default=None)
    if not occasion.is_alert:
        return None
    incident = known.incidents[occasion.name]
    alerted = {platform for platform, _ in incident.alerted}
    resolved = [each.position for each in incident.story if each.kind == "resolved"]
    return resolved[0] if resolved and alerted >= set(occasion.platforms) else None


def _is_told_by_hand(known: Known, occasion: Occasion) -> bool:
    """Whether somebody recorded an alert for all its platforms and no mail about it was tried."""
    if not occasion.is_alert:
        return False
    alerted = {platform for platform, _ in known.incidents[occasion.name].alerted}
    return alerted >= set(occasion.platforms) and not any(
        (mail.last.cause, mail.last.contract) == (occasion.cause, occasion.contract)
        for mail in known.mails.values()
        if mail.last
    )


def by_occasion(known: Known, found: Sequence[Message]) -> Iterator[tuple[Occasion, list[Message]]]:
    """The messages of each occasion together; none where nobody is an administrator any more."""
    together: dict[tuple[int, str], list[Message]] = {}
    for message in found:
        together.setdefault((message.occasion.cause, message.occasion.contract), []).append(message)
    for occasion in occasions(known):
        if not _is_told_by_hand(known, occasion):
            yield occasion, together.get((occasion.cause, occasion.contract), [])


def is_overtaken(message: Message, found: Sequence[Message]) -> bool:
    """Whether the same person already has a later notice of the same maintenance."""
    occasion = message.occasion
    return occasion.is_notice and any(
        other.state.accepted_ms is not None
        and other.occasion.is_notice
        and (other.person, other.occasion.contract, other.occasion.name)
        == (message.person, occasion.contract, occasion.name)
        and other.occasion.sequence > occasion.sequence
        for other in found
    )


Clock = Callable[[], int]
"""The edge's clock, in UTC milliseconds."""
NEVER_MS = END_OF_TIME_MS
