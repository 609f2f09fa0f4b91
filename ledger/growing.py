"""Sequences that never change and still grow: a longer one is made without copying all of the shorter one."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar, overload

Item = TypeVar("Item")

BLOCK = 128
"""Of ten thousand items some 140 references are copied for one more: half a block, and one for each block."""


class Growing(Sequence[Item]):
    """Items in order, in blocks that are all full but the last one; so equal items lie in equal blocks."""

    __slots__ = ("_blocks",)

    def __init__(self, items: Iterable[Item] = ()) -> None:
        left = iter(items)
        self._blocks = tuple(iter(lambda: tuple(islice(left, BLOCK)), ()))

    def with_one_more(self, item: Item) -> "Growing[Item]":
        """The same and one more behind it."""
        longer: Growing[Item] = Growing()
        if self._blocks and len(self._blocks[-1]) < BLOCK:
            longer._blocks = (*self._blocks[:-1], (*self._blocks[-1], item))
        else:
            longer._blocks = (*self._blocks, (item,))
        return longer

    def __len__(self) -> int:
        return BLOCK * (len(self._blocks) - 1) + len(self._blocks[-1]) if self._blocks else 0

    def __iter__(self) -> Iterator[Item]:
        return chain.from_iterable(self._blocks)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, place: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(place, slice):
            return tuple(self)[place]
        index = range(len(self))[place]
        return self._blocks[index // BLOCK][index % BLOCK]

    def __eq__(self, other: object) -> bool:
        return self._blocks == other._blocks if isinstance(other, Growing) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._blocks)

    def __repr__(self) -> str:
        return f"Growing({tuple(self)!r})"
