"""Send what is due, and take down every attempt and every reply.

The order keeps the promise: the bytes are on disk, then the attempt is in the ledger, then the message
leaves, then the reply is in the ledger, or on disk until the ledger takes it. Killed before it left or after,
at the next run the attempt stands without a reply: its fate is unknown, and the same bytes are sent under the
same Message-ID.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.errors import MessageError
from typing import TYPE_CHECKING, Any

from consumers.directory.source import is_writable
from consumers.directory.store import Store
from consumers.evidence import Evidence, EvidenceError
from consumers.notices import messages as all_messages
from consumers.notices.letter import Letterhead, letter
from consumers.notices.messages import Clock, Message
from consumers.notices.smtp import NoReplyError, Server, redacted
from ledger import facts, incidents, mails
from ledger.application import Ledger
from ledger.errors import ConflictError, RefusedError
from ledger.fact import Draft, Fact, RecordedFact
from ledger.fact import Evidence as Document
from ledger.mails import (
    MailAbandoned,
    MailAccepted,
    MailAttempted,
    MailFact,
    MailRefused,
    MailUnanswered,
)
from projections.asof import Known
from projections.moment import at_head

if TYPE_CHECKING:
    from ledger.log.arbitration import Head

_LOG = logging.getLogger(__name__)

CONFLICTS_MAX = 20
"""How often a reply is put behind what others appended meanwhile."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was done about one message."""

    message: Message
    fact: MailFact


@dataclass
class Sender:
    """Who sends from one directory."""

    ledger: Ledger
    store: Store
    evidence: Evidence
    server: Server
    head: Letterhead
    clock: Clock
    steps: list[Step] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    """The mails of the last run whose bytes could not be had; they stay due."""

    def known(self) -> Known:
        """What the ledger holds now."""
        return Known.at(self.ledger.engine, at_head(self.ledger.engine, self.clock()))

    def pending(self, known: Known) -> list[Message]:
        """Every message that there is to be, by what is known.

        An address that cannot stand in the head of a mail is none: it is said, escalated and mended like one
        that is missing.
        """
        people = {key: to for key, to in self.store.people().items() if is_writable(to.name, to.email)}
        return all_messages.messages(known, people, self.clock())

    def wanted(self, found: Sequence[Message]) -> Iterator[tuple[Message, int]]:
        """Those that are still to be sent, in order, each with the moment from which on."""
        now_ms, sender = self.clock(), self.store.sender
        for message in found:
            is_wanted = (
                message.to
                and not (message.is_settled or message.is_past or message.is_replaced)
                and now_ms < message.occasion.over_ms
            )
            if is_wanted and not all_messages.is_overtaken(message, found):
                yield message, message.due_ms(sender)

    def due(self, found: Sequence[Message]) -> list[Message]:
        """Those that are to be sent now, in order."""
        now_ms = self.clock()
        return [message for message, due_ms in self.wanted(found) if due_ms <= now_ms]

    def send_due(self) -> None:
        """Give up what is of no use any more, then send what is due until the server is lost for good."""
        self.steps, self.unwritten = [], []
        self._take_down_kept()
        pending = self.pending(self.known())
        self._give_up(pending)
        due = self.due(pending)  # in which nothing is that was given up
        try:
            self._send_all(due)
        finally:
            self.server.close()

    def _send_all(self, due: Sequence[Message]) -> None:
        for place, message in enumerate(due):
            try:
                self.server.open()
            except NoReplyError as error:
                self._unreached(due[place:], str(error))
                return
            self._send(message)

    # ------------------------------------------------------------ one message

    def _send(self, message: Message) -> None:
        if self._is_changed(message):
            return
        written = self._written_alone(message)
        if written is None:
            return
        sha256, document = written
        identity = message.identity(self.head) | {"sha256": sha256, "attempt": message.state.attempts + 1}
        attempted = MailAttempted.model_validate(identity | {"sender": self.store.sender})
        try:
            self._claim(message, attempted)
        except (RefusedError, ConflictError):
            return  # another process goes on with it
        fact = self._handed_over(message, identity, document)
        self._take_down(message, fact)

    def _is_changed(self, message: Message) -> bool:
        """Whether the person was erased or corrected since this run began; then the next run looks anew."""
        return self.store.entry(message.occasion.contract, message.person) != message.to

    def _written_alone(self, message: Message) -> tuple[str, bytes] | None:
        """A message's hash and bytes, before anything is said of it; None if it cannot be written.

        One that fails costs no other its place. What is logged names nobody: an error may quote an address.
        """
        try:
            sha256 = self._written(message)
            return sha256, self.evidence.read(sha256)
        except (EvidenceError, MessageError, ValueError, LookupError) as error:
            why = str(error) if isinstance(error, EvidenceError) else type(error).__name__
            _LOG.warning("mail %s cannot be written and stays due: %s", message.name, why)
            self.unwritten.append(message.name)
            return None

    def _written(self, message: Message) -> str:
        """The hash of a message's bytes: those that may have arrived already, or as it is written now.

        Written now it is the same, unless the address was corrected meanwhile.
        """
        assert message.to is not None
        if message.kept and message.may_have_arrived and self.evidence.has(message.kept):
            return message.kept
        found = letter(message.occasion, message.to, self.head, message.name)
        return self.evidence.keep(found)

    def _claim(self, message: Message, attempted: MailFact) -> None:
        self.ledger.record(
            mails.stream_of(message.name),
            mails.INITIAL,
            mails.evolve,
            lambda state: mails.proceed(state, message.state, attempted),
            occurred_ms=self.clock(),
        )

    def _handed_over(self, message: Message, identity: dict[str, object], document: bytes) -> MailFact:
        assert message.to is not None
        to = message.to
        try:
            reply = self.server.send(self.head.address, to.email, document)
        except NoReplyError as error:
            trouble = redacted(str(error), to.email, to.name)
            more: dict[str, Any] = {"trouble": trouble, "may_have_arrived": error.may_have_arrived}
            return MailUnanswered.model_validate(identity | more)
        kind = MailAccepted if reply.is_taken else MailRefused
        text = redacted(reply.text, to.email, to.name)
        return kind.model_validate(identity | {"code": reply.code, "reply": text})

    # ------------------------------------------------------------ what became of it

    def _take_down(self, message: Message, fact: MailFact) -> None:
        """Append what became of a message; an accepted alert and that it was sent are one record.

        A ledger that does not take it is told at the next run: nobody else knows that the message arrived.
        """
        self.steps.append(Step(message, fact))
        now_ms = self.clock()
        drafts = [Draft(mails.stream_of(message.name), fact, now_ms)]
        if isinstance(fact, MailAccepted) and message.occasion.is_alert:
            drafts.append(Draft(incidents.stream_of(message.occasion.name), _alerted(message, fact), now_ms))
        try:
            self._append(drafts)
        except BaseException:
            self.store.keep_reply(_as_text(drafts))
            raise

    def _take_down_kept(self) -> None:
        """Append the replies that came while the ledger could not be told, unless it has them after all."""
        for number, text in self.store.replies():
            drafts = _from_text(text)
            there = [recorded.fact for recorded in self.ledger.stream(drafts[0].stream)]
            if _is_news(drafts[0].fact, there):
                self._append(drafts)
            self.store.forget_reply(number)

    def _append(self, drafts: Sequence[Draft]) -> list[RecordedFact]:
        for _ in range(CONFLICTS_MAX):
            try:
                return self.ledger.append(*drafts)
            except ConflictError:
                continue
        return self.ledger.append(*drafts)

    def _unreached(self, left: Sequence[Message], trouble: str) -> None:
        """Take down of all messages that are due that the server could not be reached.

        What another machine did to one of them meanwhile stands; to wait for a server takes time.
        """
        steps = [step for message in left for step in self._in_vain(message, trouble)]
        for _ in range(CONFLICTS_MAX):
            try:
                self.steps += self._take_down_behind(steps)
            except ConflictError:
                continue
            return

    def _in_vain(self, message: Message, trouble: str) -> Iterator[Step]:
        written = None if self._is_changed(message) else self._written_alone(message)
        if written is not None:
            identity = message.identity(self.head) | {
                "sha256": written[0],
                "attempt": message.state.attempts + 1,
                "trouble": redacted(trouble),
                "may_have_arrived": False,
            }
            yield Step(message, MailUnanswered.model_validate(identity))

    def _take_down_behind(self, steps: Sequence[Step]) -> list[Step]:
        """Append as one record those of mails that are still as they were looked at."""
        heads: dict[str, Head] = {}
        found, drafts = [], []
        for step in steps:
            stream = mails.stream_of(step.message.name)
            state, head = self.ledger.load(stream, mails.INITIAL, mails.evolve)
            if state == step.message.state:
                heads[stream] = head
                drafts.append(Draft(stream, step.fact, self.clock()))
                found.append(step)
        self.ledger.append_behind(drafts, heads)
        return found

    def _give_up(self, found: Sequence[Message]) -> None:
        """Take down why a message is not sent: there is no address, it is overtaken or over."""
        now_ms = self.clock()
        for message in found:
            why = None if message.is_settled or message.is_past else _vain(message, found, now_ms)
            if why is None:
                continue
            identity = message.identity(self.head) | {
                "sha256": message.kept,
                "attempt": message.state.attempts,
                "why": why,
            }
            fact = MailAbandoned.model_validate(identity)
            try:
                self._claim(message, fact)
            except (RefusedError, ConflictError):
                continue
            self.steps.append(Step(message, fact))


def _vain(message: Message, found: Sequence[Message], now_ms: int) -> str | None:
    """Why a message is not sent any more; None if it is to be, or if nothing is to be said of it.

    What was over before it was ever tried stays unsaid: then nobody used this command for it. That a notice
    was replaced before it was ever tried is said: else it would count as given when it was published.
    """
    was_tried = message.state.last is not None
    if now_ms >= message.occasion.over_ms:
        return "over" if was_tried else None
    if message.is_replaced or (was_tried and all_messages.is_overtaken(message, found)):
        return "overtaken"
    return "no-address" if message.to is None and not isinstance(message.state.last, MailAbandoned) else None


def _is_news(fact: Fact, there: Sequence[Fact]) -> bool:
    """Whether a reply is to be appended late: it is not there, and if it is a failure nobody has gone on."""
    if fact in there:
        return False
    return isinstance(fact, MailAccepted) or (bool(there) and isinstance(there[-1], MailAttempted))


def _as_text(drafts: Sequence[Draft]) -> str:
    return json.dumps(
        [
            {
                "stream": draft.stream,
                "type": draft.fact.TYPE,
                "data": draft.fact.model_dump(mode="json", by_alias=True, exclude_none=True),
                "occurred_ms": draft.occurred_ms,
            }
            for draft in drafts
        ]
    )


def _from_text(text: str) -> list[Draft]:
    return [
        Draft(each["stream"], facts.read(each["type"], each["data"]), each["occurred_ms"])
        for each in json.loads(text)
    ]


def _alerted(message: Message, fact: MailAccepted) -> incidents.DataLossAlertSent:
    assert fact.sha256 is not None
    return incidents.DataLossAlertSent(
        incident=message.occasion.name,
        platforms=message.occasion.platforms,
        administrators=(message.person,),
        evidence=(Document(name=f"{message.name}.eml", sha256=fact.sha256),),
    )
