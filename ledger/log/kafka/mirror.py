"""The mirror: a local SQLite file with what a reader has made of the topics, so that nobody reads them twice.

It holds the decisions that count, the verdict on every record of their topic, and where each round lies. Any
process may delete it, and the next one makes it anew. It belongs to one incarnation of the topics: where they
were deleted and made again, or lost their end, it is refused and never merged, because then it is the
evidence of what was lost.

Several processes of one machine share it. Whoever reads a record first writes what came of it; the verdict is
the same for all, so the others find it there. A commit survives the death of a process; the death of the
machine is noticed at the next start, and the file is checked.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from ledger.errors import ConstatError, DamagedLedgerError, UnusableLedgerError
from ledger.log import schema
from ledger.log.database import BUSY_SECONDS, IN_MEMORY, SETTINGS, Database
from ledger.log.kafka.address import Address
from ledger.log.kafka.topics import Topics
from ledger.log.stamp import GENESIS_RUNNING_HASH, running_hash

APPLICATION_ID = 0x434E534D
"""`CNSM`, in the header of every mirror."""
FORMAT_VERSION = 1

_TABLES = """
CREATE TABLE records (
    offset INTEGER PRIMARY KEY,
    nonce TEXT,
    position INTEGER,
    facts INTEGER NOT NULL,
    void TEXT
) STRICT;
CREATE INDEX records_by_nonce ON records (nonce);
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    cluster_id TEXT NOT NULL,
    decisions_id TEXT NOT NULL,
    probes_id TEXT NOT NULL,
    partitions INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    next_offset INTEGER NOT NULL,
    last_hash TEXT NOT NULL,
    copied INTEGER NOT NULL,
    own INTEGER NOT NULL
) STRICT;
CREATE TABLE places (
    offset INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    place INTEGER NOT NULL,
    agent TEXT NOT NULL,
    number INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    recorded_ms INTEGER NOT NULL,
    hash TEXT NOT NULL,
    running_hash BLOB NOT NULL,
    UNIQUE (agent, number),
    UNIQUE (partition, place)
) STRICT;
CREATE INDEX places_by_start ON places (agent, start_ms);
CREATE TABLE ends (
    partition INTEGER PRIMARY KEY,
    next_place INTEGER NOT NULL,
    last_hash TEXT NOT NULL,
    void INTEGER NOT NULL
) STRICT;
"""
# `places.offset` counts the rounds in the order in which this mirror met them; `place` is their offset in
# their partition. `state.copied` and `state.own` count the records that a copy brought and those of this
# ledger itself.


class State(NamedTuple):
    """How far the decisions have been read: the next offset, and the hash of the record before it."""

    next_offset: int
    last_hash: str
    copied: int
    own: int

    @property
    def is_unfinished_copy(self) -> bool:
        """Whether a copy into this ledger has begun and not ended."""
        return self.copied > 0 and self.own == 0


class Mirror(Database):
    """The file of a mirror; see `Database` for how it is read and written."""

    def __init__(self, path: str, topics: Topics) -> None:
        """Open the mirror of these topics, or begin it.

        Raises:
            UnusableLedgerError: it is of another incarnation of the topics, or cannot be used.
        """
        self._topics = topics
        self._file_id: tuple[int, int] | None = None
        if path != IN_MEMORY:
            _make_folder(Path(path).parent)
        super().__init__(path, busy_seconds=BUSY_SECONDS)

    def _prepare(self, *, create: bool) -> None:
        self._file_id = _file_id(self.path)
        with self._meaning():
            for setting in (*SETTINGS, "synchronous=OFF", "journal_mode=PERSIST"):
                self._connection.execute(f"PRAGMA {setting}")
            if self._is_empty():
                self._create(allowed=create)
            self._recognise()
        self._same_incarnation()
        self._same_boot()

    def _is_deleted(self) -> bool:
        # SQLite refuses to go on with a file that is no longer under its name; here its reason is told.
        return self.path != IN_MEMORY and _file_id(self.path) != self._file_id

    def _deleted(self) -> UnusableLedgerError:
        return UnusableLedgerError(
            f"the mirror {self.path} was deleted or exchanged while in use; start the command again"
        )

    def _create(self, *, allowed: bool) -> None:
        assert allowed, "a mirror may always be made"
        self._connection.execute(f"PRAGMA page_size={schema.PAGE_BYTES}")
        with self.writing() as connection:
            if self._is_empty():  # another process may have been first
                for statement in schema.statements(schema.DECISIONS + _TABLES):
                    connection.execute(statement)
                row = (*self._identity, _boot_id(), 0, "", 0, 0)
                connection.execute("INSERT INTO state VALUES (1,?,?,?,?,?,?,?,?,?)", row)
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version={FORMAT_VERSION}")

    @property
    def _identity(self) -> tuple[str, str, str, int]:
        topics = self._topics
        return (
            topics.cluster_id,
            topics.decisions.topic_id,
            topics.probes.topic_id,
            topics.probes.partitions,
        )

    def _recognise(self) -> None:
        if self._number("application_id") != APPLICATION_ID:
            raise UnusableLedgerError(f"{self.path} is no mirror; name another folder for mirrors in the URL")
        if self._number("user_version") != FORMAT_VERSION:
            raise UnusableLedgerError(
                f"the mirror {self.path} was made by another version of Constat; delete it, it is made anew"
            )

    def _same_incarnation(self) -> None:
        with self.reading() as connection:
            query = "SELECT cluster_id, decisions_id, probes_id, partitions FROM state"
            found = connection.execute(query).fetchone()
        words = (
            "the cluster is another one",
            "the decisions topic was deleted and made again",
            "the probes topic was deleted and made again",
            "the probes topic has another number of partitions",
        )
        for was, is_now, what in zip(found, self._identity, words, strict=True):
            if was != is_now:
                raise UnusableLedgerError(
                    f"{what} ({was} became {is_now}) since the mirror {self.path} was made; if that was "
                    "meant, delete the mirror, otherwise keep it: it shows what was lost"
                )

    def _same_boot(self) -> None:
        with self.reading() as connection:
            (made_in,) = connection.execute("SELECT boot_id FROM state").fetchone()
        if made_in == _boot_id() != "":
            return
        if fault := self.fault():
            raise DamagedLedgerError(self._delete_it(fault))
        with self.writing() as connection:
            connection.execute("UPDATE state SET boot_id = ?", (_boot_id(),))

    def fault(self) -> str | None:
        """What is wrong with the file; None if SQLite finds nothing and the hash of the log comes out."""
        with self.reading() as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return _unlike(connection) if verdict == "ok" else str(verdict)

    def state(self) -> State:
        """How far the decisions have been read."""
        with self.reading() as connection:
            return state_of(connection)

    def _explained(self, error: sqlite3.Error) -> ConstatError:
        if self._is_deleted():
            return self._deleted()
        found = super()._explained(error)
        return UnusableLedgerError(f"the mirror {found}") if isinstance(found, UnusableLedgerError) else found

    def _damaged(self, why: str) -> DamagedLedgerError:
        return DamagedLedgerError(self._delete_it(why))

    def _delete_it(self, why: str) -> str:
        return f"the mirror {self.path} is damaged ({why}); delete it, it is made anew from the topics"


def path_of(address: Address, topics: Topics) -> str:
    """Where the mirror of a ledger lies: one for each cluster and name, of whatever incarnation."""
    return str(address.mirrors / f"{topics.cluster_id}-{address.ledger}.mirror")


def state_of(connection: sqlite3.Connection) -> State:
    """How far the decisions have been read, within a transaction."""
    return State(*connection.execute("SELECT next_offset, last_hash, copied, own FROM state").fetchone())


def _unlike(connection: sqlite3.Connection) -> str | None:
    query = "SELECT record, position, recorded_ms, hash, running_hash FROM decisions ORDER BY position"
    running = GENESIS_RUNNING_HASH
    for *pinned, kept in connection.execute(query):
        running = running_hash(running, *pinned)
        if running != kept:
            return f"the running hash does not come out at position {pinned[1]}"
    return None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableLedgerError(
            f"the folder of the mirrors cannot be made ({error}); name another one with ?mirrors=FOLDER"
        ) from error


def _file_id(path: str) -> tuple[int, int] | None:
    """Which file stands under a name; None if none does."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _boot_id() -> str:
    """Which start of the machine this is; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
