"""The facts known at a moment, each read from its bytes when somebody looks at it.

Reading a fact costs more than keeping it, and most questions are about a few subjects of many.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from ledger.fact import RecordedFact
from ledger.log import codec
from ledger.log.interface import KeptFact


class KeptFacts(Sequence[RecordedFact]):
    """Facts in the order of the log. Whoever looks at one that cannot be read hears `DamagedLedgerError`."""

    def __init__(self, kept: Iterable[KeptFact]) -> None:
        self._kept = list(kept)
        self._read: list[RecordedFact | None] = [None] * len(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> RecordedFact: ...
    @overload
    def __getitem__(self, place: slice) -> list[RecordedFact]: ...
    def __getitem__(self, place: int | slice) -> RecordedFact | list[RecordedFact]:
        if isinstance(place, slice):
            return [self._at(each) for each in range(len(self))[place]]
        return self._at(place)

    def __iter__(self) -> Iterator[RecordedFact]:
        return map(self._at, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return self._kept == other._kept if isinstance(other, KeptFacts) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of every list

    def _at(self, place: int) -> RecordedFact:
        found = self._read[place]
        if found is None:
            found = self._read[place] = codec.recorded(self._kept[place])
        return found

    def subjects(self) -> set[str]:
        """The subjects of all streams."""
        return {kept.stream.partition(":")[0] for kept in self._kept}

    def about(self, subject: str) -> Iterator[RecordedFact]:
        """Those of one subject."""
        prefix = f"{subject}:"
        return (self._at(place) for place, kept in enumerate(self._kept) if kept.stream.startswith(prefix))
