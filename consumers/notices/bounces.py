"""Mails that came back: delivery reports (RFC 3464) from a file, a folder of files, a maildir or an mbox.

A report is known by the hash of its bytes, so that reading a mailbox again changes nothing. Its bytes are
kept as evidence, unless it is about somebody who was erased; in the ledger stands what it says without
addresses, and without its words where nobody knows any more which of them are a name.
"""

import mailbox
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser, HeaderParser
from pathlib import Path

from consumers.directory.store import Store
from consumers.evidence import Evidence
from consumers.notices.smtp import redacted
from ledger import mails
from ledger.application import Ledger
from ledger.errors import BadInputError, RefusedError
from ledger.fact import hash_of
from ledger.mails import Mail, MailBounced, MailFact
from projections.asof import Known

_STATUS = re.compile(r"\b([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
_NO_STATUS = "5.0.0"
_WITHHELD = "not kept, because the person is in no directory here"
"""In the place of words that may be a name which cannot be told from them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery report says: of which message, and why it failed."""

    message_id: str
    status: str
    diagnostic: str
    document: bytes


def read_reports(path: Path) -> Iterator[Report]:
    """Every report of a failure in a file, a maildir, an mbox or a folder of `.eml` files, in order.

    Raises:
        BadInputError: there is no such file or folder, or it cannot be read.
    """
    try:
        for document in _documents(path):
            report = parse(document)
            if report:
                yield report
    except (OSError, mailbox.Error) as error:
        raise BadInputError(f"{path} cannot be read ({error}); name a file, a maildir or an mbox") from error


def _documents(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        folders = [path / "new", path / "cur"] if (path / "cur").is_dir() else [path]
        for folder in folders:
            for file in sorted(folder.iterdir()):
                if file.is_file() and not file.name.startswith("."):
                    yield file.read_bytes()
        return
    document = path.read_bytes()
    if document.startswith(b"From "):
        with closing(mailbox.mbox(path, create=False)) as box:
            yield from (box.get_bytes(key) for key in box.keys())  # noqa: SIM118 - it iterates over messages
    else:
        yield document


def parse(document: bytes) -> Report | None:
    """What a message says, if it is the report of a failure."""
    # The default policy parses what stands in each head, and raises at a Message-ID like `<>`.
    message = BytesParser(policy=policy.compat32).parsebytes(document)
    failed = _failed(message)
    message_id = _message_id(message)
    if failed is None or message_id is None:
        return None
    said = " ".join(str(failed.get("Diagnostic-Code", "")).split())
    status = _STATUS.search(str(failed.get("Status", "")))
    return Report(message_id, status[1] if status else _NO_STATUS, said or "no diagnostic", document)


def _failed(message: Message) -> Message | None:
    """The part about a recipient who was not reached; a delay or a delivery is no failure."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for about in part.get_payload():
                if isinstance(about, Message) and str(about.get("Action", "")).strip().lower() == "failed":
                    return about
    return None


def _message_id(message: Message) -> str | None:
    """The Message-ID of what came back, of which a report has the whole or the headers."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            original = part.get_payload(0) if part.is_multipart() else None
            return _tidy(original.get("Message-ID")) if isinstance(original, Message) else None
        if kind == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            text = payload.decode(errors="replace") if isinstance(payload, bytes) else ""
            return _tidy(HeaderParser().parsestr(text).get("Message-ID"))
    return None


def _tidy(message_id: object) -> str | None:
    return None if message_id is None else str(message_id).strip()


# ---------------------------------------------------------------- what is taken down


@dataclass(frozen=True)
class Returns:
    """Who takes reports down."""

    ledger: Ledger
    store: Store
    evidence: Evidence

    def take_down(self, report: Report, known: Known, now_ms: int) -> MailBounced | None:
        """The bounce that a report tells of, now in the ledger; None if it is not ours or was read before."""
        last = _last_of(report, known)
        if last is None:
            return None
        fact = self._fact(report, last)

        def decide(state: Mail) -> MailBounced:
            decided = mails.bounce(state, fact)
            if fact.person not in known.erased:
                self.evidence.keep(report.document)  # no sooner: what no fact names is never erased
            return decided

        try:
            self.ledger.record(
                mails.stream_of(fact.mail),
                mails.INITIAL,
                mails.evolve,
                decide,
                occurred_ms=now_ms,
            )
        except RefusedError:
            return None
        return fact

    def _fact(self, report: Report, last: MailFact) -> MailBounced:
        to = self.store.entry(last.contract, last.person)
        about = last.model_dump(include=set(MailFact.model_fields))
        said = redacted(report.diagnostic, to.email, to.name) if to else _WITHHELD
        return MailBounced.model_validate(
            about | {"status": report.status, "diagnostic": said, "report": hash_of(report.document)}
        )


def _last_of(report: Report, known: Known) -> MailFact | None:
    """What was last taken down of the mail that came back."""
    lasts = (mail.last for mail in known.mails.values())
    return next((last for last in lasts if last and last.message_id == report.message_id), None)
