"""What an agent says went wrong: a closed list of sentences that a client understands and an auditor quotes.

A sentence holds numbers, days and codes, and no text that came from a platform. What the system or a library
said stands beside it, in brackets, if it is known to hold nothing of a header, a body or an address.
"""

import re
from typing import Literal, NamedTuple

Kind = Literal[
    "connect-timeout",
    "answer-timeout",
    "name-timeout",
    "refused",
    "unreachable",
    "closed",
    "not-connected",
    "name-unknown",
    "name-unresolved",
    "certificate-expired",
    "certificate-chain",
    "certificate-early",
    "certificate-name",
    "certificate-untrusted",
    "certificate-soon",
    "tls-failed",
    "status",
    "no-http",
    "no-tunnel",
    "redirects",
    "redirect-elsewhere",
    "body-lacks",
    "body-no-json",
    "body-path",
    "body-value",
    "body-long",
    "slow",
    "dns-code",
    "dns-timeout",
    "dns-lacks",
    "dns-empty",
    "own-network",
    "own-names",
    "own-flapping",
    "own-overload",
    "own-step",
    "own-drift",
    "own-clock",
    "own-room",
    "own-forbidden",
    "own-proxy",
    "own-proxy-away",
    "own-mistake",
]

SENTENCES: dict[Kind, str] = {
    "connect-timeout": "connect timeout after {} s",
    "answer-timeout": "no answer after {} s",
    "name-timeout": "the name was not resolved within {} s",
    "refused": "connection refused",
    "unreachable": "no route to the host",
    "closed": "the connection was closed before an answer",
    "not-connected": "no connection",
    "name-unknown": "the name does not exist",
    "name-unresolved": "the name could not be resolved",
    "certificate-expired": "certificate expired on {}",
    "certificate-chain": "a certificate that signs it has expired",
    "certificate-early": "certificate not valid before {}",
    "certificate-name": "certificate for another name",
    "certificate-untrusted": "certificate that nobody trusted has signed",
    "certificate-soon": "certificate expires on {}",
    "tls-failed": "TLS handshake failed",
    "status": "HTTP {}",
    "no-http": "no valid HTTP answer",
    "no-tunnel": "the proxy got no connection: HTTP {}",
    "redirects": "more than {} redirects",
    "redirect-elsewhere": "redirected to what is no HTTP address",
    "body-lacks": "the body lacks the expected text",
    "body-no-json": "the body is no JSON",
    "body-path": "nothing in the body at the expected place",
    "body-value": "another value in the body than the expected one",
    "body-long": "the body is longer than {} bytes",
    "slow": "answer after {} ms, later than {} ms",
    "dns-code": "DNS answer {}",
    "dns-timeout": "no DNS answer after {} s",
    "dns-lacks": "the DNS answer lacks an expected record",
    "dns-empty": "the DNS answer has no such record",
    "own-network": "the agent's own network: no reference answered",
    "own-names": "the agent's own DNS: no name of a reference was resolved",
    "own-flapping": "the agent's own network: no reference answered for a while",
    "own-overload": "the agent itself stood still for {} s",
    "own-step": "the agent's clock stepped by {} s",
    "own-drift": "the agent's clock drifted by {} s within an hour",
    "own-clock": "the agent's clock is {} s off that of {} of {} servers",
    "own-room": "the agent itself had no room for a connection",
    "own-forbidden": "the agent's own machine let no connection out",
    "own-proxy": "the agent's proxy refused: HTTP {}",
    "own-proxy-away": "the proxy {}: {}",
    "own-mistake": "the agent failed by a mistake of its own",
}
"""Every sentence; what stands for `{}` is a number, a day or a code, or the agent's proxy and a sentence."""

ORIGINAL_LENGTH_MAX = 100
_NOT_WITHIN = '[]"\\'
"""What would end the brackets, or be longer in the record than it is here."""
_PLACE = r"[0-9A-Z+\-.,:]+"
_OF_NUMBERS = "|".join(
    re.escape(text).replace(r"\{\}", _PLACE) for kind, text in SENTENCES.items() if kind != "own-proxy-away"
)
_FORMS = rf"{_OF_NUMBERS}|the proxy [0-9A-Za-z_.:-]+: (?:{_OF_NUMBERS})"
_LATER = "answered only at the second try; first "
_ERROR = re.compile(rf"(?:{_LATER})?(?:{_FORMS})(?:, twice|; again: (?:{_FORMS}))?(?: \[[^\[\]]*\])?")


class Sentence(NamedTuple):
    """One sentence of the list, with its numbers in it."""

    kind: Kind
    text: str


def sentence(kind: Kind, *values: object) -> Sentence:
    """The sentence of a kind with its values."""
    return Sentence(kind, SENTENCES[kind].format(*values))


def seconds(length_ms: int) -> str:
    """Milliseconds as a sentence says seconds: `10`, `0.25`, `-3.5`."""
    sign, length_ms = ("-" if length_ms < 0 else ""), abs(length_ms)
    text = f"{length_ms // 1000}.{length_ms % 1000:03}"
    return sign + text.rstrip("0").rstrip(".")


def harmless(original: str | None) -> str:
    """What a library said, short, in one line and without the brackets that will stand around it."""
    plain = "".join(
        each if each.isprintable() and each not in _NOT_WITHIN else " " for each in original or ""
    )
    return " ".join(plain.split())[:ORIGINAL_LENGTH_MAX]


def of_two(first: Sentence, second: Sentence) -> str:
    """What two tries found, one after the other."""
    return f"{first.text}, twice" if first == second else f"{first.text}; again: {second.text}"


def only_later(first: Sentence) -> str:
    """What is said where the first try failed and the second one did not."""
    return f"{_LATER}{first.text}"


def with_original(said: str, original: str) -> str:
    """A sentence with what the system said beside it."""
    return f"{said} [{original}]" if original else said


def without_original(error: str) -> str:
    """An error without what the system said."""
    return error.partition(" [")[0]


def is_of_the_list(error: str) -> bool:
    """Whether an error of a round is made of sentences of the list."""
    return _ERROR.fullmatch(error) is not None
