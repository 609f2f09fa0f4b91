"""Where the change cache of a ledger lies."""

import hashlib
import os
from pathlib import Path

from ledger.application import KAFKA, SQLITE
from ledger.files import user_cache

FOLDER = "CONSTAT_CACHE"
"""The environment may name another folder, or `off`."""
OFF = "off"


def folder_of(url: str) -> Path | None:
    """The folder for the cached folds of a ledger; None if nothing is to be kept.

    Two ledgers have two folders, and one that is named in two ways may have two. Nothing depends on it: what
    is found there is used only if it is of the rounds that the ledger has.
    """
    said = os.environ.get(FOLDER)
    if said == OFF:
        return None
    root = Path(said) if said else user_cache()
    if root is None:
        return None
    name = url if url.startswith(KAFKA) else str(Path(url.removeprefix(SQLITE)).absolute())
    return root / hashlib.sha256(name.encode()).hexdigest()[:24]
