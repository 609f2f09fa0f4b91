"""A list taken into the ledger: all that is new of it, or nothing unless its rejects are put aside.

A list is stored some hundred facts at a time, in order of time. An import that is killed leaves whole
records, and the same import again stores what is still missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ledger.application import Ledger
from ledger.fact import Draft
from ledger.intake.importing import SOURCE
from ledger.intake.list_rows import Names, Row, each_once, only_new, read_rows
from ledger.intake.lists import ListKind
from ledger.intake.rejects import Rejects, RejectsFile
from ledger.intake.results import Progress, silent
from ledger.intake.sources import Source
from ledger.log.arbitration import Head

FACTS_AT_A_TIME = 500
"""A fact takes about half a kilobyte, so a record stays far below what every engine takes."""


@dataclass(frozen=True, slots=True)
class ImportedList:
    """What became of a list."""

    name: str
    read: int
    """Rows that could be understood."""
    stored: int
    rejected: int
    renamed: Mapping[str, str]
    unused: tuple[str, ...]
    platforms: tuple[str, ...]
    noun: ClassVar[str] = "row"
    notes: ClassVar[tuple[str, ...]] = ()
    """A list says all that it has."""


def import_list(  # noqa: PLR0913 - what, where to, how, and who watches
    ledger: Ledger,
    source: Source,
    kind: ListKind,
    *,
    now_ms: int,
    aside: RejectsFile | None = None,
    reading: Progress = silent,
    storing: Progress = silent,
) -> ImportedList:
    """Store what of a list is new.

    Raises:
        BadInputError: the list cannot be read, or holds rejects and they are not put aside.
        ConflictError: another writer was first; the same import again stores what is still missing.
    """
    rejects, names = Rejects(source, keep_all=aside is not None, noun=kind.noun), Names()
    rows = list(read_rows(source, kind, now_ms, rejects, names, reading))
    states, heads = _loaded(ledger, kind, rows)
    new = only_new(each_once(rows, kind, rejects), kind, states, rejects)
    if rejects.count and aside is None:
        raise rejects.refusal()
    if aside is not None:
        aside.put(source, rejects)
    _store(ledger, new, heads, storing)
    return ImportedList(
        name=source.name,
        read=len(rows),
        stored=len(new),
        rejected=rejects.count,
        renamed=names.renamed,
        unused=source.unused,
        platforms=tuple(sorted({name for (column, _), name in names.found.items() if column == "platform"})),
    )


def _loaded(ledger: Ledger, kind: ListKind, rows: Sequence[Row]) -> tuple[dict[str, Any], dict[str, Head]]:
    states, heads = {}, {}
    for stream in dict.fromkeys(row.stream for row in rows):
        states[stream], heads[stream] = ledger.load(stream, kind.subject.INITIAL, kind.subject.evolve)
    return states, heads


def _store(ledger: Ledger, new: list[Row], heads: dict[str, Head], storing: Progress) -> None:
    new.sort(key=lambda row: (row.occurred_ms, row.stream, row.line))
    for first in range(0, len(new), FACTS_AT_A_TIME):
        some = new[first : first + FACTS_AT_A_TIME]
        ledger.append_behind([Draft(row.stream, row.fact, row.occurred_ms, SOURCE) for row in some], heads)
        storing(first + len(some), len(new))
