"""What other programs tell that becomes facts and not results: kept once, beside the document it stood in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from ledger import bulletins
from ledger.application import Ledger
from ledger.bulletins import Bulletin, BulletinReceived
from ledger.fact import Evidence, Fact

SOURCE = "/imports"
TEXT_MAX = 2000
"""A fact's text has as many characters; the document beside it has all of them."""

Keep = Callable[[bytes], str]
"""Puts a document where evidence is kept, and gives the hash that names it."""


class ReadBulletin(NamedTuple):
    """A bulletin as it was read, without its document, and when its source changed it."""

    fact: BulletinReceived
    occurred_ms: int
    document_name: str
    document: bytes


@dataclass(frozen=True, slots=True)
class ImportedFacts:
    """What became of a source."""

    name: str
    noun: str
    """What it holds."""
    read: int
    stored: int
    notes: tuple[str, ...] = ()
    news: tuple[str, ...] = ()
    """As those of results, see `importing.Imported`."""
    rejected: int = 0
    platforms: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()


def import_bulletin(ledger: Ledger, read: ReadBulletin, keep: Keep) -> bool:
    """Store a bulletin if it is new or says something else; whether it was stored.

    Its document is kept before the fact that names it.

    Raises:
        ConflictError: another writer was first; the same import again stores what is still missing.
    """

    def decide(state: Bulletin) -> tuple[Fact, ...]:
        fact = bulletins.receive(state, read.fact)
        if fact is None:
            return ()
        evidence = Evidence(name=read.document_name, sha256=keep(read.document))
        return (fact.model_copy(update={"evidence": (evidence,)}),)

    stream = bulletins.stream_of(read.fact.bulletin)
    recorded = ledger.record(
        stream, bulletins.INITIAL, bulletins.evolve, decide, occurred_ms=read.occurred_ms, source=SOURCE
    )
    return bool(recorded)


def text(said: object, otherwise: str = "(no text)") -> str:
    """A text as a fact holds it: never empty, and cut where it is too long."""
    plain = str(said or "").strip() or otherwise
    return plain if len(plain) <= TEXT_MAX else plain[: TEXT_MAX - 1] + "…"


def document_of(said: Mapping[str, Any]) -> bytes:
    """What was told as JSON, as a document: the same bytes in whichever order it came."""
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
