"""What all imports share: the options of files, and one attempt for each source."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import opening, recording
from consumers.cli.attempt import Attempt, leave, tell, tell_more, with_strangers

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.intake.importing import Imported
    from ledger.intake.rejects import RejectsFile
    from ledger.intake.sources import Source
    from ledger.intake.told import ImportedFacts


class TimeForm(StrEnum):
    """How a file writes its times."""

    iso = "iso"
    epoch_s = "epoch-s"
    epoch_ms = "epoch-ms"


ColumnsOption = Annotated[
    list[str],
    typer.Option("--map", metavar="OURS=THEIRS", help="What the file calls a column; repeatable."),
]
TimeOption = Annotated[TimeForm, typer.Option("--time", help="How the file writes its times.")]
RejectsOption = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Store good rows, put bad ones aside in this new file."),
]

# ---------------------------------------------------------------- one source


@dataclass(frozen=True)
class _Unreadable:
    """A file that could not even be opened as a source, and why."""

    name: str
    error: str


Import = Callable[["Ledger", "Source", "RejectsFile | None"], Any]


def take_files(
    ledger: str,
    files: Sequence[Path],
    open_source: Callable[[Path], "Source"],
    take: Import,
    *,
    rejects: Path | None,
    as_json: bool,
) -> None:
    """Import some files, each by itself; leave with 2 or 1 if not everything was taken."""
    from ledger.intake.rejects import require_free

    if rejects:
        require_free(rejects, files)
    sources = [_opened(file, open_source) for file in files]
    take_sources(ledger, sources, take, rejects=rejects, as_json=as_json)


def take_sources(
    ledger: str,
    sources: "Sequence[Source | _Unreadable]",
    take: Import,
    *,
    rejects: Path | None = None,
    as_json: bool,
) -> None:
    """The same of what is opened already."""
    with opening.open_ledger(ledger) as to, _aside(rejects, sources) as put_aside:
        attempts = [_attempt(to, each, put_aside, take, as_json=as_json) for each in sources]
    leave(attempts, as_json=as_json)


def tell_one(
    ledger: "Ledger",
    name: str,
    take: "Callable[[Ledger], Imported | ImportedFacts]",
    *,
    as_json: bool,
    again: bool = False,
    told: set[str] | None = None,
) -> None:
    """Import from a program that runs, and say what became of it.

    `again`, it is one line, and none if nothing was stored. Of platforms in `told` it was said before whether
    a contract has them; those that were read now are added.

    Raises:
        UnreachableSourceError: the program does not answer.
        UnreachableLedgerError: the ledger does not.
        ConflictError: another writer was first.
    """
    from ledger.errors import ConflictError, ConstatError, UnreachableLedgerError, UnreachableSourceError

    try:
        imported = take(ledger)
    except (ConflictError, UnreachableLedgerError, UnreachableSourceError):
        raise
    except ConstatError as error:
        found = Attempt(name, error=str(error))
    else:
        if again and not imported.stored:
            return
        found = _with_new_strangers(ledger, name, imported, set() if told is None else told)
    if not as_json:
        (tell_more if again else tell)(found)
    leave([found], as_json=as_json)


def _with_new_strangers(
    ledger: "Ledger", name: str, imported: "Imported | ImportedFacts", told: set[str]
) -> Attempt:
    """What was taken; the contracts are read only if a platform came that was not there before."""
    if told.issuperset(imported.platforms):
        return Attempt(name, imported)
    ledger.engine.read_decisions()  # who follows has the ledger open for long
    found = with_strangers(name, imported, recording.platforms_of_contracts(ledger), frozenset(told))
    told.update(imported.platforms)
    return found


def _opened(file: Path, open_source: Callable[[Path], "Source"]) -> "Source | _Unreadable":
    """The source of a file, or why there is none."""
    from ledger.errors import BadInputError

    try:
        return open_source(file)
    except BadInputError as error:
        return _Unreadable(str(file), str(error))


def _aside(path: Path | None, sources: "Sequence[Source | _Unreadable]") -> "RejectsFile | nullcontext[None]":
    """The file for what is put aside, if there is to be one."""
    from ledger.intake.rejects import RejectsFile

    if path is None:
        return nullcontext()
    return RejectsFile(path, [source for source in sources if not isinstance(source, _Unreadable)])


def _attempt(
    ledger: "Ledger",
    source: "Source | _Unreadable",
    rejects: "RejectsFile | None",
    take: Import,
    *,
    as_json: bool,
) -> Attempt:
    """Import a source, and say at once what became of it: a later one may fail."""
    found = _tried(ledger, source, rejects, take)
    if not as_json:
        tell(found)
    return found


def _tried(
    ledger: "Ledger", source: "Source | _Unreadable", rejects: "RejectsFile | None", take: Import
) -> Attempt:
    from ledger.errors import ConstatError

    if isinstance(source, _Unreadable):
        return Attempt(source.name, error=source.error)
    have = recording.platforms_of_contracts(ledger)
    try:
        imported = take(ledger, source, rejects)
    except ConstatError as error:
        return Attempt(source.name, error=str(error))
    return with_strangers(source.name, imported, have)
