"""A mail to one administrator: what it tells in words; a notice also as an attachment for a calendar."""

import hashlib
import hmac
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from consumers.directory.store import Entry
from consumers.notices.announcement import Announced
from consumers.notices.calendar import calendar, method_of
from consumers.notices.occasions import Occasion
from consumers.notices.wording import WORDINGS, Wording
from consumers.pages import words
from consumers.pages.format import Format
from ledger.instants import format_instant, from_ms
from ledger.interval import Interval


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes."""

    address: str
    provider: str
    secret: bytes
    """Known to the directory only."""

    @property
    def domain(self) -> str:
        """The part of the address that Message-IDs end with."""
        return self.address.rpartition("@")[2]

    def nonce(self, mail: str) -> str:
        """What nobody else can guess, and is the same each time a mail is written."""
        return hmac.digest(self.secret, mail.encode(), hashlib.sha256).hex()[:32]

    def message_id(self, mail: str) -> str:
        """The Message-ID of a mail, the same however often it is sent."""
        return f"<{mail}@{self.domain}>"


def letter(occasion: Occasion, to: Entry, head: Letterhead, mail: str) -> bytes:
    """The bytes of a message; the same message is always the same bytes.

    So whoever was killed after they were kept, and before anything was said of them, leaves none behind that
    nobody knows of.
    """
    language = to.language or occasion.signed.language
    said = (
        Announced(occasion.change, language, head.provider)
        if occasion.change
        else _Said(occasion, WORDINGS[language], language, head)
    )
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(head.provider, addr_spec=head.address)
    message["To"] = Address(to.name, addr_spec=to.email)
    message["Subject"] = _one_line(said.subject())
    message["Date"] = format_datetime(from_ms(occasion.recorded_ms))
    message["Message-ID"] = head.message_id(mail)
    message["Auto-Submitted"] = "auto-generated"
    # After the message was erased, its hash is to tell nobody whom it was for.
    message["X-Constat-Nonce"] = head.nonce(mail)
    message.set_content(said.body(to.name), cte="quoted-printable")
    message["Content-Language"] = language
    if occasion.is_notice:
        _attach(message, occasion, head, _one_line(said.subject()))
        message.set_boundary(f"=_{head.nonce(mail)}")
    return message.as_bytes()


def _attach(message: EmailMessage, occasion: Occasion, head: Letterhead, summary: str) -> None:
    message.add_attachment(
        calendar(occasion, head.address, head.provider, summary),
        maintype="text",
        subtype="calendar",
        cte="base64",
        filename=f"{occasion.name}.ics",
        params={"charset": "utf-8", "method": method_of(occasion), "component": "VEVENT"},
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def subject(occasion: Occasion, language: str) -> str:
    """What a message about a notice or an alert is headed with, in one line; its event in a calendar, too."""
    start = _instant(occasion, occasion.announced.start_ms, language) if occasion.announced else ""
    return _one_line(WORDINGS[language].subjects[occasion.kind].format(name=occasion.name, start=start))


def _instant(occasion: Occasion, instant_ms: int, language: str) -> str:
    """With its offset, always: on one night of the year the clock alone says two things."""
    zone = ZoneInfo(occasion.signed.zone)
    return Format(words.of(language), zone, None).full_instant(format_instant(instant_ms, zone))


@dataclass(frozen=True, slots=True)
class _Said:
    """What a notice or an alert says, in one language; times are the contract's, with their offset."""

    occasion: Occasion
    wording: Wording
    language: str
    head: Letterhead

    def body(self, name: str) -> str:
        """Paragraphs with an empty line between them."""
        occasion, wording = self.occasion, self.wording
        since = self._instant(occasion.occurred_ms)
        parts = [
            wording.greeting.format(name=name),
            wording.openings[occasion.kind],
            *self._times(),
            wording.platforms.format(platforms=", ".join(occasion.platforms)),
            wording.reasons[occasion.kind].format(text=occasion.text, start=since),
            wording.clause[occasion.kind].format(contract=occasion.contract),
            *([wording.attached] if occasion.is_notice else []),
            wording.closing.format(provider=self.head.provider, fact=occasion.cause),
        ]
        return "\n\n".join(parts) + "\n"

    def _times(self) -> list[str]:
        announced, before = self.occasion.announced, self.occasion.before
        times = [self._span(self.wording.when, announced)] if announced else []
        return times + ([self._span(self.wording.formerly, before)] if before else [])

    def _span(self, sentence: str, interval: Interval) -> str:
        return sentence.format(start=self._instant(interval.start_ms), end=self._instant(interval.end_ms))

    def subject(self) -> str:
        return subject(self.occasion, self.language)

    def _instant(self, instant_ms: int) -> str:
        return _instant(self.occasion, instant_ms, self.language)
