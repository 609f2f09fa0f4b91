"""A feed in a file of JSON lines; a place is a number of bytes. A line without its end is not there yet."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from consumers.billing.source import Entry, lost
from consumers.relay import feed
from consumers.relay.event import BEGINNING, EVENT_BYTES_MAX
from ledger.errors import BadInputError


class FileSource:
    """The lines of a file."""

    def __init__(self, path: str, *, is_awaited: bool = False) -> None:
        """Name the file; one that is awaited may come to be later.

        Raises:
            BadInputError: it is a folder.
        """
        self._is_awaited = is_awaited
        self._path = Path(path).absolute()
        if self._path.is_dir():
            raise BadInputError(f"{path} is a folder; name the file that `constat relay --to` writes")

    @property
    def name(self) -> str:
        """The path of the file."""
        return str(self._path)

    def require_there(self) -> None:
        """Refuse a file that is not there and is not awaited.

        Raises:
            BadInputError: says what writes it.
        """
        if not self._is_awaited and not self._path.exists():
            raise BadInputError(
                f"{self.name} is not there; `constat relay --to` writes a feed, and --follow waits for it"
            )

    def require_feed(self) -> None:
        """Refuse a file that is there and is something else; one that is empty may become a feed.

        Raises:
            BadInputError: its first line does not begin as an event does.
        """
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            self._require_feed(file)

    def _require_feed(self, file: BinaryIO) -> None:
        begun = file.read(len(BEGINNING))
        if not BEGINNING.startswith(begun):  # one that only a newer version reads begins so as well
            raise BadInputError(
                f"{self.name} begins with a line that is no event of a feed; nothing was applied. Name the "
                "file that `constat relay --to` writes"
            )

    def entries(self, place: int) -> Iterator[list[Entry]]:
        """The whole lines from a place on.

        Raises:
            BadInputError: the file is no feed.
            LostPlaceError: it does not go so far.
        """
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            if place:
                raise lost(self.name, "is gone") from None
            self.require_there()
            return
        with file:
            size = file.seek(0, 2)
            if size < place:
                raise lost(self.name, f"has {size} bytes, and {place} were read")
            file.seek(0)
            if not place:  # of a feed that was read before it is said otherwise that it is another one
                self._require_feed(file)
            file.seek(place)
            batch: list[Entry] = []
            while entry := _next(file):
                batch.append(entry)
                if len(batch) >= feed.BATCH:
                    yield batch
                    batch = []
            if batch:
                yield batch


def _next(file: BinaryIO) -> Entry | None:
    place = file.tell()
    value = line = file.readline(EVENT_BYTES_MAX + 2)
    if not value.endswith(b"\n") and len(value) < EVENT_BYTES_MAX + 2:  # the end, for now
        return None
    while line and not line.endswith(b"\n"):  # longer than any event: the rest only says where it ends
        line = file.readline(EVENT_BYTES_MAX)
    if not line:
        return None
    return Entry(place, file.tell(), value.removesuffix(b"\n"))
