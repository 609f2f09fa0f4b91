"""A mail server by SMTP: STARTTLS, implicit TLS or neither, with authentication; and what it answered.

Whether a message may have arrived is decided here: once the server has asked for its bytes, only an answer
says that it has not.
"""

import re
import smtplib
import ssl
from dataclasses import dataclass
from typing import Protocol

from consumers.settings import Settings
from ledger.errors import BadInputError

_ADDRESS = re.compile(r"<?[^\s<>@\"]+@[^\s<>@\"]+>?")
_OK = 250
_FORWARDED = 251
_SHOWN_MAX = 500
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Reply:
    """The server's answer to a message: taken, or not."""

    is_taken: bool
    code: int
    text: str


class NoReplyError(Exception):
    """No answer came. `may_have_arrived`: the server may have the message nevertheless."""

    def __init__(self, trouble: str, *, may_have_arrived: bool) -> None:
        super().__init__(trouble)
        self.may_have_arrived = may_have_arrived


class Server(Protocol):
    """Whoever takes messages."""

    def open(self) -> None:
        """Be ready for a message, if it is not yet.

        Raises:
            NoReplyError: it cannot be reached, or does not let us in.
        """

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        """Hand over one message to one person.

        Raises:
            NoReplyError: no answer came.
        """

    def close(self) -> None:
        """Say goodbye."""


class SmtpServer:
    """The server of the settings; one connection serves until it is lost."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect, encrypt and log in, unless that was done."""
        if self._smtp is not None:
            return
        try:
            self._smtp = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise NoReplyError(_trouble(error), may_have_arrived=False) from error

    def _connected(self) -> smtplib.SMTP:
        found = self._settings
        where = found.smtp_host, found.smtp_port
        if found.smtp_security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                *where, timeout=found.smtp_timeout_seconds, context=self._context()
            )
        else:
            smtp = smtplib.SMTP(*where, timeout=found.smtp_timeout_seconds)
        try:
            if found.smtp_security == "starttls":
                smtp.starttls(context=self._context())
            if found.smtp_user is not None:
                password = found.smtp_password.get_secret_value() if found.smtp_password else ""
                smtp.login(found.smtp_user, password)
            smtp.ehlo_or_helo_if_needed()
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context()
            if self._settings.smtp_ca_file:
                context.load_verify_locations(self._settings.smtp_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise BadInputError(
                f"CONSTAT_SMTP_CA_FILE: {self._settings.smtp_ca_file} holds no certificates that can be read"
            ) from error
        return context

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        """MAIL, RCPT, DATA; whatever fails ends the connection."""
        self.open()
        assert self._smtp is not None
        smtp, has_been_asked_for = self._smtp, False
        try:
            code, text = smtp.mail(sender)
            if code == _OK:
                code, text = smtp.rcpt(recipient)
            if code not in (_OK, _FORWARDED):
                return self._refused(smtp, code, text)
            has_been_asked_for = True
            code, text = smtp.data(message)
        except smtplib.SMTPDataError as error:  # it did not ask for the bytes
            return self._refused(smtp, error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise NoReplyError(_trouble(error), may_have_arrived=has_been_asked_for) from error
        return Reply(code == _OK, code, _text(text))

    def _refused(self, smtp: smtplib.SMTP, code: int, text: bytes | str) -> Reply:
        try:
            smtp.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()
        return Reply(is_taken=False, code=code, text=_text(text))

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def close(self) -> None:
        """Quit, if the server still listens."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._smtp.close()
            self._smtp = None


def _trouble(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return " ".join(f"{type(error).__name__}: {error}".split())


def _text(answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())


def redacted(text: str, email: str = "", name: str = "") -> str:
    """What a server said, without the address and name of the person, or anybody else's address.

    Every word of the name goes, however short: `Li` and `O` are names, and a word too many is no loss.
    """
    found = _ADDRESS.sub("<address>", text)
    secrets = {email, email.partition("@")[0], *name.split(), *_WORD.findall(name)} - {""}
    if secrets:
        several = "|".join(map(re.escape, sorted(secrets, key=len, reverse=True)))
        found = re.sub(rf"(?<!\w)(?:{several})(?!\w)", "<person>", found, flags=re.IGNORECASE)
    return found.strip()[:_SHOWN_MAX] or "-"
