"""What a source holds that cannot be taken: named, counted, and put aside if that was asked for."""

import csv
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from ledger.errors import BadInputError
from ledger.intake.sources import Source

NAMED = 10
"""How many rejects a message names; it counts the rest."""


class Reject(NamedTuple):
    """A record that cannot be taken, and why."""

    line: int
    reason: str


class Rejects:
    """The rejects of one source: counted, and the first ones kept, or all of them if they are put aside."""

    def __init__(self, source: Source, *, keep_all: bool = False) -> None:
        self.source = source
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
        results = "result" if self.count == 1 else "results"
        head = f"{self.source.name}: {self.count} {results} cannot be taken; nothing of it was stored"
        advice = "correct them, or store the others and put these aside with --rejects FILE"
        return BadInputError("\n".join([head, *named, *rest, advice]))


class RejectsFile:
    """A CSV file of what was put aside: `file,line,reason,raw`. An existing one is written anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise BadInputError(
                f"{path}: cannot be written ({error.strerror}); name another --rejects"
            ) from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(["file", "line", "reason", "raw"])

    def put(self, rejects: Rejects) -> None:
        """Put the rejects of a source aside, each as it stands there; the source is read again for that."""
        source = rejects.source
        reasons: dict[int, list[str]] = {}
        for line, reason in rejects.kept:
            reasons.setdefault(line, []).append(reason)
        for batch in source.batches() if reasons else ():
            for record in batch.records():
                for reason in reasons.get(record.line, ()):
                    self._writer.writerow([source.name, record.line, reason, record.raw])
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
