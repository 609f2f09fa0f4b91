"""Where those who fold rounds tell what they came to: an engine that machines share has such a place."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Tale(NamedTuple):
    """Something that was made of the rounds, under the name of what it tells of."""

    key: bytes
    value: bytes


class Changes(Protocol):
    """Where those who fold the rounds of a ledger tell each other, and those who ask, what they came to.

    It has the partitions of the probe log. Nothing in it is part of the ledger, and nothing is needed: it may
    be emptied, and what it tells is to be checked. Two tales of one key tell the same.
    """

    partitions: int

    def partition_of(self, agent: str) -> int:
        """Where it is told of an agent."""

    def require(self) -> None:
        """Refuse to go on where nothing could be told.

        Raises:
            UnusableLedgerError: it says what is to be done.
        """

    def tales(
        self, partition: int, first: int = 0, *, of: tuple[bytes, ...] = (b"",)
    ) -> tuple[list[Tale], int]:
        """What is told of a partition from an offset on, and the offset behind it; nothing if it is closed.

        `of`: what the keys begin with of those that are wanted; the others are passed over. An offset before
        `first` says that all of it was told anew, and everything that is there was given.

        Raises:
            UnusableLedgerError: nobody answers.
        """

    def publish(self, partition: int, tales: Sequence[Tale]) -> list[Tale]:
        """Tell them, and return when they are kept; those are given back that are too long to be told.

        Raises:
            UnusableLedgerError: it is refused, or nobody answers; some of it may be there.
        """
