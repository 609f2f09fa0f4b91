"""The mirror: a local SQLite file with what a reader has made of the topics, so that nobody reads them twice.

It holds the decisions that count, the verdict on every record of their topic, and where each round lies. Any
process may delete it, and the next one makes it anew. It belongs to one incarnation of the topics: where they
were deleted and made again, or lost their end, it is refused and never merged, because then it is the
evidence of what was lost.

Several processes of one machine share it. Whoever reads a record first writes what came of it; the verdict is
the same for all, so the others find it there. A commit survives the death of a process, and not that of the
machine: a mirror that another start of the machine wrote goes on if it is whole, and is made anew if not.
"""

import fcntl
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, NamedTuple

from ledger.errors import ConstatError, DamagedIndexError, UnusableLedgerError
from ledger.log import schema
from ledger.log.database import BUSY_SECONDS, IN_MEMORY, SETTINGS, Database
from ledger.log.kafka.address import Address
from ledger.log.kafka.settings import Topics
from ledger.log.kafka.whole import fault_in

APPLICATION_ID = 0x434E534D
"""`CNSM`, in the header of every mirror."""
FORMAT_VERSION = 2
PAGE_BYTES = 8192
"""Its rows are short, and each batch of them dirties a page of every index."""
TORN = ".torn"
"""Behind the name of a mirror that was not whole after a new start of the machine."""

_LOG = logging.getLogger(__name__)
_OF_THE_MACHINE = ("FULL", "IOERR", "READONLY", "CANTOPEN", "BUSY", "LOCKED", "NOMEM", "INTERRUPT")
"""What SQLite complains of that says nothing about the file."""

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
    met INTEGER PRIMARY KEY,
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
# `places.met` counts the rounds in the order in which this mirror met them; `place` is their offset in
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

    _settings: ClassVar[tuple[str, ...]] = (*SETTINGS, "synchronous=OFF", "journal_mode=PERSIST")

    def __init__(self, path: str, topics: Topics) -> None:
        """Open the mirror of these topics, or begin it.

        Raises:
            UnusableLedgerError: it is of another incarnation of the topics, or cannot be used.
        """
        self._topics = topics
        self._file_id: tuple[int, int] | None = None
        with _opening_alone(path):
            super().__init__(path, busy_seconds=BUSY_SECONDS)

    def _connect(self, busy_seconds: float, *, create: bool) -> sqlite3.Connection:
        before = _file_id(self.path)
        connection = super()._connect(busy_seconds, create=create)
        self._file_id = _file_id(self.path)
        if before in (None, self._file_id):
            return connection
        connection.close()  # exchanged meanwhile: which of the two was opened is not known
        return self._connect(busy_seconds, create=create)

    def _prepare(self, *, create: bool) -> None:
        super()._prepare(create=create)
        self._same_incarnation()
        if self._was_torn():
            self._connection.close()
            self._connection = self._connect(self._busy_seconds, create=create)
            self._prepare(create=create)

    def _is_deleted(self) -> bool:
        # SQLite refuses to go on with a file that is no longer under its name; here its reason is told.
        return self.path != IN_MEMORY and _file_id(self.path) != self._file_id

    def _deleted(self) -> UnusableLedgerError:
        return UnusableLedgerError(
            f"the mirror {self.path} was deleted or exchanged while in use; start the command again"
        )

    def _create(self, *, allowed: bool) -> None:
        assert allowed, "a mirror may always be made"
        self._connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
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
        if found is None:
            raise self._damaged("its state is missing")
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

    def _was_torn(self) -> bool:
        """Whether the mirror was not whole after a new start of the machine, and stands aside now."""
        with self.reading() as connection:
            if _is_of_this_boot(connection):
                return False
        with self.writing() as connection:
            if why := fault_in(connection):
                self._set_aside(why)
                return True
            connection.execute("UPDATE state SET boot_id = ?", (_boot_id(),))
        return False

    def _set_aside(self, why: str) -> None:
        # Its journal first: a new mirror must not find it, and this one is not whole anyway.
        Path(self.path + "-journal").unlink(missing_ok=True)
        Path(self.path).replace(self.path + TORN)
        _LOG.warning(
            "constat: the machine stopped before the mirror %s was on disk (%s); it is made anew from the "
            "topics, and what there was is kept as %s",
            *(self.path, why, Path(self.path).name + TORN),
        )

    def fault(self) -> str | None:
        """What is wrong with the file; None if SQLite finds nothing and all tables fit each other."""
        with self.reading() as connection:
            return fault_in(connection)

    def state(self) -> State:
        """How far the decisions have been read."""
        with self.reading() as connection:
            return state_of(connection)

    def _explained(self, error: sqlite3.Error) -> ConstatError:
        if self._is_deleted():
            return self._deleted()
        code = getattr(error, "sqlite_errorname", "SQLITE_MISUSE").split("_")[1]
        if code == "NOTADB":
            return UnusableLedgerError(
                f"{self.path} is no SQLite database; if it was the mirror, delete it, it is made anew, else "
                "name another folder for mirrors in the URL"
            )
        if code in (*_OF_THE_MACHINE, "MISUSE"):
            return UnusableLedgerError(f"the mirror {super()._explained(error)}")
        return self._damaged(str(error))

    def _tell(self, error: BaseException) -> None:
        if isinstance(error, sqlite3.IntegrityError):  # a mirror has no guards: a row was there, or was not
            raise self._explained(error) from error
        super()._tell(error)

    def _damaged(self, why: str) -> DamagedIndexError:
        return DamagedIndexError(
            f"the mirror {self.path} is damaged ({why}); delete it, it is made anew from the topics"
        )


def path_of(address: Address, topics: Topics) -> str:
    """Where the mirror of a ledger lies: one for each cluster and name, of whatever incarnation."""
    return str(address.mirrors / f"{topics.cluster_id}-{address.ledger}.mirror")


def state_of(connection: sqlite3.Connection) -> State:
    """How far the decisions have been read, within a transaction."""
    return State(*connection.execute("SELECT next_offset, last_hash, copied, own FROM state").fetchone())


def _is_of_this_boot(connection: sqlite3.Connection) -> bool:
    (made_in,) = connection.execute("SELECT boot_id FROM state").fetchone()
    return bool(made_in == _boot_id() != "")


@contextmanager
def _opening_alone(path: str) -> Iterator[None]:
    """One process opens a mirror at a time.

    SQLite finds a journal by its name: who still had a torn mirror open while a new one is made would take
    the journal of the new one for its own, and empty the torn one.
    """
    if path == IN_MEMORY:
        yield
        return
    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = Path(path + ".lock").open("w")  # noqa: SIM115 - closed below, whatever becomes of the opening
    except OSError as error:
        raise UnusableLedgerError(
            f"the folder of the mirrors cannot be used ({error}); name another one with ?mirrors=FOLDER"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
