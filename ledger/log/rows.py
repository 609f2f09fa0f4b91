"""Whole rows of the two logs, as they are stored: for those who check a ledger, not for those who read it."""

from typing import Any, NamedTuple, Self

from ledger.errors import DamagedLedgerError


class FactRow(NamedTuple):
    """One row of the decision log. `record` is the position of the first fact of the same append."""

    position: int
    record: int
    stream: str
    sequence: int
    type: str
    recorded_ms: int
    hash: str
    running_hash: bytes
    value: bytes

    @property
    def place(self) -> int:
        """Its place in its log."""
        return self.position

    @property
    def place_in_stream(self) -> tuple[str, int]:
        """Its stream, and its number there."""
        return self.stream, self.sequence

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """A row of the file, its text still bytes.

        Raises:
            DamagedLedgerError: a column holds another kind of value than it should.
        """
        return cls(*_texts(row, cls))


class RoundRow(NamedTuple):
    """One row of the probe log; `offset` is its place in the engine's own order."""

    offset: int
    agent: str
    number: int
    start_ms: int
    recorded_ms: int
    hash: str
    running_hash: bytes
    value: bytes

    @property
    def place(self) -> int:
        """Its place in its log."""
        return self.offset

    @property
    def place_in_stream(self) -> tuple[str, int]:
        """Its agent, and its number there."""
        return self.agent, self.number

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """A row of the file, its text still bytes.

        Raises:
            DamagedLedgerError: a column holds another kind of value than it should.
        """
        return cls(*_texts(row, cls))


def columns(kind: type[FactRow] | type[RoundRow]) -> str:
    """What to select for a row: text as bytes, because damaged text is no longer UTF-8."""
    return ", ".join(
        f"CAST({name} AS BLOB)" if type_ is str else name for name, type_ in kind.__annotations__.items()
    )


def _texts(row: tuple[Any, ...], kind: type[FactRow] | type[RoundRow]) -> list[Any]:
    values = []
    for (name, type_), value in zip(kind.__annotations__.items(), row, strict=True):
        if type(value) is not (bytes if type_ is str else type_):
            raise DamagedLedgerError(f"its {name} is of another kind than was written")
        values.append(value.decode(errors="replace") if type_ is str else value)
    return values
