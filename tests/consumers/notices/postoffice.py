"""A real mail server whose answers a test sets, and an office that mails to it at a clock that the test sets."""

import ssl
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from consumers.directory.store import Entry, open_store
from consumers.evidence import Evidence
from consumers.notices import running
from consumers.notices.smtp import SmtpServer
from consumers.settings import Settings
from ledger.directory import DirectorySynchronised
from tests.ports import free_port
from tests.spec import Story, ms

if TYPE_CHECKING:
    from email.message import EmailMessage

FROM = "maintenance@provider.example"
PROD = "acme-prod"
PUBLISHED = "2026-10-01T12:00:00+02:00"
TUESDAY = "2026-10-06T02:00:00+02:00/2026-10-06T04:00:00+02:00"
WEDNESDAY = "2026-10-07T02:00:00+02:00/2026-10-07T04:00:00+02:00"
THURSDAY = "2026-10-08T02:00:00+02:00/2026-10-08T04:00:00+02:00"
ZOE = Entry("acme", "p-1", "Zoé Martin", "zoe@acme.example", None, "administrator")
JOHN = Entry("acme", "p-2", "John Smith", "john@acme.example", "en", "administrator")


class Mailroom:
    """Keeps what arrives; `answers` says what is replied to a recipient or to a message."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, EmailMessage]] = []
        self.raw: list[bytes] = []
        self.to_recipient: dict[str, str] = {}
        self.to_message: str | None = None
        self.drops = 0
        """So many messages are kept, and their sender never hears of it."""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if address in self.to_recipient:
            return self.to_recipient[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802 - as above
        if self.to_message:
            return self.to_message
        for recipient in envelope.rcpt_tos:
            self.raw.append(envelope.original_content)
            parsed = message_from_bytes(envelope.original_content, policy=policy.default)
            self.arrived.append((recipient, parsed))
        if self.drops:
            self.drops -= 1
            server.transport.abort()
        return "250 2.0.0 OK queued"

    @property
    def ids(self) -> list[str]:
        return [message["Message-ID"] for _, message in self.arrived]

    @property
    def people(self) -> list[str]:
        return [recipient for recipient, _ in self.arrived]


@contextmanager
def listening(mailroom: Mailroom, port: int = 0, tls: ssl.SSLContext | None = None, **options):
    """The port on which a mailroom listens; with `tls` from the first byte on."""
    controller = Controller(
        mailroom, hostname="127.0.0.1", port=port or free_port(), ssl_context=tls, **options
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def lets_in(_server, _session, _envelope, _mechanism, data):
    """Lets in one user."""
    is_known = (data.login, data.password) == (b"constat", b"secret")
    return AuthResult(success=is_known, handled=False)


def settings(port: int, **more) -> Settings:
    """Settings of a test, whatever the environment says."""
    plain = {"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_from": FROM, "provider": "Provider SAS"}
    return Settings(_env_file=None, **(plain | {"smtp_port": port, "smtp_timeout_seconds": 5} | more))


class Office:
    """A ledger in memory with one contract of two administrators, and who mails to them."""

    def __init__(self, folder, port: int, *people: Entry, **more) -> None:
        self.people = people or (ZOE, JOHN)
        self.settings = settings(port, **more)
        self.story = Story().contract("acme", platforms=[PROD]).at(PUBLISHED)
        self.store = open_store(folder / "directory.db")
        self.evidence = Evidence(folder / "evidence")
        self.listed(*self.people)

    def listed(self, *people: Entry) -> None:
        self.store.replace({"acme": list(people)})
        ids = tuple(each.person for each in people)
        fact = DirectorySynchronised(contract="acme", administrators=ids, count=len(ids))
        self.story.fact("directory:acme", fact)

    def sender(self):
        server = SmtpServer(self.settings)
        ledger, clock = self.story.ledger, lambda: self.story.now_ms
        return running.sender(ledger, self.store, self.evidence, server, self.settings, clock)

    def pending(self):
        return self.sender().pending(self.story.known())

    def notify(self, at: str | int | None = None):
        """One run of `constat notify`; later if a time is given."""
        if at is not None:
            self.story.at(ms(at))
        return running.run_once(self.sender(), self.settings)

    def facts(self, kind):
        return [each for each in self.story.known().facts if isinstance(each.fact, kind)]
