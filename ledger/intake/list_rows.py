"""The rows of a list: read one by one, each once, none that contradicts another row or the ledger."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ledger.errors import RefusedError, in_our_words
from ledger.fact import Fact
from ledger.intake.lists import Cells, Key, ListKind, Said, agree, shown
from ledger.intake.names import slug
from ledger.intake.rejects import Rejects
from ledger.intake.results import Progress
from ledger.intake.rows import BLANKS, instant_ms
from ledger.intake.sources import Record, Source

RECORDS_A_STEP = 1000
"""So many are read between two steps of the bar: a few dozen milliseconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be understood: the fact that it becomes, and what it says of what."""

    line: int
    stream: str
    occurred_ms: int
    fact: Fact
    key: Key
    said: Said


@dataclass
class Names:
    """Names as the file writes them, made plain; two that would become one are told apart by nobody."""

    found: dict[tuple[str, str], str] = field(default_factory=dict)
    _origin: dict[tuple[str, str], str] = field(default_factory=dict)

    def plain(self, column: str, text: str) -> str:
        """The name of a text. ValueError if another text of the column has it already."""
        name = self.found.get((column, text))
        if name is None:
            name = slug(text)
            before = self._origin.setdefault((column, name), text)
            if before != text:
                raise ValueError(f"{text!r} would be named {name}, as {before!r} is; rename one of them")
            self.found[column, text] = name
        return name

    @property
    def renamed(self) -> dict[str, str]:
        """The names that could not stay as they were."""
        return {text: name for (_, text), name in self.found.items() if text != name}


# ---------------------------------------------------------------- reading


def read_rows(  # noqa: PLR0913, PLR0917 - what is read, how, and who hears of it
    source: Source, kind: ListKind, now_ms: int, rejects: Rejects, names: Names, progress: Progress
) -> Iterator[Row]:
    """Every row of a file that can be understood; the others join the rejects."""
    for record in _watched(source, progress):
        try:
            yield _row(record, source, kind, now_ms, names)
        except ValidationError as error:
            rejects.add(record.line, _said_of(error))
        except ValueError as error:
            rejects.add(record.line, str(error))


def _watched(source: Source, progress: Progress) -> Iterator[Record]:
    """Every record; within a batch the bar follows the length of what was read, about its bytes."""
    size, done = source.size, 0
    for batch in source.batches():
        for number, record in enumerate(batch.records()):
            yield record
            done += len(record.raw) + 1
            if number % RECORDS_A_STEP == 0:
                progress(min(done, batch.end), size)
        done = batch.end
        progress(done, size)


def _row(record: Record, source: Source, kind: ListKind, now_ms: int, names: Names) -> Row:
    if record.cells is None:
        raise ValueError(record.fault)
    cells = _named(record.cells, kind, names)
    occurred_ms = instant_ms(cells[kind.time], source.columns.time, now_ms, kind.time)
    fact = kind.fact(cells)
    stream = kind.subject.stream_of(cells[kind.stream_by])
    return Row(
        record.line, stream, occurred_ms, fact, kind.key(fact, occurred_ms), kind.said(fact, occurred_ms)
    )


def _named(cells: Cells, kind: ListKind, names: Names) -> Cells:
    plain = dict(cells)
    for column in kind.names:
        text = cells[column].strip(BLANKS)
        if not text:
            raise ValueError(f"names no {column}")
        plain[column] = names.plain(column, text)
    return plain


def _said_of(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {in_our_words(first['msg'])}; got {first['input']!r}"


# ---------------------------------------------------------------- each once


def each_once(rows: Iterable[Row], kind: ListKind, rejects: Rejects) -> list[Row]:
    """Repeated rows once, the one that says most; all that contradict one another are rejected."""
    by_key: dict[tuple[str, Key], list[Row]] = {}
    for row in rows:
        by_key.setdefault((row.stream, row.key), []).append(row)
    kept = []
    for same in by_key.values():
        if len(same) > 1 and _reject_disagreeing(same, kind, rejects):
            continue
        kept.append(max(same, key=lambda row: (sum(each is not None for each in row.said), -row.line)))
    return kept


def _reject_disagreeing(same: list[Row], kind: ListKind, rejects: Rejects) -> bool:
    disagree = False
    for row in same:
        other = next((each for each in same if not agree(row.said, each.said)), None)
        if other is None:
            continue
        disagree = True
        rejects.add(
            row.line,
            f"says {shown(row.said)} of {about(kind, row)}, where {rejects.source.place(other.line)} says "
            f"{shown(other.said)}; only one can be so",
        )
    return disagree


# ---------------------------------------------------------------- only what is new


def only_new(rows: Iterable[Row], kind: ListKind, states: Mapping[str, Any], rejects: Rejects) -> list[Row]:
    """The rows that the ledger does not have; those that contradict it or that it refuses are rejected."""
    known = {stream: kind.known(state) for stream, state in states.items()}
    return [row for row in rows if _is_new(row, kind, states[row.stream], known[row.stream], rejects)]


def _is_new(row: Row, kind: ListKind, state: Any, known: Mapping[Key, Said], rejects: Rejects) -> bool:  # noqa: ANN401 - a subject's state
    said = known.get(row.key)
    if said is not None:
        if not agree(row.said, said):
            rejects.add(
                row.line,
                f"says {shown(row.said)} of {about(kind, row)}, where the ledger already has {shown(said)}; "
                f"{kind.remedy}",
            )
        return False
    try:
        kind.decide(state, row.fact)
    except RefusedError as error:
        rejects.add(row.line, str(error))
        return False
    return True


def about(kind: ListKind, row: Row) -> str:
    """What a row is about, in words."""
    name = row.stream.partition(":")[2]
    return f"{kind.about.format(*(shown((part,)) for part in row.key))} of {name}"
