"""Lists of daily operation as files: what a row of each kind says, of what, and by which fact it is kept.

Two rows are about the same thing if they have the same key: then they say the same, or contradict each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ledger import incidents, operations
from ledger.fact import Fact
from ledger.incidents import Browser, BrowserReported, Incident
from ledger.instants import format_instant
from ledger.intake.rows import BLANKS, missing
from ledger.operations import (
    BackupExpired,
    BackupReplicated,
    BackupTaken,
    DataPlaced,
    Operations,
    StorageMeasured,
)

OPERATOR_SEPARATOR = ";"
Key = tuple[str | int, ...]
Said = tuple[str | int | None, ...]
"""What is said of a thing; None where that is left open, which contradicts nothing."""
Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListKind:
    """One kind of list: its columns, and what its rows become."""

    name: str
    noun: str
    columns: tuple[str, ...]
    optional: tuple[str, ...]
    time: str
    """The column that says when."""
    names: tuple[str, ...]
    """Columns that hold names; those are made plain as an import makes them."""
    subject: ModuleType
    """Whose streams the facts stand on: `INITIAL`, `evolve`, `stream_of`."""
    stream_by: str
    """The column that names the stream."""
    fact: Callable[[Cells], Fact]
    """ValueError if a cell holds something else."""
    key: Callable[[Any, int], Key]
    said: Callable[[Any, int], Said]
    known: Callable[[Any], Mapping[Key, Said]]
    """What the ledger has, by the state of a stream."""
    decide: Callable[[Any, Any], Fact]
    about: str
    """The key in words."""
    remedy: str

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that a file must have."""
        return tuple(column for column in self.columns if column not in self.optional)


def agree(one: Said, other: Said) -> bool:
    """Whether two say the same, as far as both say anything."""
    return all(a == b or a is None or b is None for a, b in zip(one, other, strict=True))


def shown(said: Said) -> str:
    """What is said, for a message; an integer that could be an instant is one."""
    return ", ".join(_shown(each) for each in said if each is not None)


_COULD_BE_INSTANT_MS = 10**11
"""Sizes are strings here, so that every large integer counts milliseconds."""


def _shown(value: str | int) -> str:
    is_instant = isinstance(value, int) and value >= _COULD_BE_INSTANT_MS
    return format_instant(value) if is_instant and isinstance(value, int) else str(value)


# ---------------------------------------------------------------- cells


def _text(cells: Cells, column: str) -> str:
    text = cells[column].strip(BLANKS)
    if not text:
        raise ValueError(missing(column))
    return text


def _bytes(cells: Cells, column: str) -> int:
    text = _text(cells, column)
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{column} {text!r} is no number of bytes; write a whole number without a unit")
    return int(text)


def _operators(cells: Cells) -> tuple[str, ...]:
    named = [each.strip(BLANKS) for each in _text(cells, "operators").split(OPERATOR_SEPARATOR)]
    if not all(named):
        raise ValueError("operators names an empty one; write the main one first, as OVHcloud;SCALEWAY")
    return tuple(named)


# ---------------------------------------------------------------- what rows become


def _taken(cells: Cells) -> BackupTaken:
    size = _bytes(cells, "size_bytes") if cells.get("size_bytes", "").strip(BLANKS) else None
    operator = _text(cells, "operator")
    return BackupTaken(platform=cells["platform"], backup=cells["backup"], operator=operator, size_bytes=size)


def _replicated(cells: Cells) -> BackupReplicated:
    operator = _text(cells, "operator")
    return BackupReplicated(platform=cells["platform"], backup=cells["backup"], operator=operator)


def _reported(cells: Cells) -> BrowserReported:
    browser = Browser.parse(_text(cells, "browser"))
    return BrowserReported(incident=cells["incident"], platform=cells["platform"], browser=browser)


def _any(_: object, fact: Fact) -> Fact:
    return fact


# ---------------------------------------------------------------- what the ledger has


def _sized(size_bytes: int | None) -> str | None:
    return None if size_bytes is None else f"{size_bytes} bytes"


def _backups(state: Operations) -> Mapping[Key, Said]:
    return {(b.backup,): (b.taken_ms, b.operator, _sized(b.size_bytes)) for b in state.backups}


def _copies(state: Operations) -> Mapping[Key, Said]:
    return {(b.backup, copy.operator): (copy.replicated_ms,) for b in state.backups for copy in b.copies}


def _expiries(state: Operations) -> Mapping[Key, Said]:
    return {(b.backup,): (b.expired_ms,) for b in state.backups if b.expired_ms is not None}


def _placements(state: Operations) -> Mapping[Key, Said]:
    return {(each.placed_ms,): (OPERATOR_SEPARATOR.join(each.operators),) for each in state.placements}


def _storage(state: Operations) -> Mapping[Key, Said]:
    return {(each.measured_ms,): (f"{each.used_bytes} bytes",) for each in state.storage}


def _reports(state: Incident) -> Mapping[Key, Said]:
    return {(each.platform, each.reported_ms): (each.browser.text,) for each in state.reports}


# ---------------------------------------------------------------- the kinds

_ANOTHER_NAME = "if it is another backup give it another name, else take the row out"
_STAYS = "what is recorded stays; take the row out"

BACKUPS = ListKind(
    name="backups",
    noun="backup",
    columns=("platform", "backup", "taken_at", "operator", "size_bytes"),
    optional=("size_bytes",),
    time="taken_at",
    names=("platform", "backup"),
    subject=operations,
    stream_by="platform",
    fact=_taken,
    key=lambda fact, _: (fact.backup,),
    said=lambda fact, at_ms: (at_ms, fact.operator, _sized(fact.size_bytes)),
    known=_backups,
    decide=operations.take_backup,
    about="backup {0}",
    remedy=_ANOTHER_NAME,
)
REPLICAS = ListKind(
    name="replicas",
    noun="replica",
    columns=("platform", "backup", "replicated_at", "operator"),
    optional=(),
    time="replicated_at",
    names=("platform", "backup"),
    subject=operations,
    stream_by="platform",
    fact=_replicated,
    key=lambda fact, _: (fact.backup, fact.operator),
    said=lambda _, at_ms: (at_ms,),
    known=_copies,
    decide=operations.replicate_backup,
    about="the copy of backup {0} with {1}",
    remedy=_STAYS,
)
EXPIRIES = ListKind(
    name="expiries",
    noun="deletion",
    columns=("platform", "backup", "expired_at"),
    optional=(),
    time="expired_at",
    names=("platform", "backup"),
    subject=operations,
    stream_by="platform",
    fact=lambda cells: BackupExpired(platform=cells["platform"], backup=cells["backup"]),
    key=lambda fact, _: (fact.backup,),
    said=lambda _, at_ms: (at_ms,),
    known=_expiries,
    decide=operations.expire_backup,
    about="the end of backup {0}",
    remedy=_STAYS,
)
PLACEMENTS = ListKind(
    name="placements",
    noun="placement",
    columns=("platform", "placed_at", "operators"),
    optional=(),
    time="placed_at",
    names=("platform",),
    subject=operations,
    stream_by="platform",
    fact=lambda cells: DataPlaced(platform=cells["platform"], operators=_operators(cells)),
    key=lambda _, at_ms: (at_ms,),
    said=lambda fact, _: (OPERATOR_SEPARATOR.join(fact.operators),),
    known=_placements,
    decide=_any,
    about="where the data lie from {0}",
    remedy="the data lie at one moment in one way: correct the row, or take it out",
)
STORAGE = ListKind(
    name="storage",
    noun="measurement",
    columns=("platform", "measured_at", "used_bytes"),
    optional=(),
    time="measured_at",
    names=("platform",),
    subject=operations,
    stream_by="platform",
    fact=lambda cells: StorageMeasured(platform=cells["platform"], used_bytes=_bytes(cells, "used_bytes")),
    key=lambda _, at_ms: (at_ms,),
    said=lambda fact, _: (f"{fact.used_bytes} bytes",),
    known=_storage,
    decide=_any,
    about="the storage at {0}",
    remedy="a platform stores one amount at one moment: correct the row, or take it out",
)
BROWSERS = ListKind(
    name="browsers",
    noun="report",
    columns=("incident", "platform", "reported_at", "browser"),
    optional=(),
    time="reported_at",
    names=("incident", "platform"),
    subject=incidents,
    stream_by="incident",
    fact=_reported,
    key=lambda fact, at_ms: (fact.platform, at_ms),
    said=lambda fact, _: (fact.browser.text,),
    known=_reports,
    decide=incidents.report,
    about="the browser on {0} at {1}",
    remedy="correct its time if two people reported it, or take the row out",
)
KINDS = {kind.name: kind for kind in (BACKUPS, REPLICAS, EXPIRIES, PLACEMENTS, STORAGE, BROWSERS)}
"""Every kind of list by the name of its command."""
