"""Facts of daily operation that the contract promises: backups, placement of data, storage.

[Gestion des données et Backups], [Architecture du service], [Espace de stockage]
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
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
    size_bytes: int | None = None
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


@dataclass(frozen=True, eq=False)
class Operations:
    """What is known of one platform's operation, in the order in which it was recorded.

    Facts are only put behind one another, each in one step however many there are: years of backups are laid
    out when somebody first asks for them.
    """

    before: "Operations | None" = None
    last: RecordedFact | None = None

    def _recorded(self) -> list[RecordedFact]:
        found, state = [], self
        while state.before is not None and state.last is not None:
            found.append(state.last)
            state = state.before
        return found[::-1]

    @cached_property
    def _laid_out(self) -> "_LaidOut":
        laid_out = _LaidOut()
        for recorded in self._recorded():
            laid_out.add(recorded)
        return laid_out

    @property
    def backups(self) -> tuple[Backup, ...]:
        """Every backup, as its facts leave it."""
        return tuple(self._laid_out.backups.values())

    @property
    def placements(self) -> tuple[Placement, ...]:
        """Where the data lay."""
        return tuple(self._laid_out.placements)

    @property
    def storage(self) -> tuple[Storage, ...]:
        """How much was stored."""
        return tuple(self._laid_out.storage)

    def backup(self, name: str) -> Backup | None:
        """The backup of that name, if it was taken."""
        return self._laid_out.backups.get(name)


INITIAL = Operations()


def stream_of(platform: str) -> str:
    """The stream that holds a platform's facts of operation."""
    return f"operations:{platform}"


# ---------------------------------------------------------------- evolve


def evolve(state: Operations, recorded: RecordedFact) -> Operations:
    """The platform's operation after one more fact."""
    return Operations(state, recorded)


class _LaidOut:
    """The facts of one platform by what they are about."""

    def __init__(self) -> None:
        self.backups: dict[str, Backup] = {}
        self.placements: list[Placement] = []
        self.storage: list[Storage] = []

    def add(self, recorded: RecordedFact) -> None:
        """One more fact; a fact about a backup that was never taken says nothing."""
        occurred_ms, position = recorded.occurred_ms, recorded.position
        match recorded.fact:
            case BackupTaken() as fact:
                taken = Backup(
                    fact.backup, fact.operator, occurred_ms, fact.size_bytes, positions=(position,)
                )
                self.backups.setdefault(fact.backup, taken)
            case BackupReplicated() as fact:
                copy = Copy(fact.operator, occurred_ms)
                self._told(fact.backup, position, lambda told: replace(told, copies=(*told.copies, copy)))
            case BackupExpired() as fact:
                self._told(fact.backup, position, lambda told: replace(told, expired_ms=occurred_ms))
            case DataPlaced() as fact:
                self.placements.append(Placement(occurred_ms, fact.operators, position))
            case StorageMeasured() as fact:
                self.storage.append(Storage(occurred_ms, fact.used_bytes, position))

    def _told(self, name: str, position: int, change: Callable[[Backup], Backup]) -> None:
        backup = self.backups.get(name)
        if backup is not None:
            self.backups[name] = replace(change(backup), positions=(*backup.positions, position))


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
