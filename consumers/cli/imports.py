"""`constat import`: take in results that somebody else probed."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.application import Ledger
    from ledger.intake.columns import Columns
    from ledger.intake.importing import Imported
    from ledger.intake.rejects import RejectsFile
    from ledger.intake.sources import Source

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Take in results that somebody else probed."
)

ALIKE = 0.8
"""From here on, of 1 for the same, two names may be two spellings of one."""
NAMED = 10
"""How many platforms a warning names; it counts the rest, and --json has them all."""


class TimeForm(StrEnum):
    """How a file writes its times."""

    iso = "iso"
    epoch_s = "epoch-s"
    epoch_ms = "epoch-ms"


AgentOption = Annotated[
    str | None,
    typer.Option(
        "--agent",
        metavar="NAME",
        help="Who probed, where the file does not say; needed if it has no agent column.",
    ),
]


@app.command()
def results(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=".csv, .ndjson or .parquet")],
    *,
    agent: AgentOption = None,
    transitions: Annotated[
        bool,
        typer.Option("--transitions", help="The source logs only changes: an outcome holds until the next."),
    ] = False,
    columns: Annotated[
        list[str],
        typer.Option("--map", metavar="OURS=THEIRS", help="What the file calls a column; repeatable."),
    ] = [],  # noqa: B006 - typer copies it
    time: Annotated[TimeForm, typer.Option("--time", help="How the file writes its times.")] = TimeForm.iso,
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects", metavar="FILE", help="Store good rows, put bad ones aside in this new file."
        ),
    ] = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what of some files is new: platform, observed_at, outcome, and agent, status, latency_ms, error.

    If anything in a file cannot be taken, the first ten are named and nothing of that file is stored, unless
    --rejects says where to put them; the other files are stored all the same. Exit 1 if something was put
    aside, 2 if nothing of a file could be stored.
    """
    from ledger.intake.columns import Columns
    from ledger.intake.rejects import require_free

    read_as = Columns(time.value, common.pairs(columns, "--map"), agent or "")
    if rejects:
        require_free(rejects, files)
    sources = [_opened(file, read_as) for file in files]
    with common.open_ledger(ledger) as opened, _aside(rejects, sources) as aside:
        attempts = [
            _attempt(opened, source, transitions=transitions, aside=aside, as_json=as_json)
            for source in sources
        ]
    _leave(attempts, as_json=as_json)


@app.command()
def upptime(
    repository: Annotated[Path, typer.Argument(metavar="REPO", help="A clone of an Upptime repository.")],
    *,
    agent: Annotated[
        str, typer.Option("--agent", metavar="NAME", help="What its prober is called.")
    ] = "upptime",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what is new in the history of an Upptime repository; an outcome holds until the next commit."""
    from ledger.intake.columns import Columns
    from ledger.intake.upptime import UpptimeSource

    source = UpptimeSource.open(repository, Columns(agent=agent))
    with common.open_ledger(ledger) as opened:
        attempt = _attempt(opened, source, transitions=True, aside=None, as_json=as_json)
    _leave([attempt], as_json=as_json)


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
    imported: "Imported | None" = None
    error: str | None = None
    strangers: tuple[str, ...] = ()
    """Its platforms that no contract has."""
    likely: "Mapping[str, str]" = field(default_factory=dict)
    """Of the first of these, the platform of a contract that is spelled most like it, if one is."""


def _opened(file: Path, read_as: "Columns") -> "Source | _Unreadable":
    from ledger.errors import BadInputError
    from ledger.intake.files import open_source

    try:
        return open_source(file, read_as)
    except BadInputError as error:
        return _Unreadable(str(file), str(error))


def _aside(path: Path | None, sources: "list[Source | _Unreadable]") -> "RejectsFile | nullcontext[None]":
    from ledger.intake.rejects import RejectsFile

    if path is None:
        return nullcontext()
    return RejectsFile(path, [source for source in sources if not isinstance(source, _Unreadable)])


def _attempt(
    ledger: "Ledger",
    source: "Source | _Unreadable",
    *,
    transitions: bool,
    aside: "RejectsFile | None",
    as_json: bool,
) -> _Attempt:
    """Import a source, and say at once what became of it: a later one may fail."""
    attempt = _tried(ledger, source, transitions=transitions, aside=aside)
    if not as_json:
        _tell(attempt)
    return attempt


def _tried(
    ledger: "Ledger", source: "Source | _Unreadable", *, transitions: bool, aside: "RejectsFile | None"
) -> _Attempt:
    from ledger.errors import ConstatError

    if isinstance(source, _Unreadable):
        return _Attempt(source.name, error=source.error)
    try:
        imported = _import(ledger, source, transitions=transitions, aside=aside)
    except ConstatError as error:
        return _Attempt(source.name, error=str(error))
    have = recording.platforms_of_contracts(ledger)
    strangers = tuple(platform for platform in imported.platforms if platform not in have)
    return _Attempt(source.name, imported, strangers=strangers, likely=_likely(strangers[:NAMED], have))


def _likely(strangers: "Iterable[str]", have: "Iterable[str]") -> dict[str, str]:
    """For each name that is like one of those there are, however its letters are cased, which one."""
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in sorted(have)}
    found = {name: get_close_matches(name.casefold(), folded, n=1, cutoff=ALIKE) for name in strangers}
    return {name: folded[nearest[0]] for name, nearest in found.items() if nearest}


def _import(
    ledger: "Ledger", source: "Source", *, transitions: bool, aside: "RejectsFile | None"
) -> "Imported":
    from ledger.intake.importing import import_source

    with common.progress_bar(f"reading {source.name}", source.size) as advance:
        done = 0

        def progress(now: int, _: int) -> None:
            nonlocal done
            advance(now - done)
            done = now

        return import_source(
            ledger, source, now_ms=common.now_ms(), transitions=transitions, aside=aside, progress=progress
        )


# ---------------------------------------------------------------- what is said of it


def _leave(attempts: list[_Attempt], *, as_json: bool) -> None:
    if as_json:
        common.print_json([_object(each) for each in attempts])
    if any(each.error for each in attempts):
        raise typer.Exit(2)
    if any(each.imported and each.imported.rejected for each in attempts):
        raise typer.Exit(1)


def _tell(attempt: _Attempt) -> None:
    if attempt.imported:
        _tell_imported(attempt.imported)
    if attempt.error:
        typer.echo(f"constat: {attempt.error}", err=True)
    if attempt.strangers:
        common.warn(
            f"no contract has {_listed(attempt.strangers)}; their results are stored, and count in no "
            "statement before `constat contract add-platform`"
        )
    for name, platform in attempt.likely.items():
        common.warn(
            f"{name} may be {platform}, which a contract has; if it is, write it so in the source, and "
            "import it again"
        )


def _tell_imported(imported: "Imported") -> None:
    from ledger.errors import counted

    put_aside = f", {imported.rejected} put aside" if imported.rejected else ""
    print(f"{imported.name}: {counted(imported.read, 'result')} read, {imported.stored} stored{put_aside}")
    for agent, rounds in imported.rounds.items():
        print(f"  agent {agent}: {counted(rounds, 'round')}")
    for text, name in imported.renamed.items():
        print(f"  {text!r} is named {name}")
    if imported.unused:
        print(f"  columns not read: {', '.join(imported.unused)}")


def _listed(names: tuple[str, ...]) -> str:
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


def _object(attempt: _Attempt) -> dict[str, object]:
    imported = attempt.imported
    if imported is None:
        return {"file": attempt.name, "stored": 0, "error": attempt.error}
    return {
        "file": imported.name,
        "read": imported.read,
        "stored": imported.stored,
        "rejected": imported.rejected,
        "rounds": dict(imported.rounds),
        "renamed": dict(imported.renamed),
        "columns_not_read": list(imported.unused),
        "platforms_without_contract": list(attempt.strangers),
        "perhaps_another_spelling_of": dict(attempt.likely),
        "error": None,
    }
