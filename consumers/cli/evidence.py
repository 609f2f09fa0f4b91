"""`constat evidence`: the documents that facts name by their hash, shown, listed and checked."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from consumers.cli import common, opening, printing
from consumers.cli.directory import EvidenceOption

if TYPE_CHECKING:
    from consumers.evidence import Evidence
    from projections.documents import Document

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Show, list and check the documents that facts name by their hash.",
)

State = Literal["kept", "missing", "altered", "unreadable", "erased", "not-erased"]
_WELL = ("kept", "erased")
_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{8,64})")
"""A hash, or as much of its beginning as tells it from the others."""
_SHOWN = 12
"""Digits of a hash in a list for people."""
_WHAT_TO_DO: dict[State, str] = {
    "missing": "restore it from a copy, or name the right folder with CONSTAT_EVIDENCE",
    "altered": "restore it from a copy",
    "unreadable": "look at the rights of the file and at the disk",
    "not-erased": "its person was erased: run `constat directory erase` again",
}


@app.command()
def show(
    sha256: Annotated[
        str, typer.Argument(metavar="SHA", help="The hash, or its first eight digits or more.")
    ],
    *,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write it there; it must not exist.")
    ] = None,
    evidence: EvidenceOption = None,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Write the bytes of a document to the standard output, checked against their hash."""
    documents, kept = _named(ledger, evidence)
    document = kept.read(_hash_among(sha256, documents))
    if to is None:
        sys.stdout.buffer.write(document)
        sys.stdout.flush()
        return
    with to.open("xb") as file:
        file.write(document)


@app.command("list")
def list_(
    *,
    evidence: EvidenceOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """List every document that a fact names: its hash, the facts, its names."""
    documents, kept = _named(ledger, evidence)
    found = [(document, _is_here(document, kept)) for document in documents]
    if as_json:
        printing.print_json({"documents": [_document(document, state) for document, state in found]})
        return
    for document, state in found:
        print(f"{state:10}  {_told(document)}")


@app.command()
def check(
    *,
    evidence: EvidenceOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Read every document that a fact names and hash it again; exit 1 if one is not what its fact says.

    What belonged to somebody who was erased has to be gone. A file that no fact names does no harm: its
    command was killed before it took its fact down.
    """
    documents, kept = _named(ledger, evidence)
    found = [(document, _state(document, kept)) for document in documents]
    unnamed = kept.hashes() - {document.sha256 for document in documents}
    bad = [(document, state) for document, state in found if state not in _WELL]
    if as_json:
        shown = [_document(document, state) for document, state in found]
        printing.print_json({"is_well": not bad, "documents": shown, "unnamed": sorted(unnamed)})
    else:
        _show_check(found, bad, len(unnamed))
    if bad:
        raise typer.Exit(1)


# ---------------------------------------------------------------- what is named


def _named(ledger: str, folder: Path | None) -> "tuple[tuple[Document, ...], Evidence]":
    from consumers import settings
    from consumers.evidence import Evidence
    from projections.documents import documents

    kept = Evidence(settings.read(evidence=folder).evidence)
    return documents(opening.facts_now(ledger)), kept


def _hash_among(text: str, documents: "tuple[Document, ...]") -> str:
    """The whole hash of the one document that a person means.

    Raises:
        BadInputError: it is no hash, or no fact names it, or several are meant.
    """
    from ledger.errors import BadInputError

    written = _HASH.fullmatch(text)
    if not written:
        raise BadInputError(
            f"{text!r} is no hash; write eight of its digits or more, as `evidence list` does"
        )
    beginning = f"sha256:{written[1]}"
    found = [each.sha256 for each in documents if each.sha256.startswith(beginning)]
    if not found:
        raise BadInputError(
            f"no fact names a document {text}; `constat evidence list` has those that there are"
        )
    if len(found) > 1:
        raise BadInputError(f"{len(found)} documents begin with {text}; write more digits")
    return found[0]


# ---------------------------------------------------------------- how a document is


def _state(document: "Document", kept: "Evidence") -> State:
    """As its bytes are now."""
    state: State = kept.state(document.sha256)
    if document.is_erased:
        return "erased" if state == "missing" else "not-erased"
    return state


def _is_here(document: "Document", kept: "Evidence") -> State:
    """By its name alone; nothing is read."""
    if document.is_erased:
        return "not-erased" if kept.has(document.sha256) else "erased"
    return "kept" if kept.has(document.sha256) else "missing"


# ---------------------------------------------------------------- what is shown


def _document(document: "Document", state: State) -> dict[str, Any]:
    return {
        "sha256": document.sha256,
        "state": state,
        "names": list(document.names),
        "positions": list(document.positions),
    }


def _told(document: "Document") -> str:
    from consumers.pages.harmless import harmless_text

    digits = document.sha256.removeprefix("sha256:")[:_SHOWN]
    names = harmless_text(", ".join(document.names))
    return f"{digits}  position {', '.join(map(str, document.positions))}: {names}"


def _show_check(
    found: "list[tuple[Document, State]]", bad: "list[tuple[Document, State]]", unnamed: int
) -> None:
    from ledger.errors import counted

    for document, state in bad:
        print(f"{state}: {_told(document)}; {_WHAT_TO_DO[state]}")
    erased = sum(state == "erased" for _, state in found)
    kept = sum(state == "kept" for _, state in found)
    gone = f", {erased} erased with their person" if erased else ""
    print(f"{counted(len(found), 'document')} checked: {kept} kept{gone}, {len(bad)} wrong")
    if unnamed:
        print(f"{counted(unnamed, 'file')} that no fact names")
