"""The files of the change cache: one for each agent and staleness, beside no ledger, never needed.

A file is the hash of the rest of it, a line that says what it is of, and a Parquet table. What cannot be
read, is damaged, or was made by another code or of other plans, is as if it were not there.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import orjson
import polars as pl

from ledger import plans, rounds
from projections import checkpoint, disorder, fold, segments, steps, stream
from projections.checkpoint import Place
from projections.segments import SCHEMA, Segments

FOLDING: tuple[ModuleType, ...] = (plans, rounds, checkpoint, disorder, fold, segments, steps, stream)
"""The code that a cached fold depends on: where one of these changes, it is folded anew."""

Plans = Mapping[str, str]
"""The hash of the fact of each plan, by the reference that rounds name it by."""

_HASH_LENGTH = 64


class Kept(NamedTuple):
    """What of a file can be used."""

    segments: Segments
    goes_further: bool
    """Whether there are more, of rounds that name a plan which was not known at the moment asked about."""


class CacheFile:
    """The cached fold of an agent."""

    def __init__(self, folder: Path, agent: str, stale_after_ms: int) -> None:
        """Name it; it need not be there."""
        self._of = {"agent": agent, "stale_after_ms": stale_after_ms, "code": code()}
        self.path = folder / f"{_hash(agent.encode())[:24]}-{stale_after_ms}.fold"

    def read(self, known: Plans) -> Kept:
        """The segments whose plans are the known ones."""
        try:
            return self._read(known)
        except (OSError, ValueError, LookupError, TypeError, pl.exceptions.PolarsError):
            return Kept(Segments(), goes_further=False)

    def _read(self, known: Plans) -> Kept:
        content = self.path.read_bytes()
        kept_hash, rest = content[:_HASH_LENGTH], content[_HASH_LENGTH + 1 :]
        if kept_hash.decode() != _hash(rest):
            raise ValueError("damaged")
        line, _, table = rest.partition(b"\n")
        head = orjson.loads(line)
        if {name: head[name] for name in self._of} != self._of:
            raise ValueError("of another agent or code")
        if any(known.get(name, plan) != plan for name, plan in head["plans"].items()):
            raise ValueError("of other plans")
        places = [Place._make([*each[:-1], tuple(each[-1])]) for each in head["places"]]
        right = tuple(takewhile(lambda place: known.keys() >= set(place.plans), places))
        found = pl.read_parquet(BytesIO(table)).cast(pl.Schema(SCHEMA))
        segments = Segments(right, tuple(head["names"]), found.filter(pl.col("segment") < len(right)))
        return Kept(segments, goes_further=len(right) < len(places))

    def write(self, found: Segments, known: Plans) -> None:
        """Keep segments in place of those that were there; where that cannot be done, nothing is kept."""
        named = found.places[-1].plans
        head = self._of | {
            "plans": {name: known[name] for name in named},
            "places": [list(place) for place in found.places],
            "names": found.names,
        }
        table = BytesIO()
        found.table.write_parquet(table, compression="zstd", statistics=False)
        rest = orjson.dumps(head) + b"\n" + table.getvalue()
        with suppress(OSError):
            _replace(self.path, _hash(rest).encode() + b"\n" + rest)


@cache
def code() -> str:
    """What names the code by which rounds are folded."""
    sources = [Path(module.__file__ or "").read_bytes() for module in FOLDING]
    return _hash(b"".join(_hash(source).encode() for source in sources))


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole, so that whoever reads it meanwhile reads the old one or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".fold-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
