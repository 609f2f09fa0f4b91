"""The evidence store: a folder of documents, each under the hash of its bytes, written once.

A fact names a document by its hash; here are the bytes. Nothing is overwritten, a document that is kept again
is the same one, and what is read is checked. The folder knows nothing of any ledger.
"""

import re
from pathlib import Path
from typing import Literal

from ledger.errors import ConstatError
from ledger.fact import hash_of
from ledger.files import flush_folder, written_whole

_PREFIX = "sha256:"
_DIGITS = re.compile(r"[0-9a-f]{64}")

State = Literal["kept", "missing", "altered", "unreadable"]


class EvidenceError(ConstatError):
    """A document cannot be kept or read, or is not what its name says."""


class Evidence:
    """The documents of one folder, which is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, sha256: str) -> Path:
        """Where a document lies; in one of 256 folders, so that none becomes too long to list."""
        digits = sha256.removeprefix(_PREFIX)
        return self.folder / digits[:2] / digits

    def keep(self, document: bytes) -> str:
        """Put a document on disk, whole or not at all, and give the hash that names it.

        Raises:
            EvidenceError: the disk does not take it.
        """
        sha256 = hash_of(document)
        path = self.path_of(sha256)
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                written_whole(path, document, durable=True)
                for folder in (self.folder, self.folder.parent):
                    flush_folder(folder)  # what is in it may have been made just now
        except OSError as error:
            raise EvidenceError(
                f"{path} cannot be kept ({error.strerror}); free some space there, or name another folder "
                "with CONSTAT_EVIDENCE"
            ) from error
        return sha256

    def has(self, sha256: str) -> bool:
        """Whether a document is here."""
        return self.path_of(sha256).exists()

    def read(self, sha256: str) -> bytes:
        """A document's bytes, checked.

        Raises:
            EvidenceError: it is not here, cannot be read, or was altered.
        """
        path = self.path_of(sha256)
        try:
            document = path.read_bytes()
        except OSError as error:
            raise EvidenceError(
                f"{path} cannot be read ({error.strerror}); name the right folder with CONSTAT_EVIDENCE"
            ) from error
        if hash_of(document) != sha256:
            raise EvidenceError(f"{path} is not what its name says: it was altered; restore it from a copy")
        return document

    def state(self, sha256: str) -> State:
        """How a document is now, by its bytes."""
        try:
            document = self.path_of(sha256).read_bytes()
        except FileNotFoundError:
            return "missing"
        except OSError:
            return "unreadable"
        return "kept" if hash_of(document) == sha256 else "altered"

    def hashes(self) -> set[str]:
        """Every document that is here, by its name alone."""
        return {f"{_PREFIX}{path.name}" for path in self.folder.glob("??/*") if _DIGITS.fullmatch(path.name)}

    def erase(self, sha256: str) -> bool:
        """Take a document away, because somebody's data are in it; False if it is not here."""
        try:
            self.path_of(sha256).unlink()
        except FileNotFoundError:
            return False
        flush_folder(self.path_of(sha256).parent)
        return True
