"""What went wrong, from the errors of the system and of the libraries beneath to a sentence of the list.

Beside it stands what they said, where that holds nothing that a platform sent: of an answer that is no HTTP
only the name of the error is kept.
"""

import errno
import os
import ssl

import aiohttp

from consumers.agent.sentences import Kind, Sentence, harmless, sentence

EARLY, EXPIRED = 9, 10
"""OpenSSL's numbers of a certificate that is not yet valid, and of one that is no more."""
_OTHER_NAME = (62, 64)
SERVER_ERROR = 500
_KINDS: dict[tuple[int, ...], Kind] = {
    # Too many files or ports are in use, or too much memory: on this machine, and not at the other end.
    (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL): "own-room",
    # A filter of this machine lets nothing out; no other machine can make the system say so.
    (errno.EPERM, errno.EACCES): "own-forbidden",
    (errno.ECONNREFUSED,): "refused",
    (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN): "unreachable",
    (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED): "closed",
}

Failure = tuple[Sentence, str]
"""A sentence, and what was said beside it."""


class NameFailureError(OSError):
    """A name was not resolved."""

    def __init__(self, kind: Kind, original: str) -> None:
        super().__init__(None, original)
        self.kind: Kind = kind


def failure_of(error: Exception) -> Failure:
    """The sentence for an error of a connection or a request."""
    match cause_of(error):
        case ssl.SSLCertVerificationError() as cause:
            # Behind a comma it names the host.
            return sentence(_of_certificate(cause)), harmless(cause.verify_message.partition(",")[0])
        case ssl.SSLError() as cause:
            return sentence("tls-failed"), harmless(cause.reason)
        case aiohttp.ServerDisconnectedError() | EOFError():
            return sentence("closed"), ""
        case OSError() as cause:
            return sentence(_of_system(cause)), harmless(_words(cause))
        case aiohttp.ClientError() as cause:
            return _of_answer(cause)
    return sentence("own-mistake"), type(error).__name__


def of_proxy(host: str, port: int, failure: Failure) -> Failure:
    """A failure on the way to the agent's proxy, which is named; what this machine lacks stays its own."""
    found, original = failure
    if found.kind.startswith("own-"):
        return failure
    return sentence("own-proxy-away", f"{host}:{port}", found.text), original


def cause_of(error: Exception) -> Exception:
    """What lies beneath an error of the HTTP client; where a proxy was not reached, two of them."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return cause_of(error.os_error)
    return error


def _of_answer(error: aiohttp.ClientError) -> Failure:
    if isinstance(error, aiohttp.ClientHttpProxyError):
        # What a proxy refuses is between it and the agent; what it could not reach may be the platform.
        return sentence("own-proxy" if error.status < SERVER_ERROR else "no-tunnel", error.status), ""
    return sentence("no-http"), type(error).__name__


def _of_certificate(error: ssl.SSLCertVerificationError) -> Kind:
    if error.verify_code in _OTHER_NAME:
        return "certificate-name"
    # Where the day itself cannot be read, it is that of a certificate which signs.
    return "certificate-chain" if error.verify_code in (EARLY, EXPIRED) else "certificate-untrusted"


def _words(error: OSError) -> str:
    """What the system calls an error; what Python adds to it may hold an address."""
    if isinstance(error, NameFailureError):
        return error.strerror or ""
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _of_system(error: OSError) -> Kind:
    if isinstance(error, NameFailureError):
        return error.kind
    usual: Kind = "closed" if isinstance(error, ConnectionError) else "not-connected"
    return next((kind for numbers, kind in _KINDS.items() if error.errno in numbers), usual)
