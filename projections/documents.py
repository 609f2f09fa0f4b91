"""Which documents the facts name by the hash of their bytes: evidence, messages and reports.

A document of whom nothing is kept any more, because its person was erased, is one that has to be gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.bulletins import BulletinReceived
from ledger.claims import ClaimFiled, ClaimRuled
from ledger.corrections import ResultsCorrected
from ledger.fact import Fact
from ledger.incidents import DataLossAlertSent
from ledger.mails import MailBounced, MailFact
from projections.asof import Known


@dataclass(frozen=True, slots=True)
class Document:
    """One document, under every name that facts give it."""

    sha256: str
    names: tuple[str, ...]
    positions: tuple[int, ...]
    """Of the facts that name it."""
    is_erased: bool
    """Whether it was a message to, or a report on, somebody who was erased."""


def documents(known: Known) -> tuple[Document, ...]:
    """Every document, in the order in which it was first named."""
    names: dict[str, dict[str, None]] = {}
    positions: dict[str, list[int]] = {}
    erased = set()
    for recorded in known.facts:
        named = dict(_named(recorded.fact))
        for sha256, name in named.items():
            names.setdefault(sha256, {})[name] = None
            positions.setdefault(sha256, []).append(recorded.position)
        if isinstance(recorded.fact, MailFact) and recorded.fact.person in known.erased:
            erased |= set(named)
    return tuple(
        Document(sha256, tuple(several), tuple(positions[sha256]), sha256 in erased)
        for sha256, several in names.items()
    )


def _named(fact: Fact) -> Iterator[tuple[str, str]]:
    """The hash and the name of each document of a fact."""
    match fact:
        case ClaimFiled() | ClaimRuled() | ResultsCorrected() | DataLossAlertSent() | BulletinReceived():
            yield from ((each.sha256, each.name) for each in fact.evidence)
        case MailFact():
            if fact.sha256:
                yield fact.sha256, f"{fact.mail}.eml"
            if isinstance(fact, MailBounced):
                yield fact.report, f"{fact.mail}.report.eml"
