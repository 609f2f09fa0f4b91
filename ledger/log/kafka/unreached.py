"""Why no broker let a client in, and what its reader is to do about it."""

import ssl

from kafka.errors import (
    IllegalSaslStateError,
    InvalidReceiveError,
    KafkaConnectionError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)

from ledger.errors import UnreachableLedgerError
from ledger.log.kafka import tls
from ledger.log.kafka.address import PASSWORD, Address
from ledger.log.kafka.outcomes import shown

_OTHERWISE = (
    "check that it runs, the host and port, and whether the URL must say tls=yes or ca=FILE, and user=NAME"
)
_ADVICE: dict[type[BaseException], str] = {
    SaslAuthenticationFailedError: f"check user in the URL, and {PASSWORD} in the environment",
    UnsupportedSaslMechanismError: "the broker must offer SCRAM-SHA-512; ask its administrator",
    IllegalSaslStateError: "this port asks for no user; name the one that does, or leave user out of the URL",
    InvalidReceiveError: "it seems to speak TLS; write tls=yes or ca=FILE into the URL, or name another port",
}
"""What a broker answers to who comes in by the wrong door; it will not answer otherwise a moment later."""


class NotConnectedError(KafkaConnectionError):  # type: ignore[misc] # the library ships no types
    """A broker did not let us in."""

    def __init__(self, broker: str, cause: BaseException) -> None:
        self._known = next((_ADVICE[each] for each in type(cause).__mro__ if each in _ADVICE), None)
        self._greeting = _greeting_of(cause)
        said = tls.shown(self._greeting) if self._greeting else shown(cause)
        super().__init__(f"{broker}: {said}")

    @property
    def is_for_good(self) -> bool:
        """Whether the broker would say the same again."""
        return bool(self._known or (self._greeting and not isinstance(self._greeting, ssl.SSLEOFError)))

    @property
    def advice(self) -> str:
        """What to do about it."""
        return self._known or (tls.advice_on(self._greeting) if self._greeting else _OTHERWISE)


def _greeting_of(error: BaseException) -> ssl.SSLError | None:
    """What went wrong with TLS, which the library wraps into an error of its own."""
    around = (error, error.__cause__, *error.args)
    return next((each for each in around if isinstance(each, ssl.SSLError)), None)


def unreachable(address: Address, error: BaseException) -> UnreachableLedgerError:
    """What a person is told when no broker lets the client in."""
    says, advice = "answers", _OTHERWISE
    if isinstance(error, NotConnectedError):
        says, advice = "lets you in" if error.is_for_good else says, error.advice
    return UnreachableLedgerError(f"no broker of {address} {says} ({shown(error)}); {advice}")
