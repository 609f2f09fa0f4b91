"""What Python's files do not do: keep other processes out, survive a power cut by name, spare a database."""

import fcntl
import os
from pathlib import Path

_SQLITE = b"SQLite format 3\0"


def locked(path: str, mode: int = 0o666) -> int | None:
    """Open a file, or make it, and keep all others out until it is closed; None if another process does.

    What comes back is a file descriptor. The system takes the lock back however the process ends.

    Raises:
        OSError: it cannot be opened.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    except BaseException:
        os.close(file)
        raise
    return file


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, which a file's own flush does not.

    Raises:
        OSError: the folder cannot be read, or the disk refuses.
    """
    number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite: a ledger, a store, somebody else's. Nothing is written over it."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:  # whoever opens it next is told why he cannot
        return False
