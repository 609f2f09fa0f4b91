"""The rule by which a record counts: it extends its streams, or it is void, identically for every reader.

Pure, so that every engine and every reader applies the same. A stream starts at 1 (or 0, which the
`eventsourcing` library allows); after that each sequence number follows its predecessor, and where a
record says which predecessor it extends, that one is at the head.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ledger.fact import GENESIS_HASH


class Head(NamedTuple):
    """The last record of a stream."""

    sequence: int
    hash: str


class Extension(NamedTuple):
    """What one event of a record claims: its place in its stream, and its own and its predecessor's hash."""

    stream: str
    sequence: int
    hash: str
    previous_hash: str | None


def objection(heads: Mapping[str, Head], record: Sequence[Extension]) -> str | None:
    """Why a record is void, or None if it counts. `heads` holds the streams that exist already."""
    now = dict(heads)
    for event in record:
        head = now.get(event.stream)
        if head is None and event.sequence not in (0, 1):
            return f"{event.stream} does not exist, and {event.sequence} does not start it"
        if head is not None and event.sequence != head.sequence + 1:
            return f"{event.stream} stands at {head.sequence}; {event.sequence} does not follow"
        expected = head.hash if head else GENESIS_HASH
        if event.previous_hash not in (None, expected):
            return f"{event.stream} has moved on: its head is not the record that this one extends"
        now[event.stream] = Head(event.sequence, event.hash)
    return None


def round_objection(head: Head | None, number: int, previous_hash: str | None) -> str | None:
    """Why a round is void, or None if it counts. `head` is its agent's last round, if it has one.

    Numbers may be skipped, because a round that was lost stays visible; none comes twice. The number fences
    whoever goes on after another took over, and the predecessor whoever does so unseen.
    """
    number_before, expected = head or Head(0, GENESIS_HASH)
    if number <= number_before:
        return f"the agent stands at round {number_before}; {number} does not come after it"
    if previous_hash != expected:
        return f"round {number} does not extend round {number_before}, at which the agent stands"
    return None
