"""What Python's files do not do: keep others out, be whole, outlive a power cut, lie in a user's cache."""

import fcntl
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

UNFINISHED = ".unfinished-"
"""With this begins the name of a file that is being written; who is killed meanwhile leaves it."""


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


def written_whole(path: Path, content: bytes, *, durable: bool, mode: int = 0o600) -> None:
    """Write a file in an existing folder: who reads it meanwhile finds what was there before, or all of it.

    A durable one is on disk, and its name in the folder too, when this returns. `mode` says who may read it.

    Raises:
        OSError: the disk does not take it.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(descriptor, mode)
            if durable:
                file.flush()
                os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    if durable:
        flush_folder(path.parent)


def user_cache(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder for what can be made anew, by the XDG Base Directory Specification.

    None of a user who has no home, as services often are.
    """
    said = environment.get("XDG_CACHE_HOME")
    if said and Path(said).is_absolute():  # the specification has others ignored
        return Path(said) / "constat"
    try:
        return Path.home() / ".cache" / "constat"
    except RuntimeError:
        return None
