"""What a source holds that cannot be taken: named, counted, and put aside if that was asked for."""

import csv
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self, TextIO

from ledger.errors import BadInputError, counted
from ledger.intake.sources import Record, Source

NAMED = 10
"""How many rejects a message names; it counts the rest."""
ADVICE = "correct them, or store the others and put these aside with --rejects FILE"
_ADDED = ("file", "line", "reason")


class Origin(Protocol):
    """Where records come from, as messages say it."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def place(self, line: int) -> str:
        """Where a record stands: `line 12`."""


class Reject(NamedTuple):
    """A record that cannot be taken, and why."""

    line: int
    reason: str


class Rejects:
    """The rejects of one source: counted, and the first ones kept, or all of them if they are put aside."""

    def __init__(
        self, source: Origin, *, keep_all: bool = False, noun: str = "result", advice: str = ADVICE
    ) -> None:
        self.source = source
        self._noun = noun
        self._advice = advice
        self.count = 0
        self._keep_all = keep_all
        self._kept: list[Reject] = []

    def add(self, line: int, reason: str) -> None:
        """One more record that cannot be taken; in any order."""
        self.count += 1
        self._kept.append(Reject(line, reason))
        if not self._keep_all and len(self._kept) > 10 * NAMED:
            self._kept = self.kept[:NAMED]

    @property
    def kept(self) -> list[Reject]:
        """Those that are kept, by line: at least the first ones."""
        return sorted(self._kept)

    def refusal(self) -> BadInputError:
        """What is said when the source is refused for them."""
        named = [f"  {self.source.place(line)}: {reason}" for line, reason in self.kept[:NAMED]]
        rest = [f"  and {self.count - NAMED} more"] if self.count > NAMED else []
        head = (
            f"{self.source.name}: {counted(self.count, self._noun)} cannot be taken; nothing of it was stored"
        )
        return BadInputError("\n".join([head, *named, *rest, self._advice]))


def require_free(path: Path, inputs: Iterable[Path]) -> None:
    """Refuse a file for rejects that is an input, or that exists: neither is ours to overwrite.

    Raises:
        BadInputError: says which, and what to name instead.
    """
    if any(path.resolve() == each.resolve() for each in inputs):
        raise BadInputError(f"{path} is one of the files to import; name another file with --rejects")
    if path.exists():
        raise BadInputError(f"{path} exists already; move it away, or name another file with --rejects")
    if not path.parent.is_dir():
        raise BadInputError(f"{path}: there is no folder {path.parent}; make it, or name another --rejects")


class RejectsFile:
    """A CSV file of what was put aside, made when there is something to put there.

    It has the columns of its sources, then `file,line,reason`: once corrected it can be imported as it is.
    A record that cannot be cut into columns stands whole in the first one.
    """

    def __init__(self, path: Path, sources: Iterable[Source]) -> None:
        self.path = path
        names = dict.fromkeys(name for source in sources for name in source.header)
        self._columns = [name for name in names if name not in _ADDED]
        self._file: TextIO | None = None

    def put(self, source: Source, rejects: Rejects) -> None:
        """Put the rejects of a source aside, each as it stands there; the source is read again for that.

        Raises:
            BadInputError: the file cannot be written.
        """
        reasons: dict[int, list[str]] = {}
        for line, reason in rejects.kept:
            reasons.setdefault(line, []).append(reason)
        if not reasons:
            return
        try:
            with self._writer() as write:
                for record in _records(source, reasons):
                    cells = dict(zip(source.header, source.row(record), strict=False))
                    row = [cells.get(column, "") for column in self._columns]
                    write([*row, source.name, record.line, "; ".join(reasons[record.line])])
        except OSError as error:
            raise BadInputError(
                f"{self.path}: cannot be written ({error.strerror}); name another --rejects"
            ) from error

    @contextmanager
    def _writer(self) -> Iterator[Callable[[Sequence[object]], object]]:
        is_new = self._file is None
        if self._file is None:
            self._file = self.path.open("x", encoding="utf-8", newline="")
        write = csv.writer(self._file).writerow
        if is_new:
            write([*self._columns, *_ADDED])
        yield write
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()


def _records(source: Source, lines: Container[int]) -> Iterator[Record]:
    return (record for batch in source.batches() for record in batch.records() if record.line in lines)
