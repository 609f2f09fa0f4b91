"""One attempt to import a source: what became of it, as people are told and as machines read it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from consumers.cli import printing

if TYPE_CHECKING:
    from ledger.intake.importing import Imported
    from ledger.intake.list_import import ImportedList
    from ledger.intake.told import ImportedFacts

NAMED = 10
"""How many platforms a warning names; it counts the rest, and --json has them all."""


@dataclass(frozen=True)
class Attempt:
    """What became of one source: what was stored, or why nothing was."""

    name: str
    imported: "Imported | ImportedList | ImportedFacts | None" = None
    error: str | None = None
    strangers: tuple[str, ...] = ()
    """Its platforms that no contract has."""
    likely: Mapping[str, str] = field(default_factory=dict)
    """Of the first of these, the platform of a contract that is spelled most like it, if one is."""


def with_strangers(
    name: str,
    imported: "Imported | ImportedList | ImportedFacts",
    have: Collection[str],
    told: Collection[str] = (),
) -> Attempt:
    """What was taken, beside the platforms that contracts have, and those of which all was `told` before."""
    from ledger.intake.names import likely

    strangers = tuple(each for each in imported.platforms if each not in have and each not in told)
    return Attempt(name, imported, strangers=strangers, likely=likely(strangers[:NAMED], have))


# ---------------------------------------------------------------- what is said of it


def leave(attempts: Sequence[Attempt], *, as_json: bool) -> None:
    """Print what became of all sources if machines read it; leave with 2 or 1 if not everything was taken."""
    if as_json:
        printing.print_json([_object(each) for each in attempts])
    if any(each.error for each in attempts):
        raise typer.Exit(2)
    if any(each.imported and each.imported.rejected for each in attempts):
        raise typer.Exit(1)


def tell(found: Attempt) -> None:
    """Say to a person what became of a source."""
    if found.imported:
        _tell_imported(found.imported)
    _tell_wrong(found)
    _tell_strangers(found)


def _tell_strangers(found: Attempt) -> None:
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


def tell_more(found: Attempt) -> None:
    """Say to a person who follows a source what came of it, in one line: the first report said the rest.

    Platforms that no contract has are told when they come up first.
    """
    if found.imported:
        news = getattr(found.imported, "news", ())
        print("; ".join((_counts(found.imported), *news)), flush=True)
    _tell_wrong(found)
    _tell_strangers(found)


def _tell_wrong(found: Attempt) -> None:
    if found.error:
        typer.echo(f"constat: {found.error}", err=True)
    for agent, retired_ms in _taken_back(found.imported).items():
        printing.warn(_is_back(agent, retired_ms))


def _counts(imported: "Imported | ImportedList | ImportedFacts") -> str:
    from ledger.errors import counted

    put_aside = f", {imported.rejected} put aside" if imported.rejected else ""
    read = counted(imported.read, imported.noun)
    return f"{imported.name}: {read} read, {imported.stored} stored{put_aside}"


def _tell_imported(imported: "Imported | ImportedList | ImportedFacts") -> None:
    from ledger.errors import counted

    print(_counts(imported))
    for agent, count in (_rounds(imported) or {}).items():
        print(f"  agent {agent}: {counted(count, 'round')}")
    for text, name in imported.renamed.items():
        print(f"  {text!r} is named {name}")
    if imported.unused:
        print(f"  columns not read: {', '.join(imported.unused)}")
    for note in imported.notes:
        print(f"  {note}")


def _rounds(imported: "Imported | ImportedList | ImportedFacts | None") -> Mapping[str, int] | None:
    """The rounds that results became; lists and facts become none."""
    return getattr(imported, "rounds", None)


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


def _object(found: Attempt) -> dict[str, object]:
    imported = found.imported
    if imported is None:
        return {"file": found.name, "stored": 0, "error": found.error}
    rounds = _rounds(imported)
    return {
        "file": imported.name,
        "read": imported.read,
        "stored": imported.stored,
        "rejected": imported.rejected,
        **({} if rounds is None else {"rounds": dict(rounds), "taken_back": list(_taken_back(imported))}),
        "renamed": dict(imported.renamed),
        "columns_not_read": list(imported.unused),
        **({"notes": list(imported.notes)} if imported.notes else {}),
        "platforms_without_contract": list(found.strangers),
        "perhaps_another_spelling_of": dict(found.likely),
        "error": None,
    }
