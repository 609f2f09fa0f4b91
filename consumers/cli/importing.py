"""What all imports of files share: their options, one attempt for each file, and what is said of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from consumers.cli import bars, opening, printing, recording

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.intake.importing import Imported
    from ledger.intake.list_import import ImportedList
    from ledger.intake.rejects import RejectsFile
    from ledger.intake.results import Progress
    from ledger.intake.sources import Source
    from ledger.intake.told import ImportedFacts

ALIKE = 0.8
"""From here on, of 1 for the same, two names may be two spellings of one."""
NAMED = 10
"""How many platforms a warning names; it counts the rest, and --json has them all."""


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


@dataclass(frozen=True)
class _Attempt:
    """What became of one file: what was stored, or why nothing was."""

    name: str
    imported: "Imported | ImportedList | ImportedFacts | None" = None
    error: str | None = None
    strangers: tuple[str, ...] = ()
    """Its platforms that no contract has."""
    likely: Mapping[str, str] = field(default_factory=dict)
    """Of the first of these, the platform of a contract that is spelled most like it, if one is."""


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
    _leave(attempts, as_json=as_json)


def tell_one(
    ledger: "Ledger",
    name: str,
    take: "Callable[[Ledger], Imported | ImportedFacts]",
    *,
    as_json: bool,
    again: bool = False,
) -> None:
    """Import from a program that runs, and say what became of it; `again`, only if something was stored.

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
        found = _Attempt(name, error=str(error))
    else:
        if again and not imported.stored:
            return
        found = _Attempt(name, imported) if again else _with_strangers(ledger, name, imported)
    if not as_json:
        _tell(found)
    _leave([found], as_json=as_json)


def _with_strangers(ledger: "Ledger", name: str, imported: "Imported | ImportedFacts") -> _Attempt:
    have = recording.platforms_of_contracts(ledger)
    strangers = tuple(platform for platform in imported.platforms if platform not in have)
    return _Attempt(name, imported, strangers=strangers, likely=_likely(strangers[:NAMED], have))


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
) -> _Attempt:
    """Import a source, and say at once what became of it: a later one may fail."""
    found = _tried(ledger, source, rejects, take)
    if not as_json:
        _tell(found)
    return found


def _tried(
    ledger: "Ledger", source: "Source | _Unreadable", rejects: "RejectsFile | None", take: Import
) -> _Attempt:
    from ledger.errors import ConstatError

    if isinstance(source, _Unreadable):
        return _Attempt(source.name, error=source.error)
    have = recording.platforms_of_contracts(ledger)
    try:
        imported = take(ledger, source, rejects)
    except ConstatError as error:
        return _Attempt(source.name, error=str(error))
    strangers = tuple(platform for platform in imported.platforms if platform not in have)
    return _Attempt(source.name, imported, strangers=strangers, likely=_likely(strangers[:NAMED], have))


def _likely(strangers: Iterable[str], have: Iterable[str]) -> dict[str, str]:
    """For each name that is like one of those there are, however its letters are cased, which one."""
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in sorted(have)}
    found = {name: get_close_matches(name.casefold(), folded, n=1, cutoff=ALIKE) for name in strangers}
    return {name: folded[nearest[0]] for name, nearest in found.items() if nearest}


@contextmanager
def watched(what: str, total: int | None) -> "Iterator[Progress]":
    """A bar that hears how much is done, not how much was added."""
    with bars.progress_bar(what, total) as advance:
        done = 0

        def progress(now: int, _: int) -> None:
            nonlocal done
            advance(now - done)
            done = now

        yield progress


class Bars:
    """One bar at a time: that of a phase takes the place of the one before."""

    def __init__(self) -> None:
        self._shown = ExitStack()
        self._phase = ""
        self._progress: Callable[[int, int], None] = lambda _done, _of: None

    def phase(self, what: str) -> "Progress":
        """What hears of a phase; its bar appears when it is first heard of."""

        def progress(done: int, of: int) -> None:
            if self._phase != what:
                self._shown.close()
                self._phase, self._progress = what, self._shown.enter_context(watched(what, of))
            self._progress(done, of)

        return progress

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.close()


# ---------------------------------------------------------------- what is said of it


def _leave(attempts: Sequence[_Attempt], *, as_json: bool) -> None:
    """Print what became of all files if machines read it; leave with 2 or 1 if not everything was taken."""
    if as_json:
        printing.print_json([_object(each) for each in attempts])
    if any(each.error for each in attempts):
        raise typer.Exit(2)
    if any(each.imported and each.imported.rejected for each in attempts):
        raise typer.Exit(1)


def _tell(found: _Attempt) -> None:
    if found.imported:
        _tell_imported(found.imported)
    if found.error:
        typer.echo(f"constat: {found.error}", err=True)
    for agent, retired_ms in _taken_back(found.imported).items():
        printing.warn(_is_back(agent, retired_ms))
    if found.strangers:
        what = (
            "their results are stored, and count"
            if _rounds(found.imported) is not None
            else "they are stored, and count"
        )
        printing.warn(
            f"no contract has {_listed(found.strangers)}; {what} in no statement before `constat contract "
            "add-platform`"
        )
    for name, platform in found.likely.items():
        printing.warn(
            f"{name} may be {platform}, which a contract has; if it is, write it so in the source, and "
            "import it again"
        )


def _tell_imported(imported: "Imported | ImportedList | ImportedFacts") -> None:
    from ledger.errors import counted

    put_aside = f", {imported.rejected} put aside" if imported.rejected else ""
    rounds = _rounds(imported)
    noun = getattr(imported, "noun", "row") if rounds is None else "result"
    print(f"{imported.name}: {counted(imported.read, noun)} read, {imported.stored} stored{put_aside}")
    for agent, count in (rounds or {}).items():
        print(f"  agent {agent}: {counted(count, 'round')}")
    for text, name in imported.renamed.items():
        print(f"  {text!r} is named {name}")
    if imported.unused:
        print(f"  columns not read: {', '.join(imported.unused)}")
    for note in _notes(imported):
        print(f"  {note}")


def _rounds(imported: "Imported | ImportedList | ImportedFacts | None") -> Mapping[str, int] | None:
    """The rounds that results became; a list becomes none."""
    return getattr(imported, "rounds", None)


def _notes(imported: "Imported | ImportedList | ImportedFacts") -> tuple[str, ...]:
    """What the source cannot say; a list says all that it has."""
    found: tuple[str, ...] = getattr(imported, "notes", ())
    return found


def _taken_back(imported: "Imported | ImportedList | ImportedFacts | None") -> Mapping[str, int]:
    return getattr(imported, "taken_back", {})


def _is_back(agent: str, retired_ms: int) -> str:
    from ledger.instants import format_instant

    return (
        f"agent {agent} was retired at {format_instant(retired_ms)} and is in service again: these results "
        f"made another plan for it; if it is gone, `constat agent retire {agent}` once more"
    )


def _listed(names: tuple[str, ...]) -> str:
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


def _object(found: _Attempt) -> dict[str, object]:
    imported = found.imported
    if imported is None:
        return {"file": found.name, "stored": 0, "error": found.error}
    rounds = _rounds(imported)
    return {
        "file": imported.name,
        "read": imported.read,
        "stored": imported.stored,
        "rejected": imported.rejected,
        **({} if rounds is None else {"rounds": dict(rounds)}),
        **({} if rounds is None else {"taken_back": list(_taken_back(imported))}),
        "renamed": dict(imported.renamed),
        "columns_not_read": list(imported.unused),
        **({"notes": list(_notes(imported))} if _notes(imported) else {}),
        "platforms_without_contract": list(found.strangers),
        "perhaps_another_spelling_of": dict(found.likely),
        "error": None,
    }
