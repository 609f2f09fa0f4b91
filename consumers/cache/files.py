"""The files of the change cache: one for each agent and staleness, beside no ledger, never needed.

A file is the hash of the rest of it, a line that says what it is of, and a Parquet table. What cannot be
read, is damaged, or was made by another code or of other plans, is as if it were not there.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import orjson
import polars as pl

from ledger import plans, rounds
from ledger.files import UNFINISHED, written_whole
from ledger.plans import PlanSet
from projections import checkpoint, fold, segments, steps, stream
from projections.asof import Known
from projections.checkpoint import Place
from projections.segments import SCHEMA, Segments

FOLDING: tuple[ModuleType, ...] = (plans, rounds, checkpoint, fold, segments, steps, stream)
"""The code by which rounds are folded. How runs are joined is not of it: that comes behind what is kept."""
KEEPING = ("files.py", "folding.py", "telling.py", "told_segment.py")
"""The files of this folder by which folds are kept and told."""
UNFINISHED_S_MAX = 3600
"""A file is written in less than a second: one that is unfinished for an hour was left by who was killed."""

PlanHashes = Mapping[str, str]
"""The hash of the fact of each plan, by the reference that rounds name it by."""


def plan_hashes(known: Known) -> PlanHashes:
    """Those of all plans that are known."""
    return {
        each.fact.reference: each.hash for each in known.facts_about("plan") if isinstance(each.fact, PlanSet)
    }


_HASH_LENGTH = 64
UNUSABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, pl.exceptions.PolarsError)
"""Raised by a file that is not there, or is not what it should be."""


class Head(NamedTuple):
    """What a file says of its segments."""

    places: tuple[Place, ...]
    """Of those whose plans are the known ones."""
    names: tuple[str, ...]
    goes_further: bool
    """Whether there are more, of rounds that name a plan which was not known at the moment asked about."""


class Kept(NamedTuple):
    """What of a file can be used."""

    segments: Segments
    goes_further: bool
    """As in `Head`."""


class CacheFile:
    """The cached fold of an agent; where the sources of the fold cannot be read, it is never there."""

    def __init__(self, folder: Path, agent: str, stale_after_ms: int) -> None:
        """Name it; it need not be there."""
        self._agent = agent
        self._stale_after_ms = stale_after_ms
        self.path = folder / f"{_hash(agent.encode())[:24]}-{stale_after_ms}.fold"

    def places(self, known: PlanHashes) -> Sequence[Place]:
        """Where the checkpoints of the known plans stand. Whether the file is whole is not looked at."""
        try:
            with self.path.open("rb") as file:
                file.readline()
                return self._head(file.readline(), known).places
        except UNUSABLE:
            return ()

    def read(self, known: PlanHashes) -> Kept:
        """The segments whose plans are the known ones."""
        try:
            return self._read(known)
        except UNUSABLE:
            return Kept(Segments(), goes_further=False)

    def _read(self, known: PlanHashes) -> Kept:
        content = self.path.read_bytes()
        kept_hash, rest = content[:_HASH_LENGTH], content[_HASH_LENGTH + 1 :]
        if kept_hash.decode() != _hash(rest):
            raise ValueError("damaged")
        line, _, table = rest.partition(b"\n")
        head = self._head(line, known)
        found = pl.read_parquet(BytesIO(table)).cast(pl.Schema(SCHEMA))
        right = found.filter(pl.col("segment") < len(head.places))
        return Kept(Segments(head.places, head.names, right), head.goes_further)

    def _head(self, line: bytes, known: PlanHashes) -> Head:
        head, of = orjson.loads(line), self._of()
        if {name: head[name] for name in of} != of:
            raise ValueError("of another agent or code")
        if any(known.get(name, plan) != plan for name, plan in head["plans"].items()):
            raise ValueError("of other plans")
        places = [Place._make([*each[:-1], tuple(each[-1])]) for each in head["places"]]
        right = tuple(takewhile(lambda place: known.keys() >= set(place.plans), places))
        return Head(right, tuple(head["names"]), goes_further=len(right) < len(places))

    def _of(self) -> dict[str, Any]:
        return {"agent": self._agent, "stale_after_ms": self._stale_after_ms, "code": code()}

    def write(self, found: Segments, known: PlanHashes) -> None:
        """Keep segments in place of those that were there; where that cannot be done, nothing is kept."""
        with suppress(OSError):
            content = self._content(found, known)
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _tidy(self.path.parent)
            written_whole(self.path, content, durable=False)

    def _content(self, found: Segments, known: PlanHashes) -> bytes:
        head = self._of() | {
            "plans": {name: known[name] for name in found.places[-1].plans},
            "places": [list(place) for place in found.places],
            "names": found.names,
        }
        table = BytesIO()
        found.table.write_parquet(table, compression="zstd", statistics=False)
        rest = orjson.dumps(head) + b"\n" + table.getvalue()
        return _hash(rest).encode() + b"\n" + rest


@cache
def code() -> str:
    """What names the code by which rounds are folded and kept: where any of it changes, they are folded anew.

    Raises:
        OSError: its sources are not there.
    """
    ours = (Path(__file__).with_name(name) for name in KEEPING)
    sources = [*ours, *(Path(module.__file__ or "") for module in FOLDING)]
    return _hash(b"".join(_hash(source.read_bytes()).encode() for source in sources))


def _tidy(folder: Path) -> None:
    """Remove what writers left that were killed, not what others are writing now."""
    for left in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):  # another one may tidy up, too
            if left.stat().st_mtime < time.time() - UNFINISHED_S_MAX:
                left.unlink()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
