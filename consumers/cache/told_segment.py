"""The segment of an agent's fold as it is told to others: plain columns, of which nothing is taken on trust.

Unpacked, none takes more memory than is said here, and whatever it says can be put together with others; that
it is true cannot be seen in it.
"""

import zlib
from collections.abc import Mapping
from contextlib import suppress
from itertools import accumulate, pairwise
from typing import Annotated, NamedTuple, Self

import msgspec
import polars as pl
from msgspec import Meta, Struct

from ledger.instants import is_instant
from projections.checkpoint import Place
from projections.segments import HELD, SCHEMA, STEP, Segments
from projections.steps import CODES

VERSION = 1
BYTES_MAX = 64 << 20
"""No segment is longer, whatever somebody has packed into a short record."""

Small = Annotated[int, Meta(ge=0, lt=1 << 32)]
Natural = Annotated[int, Meta(ge=0, lt=1 << 62)]
Instant = Annotated[int, Meta(gt=-(1 << 62), lt=1 << 62)]


class Stand(NamedTuple):
    """What names a checkpoint: its round, the hash of that, and how many rounds were folded up to it."""

    number: int
    hash: str
    rounds: int

    @classmethod
    def of(cls, place: Place) -> Self:
        """That of a checkpoint at a place."""
        return cls(place.number, place.hash, place.rounds)


class Whose(NamedTuple):
    """Whose rounds were folded, and how."""

    agent: str
    stale_after_ms: Natural
    code: str
    """Of the code that folded."""


class ToldSegment(Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent's rounds added up to a checkpoint; the rows of `segments.SCHEMA` as columns."""

    v: int
    of: Whose
    after: Stand | None
    """The checkpoint before; none before the first one."""
    place: Place
    plans: dict[str, str]
    """The hash of the fact of each plan that rounds up to here name."""
    names: list[str]
    kind: list[Annotated[int, Meta(ge=STEP, le=HELD)]]
    run: list[Small]
    platform: list[Small]
    at_ms: list[Instant]
    """The first instant, then how much later each is than the one before: far fewer digits."""
    value: list[Instant]

    @classmethod
    def made(cls, whose: Whose, after: Place | None, part: Segments, plans: Mapping[str, str]) -> Self:
        """A segment alone, that follows the checkpoint at a place."""
        (place,), table = part.places, part.table
        at_ms = table["at_ms"].to_list()
        return cls(
            v=VERSION,
            of=whose,
            after=Stand.of(after) if after else None,
            place=place,
            plans={name: plans[name] for name in place.plans},
            names=list(part.names),
            kind=table["kind"].to_list(),
            run=table["run"].to_list(),
            platform=table["platform"].to_list(),
            at_ms=[*at_ms[:1], *(later - earlier for earlier, later in pairwise(at_ms))],
            value=table["value"].to_list(),
        )

    def packed(self) -> bytes:
        """Its bytes."""
        return zlib.compress(msgspec.json.encode(self))

    @classmethod
    def unpacked(cls, value: bytes) -> "ToldSegment | None":
        """The segment of these bytes; None if they are none, or one of another version."""
        with suppress(zlib.error, msgspec.MsgspecError, ValueError):
            found = msgspec.json.decode(zlib.decompressobj().decompress(value, BYTES_MAX), type=cls)
            if found.v == VERSION and found.is_whole():
                return found
        return None

    def is_whole(self) -> bool:
        """Whether its columns are of the same rows, and speak of runs and platforms that there are."""
        columns = self.run, self.platform, self.at_ms, self.value
        return (
            all(len(column) == len(self.kind) for column in columns)
            and self.place.plans != ()
            and set(self.place.plans) == self.plans.keys()
            and all(0 <= run < self.place.runs for run in self.run)
            and all(platform < len(self.names) for platform in self.platform)
            and all(map(is_instant, accumulate(self.at_ms)))
            and all(map(self._is_right, self.kind, self.value))
        )

    @staticmethod
    def _is_right(kind: int, value: int) -> bool:
        return value in CODES.values() if kind == STEP else value == 0 or is_instant(value)

    def segments(self) -> Segments:
        """It alone, as if it were the first."""
        columns = {
            "segment": [0] * len(self.kind),
            "kind": self.kind,
            "run": self.run,
            "platform": self.platform,
            "at_ms": list(accumulate(self.at_ms)),
            "value": self.value,
        }
        return Segments((self.place,), tuple(self.names), pl.DataFrame(columns, schema=SCHEMA))
