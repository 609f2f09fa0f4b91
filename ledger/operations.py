"""Facts of daily operation that the contract promises: backups, placement of data, storage.

[Gestion des données et Backups], [Architecture du service], [Espace de stockage]
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, RecordedFact
from ledger.terms import Operator

# ---------------------------------------------------------------- facts


class BackupTaken(Fact):
    """A backup of a platform was taken in the main data centre; `occurred` is when."""

    TYPE: ClassVar[str] = "constat.backup.taken.v1"

    platform: Name
    backup: Name
    operator: Operator
    size_bytes: Annotated[int, Field(ge=0)] | None = None


class BackupReplicated(Fact):
    """A backup was copied to a server outside the data centre; `occurred` is when."""

    TYPE: ClassVar[str] = "constat.backup.replicated.v1"

    platform: Name
    backup: Name
    operator: Operator


class BackupExpired(Fact):
    """A backup was deleted everywhere; `occurred` is when."""

    TYPE: ClassVar[str] = "constat.backup.expired.v1"

    platform: Name
    backup: Name


class DataPlaced(Fact):
    """From `occurred` on, the platform's data lie with these operators, the main one first."""

    TYPE: ClassVar[str] = "constat.data.placed.v1"

    platform: Name
    operators: Annotated[tuple[Operator, ...], Field(min_length=1)]


class StorageMeasured(Fact):
    """How much the platform stored at `occurred`."""

    TYPE: ClassVar[str] = "constat.storage.measured.v1"

    platform: Name
    used_bytes: Annotated[int, Field(ge=0)]


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a backup outside the data centre: with which operator, and since when."""

    operator: str
    replicated_ms: int


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup's life; times by the world's clock."""

    backup: str
    operator: str
    taken_ms: int
    copies: tuple[Copy, ...] = ()
    expired_ms: int | None = None
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the data lie from a moment on."""

    placed_ms: int
    operators: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Storage:
    """One measurement of the storage used."""

    measured_ms: int
    used_bytes: int
    position: int


@dataclass(frozen=True, slots=True)
class Operations:
    """What is known of one platform's operation, in the order in which it was recorded."""

    backups: tuple[Backup, ...] = ()
    placements: tuple[Placement, ...] = ()
    storage: tuple[Storage, ...] = ()

    def backup(self, name: str) -> Backup | None:
        """The backup of that name, if it was taken."""
        return next((backup for backup in self.backups if backup.backup == name), None)


INITIAL = Operations()


def stream_of(platform: str) -> str:
    """The stream that holds a platform's facts of operation."""
    return f"operations:{platform}"


# ---------------------------------------------------------------- evolve


def evolve(state: Operations, recorded: RecordedFact) -> Operations:
    """The platform's operation after one more fact."""
    match recorded.fact:
        case BackupTaken() as fact:
            taken = Backup(fact.backup, fact.operator, recorded.occurred_ms, positions=(recorded.position,))
            return replace(state, backups=(*state.backups, taken))
        case BackupReplicated() as fact:
            copy = Copy(fact.operator, recorded.occurred_ms)
            return _told(
                state, fact.backup, recorded, lambda backup: replace(backup, copies=(*backup.copies, copy))
            )
        case BackupExpired() as fact:
            return _told(
                state, fact.backup, recorded, lambda backup: replace(backup, expired_ms=recorded.occurred_ms)
            )
        case DataPlaced() as fact:
            placed = Placement(recorded.occurred_ms, fact.operators, recorded.position)
            return replace(state, placements=(*state.placements, placed))
        case StorageMeasured() as fact:
            measured = Storage(recorded.occurred_ms, fact.used_bytes, recorded.position)
            return replace(state, storage=(*state.storage, measured))
    return state


def _told(
    state: Operations, name: str, recorded: RecordedFact, change: Callable[[Backup], Backup]
) -> Operations:
    def told(backup: Backup) -> Backup:
        if backup.backup != name:
            return backup
        return replace(change(backup), positions=(*backup.positions, recorded.position))

    return replace(state, backups=tuple(told(backup) for backup in state.backups))


# ---------------------------------------------------------------- decide


def take_backup(state: Operations, taken: BackupTaken) -> BackupTaken:
    """Take a backup under a name that the platform's backups do not have yet."""
    if state.backup(taken.backup):
        raise RefusedError(f"backup {taken.backup} of {taken.platform} is already recorded; use another name")
    return taken


def replicate_backup(state: Operations, replicated: BackupReplicated) -> BackupReplicated:
    """Say that a backup was copied elsewhere, once for each operator."""
    backup = _require_backup(state, replicated.platform, replicated.backup)
    if any(copy.operator == replicated.operator for copy in backup.copies):
        raise RefusedError(
            f"backup {replicated.backup} was already replicated to {replicated.operator}; nothing is left to "
            "record"
        )
    return replicated


def expire_backup(state: Operations, expired: BackupExpired) -> BackupExpired:
    """Say that a backup was deleted, once."""
    backup = _require_backup(state, expired.platform, expired.backup)
    if backup.expired_ms is not None:
        raise RefusedError(f"backup {expired.backup} was already deleted; nothing is left to record")
    return expired


def _require_backup(state: Operations, platform: str, name: str) -> Backup:
    backup = state.backup(name)
    if backup is None:
        raise RefusedError(f"no backup {name} of {platform}; record that it was taken first")
    return backup
